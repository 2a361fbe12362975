/**
 * No PostgreSQL that npm has is built with lz4 or zstd: it refuses the setting, and cannot read such a log. But the log
 * of any crash can be given images of that kind: each one is put in its place again, compressed to the very length that
 * it had, so that every record stays where it is and every page LSN the same. The streams are what PostgreSQL's own
 * decoders would take: an LZ4 block with one match, a zstd frame with raw blocks and one of a repeated byte.
 */
import type { Disk } from '../../disk/disk.js'
import { viewOf } from '../../bytes/layout.js'
import { BLCKSZ, readControlFile } from '../../format/controlFile.js'
import { locateLsn, segmentFileName } from '../../format/lsn.js'
import { pageHeaderSize, XLOG_BLCKSZ } from '../../format/walPage.js'
import { BKPBLOCK, BKPIMAGE, FRAGMENT, XLogRecord } from '../../format/walRecord.js'
import { recordCrc, WalReader } from '../../wal/reader.js'
import type { WalRecord } from '../../wal/record.js'
import { timelineHistory } from '../../wal/timelines.js'

export type Method = 'lz4' | 'zstd'
const FLAG = { lz4: BKPIMAGE.COMPRESS_LZ4, zstd: BKPIMAGE.COMPRESS_ZSTD }
const HOLE_LENGTH_SIZE = 2 // uint16 hole_length, in the header of a compressed image with a hole

/** Rewrites the log from the redo point on; returns how many images are compressed now, and how many could not be. */
export function recompress(disk: Disk, method: Method): { compressed: number; left: number } {
  const control = readControlFile(disk)
  const options = { disk, segmentSize: control.xlog_seg_size, timelines: timelineHistory(disk, 1) }
  const reader = new WalReader(options)
  reader.beginAt(control.checkPointCopy.redo)
  const records: WalRecord[] = []
  for (let record = reader.read(); record.kind === 'record'; record = reader.read())
    if (record.blocks.some((ref) => ref.image)) records.push(record)
  const done = { compressed: 0, left: 0 }
  for (const record of records) {
    const images = record.blocks.flatMap((ref) => {
      if (!ref.image) return []
      const plain = record.imageBytes(ref.image)
      const compressed = isPlainWithHole(ref.image.bimg_info)
        ? exactly(method, plain, plain.length - HOLE_LENGTH_SIZE)
        : undefined
      if (compressed) done.compressed++
      else done.left++
      return [{ plain, compressed, hole: BLCKSZ - plain.length }]
    })
    if (images.some(({ compressed }) => compressed))
      put(disk, control.xlog_seg_size, record, rewritten(record, images, FLAG[method]))
  }
  return done
}

/** Only there do header and stream fit in the old length: an image without a hole would have to keep all 8192 bytes. */
const isPlainWithHole = (bimg_info: number): boolean =>
  (bimg_info & (BKPIMAGE.HAS_HOLE | BKPIMAGE.COMPRESSED)) === BKPIMAGE.HAS_HOLE

interface Image {
  readonly plain: Uint8Array
  readonly compressed: Uint8Array | undefined
  readonly hole: number
}

/** The record's bytes with other images: headers (fragment by fragment), then images and data in the same order. */
function rewritten(record: WalRecord, images: readonly Image[], flag: number): Uint8Array {
  const old = record.raw
  const view = viewOf(old)
  const [headers, payload]: [number[], Uint8Array[]] = [[], []]
  let at: number = XLogRecord.size
  let [image, headersEnd] = [0, 0]
  const take = (size: number): void => void headers.push(...old.subarray(at, (at += size)))
  const data: { length: number; image?: Image }[] = []
  while (headersEnd === 0) {
    const id = old[at]
    if (id === FRAGMENT.DATA_SHORT || id === FRAGMENT.DATA_LONG) {
      take(id === FRAGMENT.DATA_SHORT ? 2 : 5)
      headersEnd = at
    } else if (id === FRAGMENT.ORIGIN || id === FRAGMENT.TOPLEVEL_XID) take(id === FRAGMENT.ORIGIN ? 3 : 5)
    else {
      const [flags, length] = [old[at + 1], view.getUint16(at + 2, true)]
      take(4)
      const own = flags & BKPBLOCK.HAS_IMAGE ? images[image++] : undefined
      if (own?.compressed) {
        const { length: size } = own.compressed
        headers.push(
          size & 0xff,
          size >>> 8,
          old[at + 2],
          old[at + 3],
          old[at + 4] | flag,
          own.hole & 0xff,
          own.hole >>> 8,
        )
        at += 5
      } else if (own) take(5)
      take((flags & BKPBLOCK.SAME_REL ? 0 : 12) + 4)
      data.push({ length, image: own })
    }
    if (at + data.reduce((sum, part) => sum + part.length + (part.image?.plain.length ?? 0), 0) >= old.length)
      headersEnd = at
  }
  at = headersEnd
  for (const { length, image: own } of data) {
    if (own) payload.push(own.compressed ?? own.plain)
    at += own?.plain.length ?? 0
    payload.push(old.subarray(at, (at += length)))
  }
  payload.push(old.subarray(at))
  const bytes = Buffer.concat([old.subarray(0, XLogRecord.size), Uint8Array.from(headers), ...payload])
  if (bytes.length !== old.length) throw new Error(`a record of ${old.length} bytes became ${bytes.length}`)
  viewOf(bytes).setUint32(XLogRecord.at.xl_crc, recordCrc(bytes), true)
  return bytes
}

