// A log of two or three records in memory, which ends the way somebody says: for the engine to read and to judge.

import {
  encodeRecord,
  judgeEnd,
  locateLsn,
  memoryDisk,
  pageHeaderSize,
  recordCrc,
  segmentFileName,
  viewOf,
  WalReader,
  XLOG_PAGE_MAGIC,
  XLogLongPageHeader,
  XLogPageHeader,
  XLogRecord,
  XLP,
  type MemoryDisk,
  type Verdict,
} from 'pgcrash'

/** What the reader met. */
export interface LogEnd {
  /** Where the next record would start, and where the last whole one starts. */
  readonly lsn: bigint
  readonly previous: bigint
  /** The first 24 bytes of the page there, and the 24 bytes at `lsn`; undefined when there is no file for it. */
  readonly page: Uint8Array | undefined
  readonly header: Uint8Array | undefined
  /** The CRC of the record there; `unknown` when not all the bytes that xl_tot_len counts are there. */
  readonly crc: 'right' | 'wrong' | 'unknown'
  /** Do whole records of this log stand on later pages, or in later files? */
  readonly recordsBehind: boolean
}
export type EndKind = Exclude<Verdict, 'requested'>

export const PAGE = 8192
/** Bytes of a segment, the smallest that initdb makes. */
export const SEGMENT = 1 << 20
const SYSTEM = 7563829180421537013n
const NOOP = 0x20
/** The page that is written to, and those behind it that a reader may ask for. */
const PAGES_KEPT = 3

/** The engine's verdict on a log that ends so. */
export function judgedByEngine(met: LogEnd): EndKind {
  const disk = logWith(met)
  const log = { timelines: [1], control: { xlog_seg_size: SEGMENT, system_identifier: SYSTEM } }
  const reader = new WalReader({ disk, segmentSize: SEGMENT, timelines: [1], systemIdentifier: SYSTEM })
  reader.beginAt(met.previous)
  const first = reader.read()
  if (first.kind === 'end') throw new Error(`the log in memory ends too soon: ${first.reason}`)
  const end = reader.read()
  if (end.kind !== 'end') throw new Error(`the log in memory goes on at ${end.lsn}`)
  const { verdict } = judgeEnd(disk, log, { end, timeline: 1 })
  if (verdict === 'requested') throw new Error('nobody asked for an end')
  return verdict
}

const pageOf = (lsn: bigint): bigint => lsn - (lsn % BigInt(PAGE))

function logWith({ lsn, previous, page, header, crc, recordsBehind }: LogEnd): MemoryDisk {
  const disk = memoryDisk([], ['pg_wal'])
  putPage(disk, pageOf(previous))
  putRecord(disk, previous, lengthOf(previous, lsn))
  if (page && header) {
    putPage(disk, pageOf(lsn), page)
    put(disk, lsn, header)
    if (crc !== 'unknown') putCrc(disk, lsn, header, crc === 'right')
  }
  const behind = page ? pageOf(lsn) + BigInt(2 * PAGE) : lsn + BigInt(SEGMENT)
  if (recordsBehind) {
    putPage(disk, behind)
    putRecord(disk, behind + BigInt(headerSize(behind)), 40)
  }
  return disk
}

/** From a record to the next one, or to the end of its page when that begins the next page. */
function lengthOf(from: bigint, to: bigint): number {
  return Number((pageOf(from) === pageOf(to) ? to : pageOf(to)) - from)
}

const headerSize = (page: bigint): number => pageHeaderSize(locateLsn(page, SEGMENT).offset)

function put(disk: MemoryDisk, lsn: bigint, bytes: Uint8Array): void {
  const { segment, offset } = locateLsn(lsn, SEGMENT)
  const path = `pg_wal/${segmentFileName(1, segment, SEGMENT)}`
  if (disk.size(path) === undefined) {
    disk.write(path, 0, new Uint8Array(0))
    putPage(disk, segment * BigInt(SEGMENT))
  }
  // The file is as long as it has to be, which is quicker than a whole segment.
  const length = Math.min(SEGMENT, offset - (offset % PAGE) + PAGES_KEPT * PAGE)
  if ((disk.size(path) ?? 0) < length) disk.truncate(path, length)
  disk.write(path, offset, bytes)
}

/** A page header: this one, or the one that belongs there. */
function putPage(disk: MemoryDisk, xlp_pageaddr: bigint, given?: Uint8Array): void {
  if (given) return put(disk, xlp_pageaddr, given)
  const long = xlp_pageaddr % BigInt(SEGMENT) === 0n
  const bytes = new Uint8Array(long ? XLogLongPageHeader.size : XLogPageHeader.size)
  const header = {
    xlp_magic: XLOG_PAGE_MAGIC,
    xlp_info: XLP.BKP_REMOVABLE | (long ? XLP.LONG_HEADER : 0),
    xlp_tli: 1,
    xlp_pageaddr,
    xlp_rem_len: 0,
  }
  if (!long) XLogPageHeader.write(bytes, 0, header)
  else
    XLogLongPageHeader.write(bytes, 0, {
      ...header,
      xlp_sysid: SYSTEM,
      xlp_seg_size: SEGMENT,
      xlp_xlog_blcksz: PAGE,
    })
  put(disk, xlp_pageaddr, bytes)
}

/** A whole record of so many bytes, which says nothing. */
function putRecord(disk: MemoryDisk, lsn: bigint, length: number): void {
  const overhead = length - XLogRecord.size > 257 ? 5 : 2
  const main = new Uint8Array(Math.max(0, length - XLogRecord.size - overhead))
  const record = encodeRecord(0, NOOP, 0, lsn - 8n, main)
  viewOf(record).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
  put(disk, lsn, record)
}

/** Zeroes as the payload, and a CRC that fits them or does not. */
function putCrc(disk: MemoryDisk, lsn: bigint, header: Uint8Array, right: boolean): void {
  const { xl_tot_len } = XLogRecord.read(header)
  const record = new Uint8Array(Math.max(header.length, Math.min(xl_tot_len, PAGE)))
  record.set(header)
  const crc = recordCrc(record)
  const bytes = new Uint8Array(4)
  viewOf(bytes).setUint32(0, right ? crc : (crc ^ 1) >>> 0, true)
  put(disk, lsn + BigInt(XLogRecord.at.xl_crc), bytes)
}
