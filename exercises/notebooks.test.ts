import { existsSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { exercises } from './all.js'

interface Cell {
  id: string
  cell_type: string
  source: string[]
  outputs?: unknown[]
  execution_count?: unknown
  metadata: { pgcrash: { exercise: string; role: string } }
}
interface Notebook {
  nbformat: number
  metadata: { kernelspec: { name: string; language: string } }
  cells: Cell[]
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url))
const read = (name: string): Notebook => JSON.parse(readFileSync(path(name), 'utf8')) as Notebook

/** Headings as Jupyter writes them into a link: "## Is it whole?" is #Is-it-whole?. */
function anchorsOf(notebook: string): string[] {
  const prose = read(`../chapters/${notebook}.ipynb`).cells.filter(
    ({ cell_type }) => cell_type === 'markdown',
  )
  const headings = prose.flatMap(({ source }) => source.join('').match(/^#+ .+$/gm) ?? [])
  return headings.map((heading) => heading.replace(/^#+ /, '').replaceAll(' ', '-'))
}

test.each(exercises)(
  '$notebook: $name has its question, stub, check and three hints, and no outputs',
  ({ name, notebook }) => {
    const { nbformat, metadata, cells } = read(`${notebook}.ipynb`)
    expect([nbformat, metadata.kernelspec.name, metadata.kernelspec.language]).toEqual([
      4,
      'tslab',
      'typescript',
    ])
    expect(new Set(cells.map(({ id }) => id)).size).toBe(cells.length)

    const own = cells.filter(({ metadata }) => metadata.pgcrash.exercise === name)
    const [stub, ...others] = own.filter(({ metadata }) => metadata.pgcrash.role === 'stub')
    expect(others).toEqual([])
    expect(stub.source.join('')).toContain(`throw new NotStarted('${name}')`)
    expect(stub.source.join('')).toMatch(new RegExp(`function ${name}\\(.+\\): .+ \\{`))
    const check = own.find(({ metadata }) => metadata.pgcrash.role === 'check')
    expect(check?.source.join('')).toContain(`await check('${name}', ${name}`)

    const prose = own
      .filter(({ cell_type }) => cell_type === 'markdown')
      .map(({ source }) => source.join(''))
      .join('\n')
    expect(prose.match(/<summary>Hint \d<\/summary>/g)).toHaveLength(3)
    const [, anchor] =
      prose.match(`\\(\\.\\./chapters/${notebook}\\.ipynb(?:#([^)]+))?\\)`) ?? expect.fail('no link')
    if (anchor !== undefined) expect(anchorsOf(notebook)).toContain(decodeURIComponent(anchor))
    for (const cell of own.filter(({ cell_type }) => cell_type === 'code'))
      expect([cell.outputs, cell.execution_count]).toEqual([[], null])
  },
)

test('every notebook belongs to an exercise', () => {
  for (const { notebook } of exercises) expect(existsSync(path(`${notebook}.ipynb`))).toBe(true)
})
