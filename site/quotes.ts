// npm run quotes: writes the engine's code into the fences of the chapters that quote it, so that a notebook shows in
// JupyterLab what the site shows. A test keeps both the same.

import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { fillQuotes } from './quote.js'

interface NotebookFile {
  cells: Array<{ cell_type: string; source: string | string[] }>
}

const asLines = (text: string): string[] => text.split(/(?<=\n)/)
const root = fileURLToPath(new URL('..', import.meta.url))

for (const name of readdirSync(join(root, 'chapters')).filter((file) => file.endsWith('.ipynb'))) {
  const path = join(root, 'chapters', name)
  const text = readFileSync(path, 'utf8')
  const notebook = JSON.parse(text) as NotebookFile
  for (const cell of notebook.cells)
    if (cell.cell_type === 'markdown') cell.source = asLines(fillQuotes(root, [cell.source].flat().join('')))
  const filled = JSON.stringify(notebook, null, 1) + '\n'
  if (filled === text) continue
  writeFileSync(path, filled)
  console.log(`chapters/${name}: quotes written anew`)
}
