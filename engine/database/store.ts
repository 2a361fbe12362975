// What transactions and the checkpointer work on together: the log, the pages in memory, the status tables, the counters.
// Its one rule is write-ahead, and `change` is the place where it is kept (xloginsert.c, "critical section"):
//
//   the page is changed in memory ─► a record takes its place in the log ─► the page gets the record's end as its LSN
//
// The record carries the whole page when this is its first change since the last checkpoint began: a write of the page
// that a power cut tears can then be mended from the log.

import { BufferPool } from '../buffers/bufferPool.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import { viewOf } from '../bytes/layout.js'
import type { Disk } from '../disk/disk.js'
import type { ControlFile } from '../format/controlFile.js'
import type { Lsn } from '../format/lsn.js'
import { pageLsn, setPageLsn } from '../format/page.js'
import { TRANSACTION_STATUS, XACTS_PER_PAGE, XID } from '../format/transactionStatus.js'
import type { Fate } from '../format/visibility.js'
import type { Parts } from '../parts.js'
import { setTransactionStatus, transactionStatus } from '../redo/clog.js'
import type { PreparedTransaction } from '../redo/context.js'
import { Counters } from '../redo/counters.js'
import { openStatusTables, type StatusTables } from '../redo/statusTables.js'
import type { Inserted, WalWriter } from '../wal/writer.js'
import { unsyncedDisk, type UnsyncedDisk } from './unsyncedDisk.js'

/** A page that a record changes; in the order of its block references. */
export interface ChangedPage {
  page: BufferedPage
  /** Redo makes the page from nothing: no image is needed. */
  willInit?: boolean
  /** What redo needs to repeat the change. */
  data?: Uint8Array
}

export interface StoreOptions {
  /** Pages held in memory at most. */
  capacity?: number
  /** Off, pages torn by a power cut cannot be mended (full_page_writes). */
  fullPageWrites?: boolean
  /** Microseconds since 2000-01-01 UTC, for the records of commits. */
  time?: () => bigint
}

const CLOG = 3
const CLOG_ZEROPAGE = 0

export class Store {
  readonly disk: UnsyncedDisk
  readonly pool: BufferPool
  readonly tables: StatusTables
  readonly counters: Counters
  readonly time: () => bigint
  readonly fullPageWrites: boolean
  /** Redo point of the last checkpoint that began: pages older than it go whole into the next record that changes them. */
  redo: Lsn
  /** Transactions that have an id and have not ended; each with the ids of its subtransactions. */
  readonly running = new Map<number, ReadonlySet<number>>()
  readonly prepared = new Map<number, PreparedTransaction>()
  latestCompletedXid: number

  constructor(
    disk: Disk,
    /** pg_control as it stands on disk. */
    public control: ControlFile,
    readonly log: WalWriter,
    readonly parts: Parts,
    options: StoreOptions,
  ) {
    this.disk = unsyncedDisk(disk)
    this.counters = new Counters(control.checkPointCopy)
    this.redo = control.checkPointCopy.redo
    this.latestCompletedXid = previousXid(Number(this.counters.nextXid & 0xffffffffn))
    this.fullPageWrites = options.fullPageWrites ?? true
    this.counters.fullPageWrites = this.fullPageWrites ? 1 : 0
    this.time = options.time ?? ((): bigint => (control.time - 946684800n) * 1000000n)
    this.pool = new BufferPool(this.disk, {
      capacity: options.capacity,
      blocksPerFile: control.relseg_size,
      checksums: control.data_checksum_version !== 0,
      flushLogTo: (lsn) => log.flushTo(parts.logBeforePage(lsn)),
    })
    this.tables = openStatusTables(this.disk)
  }

  /** Will the next record that changes this page carry all of it? (XLogCheckBufferNeedsBackup) */
  needsImage(page: BufferedPage): boolean {
    return this.fullPageWrites && this.parts.needsImage(pageLsn(page), this.redo)
  }

  /** Logs a change that has just been made to pages in memory, and stamps them with it. */
  change(rmid: number, info: number, xid: number, main: Uint8Array, pages: readonly ChangedPage[]): Inserted {
    const blocks = pages.map(({ page, willInit, data }) => ({
      ...page.file.locator,
      fork: page.file.fork,
      block: page.block,
      willInit,
      data,
      image: !willInit && this.needsImage(page) ? page.bytes : undefined,
    }))
    const inserted = this.log.insertRecord({ rmid, info, xid, main, blocks })
    const [high, low] = [Number(inserted.end >> 32n), Number(inserted.end & 0xffffffffn)]
    for (const { page } of pages) {
      setPageLsn(page, high, low)
      this.pool.markDirty(page)
    }
    return inserted
  }

  /** Hands out the next transaction id; a new page of pg_xact is logged before its first one (ExtendCLOG). */
  assignXid(): number {
    const xid = Number(this.counters.nextXid & 0xffffffffn)
    const pageno = Math.floor(xid / XACTS_PER_PAGE)
    if (xid % XACTS_PER_PAGE === 0 || xid === XID.FIRST_NORMAL) {
      this.tables.xact.zeroPage(pageno)
      const main = new Uint8Array(8)
      viewOf(main).setBigInt64(0, BigInt(pageno), true)
      this.log.insert(CLOG, CLOG_ZEROPAGE, 0, main)
    }
    this.counters.advancePastXid(xid)
    return xid
  }

  /** Turns the two bits of each of these transactions. */
  setStatus(xids: readonly number[], status: number): void {
    for (const xid of xids) setTransactionStatus(this.tables, xid, status)
  }

  /** What became of a transaction, for somebody who is none of them: what pg_xact says, unless it still runs. */
  fateOf(xid: number): Exclude<Fate, 'mine'> {
    if (xid === XID.BOOTSTRAP || xid === XID.FROZEN) return 'committed'
    for (const [top, subxids] of this.running) if (top === xid || subxids.has(xid)) return 'running'
    for (const { xid: top, subxids } of this.prepared.values())
      if (top === xid || subxids.includes(xid)) return 'running'
    return transactionStatus(this.tables, xid) === TRANSACTION_STATUS.COMMITTED ? 'committed' : 'aborted'
  }

  /** A transaction ended: the next snapshot counts it. */
  ended(xids: readonly number[]): void {
    for (const xid of xids) if (((xid - this.latestCompletedXid) | 0) > 0) this.latestCompletedXid = xid
  }
}

function previousXid(xid: number): number {
  const previous = (xid - 1) >>> 0
  return previous < XID.FIRST_NORMAL ? 0xffffffff : previous
}
