// Did a transaction commit? Its own two bits say it, or those of its parent.

import fc from 'fast-check'
import { didCommit as askEngine, STATUS_NAMES } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { replayed } from '../scene/replayed.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { statusCells } from '../drawing/statusCells.js'

/** By transaction id. */
export type ByXid = Readonly<Record<number, number>>
export type FateInput = [xid: number, statuses: ByXid, parents: ByXid, oldestRunning: number]

/** The engine's own, with these tables for pg_xact and pg_subtrans. */
export function didCommitByEngine(...[xid, statuses, parents, oldestRunning]: FateInput): boolean {
  return askEngine(xid, {
    statusOf: (id) => statuses[id] ?? 0,
    parentOf: (id) => parents[id] ?? 0,
    oldestRunning,
  })
}

export const fate: Contract<FateInput, boolean> = {
  name: 'didCommit',
  draw: drawFamily,
  reference: didCommitByEngine,
  show: (xid, statuses, parents, oldestRunning) => {
    const lines = [`did ${xid} commit? no transaction before ${oldestRunning} is running`]
    const width = Math.max(...[xid, ...Object.keys(statuses)].map((id) => String(id).length))
    for (let id = xid, depth = 0; id !== 0 && depth < 12; id = parents[id] ?? 0, depth++) {
      const status = statuses[id] ?? 0
      const bits = status.toString(2).padStart(2, '0')
      const parent = parents[id] ? `, child of ${parents[id]}` : ''
      lines.push(`  ${String(id).padStart(width)}  ${bits} ${STATUS_NAMES[status]}${parent}`)
    }
    return lines.join('\n')
  },
  showAnswer: (answer) =>
    answer === true
      ? 'true: it committed'
      : answer === false
        ? 'false: it did not, or not yet'
        : String(answer),
}

/** What comes of the wrong answer. */
export function fateNote(answer: Plain): string {
  if (answer === true) return 'Rows that nobody committed become visible.'
  if (answer === false) return 'Committed rows vanish.'
  return 'The answer is true or false.'
}

/** The id that comes `n` after `base`, as PostgreSQL counts: behind 4294967295 comes 3. */
export function xidAfter(base: number, n: number): number {
  const next = base + n
  return next > 0xffffffff ? next - 0xffffffff + 2 : next
}

export interface Family {
  readonly xids: readonly number[]
  readonly statuses: ByXid
  readonly parents: ByXid
}

/** A transaction, its subtransaction, that one's, …: the first of `all` is the topmost. */
export function family(base: number, all: readonly number[]): Family {
  const xids = all.map((_, i) => xidAfter(base, 2 * i))
  return {
    xids,
    statuses: Object.fromEntries(all.map((status, i) => [xids[i], status])),
    parents: Object.fromEntries(xids.slice(1).map((xid, i) => [xid, xids[i]])),
  }
}

export const someXid: fc.Arbitrary<number> = fc.constantFrom(700, 3, 32768, 3000000000, 4294967000)
export const [OPEN, COMMITTED, ABORTED, SUB_COMMITTED] = [0, 1, 2, 3]

const LONGEST_CHAIN = 6

/** The transaction, its parent, that one's, with their bits. */
function drawFamily(_answer: Answer, ...[xid, statuses, parents, oldestRunning]: FateInput): Picture {
  const chain: number[] = []
  for (let id = xid; id !== 0 && chain.length < LONGEST_CHAIN; id = parents[id] ?? 0) chain.push(id)
  return {
    title: `Transaction ${xid} in pg_xact${chain.length > 1 ? `, and ${chain.length - 1} that it is a part of` : ''}.`,
    panels: [
      statusCells(
        chain.map((id) => ({
          head: String(id),
          foot: parents[id] ? `part of ${parents[id]}` : 'the topmost',
        })),
        [{ name: 'pg_xact', statuses: chain.map((id) => statuses[id] ?? 0) }],
      ),
      caption(`no transaction before ${oldestRunning} is running`),
    ],
  }
}

export const didCommit: Exercise = {
  name: 'didCommit',
  notebook: '05-abort',
  visible: [
    examples(fate, {
      rule: 'The gift of scene bank in the middle of its commit: 770 was rolled back, 771 is done, 772 is still 11.',
      why: 'A row carries the id of the subtransaction that wrote it, and a reader asks for that id.',
      note: fateNote,
      inputs: [769, 770, 771, 772].map((xid): FateInput => [
        xid,
        { 769: 1, 770: 2, 771: 1, 772: 3 },
        { 770: 769, 771: 769, 772: 769 },
        769,
      ]),
    }),
    generated(fate, {
      rule: 'A transaction without savepoints: in progress, committed or aborted.',
      why: 'In progress and aborted look the same to everybody else: not committed.',
      note: fateNote,
      input: fc
        .tuple(someXid, fc.constantFrom(OPEN, COMMITTED, ABORTED))
        .map(([base, status]): FateInput => [base, { [base]: status }, {}, base]),
    }),
  ],
  onScene(scene) {
    const { status, first, next } = replayed(scene)
    const xids = Array.from({ length: next - first }, (_, i) => first + i)
    const statuses = Object.fromEntries(xids.map((xid) => [xid, status(xid)]))
    const why = `After a crash nobody is running, and pg_subtrans is empty. ${scene.openXid ?? 'Nobody'} was open.`
    return examples(fate, {
      rule: `The transactions of scene ${scene.name} after replay, ${first} to ${next - 1}.`,
      why,
      note: fateNote,
      inputs: xids.map((xid): FateInput => [xid, statuses, {}, next]),
    })
  },
}
