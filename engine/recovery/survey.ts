// Before a byte is changed, the log is read once from the redo point to its end: every record checked, every resource
// manager known, every transaction's fate noted. What a dry run reports is this; replay then trusts it.

import { CorruptData } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { formatLsn, lsnOf, type Lsn } from '../format/lsn.js'
import { parsePrepare, XACT } from '../format/transactionRecord.js'
import { reference, type Parts, type TransactionEvent } from '../parts.js'
import { resourceManagers } from '../redo/resourceManagers.js'
import { runningTransactions, STANDBY } from '../redo/standby.js'
import { transactionEnd } from '../redo/transaction.js'
import { WalReader, type WalReaderOptions } from '../wal/reader.js'
import type { EndOfWal, WalRecord } from '../wal/record.js'
import type { LogMemory } from '../wal/segments.js'
import type { StartPoint } from './startup.js'
import { TimelineWatch } from './timeline.js'

export interface ManagerCount {
  name: string
  records: number
  bytes: number
}

export interface Survey {
  records: number
  /** Bytes of records, page headers not counted. */
  bytes: number
  byManager: Map<number, ManagerCount>
  /** Transactions that ended in the range read: top-level ones and the subtransactions named with them. */
  committed: number
  aborted: number
  /** Transactions that neither ended nor were prepared. */
  inFlight: number[]
  /** Full list of what the log says of transactions; kept only for a learner's own inFlight. */
  events: TransactionEvent[]
  /** xl_rmid of resource managers that cannot be redone, with the first record of each. */
  unsupported: Map<number, Lsn>
  /** Start and end of the last whole record; undefined when there is none after the checkpoint. */
  firstRecord: Lsn | undefined
  lastRecord: Lsn | undefined
  endOfLog: Lsn
  end: EndOfWal
  timeline: number
  /** Microseconds since 2000 of the last commit or abort; undefined when there was none. */
  lastTransactionTime: bigint | undefined
}

export interface SurveyOptions {
  /** Take records that end at or before this position as all there is. */
  upTo?: Lsn
  onProgress?: (position: Lsn, records: number) => void
  /** Hears every record that is in order; `overwritten`: where one had started that was skipped before it. */
  onRecord?: (record: WalRecord, overwritten: Lsn | undefined) => void
  /** Memory for the log's bytes. */
  memory?: LogMemory
}

/** Opens the log where replay begins: at the redo point, or behind a shutdown checkpoint. */
export function openLog(
  disk: Disk,
  start: StartPoint,
  parts: Parts,
  options: Pick<WalReaderOptions, 'checkedUpTo' | 'transient'> = {},
): WalReader {
  const reader = new WalReader({
    disk,
    segmentSize: start.control.xlog_seg_size,
    timelines: start.timelines,
    systemIdentifier: start.control.system_identifier,
    locateLsn: parts.locateLsn,
    recordCrc: parts.recordCrc === reference.recordCrc ? undefined : parts.recordCrc,
    ...options,
  })
  reader.beginAt(start.redo)
  if (start.redo === start.checkpointLsn) reader.read() // the checkpoint itself was completed
  return reader
}

const PROGRESS_EVERY = 16384

/** Reads the log to its end. */
export function surveyLog(disk: Disk, start: StartPoint, parts: Parts, options: SurveyOptions = {}): Survey {
  const reader = openLog(disk, start, parts, { transient: options.memory ?? true })
  const transactions = new TransactionLedger(parts)
  const timelines = new TimelineWatch(start.checkpoint.ThisTimeLineID, start.timelines)
  const counts = {
    records: 0,
    bytes: 0,
    byManager: new Map<number, ManagerCount>(),
    unsupported: new Map<number, Lsn>(),
  }
  const begin = reader.position
  let first: Lsn | undefined
  const last = { lsnHigh: 0, lsnLow: 0, endHigh: 0, endLow: 0 } // the record itself is gone when the next is read
  for (;;) {
    const read = reader.read()
    const record: WalRecord | EndOfWal = isBeyond(read, options.upTo) ? requestedEnd(read) : read
    if (record.kind === 'end') {
      return {
        ...counts,
        ...transactions.result(),
        firstRecord: first,
        lastRecord: first === undefined ? undefined : lsnOf(last.lsnHigh, last.lsnLow),
        endOfLog: first === undefined ? begin : lsnOf(last.endHigh, last.endLow),
        end: record,
        timeline: reader.timeline,
      }
    }
    first ??= record.lsn
    last.lsnHigh = record.lsnHigh
    last.lsnLow = record.lsnLow
    last.endHigh = record.endHigh
    last.endLow = record.endLow
    timelines.take(record)
    count(counts, record)
    noteTransaction(transactions, record)
    if (options.onRecord) {
      options.onRecord(record, reader.overwritten)
      reader.overwritten = undefined
    }
    if (counts.records % PROGRESS_EVERY === 0) options.onProgress?.(record.endLsn, counts.records)
  }
}

