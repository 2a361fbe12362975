// The whole of recovery, on plain data: what it does, in its order, put together from the parts.

import { formatLsn, reference, stateName } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import {
  crashOf,
  crashOfScene,
  planOfEngine,
  type Crash,
  type CrashOptions,
  type LoggedRecord,
  type RecoveryPlan,
} from './crashes.js'
import { BEFORE, brokenOrder, changedWrites, drawWrites } from './finalWrites.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { columns, inOrder, sides } from '../drawing/columns.js'
import { ruler } from '../drawing/ruler.js'

export type CrashInput = [crash: Crash]

const DB_SHUTDOWNED = 1

export const planning: Contract<CrashInput, RecoveryPlan> = {
  name: 'planRecovery',
  draw: drawPlan,
  reference({ control, records, pages, files }) {
    const { state, checkPoint, redo } = control
    if (state === DB_SHUTDOWNED && redo === checkPoint)
      return { applied: [], aborted: [], removed: [], writes: [] }
    const log = wholeRecords(records, redo)
    return {
      applied: replayed(log, pages),
      aborted: reference.inFlight(log.flatMap(({ events }) => events)),
      removed: files.filter((file) => reference.isTemporary(file)),
      writes: reference.finalWrites(ALL_WRITES),
    }
  },
  show: ({ control, records, pages, files }) => {
    const { state, checkPoint, redo } = control
    return [
      `pg_control  "${stateName(state)}", checkPoint ${formatLsn(checkPoint)}, redo ${formatLsn(redo)}`,
      ...some(records.map((record, i) => recordLine(record, records[i - 1]))),
      ...some(pages.map(({ page, lsn }) => `page ${page} on the disk, LSN ${formatLsn(lsn)}`)),
      ...some(files.map((file) => `file ${file}`)),
    ].join('\n')
  },
  showAnswer: (answer) => (isPlan(answer) ? planInWords(answer) : 'no plan'),
}

const ALL_WRITES = [...new Set(BEFORE.flatMap(([first, second]) => [first, second]))]

/** The records from the redo point up to the first that cannot be one of this log. */
function wholeRecords(records: readonly LoggedRecord[], redo: bigint): LoggedRecord[] {
  const log: LoggedRecord[] = []
  for (const record of records.filter(({ start }) => start >= redo)) {
    const before = log.at(-1)
    if (record.crc !== record.xl_crc || (before && record.prev !== before.start)) break
    log.push(record)
  }
  return log
}

function replayed(log: readonly LoggedRecord[], pages: Crash['pages']): RecoveryPlan['applied'] {
  const applied: RecoveryPlan['applied'] = []
  const lsns = new Map(pages.map(({ page, lsn }) => [page, lsn]))
  for (const { start, end, blocks } of log)
    for (const { page, how } of blocks) {
      const lsn = lsns.get(page)
      if (how === 'change' && (lsn === undefined || !reference.needsRedo(lsn, end, start))) continue
      lsns.set(page, end)
      applied.push({ record: start, page })
    }
  return applied
}

const MOST_LINES = 40

function some(lines: readonly string[]): string[] {
  return lines.length <= MOST_LINES ? [...lines] : [...lines.slice(0, MOST_LINES), `… ${lines.length} in all`]
}

function recordLine(record: LoggedRecord, before: LoggedRecord | undefined): string {
  const { start, end, prev, xl_crc, crc, events, blocks } = record
  const wrong = [
    ...(xl_crc === crc ? [] : ['its CRC is wrong']),
    ...(before === undefined || prev === before.start ? [] : [`its prev is ${formatLsn(prev)}`]),
  ]
  const says = events.map(({ xid, kind, subxids }) => [kind, xid, ...subxids].join(' '))
  const changes = blocks.map(({ page, how }) => `${how} of ${page}`)
  return `record ${formatLsn(start)} to ${formatLsn(end)}  ${[...says, ...changes, ...wrong].join('; ')}`
}

type AnyPlan = { readonly [Key in keyof RecoveryPlan]: readonly Plain[] }

function isPlan(answer: Plain): answer is AnyPlan {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return false
  const fields = answer as { readonly [key: string]: Plain }
  return ['applied', 'aborted', 'removed', 'writes'].every((name) => Array.isArray(fields[name]))
}

function planInWords({ applied, aborted, removed, writes }: AnyPlan): string {
  const list = (items: readonly Plain[]): string =>
    items.length === 0 ? 'none' : items.map(String).join(', ')
  const changes = applied.map(changeInWords)
  return [
    `applied  ${some(changes).join('\n         ') || 'none'}`,
    `aborted  ${list(aborted)}`,
    `removed  ${list(removed)}`,
    `writes   ${list(writes)}`,
  ].join('\n')
}

function changeInWords(change: Plain): string {
  if (typeof change !== 'object' || change === null || Array.isArray(change)) return String(change)
  const { record, page } = change as { readonly [key: string]: Plain }
  return `${typeof record === 'bigint' && record >= 0n ? formatLsn(record) : String(record)} to ${String(page)}`
}

