// Solution notebooks, made when they are needed: an exercise's own notebook with the reference solution in the place
// of the stub. Nothing is written twice.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import ts from 'typescript'
import { exercises } from '../exercises/all.js'

interface Cell {
  cell_type: string
  source: string | string[]
  metadata: { pgcrash?: { exercise?: string; role?: string } }
}

const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url))

/** The text of an exercise's notebook. */
export function exerciseNotebook(notebook: string): string {
  return readFileSync(here(`../exercises/${notebook}.ipynb`), 'utf8')
}

/** A notebook's text with every stub replaced by what `write` makes of it. */
export function withStubs(notebook: string, write: (stub: string, exercise: string) => string): string {
  const parsed = JSON.parse(notebook) as { cells: Cell[] }
  for (const cell of parsed.cells) {
    const { exercise, role } = cell.metadata.pgcrash ?? {}
    if (role !== 'stub' || exercise === undefined) continue
    cell.source = write(Array.isArray(cell.source) ? cell.source.join('') : cell.source, exercise)
  }
  return JSON.stringify(parsed, null, 1) + '\n'
}

/** The stub cell with its function replaced by the reference solution, comment included. */
export function solved(stub: string, exercise: string): string {
  const solution = solutionSource(exercise)
  const { start, end } = solutionSpan(stub, exercise, `the stub of ${exercise}`)
  return stub.slice(0, start) + solution + stub.slice(end)
}

/** The text of a reference solution: its comment and its function. */
export function solutionSource(exercise: string): string {
  const file = here(`./parts/${exercise}.ts`)
  return functionText(readFileSync(file, 'utf8'), exercise, file)
}

function functionText(source: string, name: string, place: string): string {
  const { start, end } = solutionSpan(source, name, place)
  return source.slice(start, end).replace(/^export /m, '')
}

/** Where a function declaration stands in a text, from its comment to its end. */
function solutionSpan(source: string, name: string, place: string): { start: number; end: number } {
  const file = ts.createSourceFile('cell.ts', source, ts.ScriptTarget.ES2022, true)
  const found = file.statements.find(
    (statement) => ts.isFunctionDeclaration(statement) && statement.name?.text === name,
  )
  if (!found) throw new Error(`${place} declares no function ${name}`)
  const [comment] = ts.getLeadingCommentRanges(source, found.pos)?.slice(-1) ?? []
  return { start: comment?.pos ?? found.getStart(), end: found.end }
}

/** Writes all solution notebooks into a temporary folder; the caller removes it. */
export function solutionNotebooks(): { folder: string; remove(): void } {
  const folder = mkdtempSync(join(tmpdir(), 'pgcrash-solutions-'))
  const remove = (): void => rmSync(folder, { recursive: true, force: true })
  try {
    for (const notebook of new Set(exercises.map((exercise) => exercise.notebook)))
      writeFileSync(join(folder, `${notebook}.ipynb`), withStubs(exerciseNotebook(notebook), solved))
  } catch (error) {
    remove()
    throw error
  }
  return { folder, remove }
}
