// Reads the log record by record until the first check that fails: in crash recovery that is how the log ends, and
// it is no error (xlogreader.c, XLogDecodeNextRecord; xlogrecovery.c, ReadRecord).
//
//   page n                              page n+1
//   │hdr│ record │ record │ reco════════│hdr│═rd │ record │ 00 00 00 00 …
//                                        ▲        ▲        ▲
//                          xlp_rem_len bytes to come       xl_tot_len < 24: "invalid record length": the end
//
// A record that goes over a page end is put together in a buffer of its own; any other is read where it lies.

import type { Disk } from '../disk/disk.js'
import { crcFinish, crcUpdate, CRC_INIT } from '../bytes/crc32c.js'
import { viewOf } from '../bytes/layout.js'
import { formatLsn, locateLsn, maxAlign, segmentFileName, type Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ, XLOG_PAGE_MAGIC, XLogLongPageHeader, XLogPageHeader, XLP } from '../format/walPage.js'
import { RM_MAX_BUILTIN_ID, RM_MIN_CUSTOM_ID, XLogRecord } from '../format/walRecord.js'
import { decodeRecord } from './decoder.js'
import { ReusedRecord, WalRecord, type EndCause, type EndOfWal } from './record.js'
import { WAL_DIRECTORY, WalSegments, type Timelines, type LogMemory, type WalWindow } from './segments.js'

export interface WalReaderOptions {
  disk: Disk
  /** Bytes in a segment (pg_control, xlog_seg_size). */
  segmentSize: number
  /** Timelines to read, newest first. */
  timelines: Timelines
  /** The cluster's identifier, to refuse segments of another one; undefined or 0 accept any, as in PostgreSQL. */
  systemIdentifier?: bigint
  /** Which segment and byte a position is in; the engine's own when not given. */
  locateLsn?: (lsn: Lsn, segmentSize: number) => { segment: bigint; offset: number }
  /** CRC of a record's bytes as xl_crc must state it; the engine's own when not given. */
  recordCrc?: (record: Uint8Array) => number
  /** Skip the CRC of records that end at or before this position: they were checked a moment ago. */
  checkedUpTo?: Lsn
  /**
   * Read everything into the same memory, and hand out the same record, over and over: a record is good until the next
   * is read. For loops over a whole log that keep none. Somebody else may give the memory.
   */
  transient?: boolean | LogMemory
}

/** CRC of a record: its bytes from 24 on, then its first 20 (xlogreader.c, ValidXLogRecord). */
export function recordCrc(record: Uint8Array): number {
  const payload = crcUpdate(CRC_INIT, record, XLogRecord.size, record.length)
  return crcFinish(crcUpdate(payload, record, 0, XLogRecord.at.xl_crc))
}

interface Memory {
  readonly bytes: Uint8Array
  readonly view: DataView
}

const NO_MEMORY: Memory = { bytes: new Uint8Array(0), view: new DataView(new ArrayBuffer(0)) }
const BAD = Symbol('the log ends here')
const TWO_32 = 0x100000000

/**
 * Reads records in order. Positions are kept as byte distances from `origin`, a segment's start, so that the loop
 * works on plain numbers and stays exact for any 64-bit LSN.
 */
export class WalReader {
  /** Set when an overwritten record was skipped: where it had started. */
  overwritten: Lsn | undefined

  private readonly segments: WalSegments
  private readonly segmentSize: number
  private origin = 0n
  private originLow = 0
  private originHigh = 0
  private next = 0
  private previous = -1 // start of the previous record; -1: first read after a jump
  private readonly reused: ReusedRecord | undefined
  private gathered = NO_MEMORY
  private window: WalWindow | undefined
  private windowAt = 0 // distance of the window's first byte from origin
  private checkedPage = -1
  private knownSegment = -1
  private latestPage = -1
  private latestTimeline = 0
  private fileTimeline = 0
  private recordTimeline = 0
  private strangeTimeline = false // of the page read last
  private trusted = -1
  private end: EndOfWal | undefined
  private aborted: EndOfWal['aborted']
  private fault: { reason: string; cause: EndCause } = { reason: '', cause: 'zeroes' }

