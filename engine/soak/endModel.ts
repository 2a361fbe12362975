/**
 * Where a log ends and why, told a second time, from the rules as xlogreader.c states them. Nothing here is shared with
 * the engine's reader, so that the two can disagree: positions are bigints, every byte is asked for where it lies, the
 * checksum goes bit by bit.
 *
 *   a record is looked at:  its first page ─ length ─ rmid ─ prev-link ─ each further page ─ checksum ─ timeline
 *                           the first answer that is no ends the log
 */
import type { FlatLog } from './flatLog.js'

export interface PlaceOfEnd {
  /** Where the next record would have started. */
  readonly lsn: bigint
  /** Where the last whole record ends: the first position that may be written to. */
  readonly after: bigint
  readonly reason: string
  readonly aborted: { readonly record: bigint; readonly missingContinuation: bigint } | undefined
}

const PAGE = 8192n
const [CONTINUES, LONG, OVERWRITES] = [1, 2, 8]

interface Taken {
  readonly start: bigint
  readonly next: bigint
}

/** The end of the log for who has read the record `previous`, which ends at `position`. */
export function placeOfEnd(log: FlatLog, previous: bigint, position: bigint): PlaceOfEnd {
  const look = new Look(log)
  let [before, at] = [previous, position]
  for (;;) {
    const found = look.at(at, before)
    if ('reason' in found) return { ...found, after: at }
    ;[before, at] = [found.start, found.next]
  }
}

/** Is there a whole record at `position`, for who has read `previous`? Its start; or how the log ends there. */
export function nextRecord(log: FlatLog, previous: bigint, position: bigint): { start: bigint } | PlaceOfEnd {
  const found = new Look(log).at(position, previous)
  return 'reason' in found ? { ...found, after: position } : { start: found.start }
}

class Look {
  private newestPage = -1n
  /** Who has read a record so far has seen a page. */
  private newestTimeline: number
  private readonly view: DataView

  constructor(private readonly log: FlatLog) {
    this.newestTimeline = log.timeline
    this.view = new DataView(log.bytes.buffer, log.bytes.byteOffset, log.bytes.byteLength)
  }

  at(position: bigint, before: bigint): Taken | Omit<PlaceOfEnd, 'after'> {
    let page = position - (position % PAGE)
    let start = position
    const no = (reason: string, inside = false): Omit<PlaceOfEnd, 'after'> => ({
      lsn: start,
      reason,
      aborted: inside ? { record: start, missingContinuation: page } : undefined,
    })
    const wrongPage = this.wrongPage(page)
    if (wrongPage) return no(wrongPage)
    if (start === page) start += this.headerSize(page)
    if (start === page + this.headerSize(page) && this.u16(page + 2n) & CONTINUES)
      return no(`contrecord is requested by ${text(start)}`)

    const total = BigInt(this.u32(start))
    let have = page + PAGE - start
    const pieces = [this.slice(start, have < total ? have : total)]
    if (have >= 24n) {
      const wrong = wrongHeader(pieces[0], start, before)
      if (wrong) return no(wrong)
    } else if (total < 24n) return no(tooShort(start, total))

    let asked = have >= 24n
    while (have < total) {
      page += PAGE
      const wrong = this.wrongPage(page)
      if (wrong) return no(wrong, true)
      const info = this.u16(page + 2n)
      if (info & OVERWRITES) return this.at(page, before)
      if (!(info & CONTINUES)) return no(`there is no contrecord flag at ${text(start)}`, true)
      const rest = BigInt(this.u32(page + 16n))
      if (rest === 0n || rest + have !== total)
        return no(`invalid contrecord length ${rest} (expected ${total - have}) at ${text(start)}`, true)
      const from = page + this.headerSize(page)
      const share = rest < page + PAGE - from ? rest : page + PAGE - from
      pieces.push(this.slice(from, share))
      have += share
      if (!asked) {
        const wrongRecord = wrongHeader(joined(pieces.slice(0, 2)), start, before)
        if (wrongRecord) return no(wrongRecord, true)
      }
      asked = true
    }
    const several = pieces.length > 1
    const record = joined(pieces)
    if (bitwiseCrc(record) !== numberAt(record, 20, 4))
      return no(`incorrect resource manager data checksum in record at ${text(start)}`, several)
    if (this.newestTimeline !== this.log.timeline)
      return no(`unexpected timeline ID ${this.newestTimeline} ${this.where(this.newestPage)}`)
    return { start, next: this.next(record, start, page, several) }
  }

  /** Where the record after this one begins: eight-byte aligned, or in the next segment after a switch. */
  private next(record: Uint8Array, start: bigint, page: bigint, several: boolean): bigint {
    const segment = BigInt(this.log.segmentSize)
    const end = several
      ? page + this.headerSize(page) + BigInt(this.u32(page + 16n))
      : start + BigInt(record.length)
    if (record[17] === 0 && record[16] >> 4 === 4)
      return end - (end % segment) + (end % segment ? segment : 0n)
    return (end + 7n) & ~7n
  }

