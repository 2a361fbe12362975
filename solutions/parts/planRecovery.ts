// 08-capstone: recovery, put together.

import type { FinalWrite, TransactionEvent } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  crashOf,
  type Crash,
  type CrashOptions,
  type LoggedRecord,
  type RecoveryPlan,
} from '../../exercises/parts/crashes.js'
import { anything, fault, planning, simple, type CrashInput } from '../../exercises/parts/planRecovery.js'
import type { Solution } from '../solution.js'

/** Startup, replay, abort, cleanup, final checkpoint: one after the other, each from what the one before has left. */
export function planRecovery({ control, records, pages, files }: Crash): RecoveryPlan {
  const plan: RecoveryPlan = { applied: [], aborted: [], removed: [], writes: [] }
  if (control.state === 1 && control.redo === control.checkPoint) return plan // shut down: nothing to do

  // The log: from the redo point to the first record that is damaged, or belongs to another chain.
  const log: Crash['records'] = []
  for (const record of records) {
    if (record.start < control.redo) continue
    const before = log[log.length - 1]
    if (record.crc !== record.xl_crc || (before && record.prev !== before.start)) break
    log.push(record)
  }

  // Replay. An image counts whatever the disk holds, and the page is then as old as its record.
  const lsns = new Map(pages.map(({ page, lsn }) => [page, lsn]))
  for (const { start, end, blocks } of log)
    for (const { page, how } of blocks) {
      const lsn = lsns.get(page)
      if (how === 'change' && (lsn === undefined || lsn >= end)) continue
      lsns.set(page, end)
      plan.applied.push({ record: start, page })
    }

  // Abort: who was seen and did not end.
  const open = new Set<number>()
  for (const { xid, kind, subxids } of log.flatMap((record) => record.events)) {
    if (kind === 'seen') open.add(xid)
    else for (const ended of [xid, ...subxids]) open.delete(ended)
  }
  plan.aborted = [...open].sort((a, b) => a - b)

  // Temp cleanup.
  plan.removed = files.filter((file) =>
    /^(base|pg_tblspc\/\d+\/PG_18_202506291)\/(pgsql_tmp\/pgsql_tmp|\d+\/t\d+_\d+(_(fsm|vm|init))?(\.\d+)?$)/.test(
      file,
    ),
  )

  // The final checkpoint.
  plan.writes = ['write transaction status', 'write data pages', 'sync data files']
  plan.writes.push('write checkpoint record', 'sync WAL', 'write pg_control', 'sync pg_control')
  return plan
}

interface Pieces {
  readonly crashed: (control: Crash['control']) => boolean
  readonly begin: (control: Crash['control']) => bigint
  /** Does the log end before this record? */
  readonly isEnd: (record: LoggedRecord, before: LoggedRecord | undefined) => boolean
  /** Records that cannot be read are passed over, and the log goes on. */
  readonly goesOn: boolean
  readonly applies: (
    how: LoggedRecord['blocks'][number]['how'],
    lsn: bigint | undefined,
    record: LoggedRecord,
  ) => boolean
  /** What the page's LSN becomes; undefined where it stays. */
  readonly stamp: (record: LoggedRecord, how: LoggedRecord['blocks'][number]['how']) => bigint | undefined
  readonly inFlight: (log: readonly LoggedRecord[], all: readonly LoggedRecord[]) => number[]
  readonly isTemporary: (file: string) => boolean
  readonly writes: () => FinalWrite[]
}

const isStale = (record: LoggedRecord, before: LoggedRecord | undefined): boolean =>
  before !== undefined && record.prev !== before.start
const isDamaged = ({ crc, xl_crc }: LoggedRecord): boolean => crc !== xl_crc

function openOnes(
  events: readonly TransactionEvent[],
  isEnd: (event: TransactionEvent) => boolean = ({ kind }) => kind !== 'seen',
): number[] {
  const open = new Set<number>()
  for (const event of events) {
    if (event.kind === 'seen') open.add(event.xid)
    else if (isEnd(event)) for (const xid of [event.xid, ...event.subxids]) open.delete(xid)
  }
  return [...open].sort((a, b) => a - b)
}

const eventsOf = (log: readonly LoggedRecord[]): TransactionEvent[] => log.flatMap(({ events }) => events)

const right: Pieces = {
  crashed: ({ state, redo, checkPoint }) => state !== 1 || redo !== checkPoint,
  begin: ({ redo }) => redo,
  isEnd: (record, before) => isDamaged(record) || isStale(record, before),
  goesOn: false,
  applies: (how, lsn, { end }) => how !== 'change' || (lsn !== undefined && lsn < end),
  stamp: ({ end }) => end,
  inFlight: (log) => openOnes(eventsOf(log)),
  isTemporary: (file) => /\/(?:pgsql_tmp\/pgsql_tmp|t\d+_\d+)/.test(file),
  writes: () => [
    'write data pages',
    'write transaction status',
    'sync data files',
    'write checkpoint record',
    'sync WAL',
    'write pg_control',
    'sync pg_control',
  ],
}