  constructor(private readonly options: WalReaderOptions) {
    this.segmentSize = options.segmentSize
    this.segments = new WalSegments(options.disk, options.segmentSize, options.timelines, options.transient)
    this.reused = options.transient ? new ReusedRecord() : undefined
  }

  /** Goes to a position where a record starts (or a page, which is taken as its first record's start). */
  beginAt(lsn: Lsn): void {
    const { segment, offset } = (this.options.locateLsn ?? locateLsn)(lsn, this.segmentSize)
    this.origin = segment * BigInt(this.segmentSize)
    this.originLow = Number(this.origin & 0xffffffffn)
    this.originHigh = Number(this.origin >> 32n)
    this.next = offset
    this.previous = this.checkedPage = this.knownSegment = this.latestPage = -1
    this.latestTimeline = this.fileTimeline = this.recordTimeline = 0
    this.strangeTimeline = false
    this.window = undefined
    this.end = this.overwritten = this.aborted = undefined
    const trusted = this.options.checkedUpTo
    this.trusted = trusted === undefined ? -1 : Number(trusted - this.origin)
  }

  /**
   * Timeline of the file that the last record ends in: the log goes on there. The page's own may be older, for a new
   * timeline begins with a copy of the page that its parent left off on.
   */
  get timeline(): number {
    return this.recordTimeline
  }

  /** Where the next record would be read: the end of the last one. */
  get position(): Lsn {
    return this.lsnAt(this.next)
  }

  /** The next record, or why there is none; after an end, the same end again. */
  read(): WalRecord | EndOfWal {
    if (this.end) return this.end
    let start = this.next
    for (;;) {
      const page = start - (start % XLOG_BLCKSZ)
      if (!this.loadPage(page)) return this.finish(start)
      const header = this.headerSize(page)
      if (start === page) start += header
      else if (start - page < header) {
        this.bad(
          'header',
          `invalid record offset at ${this.text(start)}: expected at least ${header}, got ${start - page}`,
        )
        return this.finish(start)
      }
      const { view } = this.window as WalWindow
      const pageAt = page - this.windowAt
      if (start - page === header && view.getUint16(pageAt + 2, true) & XLP.FIRST_IS_CONTRECORD) {
        this.bad('header', `contrecord is requested by ${this.text(start)}`)
        return this.finish(start)
      }
      const total = view.getUint32(start - this.windowAt, true)
      const room = XLOG_BLCKSZ - (start - page)
      if (room >= XLogRecord.size) {
        if (!this.validHeader(view, start - this.windowAt, start)) return this.finish(start)
      } else if (total < XLogRecord.size) {
        this.bad('zeroes', this.tooShort(start, total))
        return this.finish(start)
      }
      const record = total <= room ? this.readInPlace(start, total) : this.assemble(start, total, page)
      if (record === BAD) return this.finish(start)
      if (typeof record !== 'number') return record
      start = record // an overwritten record: go on at the page that says so
    }
  }

  /** From now on the log counts as ended here. */
  stop(): void {
    this.bad('requested', `reading stopped at ${this.text(this.next)}`)
    this.finish(this.next)
  }

  /** Bytes of the loaded page's header: its flag says, not its place (XLogPageHeaderSize). */
  private headerSize(page: number): number {
    const info = (this.window as WalWindow).view.getUint16(page - this.windowAt + 2, true)
    return info & XLP.LONG_HEADER ? XLogLongPageHeader.size : XLogPageHeader.size
  }

  private lsnAt(distance: number): Lsn {
    return this.origin + BigInt(distance)
  }

  private text(distance: number): string {
    return formatLsn(this.lsnAt(distance))
  }