  private headerSize(page: bigint): bigint {
    return this.u16(page + 2n) & LONG ? 40n : 24n
  }

  private fileOf(page: bigint): string {
    const { segmentSize, timeline } = this.log
    const segment = page / BigInt(segmentSize)
    const perId = 0x100000000n / BigInt(segmentSize)
    return [BigInt(timeline), segment / perId, segment % perId].map((n) => hex(n, 8)).join('')
  }

  private where(page: bigint): string {
    const offset = page % BigInt(this.log.segmentSize)
    return `in WAL segment ${this.fileOf(page)}, LSN ${text(page)}, offset ${offset}`
  }

  private wrongPage(page: bigint): string | undefined {
    const { log } = this
    const offset = page % BigInt(log.segmentSize)
    const where = this.where(page)
    if (page - log.base >= BigInt(log.bytes.length))
      return `could not open file "pg_wal/${this.fileOf(page)}": No such file or directory`
    const [magic, info, timeline] = [this.u16(page), this.u16(page + 2n), this.u32(page + 4n)]
    if (magic !== 0xd118) return `invalid magic number ${hex(magic, 4)} ${where}`
    if (info >= 16) return `invalid info bits ${hex(info, 4)} ${where}`
    if (info & LONG) {
      const [owner, size, block] = [this.u64(page + 24n), this.u32(page + 32n), this.u32(page + 36n)]
      const foreign = 'WAL file is from different database system: '
      if (owner !== log.systemIdentifier)
        return `${foreign}WAL file database system identifier is ${owner}, pg_control database system identifier is ${log.systemIdentifier}`
      if (size !== log.segmentSize) return `${foreign}incorrect segment size in page header`
      if (block !== 8192) return `${foreign}incorrect XLOG_BLCKSZ in page header`
    } else if (offset === 0n) return `invalid info bits ${hex(info, 4)} ${where}`
    const address = this.u64(page + 8n)
    if (address !== page) return `unexpected pageaddr ${text(address)} ${where}`
    if (page > this.newestPage && timeline < this.newestTimeline)
      return `out-of-sequence timeline ID ${timeline} (after ${this.newestTimeline}) ${where}`
    this.newestPage = page
    this.newestTimeline = timeline
    return undefined
  }

  private slice(from: bigint, length: bigint): Uint8Array {
    const at = Number(from - this.log.base)
    return this.log.bytes.subarray(at, at + Number(length))
  }

  private u16(at: bigint): number {
    return this.view.getUint16(Number(at - this.log.base), true)
  }
  private u32(at: bigint): number {
    return this.view.getUint32(Number(at - this.log.base), true)
  }
  private u64(at: bigint): bigint {
    return this.view.getBigUint64(Number(at - this.log.base), true)
  }
}

function hex(n: bigint | number, digits: number): string {
  return n.toString(16).toUpperCase().padStart(digits, '0')
}

function wrongHeader(record: Uint8Array, start: bigint, before: bigint): string | undefined {
  const total = BigInt(numberAt(record, 0, 4))
  if (total < 24n) return tooShort(start, total)
  const rmid = record[17]
  if (rmid > 21 && rmid < 128) return `invalid resource manager ID ${rmid} at ${text(start)}`
  const prev = BigInt(numberAt(record, 8, 4)) + (BigInt(numberAt(record, 12, 4)) << 32n)
  return prev === before ? undefined : `record with incorrect prev-link ${text(prev)} at ${text(start)}`
}

function tooShort(start: bigint, length: bigint): string {
  return `invalid record length at ${text(start)}: expected at least 24, got ${length}`
}

function text(lsn: bigint): string {
  const digits = lsn.toString(16).toUpperCase().padStart(16, '0')
  return [digits.slice(0, 8), digits.slice(8)].map((half) => half.replace(/^0+(?=.)/, '')).join('/')
}

function numberAt(bytes: Uint8Array, at: number, size: number): number {
  let sum = 0
  for (let i = size - 1; i >= 0; i--) sum = sum * 256 + (bytes[at + i] ?? 0)
  return sum
}

function joined(pieces: readonly Uint8Array[]): Uint8Array {
  return pieces.length === 1 ? pieces[0] : Uint8Array.from(Buffer.concat(pieces))
}

/** CRC-32C of a record: byte 24 to its end, then bytes 0 to 19; one bit at a time. */
export function bitwiseCrc(record: Uint8Array): number {
  let crc = 0xffffffff
  const feed = (byte: number): void => {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
  }
  for (let i = 24; i < record.length; i++) feed(record[i])
  for (let i = 0; i < 20; i++) feed(record[i])
  return (crc ^ 0xffffffff) >>> 0
}
