// Crashes as plain data: what pg_control says, the log record by record, the pages and files on the disk. Small ones
// are made up, a real one is read from a scene.

import fc from 'fast-check'
import {
  BLCKSZ,
  findStartPoint,
  isNewPage,
  nodeDisk,
  openLog,
  overlayDisk,
  pageLsn,
  pageOf,
  Recovery,
  recordCrc,
  reference,
  relationPath,
  transactionEvents,
  type BlockRef,
  type CrashedScene,
  type Disk,
  type FinalWrite,
  type TransactionEvent,
  type WalRecord,
} from 'pgcrash'
import { filesOf } from '../scene/contents.js'
import { history, type HistoryOptions } from './histories.js'

/** A record as it lies in the log. */
export interface LoggedRecord {
  start: bigint
  end: bigint
  /** Where the record before it starts, as this one says. */
  prev: bigint
  /** The checksum in the record, and the one of its bytes. */
  xl_crc: number
  crc: number
  /** What it says of transactions. */
  events: TransactionEvent[]
  /** The pages that it changes: with an image of the whole page, by making the page from nothing, or otherwise. */
  blocks: { page: string; how: 'image' | 'init' | 'change' }[]
}

export interface Crash {
  control: { state: number; checkPoint: bigint; redo: bigint }
  /** In the order of their places; the first ones may lie before the redo point. */
  records: LoggedRecord[]
  /** The pages that are on the disk, and their LSNs. */
  pages: { page: string; lsn: bigint }[]
  files: string[]
}

/** What a recovery does, in its order. */
export interface RecoveryPlan {
  /** Changes made to pages, by the start of the record. */
  applied: { record: bigint; page: string }[]
  aborted: number[]
  removed: string[]
  writes: FinalWrite[]
}

export interface CrashOptions {
  readonly history: HistoryOptions
  /** How records may change their pages. */
  readonly how: readonly LoggedRecord['blocks'][number]['how'][]
  /** What may come after the last whole record: a damaged one, or one of a recycled segment; whole ones follow. */
  readonly ends: readonly ('nothing' | 'damaged' | 'stale')[]
  /** LSNs of pages on the disk: old, somewhere in the log, or not there at all. */
  readonly pages: readonly ('old' | 'between' | 'absent')[]
  readonly states: readonly number[]
  /** May records lie before the redo point, and between it and the checkpoint's record? */
  readonly before: boolean
  readonly files: readonly string[]
}

const PAGES = ['base/5/16384 0', 'base/5/16384 1', 'base/5/16389 3']

const MOST_RECORDS = 16
/** Each smaller crash is asked about again; this many make it small enough to be read. */
const MOST_SMALLER = 40

/** A made-up crash; few records are the simpler case. */
export function crashOf(options: CrashOptions): fc.Arbitrary<Crash> {
  const { how, ends, states, before, files } = options
  const crash = fc
    .record({
      events: history(options.history),
      first: fc.integer({ min: 0x400005, max: 0x7fffffff }),
      salt: fc.nat({ max: 1023 }),
      touches: fc.array(fc.nat({ max: PAGES.length * how.length }), {
        minLength: 4,
        maxLength: MOST_RECORDS,
      }),
      before: before ? fc.integer({ min: 0, max: 3 }) : fc.constant(0),
      between: before ? fc.integer({ min: 0, max: 3 }) : fc.constant(0),
      end: fc.constantFrom(...ends),
      behind: fc.integer({ min: 0, max: 2 }),
      lsns: fc.tuple(...PAGES.map(() => pageChoice(options))),
      state: fc.constantFrom(...states),
      files: fc.shuffledSubarray([...files]),
    })
    .map((choice): Crash => {
      const blocks = choice.touches.map((touch) => touched(touch, how))
      const good = chain(changes(choice.events, choice.salt), BigInt(choice.first) * 8n, choice.salt, blocks)
      const checkpoint = choice.before + choice.between
      const end = Math.max(checkpoint + 1, good.length - 1 - choice.behind)
      const at = (n: number): bigint => good[Math.min(n, good.length - 1)].start
      return {
        control: { state: choice.state, redo: at(choice.before), checkPoint: at(checkpoint) },
        records: withEnd(good, choice.end, end),
        pages: choice.lsns.flatMap((lsn, i) => pageOnDisk(PAGES[i], lsn, good)),
        files: choice.files,
      }
    })
  return fc.limitShrink(crash, MOST_SMALLER)
}

interface PageChoice {
  readonly kind: CrashOptions['pages'][number]
  readonly n: number
}

function pageChoice({ pages }: CrashOptions): fc.Arbitrary<PageChoice> {
  return fc.record({ kind: fc.constantFrom(...pages), n: fc.nat({ max: MOST_RECORDS - 1 }) })
}

function pageOnDisk(page: string, { kind, n }: PageChoice, log: readonly LoggedRecord[]): Crash['pages'] {
  if (kind === 'absent') return []
  return [{ page, lsn: kind === 'old' ? log[0].prev - 8n * BigInt(n) : log[n % log.length].end }]
}