  private bad(cause: EndCause, reason: string): typeof BAD {
    this.fault = { cause, reason }
    return BAD
  }

  private tooShort(start: number, length: number): string {
    return `invalid record length at ${this.text(start)}: expected at least ${XLogRecord.size}, got ${length}`
  }

  private finish(start: number): EndOfWal {
    this.end = {
      kind: 'end',
      lsn: this.lsnAt(start),
      ...this.fault,
      ...(this.aborted && { aborted: this.aborted }),
    }
    return this.end
  }

  /** Header checks before anything else of a record is believed (ValidXLogRecordHeader). */
  private validHeader(view: DataView, at: number, start: number): boolean {
    const total = view.getUint32(at, true)
    if (total < XLogRecord.size) {
      this.bad('zeroes', this.tooShort(start, total))
      return false
    }
    const rmid = view.getUint8(at + 17)
    if (rmid > RM_MAX_BUILTIN_ID && rmid < RM_MIN_CUSTOM_ID) {
      this.bad('header', `invalid resource manager ID ${rmid} at ${this.text(start)}`)
      return false
    }
    const low = view.getUint32(at + 8, true)
    const high = view.getUint32(at + 12, true)
    const fits =
      this.previous >= 0
        ? this.isAt(this.previous, high, low)
        : ((BigInt(high) << 32n) | BigInt(low)) < this.lsnAt(start)
    if (!fits) {
      const prev = formatLsn((BigInt(high) << 32n) | BigInt(low))
      this.bad('stale record', `record with incorrect prev-link ${prev} at ${this.text(start)}`)
    }
    return fits
  }

  /** Is `distance` the LSN with these halves? */
  private isAt(distance: number, high: number, low: number): boolean {
    const sum = this.originLow + distance
    if (sum < TWO_32) return sum === low && this.originHigh === high
    return sum % TWO_32 === low && this.originHigh + Math.floor(sum / TWO_32) === high
  }

  private readInPlace(start: number, total: number): WalRecord | typeof BAD {
    const window = this.window as WalWindow
    return this.accept(
      window.bytes,
      window.view,
      start - this.windowAt,
      total,
      start,
      start + maxAlign(total),
    )
  }

  /** Gathers a record over page ends; a number when it was overwritten: the page to go on at. */
  private assemble(start: number, total: number, firstPage: number): WalRecord | typeof BAD | number {
    let gathered = this.gatheringPlace(Math.min(total, 2 * XLOG_BLCKSZ))
    let length = XLOG_BLCKSZ - (start - firstPage)
    const window = this.window as WalWindow
    gathered.bytes.set(window.bytes.subarray(start - this.windowAt, start - this.windowAt + length))
    let headerSeen = length >= XLogRecord.size
    let page = firstPage
    const broken = (): typeof BAD => {
      this.aborted = { record: this.lsnAt(start), missingContinuation: this.lsnAt(page) }
      return BAD
    }
    for (;;) {
      page += XLOG_BLCKSZ
      if (!this.loadPage(page)) return broken()
      const { bytes, view } = this.window as WalWindow
      const at = page - this.windowAt
      const info = view.getUint16(at + 2, true)
      if (info & XLP.FIRST_IS_OVERWRITE_CONTRECORD) {
        this.overwritten = this.lsnAt(start)
        return page
      }
      if (!(info & XLP.FIRST_IS_CONTRECORD)) {
        this.bad('continuation', `there is no contrecord flag at ${this.text(start)}`)
        return broken()
      }
      const remaining = view.getUint32(at + 16, true)
      if (remaining === 0 || remaining + length !== total) {
        const want = `(expected ${total - length}) at ${this.text(start)}`
        this.bad('continuation', `invalid contrecord length ${remaining} ${want}`)
        return broken()
      }
      const header = this.headerSize(page)
      const share = Math.min(remaining, XLOG_BLCKSZ - header)
      if (length + share > gathered.bytes.length) {
        const grown = this.gatheringPlace(
          Math.min(total, Math.max(gathered.bytes.length * 2, length + share)),
        )
        grown.bytes.set(gathered.bytes.subarray(0, length))
        gathered = grown
      }
      gathered.bytes.set(bytes.subarray(at + header, at + header + share), length)
      length += share
      if (!headerSeen) {
        headerSeen = true
        if (!this.validHeader(gathered.view, 0, start)) return broken()
      }
      if (length === total) {
        const end = page + header + maxAlign(remaining)
        const record = this.accept(gathered.bytes, gathered.view, 0, total, start, end)
        return record === BAD && this.fault.cause !== 'timeline' ? broken() : record
      }
    }
  }

