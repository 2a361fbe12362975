/** The table of `npm run coverage:redo`, for a person and for a program. */
import type { OperationCount } from './redoCoverage.js'
import { emptyCells, markOf, unreached, type Cell } from './unreached.js'

export interface CoverageReport {
  readonly scenes: readonly SceneReport[]
  readonly operations: readonly (OperationCount & { readonly reason?: string })[]
  /** What keeps the table from being whole, a sentence each; none when all is well. */
  readonly problems: readonly string[]
}

export interface SceneReport {
  readonly scene: string
  /** Replayed, both rounds together. */
  readonly records: number
  /** Why the directory could not be replayed. */
  readonly failure?: string
}

export function coverageReport(
  scenes: readonly SceneReport[],
  counts: readonly OperationCount[],
): CoverageReport {
  const problems = scenes.flatMap(({ scene, failure }) => (failure ? [`${scene}: ${failure}`] : []))
  const operations = counts.map((count) => {
    const reason = unreached[count.operation]
    if (count.records === 0 && reason === undefined)
      problems.push(`${count.operation}: no scene reaches it, and there is no reason why`)
    if (count.records > 0 && reason !== undefined)
      problems.push(`${count.operation}: it is reached now; its reason may go`)
    for (const cell of emptyCellsOf(count))
      if (markOf(count.operation, cell) === undefined)
        problems.push(`${count.operation}: no page was ${WORDS[cell]}, and there is no reason why`)
    return count.records === 0 && reason !== undefined ? { ...count, reason } : count
  })
  const known = new Set(counts.map(({ operation }) => operation))
  for (const operation of [
    ...Object.keys(unreached),
    ...emptyCells.flatMap(({ cells }) => Object.keys(cells)),
  ])
    if (!known.has(operation)) problems.push(`${operation}: a reason for an operation that does not exist`)
  return { scenes, operations, problems }
}

const CELLS: readonly Cell[] = ['restored', 'needsRedo', 'done', 'notFound']
const WORDS = { restored: 'restored', needsRedo: 'changed', done: 'newer', notFound: 'missing' }

/** What the operation's pages never were; of one that asks for no page, nothing. */
function emptyCellsOf(count: OperationCount): Cell[] {
  return count.records === count.withoutBlocks ? [] : CELLS.filter((cell) => count[cell] === 0)
}

const columns = [
  ['records', 'records'],
  ['restored', 'with image'],
  ['needsRedo', 'without'],
  ['done', 'newer page'],
  ['notFound', 'no page'],
  ['withoutBlocks', 'asked none'],
] as const

/** The table, a line each. */
export function reportLines({ scenes, operations, problems }: CoverageReport): string[] {
  const width = Math.max(...operations.map(({ operation }) => operation.length)) + 1
  const row = (name: string, cells: readonly string[]): string =>
    (name.padEnd(width) + cells.map((cell) => cell.padStart(11)).join('')).trimEnd()
  const lines = scenes.map(({ scene, records, failure }) => `${scene}: ${failure ?? `${records} records`}`)
  lines.push(
    '',
    'Each crash is replayed twice: the second time on the pages that the first left.',
    'Records and those that asked for no page are records; the columns between count pages.',
    '',
    row(
      '',
      columns.map(([, title]) => title),
    ),
  )
  for (const { reason, ...count } of operations) {
    const empty: readonly string[] = emptyCellsOf(count)
    const cells = columns.map(([key]) =>
      count[key] > 0
        ? String(count[key])
        : empty.includes(key)
          ? (markOf(count.operation, key as Cell) ?? '?')
          : '-',
    )
    lines.push(reason ? `${count.operation.padEnd(width)}    ${reason}` : row(count.operation, cells))
  }
  lines.push('', ...emptyCells.map(({ mark, reason }) => `${mark.padEnd(6)} ${reason}`))
  const reached = operations.filter(({ records }) => records > 0).length
  const explained = operations.filter(({ reason }) => reason !== undefined).length
  lines.push('', `${operations.length} operations: ${reached} replayed, ${explained} with a reason why not`)
  return [...lines, ...problems.map((problem) => `not complete: ${problem}`)]
}