/** A recovery from pieces, some of them other ones. */
function variant(pieces: Partial<Pieces>): (crash: Crash) => RecoveryPlan {
  const use = { ...right, ...pieces }
  return ({ control, records, pages, files }) => {
    if (!use.crashed(control)) return { applied: [], aborted: [], removed: [], writes: [] }
    const log: LoggedRecord[] = []
    for (const record of records.filter(({ start }) => start >= use.begin(control))) {
      if (!use.isEnd(record, log.at(-1))) log.push(record)
      else if (!use.goesOn) break
    }
    const lsns = new Map(pages.map(({ page, lsn }) => [page, lsn]))
    const applied = log.flatMap((record) =>
      record.blocks.flatMap(({ page, how }) => {
        if (!use.applies(how, lsns.get(page), record)) return []
        const lsn = use.stamp(record, how)
        if (lsn !== undefined) lsns.set(page, lsn)
        return [{ record: record.start, page }]
      }),
    )
    const aborted = use.inFlight(log, records)
    return { applied, aborted, removed: files.filter(use.isTemporary), writes: use.writes() }
  }
}

function rule(text: string, why: string, options: Partial<CrashOptions>, runs = 20): Check {
  const input = crashOf({ ...simple, ...options }).map((crash): CrashInput => [crash])
  return generated(planning, { rule: text, why, fault, runs, input })
}

export const planRecoverySolution: Solution<'planRecovery'> = {
  name: 'planRecovery',
  solution: planRecovery,
  hidden: [
    rule(
      'Only "shut down" with nothing behind its checkpoint needs no recovery, and then nothing is done at all.',
      'A recovery that died leaves "in crash recovery", a stop that died "shutting down".',
      { states: [1, 3, 4, 6] },
    ),
    rule(
      'Replay begins at the redo point.',
      'Records between it and the checkpoint record belong to pages that the checkpoint had passed.',
      { before: true, how: ['change'], pages: ['old', 'between'] },
    ),
    rule(
      'The log ends at the first record whose CRC is wrong, or that follows another record than the one before it.',
      'What stands behind that place was written for another day, or on top of what is missing.',
      { ends: ['damaged', 'stale'] },
    ),
    rule(
      'A page that is on the disk gets the records that it misses, one after the other, and no other.',
      'Each record applied moves the LSN of the page to its end.',
      { how: ['change'], pages: ['old', 'between'] },
    ),
    rule(
      'An image is put in place whatever the disk holds, and what comes after it is applied again.',
      'The page is then as it was at that record, even if the disk had a newer one.',
      { how: ['image', 'change'], pages: ['between', 'old'] },
      60,
    ),
    rule(
      'A page that is not there is made by an image or by a record that makes it anew; other records pass it over.',
      'A later record drops or truncates it: nobody will ask for it.',
      { how: ['change', 'init', 'image'], pages: ['absent', 'between'] },
    ),
    rule(
      'Who was seen in the log that was replayed, and neither ended nor was prepared, is aborted.',
      'A transaction that is seen only behind the end of the log left nothing that needs an end.',
      { history: anything.history, ends: ['nothing', 'damaged'], before: true },
    ),
    rule('All of it together.', 'A real crash asks everything at once.', anything, 60),
  ],
  alsoRight: { 'from pieces': variant({}) },
  wrong: {
    'every state but "in production" is no crash': variant({ crashed: ({ state }) => state === 6 }),
    'a directory that was shut down is recovered too': variant({ crashed: () => true }),
    'begins at the checkpoint record': variant({ begin: ({ checkPoint }) => checkPoint }),
    'begins at the first record there is': variant({ begin: () => 0n }),
    'no CRC is looked at': variant({ isEnd: isStale }),
    'no xl_prev is looked at': variant({ isEnd: isDamaged }),
    'a damaged record is passed over': variant({ isEnd: isDamaged, goesOn: true }),
    'everything is applied': variant({ applies: () => true }),
    'a gate that lets through what a page has': variant({
      applies: (how, lsn, { end }) => how !== 'change' || (lsn !== undefined && lsn <= end),
    }),
    'a gate that asks for the start': variant({
      applies: (how, lsn, { start }) => how !== 'change' || (lsn !== undefined && lsn < start),
    }),
    'images through the gate': variant({
      applies: (how, lsn, { end }) => how === 'init' || (lsn ?? (how === 'image' ? 0n : end)) < end,
    }),
    'no stamp: the gate asks the disk each time': variant({ stamp: () => undefined }),
    'an image leaves the LSN as it was': variant({
      stamp: ({ end }, how) => (how === 'image' ? undefined : end),
    }),
    'a page that is not there gets every change': variant({
      applies: (how, lsn, { end }) => how !== 'change' || (lsn ?? 0n) < end,
    }),
    'new pages are not made': variant({
      applies: (how, lsn, { end }) => how === 'image' || (lsn !== undefined && lsn < end),
    }),
    'prepared transactions aborted': variant({
      inFlight: (log) => openOnes(eventsOf(log), ({ kind }) => kind !== 'seen' && kind !== 'prepare'),
    }),
    'transactions of the whole log, replayed or not': variant({
      inFlight: (_log, all) => openOnes(eventsOf(all)),
    }),
    'nobody aborted': variant({ inFlight: () => [] }),
    'folder pgsql_tmp emptied': variant({ isTemporary: (file) => /pgsql_tmp\/|\/t\d+_\d+/.test(file) }),
    'temporary tables forgotten': variant({ isTemporary: (file) => file.includes('/pgsql_tmp/pgsql_tmp') }),
    'pg_control before the log is synced': variant({
      writes: () => {
        const [pages, status, sync, record, syncLog, control, syncControl] = right.writes()
        return [pages, status, sync, record, control, syncLog, syncControl]
      },
    }),
    'no last writes': variant({ writes: () => [] }),
  },
}
