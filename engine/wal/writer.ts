// Appends records to the log the way PostgreSQL lays them out (xlog.c, XLogInsertRecord, CopyXLogRecordToWAL): page
// headers where pages begin, records cut at page ends, every record's xl_prev pointing at the one before.
//
//   insert      a record takes its place, in memory
//   write       pages go to the file system: they survive a crash of the process
//   flushTo     and from there to the disk: they survive a power cut. Only now may a commit be acknowledged,
//               or a page be written whose LSN lies in this part of the log

import { DiskFault } from '../bytes/errors.js'
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
import { XLogRecord } from '../format/walRecord.js'
import { assembleRecord, type NewRecord } from './assemble.js'
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

/** Where a record came to stand. */
export interface Inserted {
  start: Lsn
  /** The first position after it: the LSN that the pages it changes carry. */
  end: Lsn
}

/** A record of main data only, CRC still zero. */
export function encodeRecord(
  rmid: number,
  info: number,
  xid: number,
  previous: Lsn,
  main: Uint8Array,
): Uint8Array {
  const record = assembleRecord({ rmid, info, xid, main })
  viewOf(record).setBigUint64(XLogRecord.at.xl_prev, previous, true)
  return record
}

/** A page of the log that is not, or not wholly, in its file yet. */
interface LogPage {
  start: Lsn
  bytes: Uint8Array
}

const XLOG_SWITCH = 0x40
const ZEROES = new Uint8Array(32 * XLOG_BLCKSZ)
/** PostgreSQL puts its process id behind the dot; a start after a crash removes what is left of such files. */
const NEW_SEGMENT = join(WAL_DIRECTORY, 'xlogtemp.1')

export class WalWriter {
  /** Where the next record goes. */
  position: Lsn
  /** Start of the last record. */
  previous: Lsn
  /** All before this position would survive a power cut. */
  flushed: Lsn
  /** Segment files written since the last sync. */
  private readonly unsynced = new Set<string>()
  /** Pages to be written, in order; the last one may still be filling. */
  private pages: LogPage[] = []
  private page: LogPage
  private nextPageFlags = 0
  private failed = false
  private segmentInUse: bigint | undefined

