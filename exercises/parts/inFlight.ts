// Transactions in flight: the log shows that they began, and not how they ended.

import { reference, type TransactionEvent } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { transactionsOf } from '../scene/contents.js'
import { history } from './histories.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { chosen, columns, sides } from '../drawing/columns.js'

export type HistoryInput = [seen: readonly TransactionEvent[]]

export const counting: Contract<HistoryInput, number[]> = {
  name: 'inFlight',
  draw: drawHistory,
  reference: reference.inFlight,
  show: (seen) => (seen.length === 0 ? 'no transaction at all' : seen.map(line).join('\n')),
}

function line({ xid, kind, subxids }: TransactionEvent): string {
  return `${String(xid).padStart(6)}  ${kind}${subxids.length > 0 ? `, with its subtransactions ${subxids.join(', ')}` : ''}`
}

/** Names what is missing, too much or out of order. */
export function inFlightNote(answer: Plain, seen: readonly TransactionEvent[]): string {
  if (!Array.isArray(answer)) return 'The answer is a list of transaction ids.'
  const right = reference.inFlight(seen)
  const missing = right.find((xid) => !answer.includes(xid))
  if (missing !== undefined) return `${missing} is in flight: nothing in the log ends it.`
  const extra = (answer as readonly Plain[]).find((xid) => !right.includes(xid as number))
  if (extra !== undefined) return `${String(extra)} is not in flight${fate(extra, seen)}.`
  return answer.length === right.length
    ? 'The ids are to come in ascending order.'
    : 'Each id is to come once.'
}

function fate(xid: Plain, seen: readonly TransactionEvent[]): string {
  const end = seen.find(
    (event) => event.kind !== 'seen' && (event.xid === xid || event.subxids.includes(xid as number)),
  )
  if (!end) return ': the log does not show it'
  return `: see "${end.kind}" of ${end.xid}`
}

const seen = (xid: number): TransactionEvent => ({ xid, kind: 'seen', subxids: [] })

/** Each transaction with what the log tells of it, in flight or over. */
function drawHistory(answer: Answer, seen: readonly TransactionEvent[]): Picture {
  const xids = [...new Set(seen.flatMap(({ xid, subxids }) => [xid, ...subxids]))].sort((a, b) => a - b)
  const told = (xid: number): string => {
    const own = seen.filter((event) => event.xid === xid).map(({ kind }) => kind)
    const parent = seen.find(({ kind, subxids }) => kind !== 'seen' && subxids.includes(xid))
    return [...new Set(own), ...(parent ? [`${parent.kind} of ${parent.xid}`] : [])].join(', ')
  }
  const rows = chosen(xids, reference.inFlight(seen), answer, ['in flight', 'over'])
  return {
    title: `${xids.length} transactions as the log tells of them: which are in flight at its end.`,
    panels: [
      columns(
        rows.map((row, i) => ({
          ...row,
          name: xids[i] === undefined ? row.name : `${row.name}: ${told(xids[i])}`,
        })),
        { head: 'what the log tells', ...sides(answer) },
      ),
    ],
  }
}

export const inFlight: Exercise = {
  name: 'inFlight',
  notebook: '05-abort',
  visible: [
    examples(counting, {
      rule: 'The end of scene bank: a gift with two savepoints commits, the interest run never does.',
      why: 'Rows of a transaction that is taken for committed become visible; those of one taken for aborted vanish.',
      note: inFlightNote,
      inputs: [
        [
          [
            seen(769),
            seen(770),
            { xid: 770, kind: 'abort', subxids: [] },
            seen(772),
            { xid: 769, kind: 'commit', subxids: [771, 772] },
            seen(776),
          ],
        ],
      ],
    }),
    generated(counting, {
      rule: 'Transactions without savepoints that commit, abort, or are still open.',
      why: 'An abort is an end as well as a commit is.',
      note: inFlightNote,
      input: history({ endings: ['open', 'commit', 'abort'] }).map((events): HistoryInput => [events]),
    }),
  ],
  onScene(scene) {
    const inputs: HistoryInput[] = [[transactionsOf(scene)]]
    const why = `PostgreSQL says that ${scene.openXid ?? 'no transaction'} was open when it was killed.`
    return examples(counting, {
      rule: `The transactions of scene ${scene.name}.`,
      why,
      note: inFlightNote,
      inputs,
    })
  },
}
