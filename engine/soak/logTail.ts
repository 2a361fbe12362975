/** The end of a crashed directory's log, to be written on: whole records, headers that lie, single bytes. */
import { join, type Disk } from '../disk/disk.js'
import { viewOf } from '../bytes/layout.js'
import { readControlFile } from '../format/controlFile.js'
import { segmentFileName, type Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ, XLOG_PAGE_MAGIC, XLogPageHeader } from '../format/walPage.js'
import { XLogRecord } from '../format/walRecord.js'
import { Recovery } from '../recovery/recovery.js'
import { recordCrc } from '../wal/reader.js'
import { WalWriter } from '../wal/writer.js'
import { readingDisk } from './bothRecover.js'

const PAGE = BigInt(XLOG_BLCKSZ)
const LOGICAL_MESSAGE = 21
const MESSAGE_HEADER = 25 // xl_logical_message and an empty prefix
const HEADERS = 29 // of a record with 256 bytes of main data or more

/** What of a directory's log does not change from case to case. */
export interface TailPlace {
  readonly segmentSize: number
  readonly timeline: number
  readonly systemIdentifier: bigint
  readonly position: Lsn
  readonly previous: Lsn
}

export function tailOf(dir: string): TailPlace {
  const disk = readingDisk(dir)
  const { xlog_seg_size: segmentSize, system_identifier: systemIdentifier } = readControlFile(disk)
  const { survey } = new Recovery(disk)
  if (survey.lastRecord === undefined) throw new Error(`${dir} has no record behind its checkpoint`)
  const { endOfLog: position, lastRecord: previous, timeline } = survey
  return { segmentSize, timeline, systemIdentifier, position, previous }
}

export class LogTail {
  private readonly writer: WalWriter

  constructor(
    private readonly disk: Disk,
    private readonly place: TailPlace,
  ) {
    this.writer = new WalWriter({ disk, ...place })
  }

  /** Where the next record goes, and where the last one started. */
  get end(): Lsn {
    return this.writer.position
  }
  get previous(): Lsn {
    return this.writer.previous
  }

  /** A message of `size` bytes; returns where its record starts. */
  emit(size: number): Lsn {
    const main = new Uint8Array(MESSAGE_HEADER + size).fill(0x61, MESSAGE_HEADER)
    viewOf(main).setBigUint64(8, 1n, true)
    viewOf(main).setBigUint64(16, BigInt(size), true)
    const { start } = this.writer.insert(LOGICAL_MESSAGE, 0, 0, main)
    this.writer.write()
    return start
  }

  /** A record of any kind, on one page, whose bytes from 24 on are these. */
  believed(rmid: number, info: number, body: Uint8Array): Lsn {
    const { start } = this.writer.insert(rmid, info, 0, new Uint8Array(body.length - 2))
    this.writer.write()
    const record = this.read(start, XLogRecord.size + body.length)
    record.set(body, XLogRecord.size)
    viewOf(record).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
    this.poke(start, record)
    return start
  }

  /** Goes to a place on a page where a header fits, and some more. */
  toMiddleOfPage(): Lsn {
    while (this.room < 2048n) this.emit(2048)
    return this.end
  }

  /** Goes to a page end with `left` bytes left, fewer than a header has. */
  toPageEnd(left = 16n): Lsn {
    if (this.room < 1000n) this.emit(2048)
    const size = Number(this.room - left) - HEADERS - MESSAGE_HEADER
    this.emit(size)
    return this.end
  }

  get room(): bigint {
    return PAGE - (this.end % PAGE)
  }

  poke(at: Lsn, bytes: Uint8Array): void {
    const size = BigInt(this.place.segmentSize)
    const file = join('pg_wal', segmentFileName(this.place.timeline, at / size, this.place.segmentSize))
    const within = Number(at % size)
    const first = Math.min(bytes.length, this.place.segmentSize - within)
    if (this.disk.size(file) === undefined) {
      this.disk.write(file, 0, new Uint8Array(0))
      this.disk.truncate(file, this.place.segmentSize)
    }
    this.disk.write(file, within, bytes.subarray(0, first))
    if (first < bytes.length) this.poke(at + BigInt(first), bytes.subarray(first))
  }

  read(at: Lsn, length: number): Uint8Array {
    const size = BigInt(this.place.segmentSize)
    const file = join('pg_wal', segmentFileName(this.place.timeline, at / size, this.place.segmentSize))
    return this.disk.read(file, Number(at % size), length).slice()
  }

  /** A record header that says these things and has nothing behind it. */
  header(at: Lsn, values: Partial<XLogRecord>): void {
    const header = new Uint8Array(XLogRecord.size)
    XLogRecord.write(header, 0, { ...XLogRecord.read(header), ...values })
    const room = Number(PAGE - (at % PAGE))
    this.poke(at, header.subarray(0, room)) // what does not fit is lost, as if the page had not been written
  }

  /** A page header, right but for `values`. */
  page(at: Lsn, values: Partial<XLogPageHeader>): void {
    const header = new Uint8Array(XLogPageHeader.size)
    const right = { xlp_magic: XLOG_PAGE_MAGIC, xlp_info: 0, xlp_tli: 1, xlp_pageaddr: at, xlp_rem_len: 0 }
    XLogPageHeader.write(header, 0, { ...right, ...values })
    this.poke(at, header)
  }
}

export const nextPage = (lsn: Lsn): Lsn => lsn - (lsn % PAGE) + PAGE