function noteTransaction(transactions: TransactionLedger, record: WalRecord): void {
  try {
    transactions.take(record)
  } catch (error) {
    throw error instanceof CorruptData ? error.during(`record at ${formatLsn(record.lsn)}`) : error
  }
}

function isBeyond(read: WalRecord | EndOfWal, upTo: Lsn | undefined): boolean {
  return upTo !== undefined && read.kind === 'record' && read.endLsn > upTo
}

/** The end that somebody asked for (xlogrecovery.c, recoveryStopsBefore). */
function requestedEnd(record: WalRecord | EndOfWal): EndOfWal {
  const reason = `recovery stopping before WAL location (LSN) "${formatLsn(record.lsn)}"`
  return { kind: 'end', lsn: record.lsn, cause: 'requested', reason }
}

function count(
  counts: Pick<Survey, 'records' | 'bytes' | 'byManager' | 'unsupported'>,
  record: WalRecord,
): void {
  counts.records++
  counts.bytes += record.xl_tot_len
  let manager = counts.byManager.get(record.xl_rmid)
  if (!manager) {
    const known = resourceManagers[record.xl_rmid]
    manager = {
      name: known?.name ?? `custom${String(record.xl_rmid).padStart(3, '0')}`,
      records: 0,
      bytes: 0,
    }
    counts.byManager.set(record.xl_rmid, manager)
    if (!known?.redo) counts.unsupported.set(record.xl_rmid, record.lsn)
  }
  manager.records++
  manager.bytes += record.xl_tot_len
}

/** Hears one event; for the end of a transaction also when it was, in microseconds since 2000. */
type Hear = (xid: number, kind: TransactionEvent['kind'], subxids: readonly number[], time?: bigint) => void

const NONE: readonly number[] = []

/** Tells what a record says of transactions, event by event. */
function hearRecord(record: WalRecord, hear: Hear): void {
  const xid = record.xl_xid
  if (record.xl_rmid === 1) hearTransaction(record, hear)
  else if (xid !== 0) hear(xid, 'seen', NONE)
  else if (record.xl_rmid === 8 && record.info === STANDBY.RUNNING_XACTS)
    for (const running of runningTransactions(record)) hear(running, 'seen', NONE)
}

function hearTransaction(record: WalRecord, hear: Hear): void {
  const operation = record.xl_info & XACT.OPMASK
  if (operation === XACT.PREPARE) hear(record.xl_xid, 'prepare', parsePrepare(record.main).subxids)
  else if (operation <= XACT.ABORT_PREPARED) {
    const end = transactionEnd(record)
    const prepared = operation >= XACT.COMMIT_PREPARED
    const name = operation === XACT.COMMIT || operation === XACT.COMMIT_PREPARED ? 'commit' : 'abort'
    if (prepared) hear(end.twophaseXid, `${name} prepared`, end.subxids, end.xact_time)
    else hear(record.xl_xid, name, end.subxids, end.xact_time)
  } else if (record.xl_xid !== 0) hear(record.xl_xid, 'seen', NONE)
}

/** What a record says of transactions. */
export function transactionEvents(record: WalRecord): TransactionEvent[] {
  const events: TransactionEvent[] = []
  hearRecord(record, (xid, kind, subxids) => events.push({ xid, kind, subxids }))
  return events
}

/** Keeps account of who began, committed, aborted or was prepared. */
class TransactionLedger {
  private committed = 0
  private aborted = 0
  private lastTime: bigint | undefined
  private readonly open = new Set<number>()
  /** Seen a moment ago, and open since: most records are another one of the same transaction's. */
  private latest = -1
  private readonly events: TransactionEvent[] = []
  private readonly keepEvents: boolean

  constructor(private readonly parts: Parts) {
    this.keepEvents = parts.inFlight !== reference.inFlight
  }

  take(record: WalRecord): void {
    hearRecord(record, this.hear)
  }

  result(): Pick<Survey, 'committed' | 'aborted' | 'inFlight' | 'events' | 'lastTransactionTime'> {
    const inFlight = this.keepEvents ? this.parts.inFlight(this.events) : [...this.open].sort((a, b) => a - b)
    return {
      committed: this.committed,
      aborted: this.aborted,
      inFlight,
      events: this.events,
      lastTransactionTime: this.lastTime,
    }
  }

  private readonly hear: Hear = (xid, kind, subxids, time) => {
    if (kind === 'seen') {
      if (xid === this.latest || this.open.has(xid)) return
      this.latest = xid
      this.open.add(xid)
    } else {
      this.latest = -1
      this.open.delete(xid)
      for (const subxid of subxids) this.open.delete(subxid)
      if (time !== undefined) {
        if (kind.startsWith('commit')) this.committed++
        else this.aborted++
        this.lastTime = time
      }
    }
    if (this.keepEvents) this.events.push({ xid, kind, subxids })
  }
}