/** The first thing in which a plan is not the right one; the last writes may come in any order that is safe. */
export function planFault(answer: Plain, right: RecoveryPlan): string | undefined {
  if (!isPlan(answer)) return 'The answer is a plan: applied, aborted, removed and writes, all of them lists.'
  return (
    appliedFault(answer.applied.map(changeInWords), right.applied.map(changeInWords)) ??
    listFault(answer.aborted, right.aborted, 'marked aborted') ??
    listFault(answer.removed, right.removed, 'removed') ??
    (right.writes.length === 0
      ? listFault(answer.writes, [], 'written')
      : (changedWrites(answer.writes, right.writes) ?? brokenOrder(answer.writes, BEFORE)))
  )
}

function appliedFault(found: readonly string[], right: readonly string[]): string | undefined {
  const at = right.findIndex((change, i) => found[i] !== change)
  if (at === -1)
    return found.length === right.length
      ? undefined
      : `${found[right.length]} is applied, and nothing more is to be.`
  if (!found.includes(right[at])) return `${right[at]} is missing: a change that was committed may be lost.`
  return `${found[at]} is applied where ${right[at]} comes next.`
}

function listFault(found: readonly Plain[], right: readonly Plain[], what: string): string | undefined {
  const extra = found.find((item) => !right.includes(item))
  if (extra !== undefined) return `${String(extra)} is ${what}, and should not be.`
  const missing = right.find((item) => !found.includes(item))
  if (missing !== undefined) return `${String(missing)} is not ${what}.`
  return found.join() === right.join() ? undefined : `What is ${what} comes in another order.`
}

export const fault = (answer: Plain, crash: Crash): string | undefined =>
  planFault(answer, planning.reference(crash))

export const FILES = [
  'base/5/16384',
  'base/5/16384_fsm',
  'base/5/t3_16390',
  'base/5/t3_16390_vm',
  'base/pgsql_tmp/pgsql_tmp4711.0',
  'base/pgsql_tmp/notes.txt',
  'pg_wal/000000010000000000000009',
  'global/pg_control',
] as const

/** A server that was killed, nothing strange about it. */
export const simple: CrashOptions = {
  history: { endings: ['open', 'commit', 'abort'], transactions: 4 },
  how: ['image', 'change'],
  ends: ['nothing'],
  pages: ['old'],
  states: [6],
  before: false,
  files: FILES,
}

/** Everything that can happen. */
export const anything: CrashOptions = {
  history: {
    endings: ['open', 'commit', 'abort', 'prepare', 'prepare, commit prepared'],
    subtransactions: 2,
    begunBefore: true,
    transactions: 5,
  },
  how: ['image', 'change', 'init'],
  ends: ['nothing', 'damaged', 'stale'],
  pages: ['old', 'between', 'absent'],
  states: [6, 4, 3],
  before: true,
  files: FILES,
}

const LISTS = ['applied', 'aborted', 'removed'] as const

/** The first list in which the plan is not the right one, step by step. Of the last writes only those that came. */
function drawPlan(answer: Answer, crash: Crash): Picture {
  const right = planning.reference(crash)
  const got = answer && isPlan(answer.value) ? answer.value : undefined
  const words = (items: readonly Plain[]): string[] => items.map(changeInWords)
  const wrong = LISTS.find((name) => got && words(got[name]).join('|') !== words(right[name]).join('|'))
  if (got && wrong === undefined) return drawWrites({ value: got.writes }, right.writes)
  const list = wrong ?? 'applied'
  return {
    title: `What a recovery does: the list "${list}", step by step.`,
    panels: [
      ruler([
        { at: crash.control.redo, label: 'redo', kind: 'accent' },
        { at: crash.control.checkPoint, label: 'checkpoint record' },
        {
          at: crash.records.at(-1)?.end ?? crash.control.checkPoint,
          label: 'the last record ends',
          kind: 'plain',
        },
      ]),
      columns(inOrder(words(right[list]), got && words(got[list])), { head: list, ...sides(got && answer) }),
      ...(got === undefined ? [caption('nothing came that is a plan')] : []),
    ],
  }
}

export const planRecovery: Exercise = {
  name: 'planRecovery',
  notebook: '08-capstone',
  relies: ['wasThereACrash', 'redoPoint', 'needsRedo', 'inFlight', 'isTemporary', 'finalWrites'],
  visible: [
    generated(planning, {
      rule: 'A server that was killed: old pages, whole records, some transactions open.',
      why: 'This is the crash of every day: pull the plug and start again.',
      fault,
      runs: 25,
      input: crashOf(simple).map((crash): CrashInput => [crash]),
    }),
    generated(planning, {
      rule: 'Any crash: pages of all ages, images, prepared transactions, a log that breaks off.',
      why: 'The parts are right one by one; now they meet.',
      fault,
      runs: 25,
      input: crashOf(anything).map((crash): CrashInput => [crash]),
    }),
  ],
  onScene(scene) {
    const crash = crashOfScene(scene)
    const right = planOfEngine(scene)
    const { length } = crash.records
    return examples(planning, {
      rule: `The ${length} records of scene ${scene.name}: the plan that the engine carries out on it.`,
      why: `PostgreSQL opens what comes of this plan, with every committed row and no other.`,
      inputs: [[crash]],
      fault: (answer) =>
        isPlan(answer)
          ? planFault(
              { ...answer, removed: sorted(answer.removed) },
              { ...right, removed: right.removed.sort() },
            )
          : planFault(answer, right),
    })
  },
}

/** The engine goes from folder to folder; the order in which files go does not matter. */
const sorted = (names: readonly Plain[]): string[] => names.map(String).sort()