  /** Memory in which a record of at most `size` bytes is put together; it grows with what is really there. */
  private gatheringPlace(size: number): Memory {
    const { transient } = this.options
    const given = typeof transient === 'object'
    if (!given && this.reused && this.gathered.bytes.length >= size) return this.gathered
    const bytes = given ? transient.record(size) : new Uint8Array(size)
    return (this.gathered = { bytes, view: viewOf(bytes) })
  }

  /** The last two checks, CRC and contents; then the record counts as read. */
  private accept(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    total: number,
    start: number,
    end: number,
  ): WalRecord | typeof BAD {
    if (end > this.trusted) {
      const own = this.options.recordCrc
      const computed = own
        ? own(bytes.subarray(at, at + total))
        : crcFinish(
            crcUpdate(crcUpdate(CRC_INIT, bytes, at + 24, at + total, view), bytes, at, at + 20, view),
          )
      if (computed !== view.getUint32(at + 20, true))
        return this.bad(
          'checksum',
          `incorrect resource manager data checksum in record at ${this.text(start)}`,
        )
    }
    const info = view.getUint8(at + 16)
    const rmid = view.getUint8(at + 17)
    if (rmid === 0 && (info & 0xf0) === 0x40) end = Math.ceil(end / this.segmentSize) * this.segmentSize // XLOG_SWITCH
    const lsn = this.originLow + start
    const endLsn = this.originLow + end
    const lsnHigh = lsn < TWO_32 ? this.originHigh : this.originHigh + Math.floor(lsn / TWO_32)
    const lsnLow = lsn < TWO_32 ? lsn : lsn % TWO_32
    const endHigh = endLsn < TWO_32 ? this.originHigh : this.originHigh + Math.floor(endLsn / TWO_32)
    const endLow = endLsn < TWO_32 ? endLsn : endLsn % TWO_32
    const xid = view.getUint32(at + 4, true)
    const record = this.reused
      ? this.reused.become(bytes, view, at, lsnHigh, lsnLow, endHigh, endLow)
      : new WalRecord(bytes, view, at, total, xid, info, rmid, lsnHigh, lsnLow, endHigh, endLow)
    const wrong = decodeRecord(record, this.reused)
    if (wrong !== undefined) return this.bad('contents', wrong)
    // Only when the record is whole: it does not count as torn, and will be written over (xlogrecovery.c, ReadRecord).
    if (this.strangeTimeline) return this.bad('timeline', this.strange())
    this.previous = start
    this.next = end
    this.recordTimeline = this.fileTimeline
    return record
  }

  /** Makes the page at `page` readable in the window, its header checked. */
  private loadPage(page: number): boolean {
    if (page === this.checkedPage) return true
    const offset = page % this.segmentSize
    const index = (page - offset) / this.segmentSize
    if (index !== this.knownSegment && offset !== 0 && !this.checkPage(page - offset)) return false
    if (!this.checkPage(page)) return false
    this.knownSegment = index
    this.checkedPage = page
    return true
  }