/** Writes a record over itself, around the page headers. */
function put(disk: Disk, segmentSize: number, record: WalRecord, bytes: Uint8Array): void {
  let position = record.lsn
  for (let done = 0; done < bytes.length;) {
    const { segment, offset } = locateLsn(position, segmentSize)
    const within = offset % XLOG_BLCKSZ
    if (within === 0) {
      position += BigInt(pageHeaderSize(offset))
      continue
    }
    const n = Math.min(bytes.length - done, XLOG_BLCKSZ - within)
    disk.write(`pg_wal/${segmentFileName(1, segment, segmentSize)}`, offset, bytes.subarray(done, done + n))
    done += n
    position += BigInt(n)
  }
}

/** A stream of exactly `length` bytes; undefined where the page has no stretch that lets it. */
export function exactly(method: Method, plain: Uint8Array, length: number): Uint8Array | undefined {
  const run = longestRun(plain)
  for (let size = run.length; size > 4; size--) {
    const parts: [Uint8Array, Uint8Array] = [plain.subarray(0, run.at), plain.subarray(run.at + size)]
    const stream = method === 'lz4' ? lz4(parts, size) : zstd(parts, size, plain)
    if (stream.length === length) return stream
    if (stream.length > length) return undefined
  }
  return undefined
}

/** Of one byte, not at the very beginning, and with room behind it: an LZ4 block ends in literals. */
function longestRun(plain: Uint8Array): { at: number; length: number } {
  let longest = { at: 1, length: 0 }
  for (let at = 1; at < plain.length - 16;) {
    let end = at
    while (end < plain.length - 16 && plain[end] === plain[at - 1]) end++
    if (end - at > longest.length) longest = { at, length: end - at }
    at = Math.max(end, at + 1)
  }
  return longest
}

/** Literals, one match of `size` bytes from one byte back, literals. */
function lz4([before, after]: [Uint8Array, Uint8Array], size: number): Uint8Array {
  const more = (n: number): number[] =>
    n < 15 ? [] : [...Array<number>(Math.floor((n - 15) / 255)).fill(255), (n - 15) % 255]
  const token = (literals: number, match: number): number =>
    (Math.min(literals, 15) << 4) | Math.min(match, 15)
  return Buffer.concat([
    Uint8Array.from([token(before.length, size - 4), ...more(before.length)]),
    before,
    Uint8Array.from([1, 0, ...more(size - 4)]),
    Uint8Array.from([token(after.length, 0), ...more(after.length)]),
    after,
  ])
}

/** A frame of three blocks: raw, one byte repeated, raw. Its header gives the size of the contents in two bytes. */
function zstd([before, after]: [Uint8Array, Uint8Array], size: number, plain: Uint8Array): Uint8Array {
  const [RAW, RLE] = [0, 1]
  const block = (last: number, type: number, length: number): Uint8Array => {
    const header = last | (type << 1) | (length << 3)
    return Uint8Array.from([header & 0xff, (header >>> 8) & 0xff, header >>> 16])
  }
  const content = plain.length - 256
  return Buffer.concat([
    Uint8Array.from([0x28, 0xb5, 0x2f, 0xfd, 0x60, content & 0xff, content >>> 8]),
    block(0, RAW, before.length),
    before,
    block(0, RLE, size),
    plain.subarray(before.length, before.length + 1),
    block(1, RAW, after.length),
    after,
  ])
}
