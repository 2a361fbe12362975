// Appends records to the log the way PostgreSQL lays them out (xlog.c, XLogInsertRecord, CopyXLogRecordToWAL): page
// headers where pages begin, records cut at page ends, every record's xl_prev pointing at the one before.

import { viewOf } from '../bytes/layout.js'
import { join, type Disk } from '../disk/disk.js'
import { locateLsn, maxAlign, segmentFileName, type Lsn } from '../format/lsn.js'
import {
  pageHeaderSize,
  XLOG_BLCKSZ,
  XLOG_PAGE_MAGIC,
  XLogLongPageHeader,
  XLogPageHeader,
  XLP,
} from '../format/walPage.js'
import { FRAGMENT, XLogRecord } from '../format/walRecord.js'
import { recordCrc } from './reader.js'
import { WAL_DIRECTORY } from './segments.js'

export interface WalWriterOptions {
  disk: Disk
  segmentSize: number
  timeline: number
  systemIdentifier: bigint
  /** Where the next record goes: the end of the last whole one. */
  position: Lsn
  /** Start of the last whole record. */
  previous: Lsn
}

/** A record of main data only, CRC still zero. */
export function encodeRecord(
  rmid: number,
  info: number,
  xid: number,
  previous: Lsn,
  main: Uint8Array,
): Uint8Array {
  const header = main.length === 0 ? 0 : main.length < 256 ? 2 : 5
  const record = new Uint8Array(XLogRecord.size + header + main.length)
  const view = viewOf(record)
  XLogRecord.write(record, 0, {
    xl_tot_len: record.length,
    xl_xid: xid,
    xl_prev: previous,
    xl_info: info,
    xl_rmid: rmid,
    xl_crc: 0,
  })
  if (header === 2) record.set([FRAGMENT.DATA_SHORT, main.length], XLogRecord.size)
  if (header === 5) {
    record[XLogRecord.size] = FRAGMENT.DATA_LONG
    view.setUint32(XLogRecord.size + 1, main.length, true)
  }
  record.set(main, XLogRecord.size + header)
  return record
}

export class WalWriter {
  /** Where the next record goes. */
  position: Lsn
  /** Start of the last record. */
  previous: Lsn
  /** Segment files written since the last sync. */
  private readonly unsynced = new Set<string>()
  private page = new Uint8Array(XLOG_BLCKSZ)
  private pageStart: Lsn
  private nextPageFlags = 0

  constructor(private readonly options: WalWriterOptions) {
    this.position = options.position
    this.previous = options.previous
    this.pageStart = this.position - (this.position % BigInt(XLOG_BLCKSZ))
    const used = Number(this.position - this.pageStart)
    if (used > 0) {
      const { segment, offset } = locateLsn(this.pageStart, options.segmentSize)
      this.page.set(options.disk.read(this.file(segment), offset, used)) // the rest of the page becomes zeroes
    }
  }

  /** Flag for the next page header: the record begun before it was abandoned (XLP_FIRST_IS_OVERWRITE_CONTRECORD). */
  overwriteContinuation(): void {
    this.nextPageFlags |= XLP.FIRST_IS_OVERWRITE_CONTRECORD
  }

  /** Where a record inserted now would start: behind the page header at a page's start. */
  get nextRecordStart(): Lsn {
    const within = Number(this.position % BigInt(XLOG_BLCKSZ))
    return within > 0 ? this.position : this.position + BigInt(this.headerSize(this.position))
  }

  /** Writes a record to the file system; returns its start and end. Not on disk before `sync`. */
  insert(rmid: number, info: number, xid: number, main: Uint8Array): { start: Lsn; end: Lsn } {
    const record = encodeRecord(rmid, info, xid, this.previous, main)
    viewOf(record).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
    const start = this.nextRecordStart
    let done = 0
    while (done < record.length) {
      let within = Number(this.position - this.pageStart)
      if (within === XLOG_BLCKSZ || this.position === this.pageStart) {
        this.beginPage(done === 0 ? 0 : record.length - done)
        within = Number(this.position - this.pageStart)
      }
      const n = Math.min(record.length - done, XLOG_BLCKSZ - within)
      this.page.set(record.subarray(done, done + n), within)
      done += n
      this.position += BigInt(n)
      this.writePage()
    }
    this.position = this.pageStart + BigInt(maxAlign(Number(this.position - this.pageStart)))
    this.previous = start
    return { start, end: this.position }
  }

  /** Returns when all that was inserted would survive a power cut. */
  sync(): void {
    for (const file of this.unsynced) this.options.disk.sync(file)
    if (this.unsynced.size > 0) this.options.disk.sync(WAL_DIRECTORY)
    this.unsynced.clear()
  }

  private file(segment: bigint): string {
    return join(WAL_DIRECTORY, segmentFileName(this.options.timeline, segment, this.options.segmentSize))
  }

  private headerSize(pageStart: Lsn): number {
    return pageHeaderSize(locateLsn(pageStart, this.options.segmentSize).offset)
  }

  private beginPage(remaining: number): void {
    this.pageStart = this.position
    this.page = new Uint8Array(XLOG_BLCKSZ)
    const { offset } = locateLsn(this.pageStart, this.options.segmentSize)
    const header = {
      xlp_magic: XLOG_PAGE_MAGIC,
      xlp_info:
        XLP.BKP_REMOVABLE |
        this.nextPageFlags |
        (remaining > 0 ? XLP.FIRST_IS_CONTRECORD : 0) |
        (offset === 0 ? XLP.LONG_HEADER : 0),
      xlp_tli: this.options.timeline,
      xlp_pageaddr: this.pageStart,
      xlp_rem_len: remaining,
    }
    this.nextPageFlags = 0
    if (offset === 0)
      XLogLongPageHeader.write(this.page, 0, {
        ...header,
        xlp_sysid: this.options.systemIdentifier,
        xlp_seg_size: this.options.segmentSize,
        xlp_xlog_blcksz: XLOG_BLCKSZ,
      })
    else XLogPageHeader.write(this.page, 0, header)
    this.position += BigInt(this.headerSize(this.pageStart))
  }

  private writePage(): void {
    const { disk, segmentSize } = this.options
    const { segment, offset } = locateLsn(this.pageStart, segmentSize)
    const file = this.file(segment)
    if (disk.size(file) === undefined) {
      disk.write(file, 0, new Uint8Array(0))
      disk.truncate(file, segmentSize)
    }
    disk.write(file, offset, this.page)
    this.unsynced.add(file)
  }
}
