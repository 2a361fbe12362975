// Which rows count after recovery: the header of a row, and the fate of the transactions it names.

import fc from 'fast-check'
import { HEAP, infomaskNames, isVisibleAfterRecovery } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { rowsOf } from '../scene/replayed.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { statusCells } from '../drawing/statusCells.js'

/** What a reader looks at in a row's header. */
export interface RowHeader {
  readonly t_xmin: number
  readonly t_xmax: number
  readonly t_infomask: number
  /** When t_xmax is a multixact: the member that deleted or updated the row; else 0. */
  readonly updater: number
}

export type RowInput = [row: RowHeader, committed: readonly number[]]

/** The engine's own. */
export function isVisibleByEngine(...[row, committed]: RowInput): boolean {
  const { t_xmin, t_xmax, t_infomask, updater } = row
  return isVisibleAfterRecovery(
    { t_xmin, t_xmax, t_infomask, t_cid: 0 },
    (xid) => committed.includes(xid),
    () => updater,
  )
}

export const looking: Contract<RowInput, boolean> = {
  name: 'isVisible',
  draw: drawRow,
  reference: isVisibleByEngine,
  show: ({ t_xmin, t_xmax, t_infomask, updater }, committed) => {
    const fate = (xid: number): string => (committed.includes(xid) ? 'committed' : 'did not commit')
    const several = (t_infomask & HEAP.XMAX_IS_MULTI) !== 0
    const members =
      updater === 0 ? 'all its members lock' : `its member ${updater} updates, and ${fate(updater)}`
    const xmax = several ? `a multixact: ${members}` : t_xmax === 0 ? 'nobody' : fate(t_xmax)
    return [
      `t_xmin      ${String(t_xmin).padEnd(6)} ${fate(t_xmin)}`,
      `t_xmax      ${String(t_xmax).padEnd(6)} ${xmax}`,
      `t_infomask  0x${t_infomask.toString(16).padStart(4, '0')} ${infomaskNames(t_infomask, 0).join(' ')}`.trimEnd(),
    ].join('\n')
  },
  showAnswer: (answer) =>
    answer === true ? 'true: it counts' : answer === false ? 'false: it does not' : String(answer),
}

/** What comes of the wrong answer. */
export function rowNote(answer: Plain): string {
  if (answer === true) return 'A row comes back that was deleted, or was never committed.'
  if (answer === false) return 'A committed row is gone.'
  return 'The answer is true or false.'
}

/** Transactions up to here committed, those behind it did not. */
const LAST_WINNER = 769
export const xid: fc.Arbitrary<number> = fc.integer({ min: 740, max: 799 })

/** A row, and those of the ids in its header that committed. */
export function rowOf(t_xmin: number, t_xmax: number, t_infomask: number, updater = 0): RowInput {
  const named = new Set([t_xmin, t_xmax, updater].filter((id) => id !== 0 && id <= LAST_WINNER))
  return [{ t_xmin, t_xmax, t_infomask, updater }, [...named].sort((a, b) => a - b)]
}

/** Who made the row, who ended it, and their bits. After recovery nothing is running: what did not commit is aborted. */
function drawRow(
  _answer: Answer,
  { t_xmin, t_xmax, t_infomask, updater }: RowHeader,
  committed: readonly number[],
): Picture {
  const names = infomaskNames(t_infomask, 0).join(' ')
  const several = (t_infomask & HEAP.XMAX_IS_MULTI) !== 0
  const of = (xid: number): number | undefined => (xid === 0 ? undefined : committed.includes(xid) ? 1 : 2)
  return {
    title: `A row made by ${t_xmin}, its t_xmax ${t_xmax}, its t_infomask ${names || 'without a bit'}.`,
    panels: [
      statusCells(
        [
          { head: String(t_xmin), foot: 't_xmin' },
          { head: several ? 'multixact' : String(t_xmax), foot: 't_xmax' },
          ...(several
            ? [{ head: updater === 0 ? 'nobody' : String(updater), foot: 'the member that updates' }]
            : []),
        ],
        [
          {
            name: 'pg_xact',
            statuses: [of(t_xmin), several ? undefined : of(t_xmax), ...(several ? [of(updater)] : [])],
          },
        ],
      ),
      caption(`t_infomask: ${names || 'no bit'}`),
    ],
  }
}

export const isVisible: Exercise = {
  name: 'isVisible',
  notebook: '05-abort',
  visible: [
    examples(looking, {
      rule: 'Four rows of scene bank: of the past, inserted or deleted by the interest run, deleted for good.',
      why: 'Nothing was undone on the page: the reader tells them apart, row by row.',
      note: rowNote,
      inputs: [
        rowOf(760, 0, HEAP.XMAX_INVALID),
        rowOf(776, 0, HEAP.XMAX_INVALID),
        rowOf(760, 776, 0),
        rowOf(760, 767, 0),
      ],
    }),
    generated(looking, {
      rule: 'Rows that nobody has looked at yet: no hint bits, no locks.',
      why: 'A row counts if it was made by a transaction that committed and not ended by one.',
      note: rowNote,
      input: fc
        .tuple(xid, fc.option(xid, { nil: 0 }))
        .map(([made, ended]) => rowOf(made, ended, ended === 0 ? HEAP.XMAX_INVALID : 0)),
    }),
  ],
  onScene(scene) {
    const inputs = rowsOf(scene).map(({ tuple, updater, committed }): RowInput => {
      const { t_xmin, t_xmax, t_infomask } = tuple
      return [{ t_xmin, t_xmax, t_infomask, updater }, committed]
    })
    const why = 'Red rows and blue rows, hint bits and locks: as the server left them.'
    return examples(looking, {
      rule: `The ${inputs.length} rows on the pages of scene ${scene.name}, after replay.`,
      why,
      note: rowNote,
      inputs,
    })
  },
}