/** No page for 0, then page after page, in each of the ways. */
function touched(choice: number, how: CrashOptions['how']): LoggedRecord['blocks'] {
  if (choice === 0) return []
  const page = PAGES[(choice - 1) % PAGES.length]
  return [{ page, how: how[Math.floor((choice - 1) / PAGES.length)] }]
}

/** Some transactions make two changes where their history has one. */
function changes(events: readonly TransactionEvent[], salt: number): TransactionEvent[] {
  const twice = events.flatMap((event, i) =>
    event.kind === 'seen' && (salt >> (i % 10)) & 1 ? [event, event] : [event],
  )
  return twice.slice(0, MOST_RECORDS)
}

/** Records in a row, one for each event, each pointing at the one before it. */
function chain(
  events: readonly TransactionEvent[],
  first: bigint,
  salt: number,
  blocks: readonly LoggedRecord['blocks'][],
): LoggedRecord[] {
  let [prev, start] = [first - 56n, first]
  return events.map((event, i) => {
    const end = start + 8n * BigInt(4 + ((salt * (i + 3)) % 37))
    const crc = Number((start * 2654435761n) & 0xffffffffn)
    // An end of a transaction changes no page; a change is made by somebody who is seen.
    const touches = event.kind === 'seen' ? (blocks[i] ?? []) : []
    const record = { start, end, prev, xl_crc: crc, crc, events: [event], blocks: touches }
    ;[prev, start] = [start, end]
    return record
  })
}

/** The log ends before the record at `at`, whatever follows it. */
function withEnd(
  good: readonly LoggedRecord[],
  end: CrashOptions['ends'][number],
  at: number,
): LoggedRecord[] {
  return good.map((record, i) => {
    if (i !== at || end === 'nothing') return record
    return end === 'damaged'
      ? { ...record, crc: record.crc ^ 0x100 }
      : { ...record, prev: record.prev - 0x1000000n }
  })
}

/** The crash of a scene, as data. Pages that nobody has used yet count as not there: redo does not touch them. */
export function crashOfScene(scene: CrashedScene): Crash {
  const disk = nodeDisk(scene.dir)
  const { control, checkpointLsn, redo } = findStartPoint(disk, reference)
  const records = loggedRecords(disk)
  const pages = new Map<string, bigint | undefined>()
  for (const { refs } of records)
    for (const ref of refs) if (!pages.has(nameOf(ref))) pages.set(nameOf(ref), lsnOnDisk(disk, ref))
  return {
    control: { state: control.state, checkPoint: checkpointLsn, redo },
    records: records.map(({ logged }) => logged),
    pages: [...pages].flatMap(([page, lsn]) => (lsn === undefined ? [] : [{ page, lsn }])),
    files: filesOf(scene),
  }
}

/** The plan that the engine carries out on a scene, read off its recovery of a copy in memory. */
export function planOfEngine(scene: CrashedScene): RecoveryPlan {
  const recovery = new Recovery(overlayDisk(nodeDisk(scene.dir)))
  const applied: RecoveryPlan['applied'] = []
  for (const { record, blocks } of recovery.replay()) {
    const outcomes = new Map(blocks.map(({ ref, outcome }) => [ref.id, outcome]))
    for (const ref of record.blocks)
      if (['restored', 'needsRedo'].includes(outcomes.get(ref.id) ?? ''))
        applied.push({ record: record.lsn, page: nameOf(ref) })
  }
  const aborted = recovery.abort()
  const removed = recovery.cleanUp().temporary
  return { applied, aborted, removed, writes: [...recovery.finish().order] }
}

function loggedRecords(disk: Disk): { logged: LoggedRecord; refs: readonly BlockRef[] }[] {
  const reader = openLog(disk, findStartPoint(disk, reference), reference)
  const found: { logged: LoggedRecord; refs: readonly BlockRef[] }[] = []
  for (let record = reader.read(); record.kind === 'record'; record = reader.read())
    found.push({ logged: logged(record), refs: record.blocks })
  return found
}

function logged(record: WalRecord): LoggedRecord {
  const { lsn: start, endLsn: end, xl_prev: prev, xl_crc } = record
  const blocks = record.blocks.map((ref): LoggedRecord['blocks'][number] => ({
    page: nameOf(ref),
    how: ref.appliesImage ? 'image' : ref.willInit ? 'init' : 'change',
  }))
  return { start, end, prev, xl_crc, crc: recordCrc(record.raw), events: transactionEvents(record), blocks }
}

const nameOf = (ref: BlockRef): string => `${relationPath(ref, ref.fork)} ${ref.block}`

function lsnOnDisk(disk: Disk, ref: BlockRef): bigint | undefined {
  const [path, at] = [relationPath(ref, ref.fork), ref.block * BLCKSZ]
  if ((disk.size(path) ?? 0) < at + BLCKSZ) return undefined
  const page = pageOf(disk.read(path, at, BLCKSZ))
  return isNewPage(page) ? undefined : pageLsn(page)
}