  private checkPage(page: number): boolean {
    if (!this.loadWindow(page)) return false
    const { view, name } = this.window as WalWindow
    const at = page - this.windowAt
    const offset = page % this.segmentSize
    const where = (): string => `in WAL segment ${name}, LSN ${this.text(page)}, offset ${offset}`
    const magic = view.getUint16(at, true)
    if (magic !== XLOG_PAGE_MAGIC) {
      const found = magic.toString(16).toUpperCase().padStart(4, '0')
      this.bad(magic === 0 ? 'zeroes' : 'page', `invalid magic number ${found} ${where()}`)
      return false
    }
    const info = view.getUint16(at + 2, true)
    const long = (info & XLP.LONG_HEADER) !== 0
    if (info & ~XLP.ALL_FLAGS || (!long && offset === 0)) {
      this.bad('page', `invalid info bits ${info.toString(16).toUpperCase().padStart(4, '0')} ${where()}`)
      return false
    }
    const foreign = long ? this.foreignSegment(at) : undefined
    if (foreign) {
      this.bad('page', `WAL file is from different database system: ${foreign}`)
      return false
    }
    const low = view.getUint32(at + XLogPageHeader.at.xlp_pageaddr, true)
    const high = view.getUint32(at + XLogPageHeader.at.xlp_pageaddr + 4, true)
    if (!this.isAt(page, high, low)) {
      const found = formatLsn((BigInt(high) << 32n) | BigInt(low))
      this.bad('stale page', `unexpected pageaddr ${found} ${where()}`)
      return false
    }
    return this.checkTimeline(page, view.getUint32(at + 4, true), where)
  }

  private checkTimeline(page: number, timeline: number, where: () => string): boolean {
    if (page > this.latestPage && timeline < this.latestTimeline) {
      this.bad('page', `out-of-sequence timeline ID ${timeline} (after ${this.latestTimeline}) ${where()}`)
      return false
    }
    this.latestPage = page
    this.latestTimeline = timeline
    this.strangeTimeline = !this.segments.timelines.some(({ id }) => id === timeline)
    return true
  }

  private strange(): string {
    const { name } = this.window as WalWindow
    const where = `${name}, LSN ${this.text(this.latestPage)}, offset ${this.latestPage % this.segmentSize}`
    return `unexpected timeline ID ${this.latestTimeline} in WAL segment ${where}`
  }

  /** What in a long page header says that the segment is not ours. */
  private foreignSegment(at: number): string | undefined {
    const header = XLogLongPageHeader.readView((this.window as WalWindow).view, at)
    const own = this.options.systemIdentifier
    if (own && header.xlp_sysid !== own)
      return (
        `WAL file database system identifier is ${header.xlp_sysid}, ` +
        `pg_control database system identifier is ${own}`
      )
    if (header.xlp_seg_size !== this.segmentSize) return 'incorrect segment size in page header'
    if (header.xlp_xlog_blcksz !== XLOG_BLCKSZ) return 'incorrect XLOG_BLCKSZ in page header'
    return undefined
  }

  private loadWindow(page: number): boolean {
    const held = this.window
    if (held && page >= this.windowAt && page + XLOG_BLCKSZ <= this.windowAt + held.bytes.length) return true
    const offset = page % this.segmentSize
    const segment = this.lsnAt(page - offset) / BigInt(this.segmentSize)
    const window = this.segments.window(segment, offset, this.fileTimeline)
    if (!window) {
      const name = segmentFileName(this.segments.timelines[0].id, segment, this.segmentSize)
      this.bad('missing segment', `could not open file "${WAL_DIRECTORY}/${name}": No such file or directory`)
      return false
    }
    const available = window.bytes.length - (offset - window.offset)
    if (available < XLOG_BLCKSZ) {
      const where = `${window.name}, LSN ${this.text(page)}, offset ${offset}`
      this.bad(
        'page',
        `could not read from WAL segment ${where}: read ${Math.max(0, available)} of ${XLOG_BLCKSZ}`,
      )
      return false
    }
    this.window = window
    this.fileTimeline = window.timeline
    this.windowAt = page - (offset - window.offset)
    return true
  }
}