  constructor(private readonly options: WalWriterOptions) {
    this.position = this.flushed = options.position
    this.previous = options.previous
    const start = this.position - (this.position % BigInt(XLOG_BLCKSZ))
    this.page = { start, bytes: new Uint8Array(XLOG_BLCKSZ) }
    const used = Number(this.position - start)
    if (used > 0) {
      const { segment, offset } = locateLsn(start, options.segmentSize)
      this.page.bytes.set(options.disk.read(this.file(segment), offset, used)) // the rest becomes zeroes
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

  /** A record of main data only. */
  insert(rmid: number, info: number, xid: number, main: Uint8Array): Inserted {
    return this.insertRecord({ rmid, info, xid, main })
  }

  /** Gives a record its place in the log. It is in memory only, until `write` or `flushTo`. */
  insertRecord(parts: NewRecord): Inserted {
    const record = assembleRecord(parts)
    const view = viewOf(record)
    view.setBigUint64(XLogRecord.at.xl_prev, this.previous, true)
    view.setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
    const start = this.nextRecordStart
    let done = 0
    while (done < record.length) {
      let within = Number(this.position - this.page.start)
      if (within === 0 || within >= XLOG_BLCKSZ) {
        this.beginPage(done === 0 ? 0 : record.length - done)
        within = Number(this.position - this.page.start)
      }
      const n = Math.min(record.length - done, XLOG_BLCKSZ - within)
      this.page.bytes.set(record.subarray(done, done + n), within)
      this.changed()
      done += n
      this.position += BigInt(n)
    }
    this.position = this.page.start + BigInt(maxAlign(Number(this.position - this.page.start)))
    this.previous = start
    return { start, end: this.position }
  }

  /** Leaves the rest of the segment empty; the next record starts the next one (XLOG_SWITCH). */
  switchSegment(): Inserted {
    const told = this.insertRecord({ rmid: 0, info: XLOG_SWITCH })
    this.write()
    const { segment, offset } = locateLsn(told.end, this.options.segmentSize)
    if (offset === 0) return told
    const end = (segment + 1n) * BigInt(this.options.segmentSize)
    const rest = XLOG_BLCKSZ * Math.ceil(offset / XLOG_BLCKSZ)
    this.writeZeroes(this.file(segment), rest, this.options.segmentSize)
    this.position = end
    return { ...told, end }
  }

  /** Hands what was inserted to the file system: it survives a crash of this process, not yet a power cut. */
  write(): void {
    for (const page of this.pages) this.writePage(page)
    this.pages = []
  }

  /** Returns when all that was inserted would survive a power cut. */
  sync(): void {
    if (this.failed)
      throw new DiskFault(
        'the log could not be written before: what is on disk is unknown, recovery must tell',
      )
    this.failed = true // until all has gone well: after a failed sync nothing says which pages the system still has
    this.write()
    for (const file of this.unsynced) this.options.disk.sync(file)
    this.unsynced.clear() // the directory was synced when it got the file (makeSegment)
    this.flushed = this.position
    this.failed = false
  }

  /** Returns when the log before `lsn` would survive a power cut (XLogFlush). Often it does already. */
  flushTo(lsn: Lsn): void {
    if (lsn > this.flushed) this.sync()
  }

  private file(segment: bigint): string {
    return join(WAL_DIRECTORY, segmentFileName(this.options.timeline, segment, this.options.segmentSize))
  }

  private headerSize(pageStart: Lsn): number {
    return pageHeaderSize(locateLsn(pageStart, this.options.segmentSize).offset)
  }

  private changed(): void {
    if (this.pages[this.pages.length - 1] !== this.page) this.pages.push(this.page)
  }

  private beginPage(remaining: number): void {
    this.page = { start: this.position, bytes: new Uint8Array(XLOG_BLCKSZ) }
    const { offset } = locateLsn(this.page.start, this.options.segmentSize)
    const header = {
      xlp_magic: XLOG_PAGE_MAGIC,
      xlp_info:
        XLP.BKP_REMOVABLE |
        this.nextPageFlags |
        (remaining > 0 ? XLP.FIRST_IS_CONTRECORD : 0) |
        (offset === 0 ? XLP.LONG_HEADER : 0),
      xlp_tli: this.options.timeline,
      xlp_pageaddr: this.page.start,
      xlp_rem_len: remaining,
    }
    this.nextPageFlags = 0
    if (offset === 0)
      XLogLongPageHeader.write(this.page.bytes, 0, {
        ...header,
        xlp_sysid: this.options.systemIdentifier,
        xlp_seg_size: this.options.segmentSize,
        xlp_xlog_blcksz: XLOG_BLCKSZ,
      })
    else XLogPageHeader.write(this.page.bytes, 0, header)
    this.position += BigInt(this.headerSize(this.page.start))
  }

  private writePage({ start, bytes }: LogPage): void {
    const { disk, segmentSize } = this.options
    const { segment, offset } = locateLsn(start, segmentSize)
    const file = this.file(segment)
    if (this.segmentInUse !== segment && disk.size(file) === undefined) this.makeSegment(file)
    this.segmentInUse = segment
    disk.write(file, offset, bytes)
    this.unsynced.add(file)
  }

  /** A new segment is a whole file of zeroes, on disk, before it gets its name (XLogFileInit). */
  private makeSegment(file: string): void {
    const { disk, segmentSize } = this.options
    disk.write(NEW_SEGMENT, 0, new Uint8Array(0))
    disk.truncate(NEW_SEGMENT, 0)
    this.writeZeroes(NEW_SEGMENT, 0, segmentSize)
    disk.sync(NEW_SEGMENT)
    disk.rename(NEW_SEGMENT, file)
    disk.sync(WAL_DIRECTORY)
  }

  private writeZeroes(file: string, from: number, to: number): void {
    for (let at = from; at < to; at += ZEROES.length)
      this.options.disk.write(file, at, ZEROES.subarray(0, Math.min(ZEROES.length, to - at)))
  }
}
