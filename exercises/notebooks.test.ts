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

test.each(exercises)(
  '$notebook: $name has its question, stub, check and three hints, and no outputs',
  ({ name, notebook }) => {
    const { nbformat, metadata, cells } = JSON.parse(
      readFileSync(path(`${notebook}.ipynb`), 'utf8'),
    ) as Notebook
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
    expect(prose).toContain(`(../chapters/${notebook}.ipynb`)
    for (const cell of cells.filter(({ cell_type }) => cell_type === 'code'))
      expect([cell.outputs, cell.execution_count]).toEqual([[], null])
  },
)

test('every notebook belongs to an exercise', () => {
  for (const { notebook } of exercises) expect(existsSync(path(`${notebook}.ipynb`))).toBe(true)
})
