// A submitted notebook: a file that anybody may have written. Only the cells that carry an exercise's id are taken
// from it; checks, points and everything else come from our side.

import { createHash } from 'node:crypto'
import { lstatSync, readFileSync } from 'node:fs'
import { limits } from './limits.js'

/** The learner's cell for an exercise. */
export interface LearnerCell {
  readonly source: string
  /** Something the grader noticed, one sentence. */
  readonly note?: string
}

export type LearnerNotebook =
  | { readonly outcome: 'read'; readonly digest: string; readonly cells: ReadonlyMap<string, LearnerCell> }
  | { readonly outcome: 'unreadable'; readonly digest?: string; readonly reason: string }

/** Reads a notebook file. Never throws for what it holds. */
export function readLearnerNotebook(path: string): LearnerNotebook {
  let bytes: Buffer
  try {
    const status = lstatSync(path)
    if (!status.isFile()) return { outcome: 'unreadable', reason: 'not a regular file' }
    if (status.size > limits.notebook)
      return { outcome: 'unreadable', reason: `larger than ${limits.notebook >> 20} MiB: clear its outputs` }
    bytes = readFileSync(path)
  } catch (error) {
    return { outcome: 'unreadable', reason: (error as Error).message }
  }
  const digest = createHash('sha256').update(bytes).digest('hex')
  const cells = learnerCells(bytes.toString('utf8'))
  return typeof cells === 'string'
    ? { outcome: 'unreadable', digest, reason: cells }
    : { outcome: 'read', digest, cells }
}

/** The learner's cells by exercise, or the sentence that says why there are none. */
export function learnerCells(text: string): ReadonlyMap<string, LearnerCell> | string {
  let notebook: unknown
  try {
    notebook = JSON.parse(text.replace(/^\ufeff/, ''))
  } catch {
    return text.trim() === '' ? 'the file is empty' : 'not JSON: no notebook, or a damaged one'
  }
  if (!isObject(notebook)) return 'JSON, but no notebook'
  if (notebook.nbformat !== 4)
    return `nbformat ${shown(notebook.nbformat)}, and only 4 is read: open and save it in JupyterLab`
  if (!Array.isArray(notebook.cells)) return 'a notebook without cells'
  const found = new Map<string, LearnerCell>()
  for (const cell of notebook.cells as unknown[]) {
    const exercise = exerciseOf(cell)
    if (exercise === undefined) continue
    found.set(exercise, joined(found.get(exercise), learnerCell(cell as Record<string, unknown>)))
  }
  return found
}

function exerciseOf(cell: unknown): string | undefined {
  if (!isObject(cell) || !isObject(cell.metadata) || !isObject(cell.metadata.pgcrash)) return undefined
  const { exercise, role } = cell.metadata.pgcrash
  return role === 'stub' && typeof exercise === 'string' ? exercise : undefined
}

function learnerCell(cell: Record<string, unknown>): LearnerCell {
  const { source } = cell
  const text = Array.isArray(source)
    ? source.map((line) => (typeof line === 'string' ? line : '')).join('')
    : source
  if (cell.cell_type !== 'code') return { source: '', note: 'its cell is no code cell any more' }
  if (typeof text !== 'string') return { source: '', note: 'its cell has no text' }
  return { source: text.replace(/\r\n?/g, '\n').replaceAll('\0', ' ') }
}

/** JupyterLab gives both halves of a split cell the same id: they are read one after the other. */
function joined(before: LearnerCell | undefined, cell: LearnerCell): LearnerCell {
  if (!before) return cell
  return {
    source: `${before.source}\n${cell.source}`,
    note: 'several cells carry its id: they were joined, in their order',
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function shown(value: unknown): string {
  return typeof value === 'number' ? String(value) : 'missing'
}
