// The writing side: a small database on real files. It makes the log that recovery reads: open a directory that
// PostgreSQL 18 shut down, change a table of it, crash, and PostgreSQL recovers what was committed.
//
//   transaction.ts    who sees what, and the records that decide
//   heapPages.ts      rows on pages, and the records that repeat their changes
//   store.ts          write-ahead: page, record, LSN
//   checkpointer.ts   pages to disk, and where recovery would begin
//
// One process, one thread: transactions take turns, and none ever waits for another.

import { assert, NotRecoverable } from '../bytes/errors.js'
import { join, type Disk } from '../disk/disk.js'
import { DBState, writeControlFile } from '../format/controlFile.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { TRANSACTION_STATUS } from '../format/transactionStatus.js'
import { reference, type Parts } from '../parts.js'
import { readPrepared } from '../recovery/prepared.js'
import { findStartPoint } from '../recovery/startup.js'
import { TWOPHASE_DIRECTORY, twophaseFileName } from '../redo/transaction.js'
import { WalReader } from '../wal/reader.js'
import { WalWriter } from '../wal/writer.js'
import { checkpoint, type CheckpointDone, type CheckpointStep } from './checkpointer.js'
import { Store, type StoreOptions } from './store.js'
import { Table, type TableDescription } from './table.js'
import { Transaction, type VisibleRow } from './transaction.js'
import { logPreparedEnd } from './transactionEnd.js'

export interface DatabaseOptions extends StoreOptions {
  /** Rules of the engine that may be replaced, or switched off: redo images, write-ahead, the order of final writes. */
  parts?: Parts
}

export class Database {
  private readonly store: Store
  private readonly transactions = new Set<Transaction>()
  private open = true

  /**
   * Opens a directory that was shut down; from now on it counts as in production.
   * @throws NotRecoverable when it was not shut down; DirectoryInUse, CorruptData, Unsupported as recovery does
   */
  constructor(
    readonly disk: Disk,
    options: DatabaseOptions = {},
  ) {
    const parts = options.parts ?? reference
    const start = findStartPoint(disk, parts)
    if (start.crashed)
      throw new NotRecoverable(
        `"${disk.name}" was not shut down: recover it first (pgcrash recover), then it can be written to`,
      )
    const { control } = start
    const reader = new WalReader({
      disk,
      segmentSize: control.xlog_seg_size,
      timelines: start.timelines,
      systemIdentifier: control.system_identifier,
    })
    reader.beginAt(control.checkPoint)
    const record = reader.read()
    if (record.kind === 'end')
      throw new NotRecoverable(
        `could not locate a valid checkpoint record at ${formatLsn(control.checkPoint)}: ${record.reason}`,
      )
    const log = new WalWriter({
      disk,
      segmentSize: control.xlog_seg_size,
      timeline: control.checkPointCopy.ThisTimeLineID,
      systemIdentifier: control.system_identifier,
      position: record.endLsn,
      previous: control.checkPoint,
    })
    const running = { ...control, state: DBState.DB_IN_PRODUCTION }
    writeControlFile(disk, running)
    this.store = new Store(disk, running, log, parts, options)
    const { prepared } = readPrepared(disk, this.store.tables, control.checkPointCopy.nextXid)
    for (const [xid, transaction] of prepared) this.store.prepared.set(xid, transaction)
  }

  /** A table, named by its files and described by its columns. */
  table(options: TableDescription): Table {
    return new Table(this.store, options)
  }

  begin(): Transaction {
    assert(this.open, 'the database is open')
    for (const transaction of this.transactions)
      if (!transaction.isOpen) this.transactions.delete(transaction)
    const transaction = new Transaction(this.store)
    this.transactions.add(transaction)
    return transaction
  }

  /** What everybody sees who has written nothing. */
  rows(table: Table): VisibleRow[] {
    return new Transaction(this.store).rows(table)
  }

  /** Commits several transactions with one flush of the log (group commit). Returns the end of the last record. */
  commitTogether(transactions: readonly Transaction[]): Lsn {
    let end = 0n
    for (const transaction of transactions) end = transaction.commit({ wait: false }) || end
    this.store.log.flushTo(end)
    return end
  }

  /** COMMIT PREPARED: the record is on disk when this returns. */
  commitPrepared(gid: string): Lsn {
    return this.endPrepared(gid, true)
  }

  rollbackPrepared(gid: string): Lsn {
    return this.endPrepared(gid, false)
  }

  private endPrepared(gid: string, committed: boolean): Lsn {
    const { store } = this
    const found = [...store.prepared.values()].find((transaction) => transaction.gid === gid)
    if (!found) throw new Error(`prepared transaction with identifier "${gid}" does not exist`)
    const { xid, subxids } = found
    const { end } = logPreparedEnd(store, committed, xid, subxids)
    store.log.flushTo(end)
    store.setStatus([...subxids, xid], committed ? TRANSACTION_STATUS.COMMITTED : TRANSACTION_STATUS.ABORTED)
    store.prepared.delete(xid)
    store.disk.remove(join(TWOPHASE_DIRECTORY, twophaseFileName(store.counters.fullXid(xid))))
    store.ended([xid, ...subxids])
    return end
  }

  /** Where the next record goes, and up to where the log is on disk. */
  get logPosition(): Lsn {
    return this.store.log.position
  }
  get logFlushed(): Lsn {
    return this.store.log.flushed
  }

  /** Returns when the log before `lsn` would survive a power cut. */
  flushLogTo(lsn: Lsn = this.store.log.position): void {
    this.store.log.flushTo(lsn)
  }

  /** Starts a new segment of the log (pg_switch_wal). */
  switchSegment(): Lsn {
    return this.store.log.switchSegment().end
  }

  /** A checkpoint, page by page, while transactions go on. */
  *checkpointSteps(): Generator<CheckpointStep, CheckpointDone, undefined> {
    return yield* checkpoint(this.store, 'online')
  }

  /** A checkpoint at once. */
  checkpoint(): CheckpointDone {
    return drain(this.checkpointSteps())
  }

  /** Writes up to so many dirty pages, as the background writer does; returns how many. */
  writeDirtyPages(most: number): number {
    const pages = this.store.pool.dirtyPages().slice(0, most)
    for (const page of pages) this.store.pool.writeIfDirty(page)
    return pages.length
  }

  /** Shuts down: open transactions are aborted, everything goes to disk. The next start needs no recovery. */
  shutdown(): CheckpointDone {
    assert(this.open, 'the database is open')
    this.open = false
    for (const transaction of this.transactions) if (transaction.isOpen) transaction.abort()
    return drain(checkpoint(this.store, 'shutdown'))
  }
}

function drain<T>(steps: Generator<unknown, T, undefined>): T {
  for (;;) {
    const step = steps.next()
    if (step.done) return step.value
  }
}
