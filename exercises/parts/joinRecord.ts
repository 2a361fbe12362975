// A record that meets the end of a page goes on behind the header of the next one.

import fc from 'fast-check'
import {
  encodeRecord,
  locateLsn,
  memoryDisk,
  nodeDisk,
  pageHeaderSize,
  readControlFile,
  recordCrc,
  segmentFileName,
  viewOf,
  WalReader,
  XLOG_BLCKSZ,
  XLOG_PAGE_MAGIC,
  XLogLongPageHeader,
  XLogPageHeader,
  XLogRecord,
  XLP,
  type CrashedScene,
  type Disk,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { hexBytes } from '../checking/dump.js'
import type { Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { comparedBytes, strip, type Field, type Strip } from '../drawing/bytes.js'

export type JoinInput = [pages: readonly Uint8Array[], start: number]

const MIB = 1 << 20
const LARGEST_SEGMENT = 1024 * MIB
const pageAddress = (page: Uint8Array): bigint =>
  viewOf(page).getBigUint64(XLogPageHeader.at.xlp_pageaddr, true)
const isLong = (page: Uint8Array): boolean => (XLogPageHeader.read(page).xlp_info & XLP.LONG_HEADER) !== 0

/**
 * The size of the segments that these pages are from, as the long header says it. Where no page has one, none begins
 * a segment, and any size will do in which that is so.
 */
function segmentSizeOf(pages: readonly Uint8Array[]): number {
  const long = pages.find(isLong)
  if (long) return XLogLongPageHeader.read(long).xlp_seg_size
  let size = MIB
  while (size < LARGEST_SEGMENT && pages.some((page) => pageAddress(page) % BigInt(size) === 0n)) size *= 2
  return size
}

/** The engine's own reader, on a disk that holds these pages and no others, in segments of their size. */
export function joinedByReader(pages: readonly Uint8Array[], start: number): Uint8Array | undefined {
  const segmentSize = segmentSizeOf(pages)
  const first = pageAddress(pages[0])
  // A reader that begins further on in a segment looks at the segment's first page too.
  const segmentStart = first - (first % BigInt(segmentSize))
  const written = new Map([[segmentStart, emptyPage(segmentStart, 0, 0, segmentSize)]])
  pages.forEach((page, i) => written.set(first + BigInt(i * XLOG_BLCKSZ), page))
  const disk = diskWithPages(written, segmentSize)
  const reader = new WalReader({ disk, segmentSize, timelines: [1] })
  const lsn = first + BigInt(start)
  reader.beginAt(lsn)
  const record = reader.read()
  return record.kind === 'record' && record.lsn === lsn ? record.raw.slice() : undefined
}

/** Segments of which only these pages were written, the rest is zeroes: they may have 1 GiB, and take up nothing. */
function diskWithPages(pages: ReadonlyMap<bigint, Uint8Array>, segmentSize: number): Disk {
  const files = new Map<string, [offset: number, page: Uint8Array][]>()
  for (const [address, page] of pages) {
    const { segment, offset } = locateLsn(address, segmentSize)
    const path = `pg_wal/${segmentFileName(1, segment, segmentSize)}`
    files.set(path, [...(files.get(path) ?? []), [offset, page]])
  }
  const read = (path: string, from: number, length: number): Uint8Array => {
    const bytes = new Uint8Array(Math.min(length, segmentSize - from))
    for (const [offset, page] of files.get(path) ?? [])
      if (offset >= from && offset < from + bytes.length)
        bytes.set(page.subarray(0, from + bytes.length - offset), offset - from)
    return bytes
  }
  return { ...memoryDisk([]), read, size: (path) => (files.has(path) ? segmentSize : undefined) }
}

/** A page of the log with its header and bytes of other records behind it. */
function emptyPage(address: bigint, info: number, remaining: number, segmentSize: number): Uint8Array {
  const page = new Uint8Array(XLOG_BLCKSZ).fill(0xee)
  const { offset } = locateLsn(address, segmentSize)
  const header = {
    xlp_magic: XLOG_PAGE_MAGIC,
    xlp_info: info | XLP.BKP_REMOVABLE | (offset === 0 ? XLP.LONG_HEADER : 0),
    xlp_tli: 1,
    xlp_pageaddr: address,
    xlp_rem_len: remaining,
  }
  page.fill(0, 0, pageHeaderSize(offset))
  if (offset > 0) XLogPageHeader.write(page, 0, header)
  else
    XLogLongPageHeader.write(page, 0, {
      ...header,
      xlp_sysid: 7563829180421537013n,
      xlp_seg_size: segmentSize,
      xlp_xlog_blcksz: XLOG_BLCKSZ,
    })
  return page
}

/** A whole record of `length` bytes: 27 to 281, or 285 and more. Its CRC is right. */
function recordOfLength(length: number): Uint8Array {
  const main = Uint8Array.from({ length: length - (length < 282 ? 26 : 29) }, (_, i) => (i * 7) & 255)
  const record = encodeRecord(10, 0, 762, 0x7ff028n, main)
  viewOf(record).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
  return record
}

/** Where a record lies: its first page, its first byte there, its length. */
export interface Lie {
  /** Number of the first page in its segment. */
  readonly page: number
  readonly start: number
  readonly length: number
  /** In bytes; 1 MiB, as in the course's scenes, unless given. */
  readonly segmentSize?: number
}

/** The pages that a record takes up, from the one on which it starts to the one on which it ends. */
export function pagesWith({ page, start, length, segmentSize = MIB }: Lie): Uint8Array[] {
  const record = recordOfLength(length)
  const first = 8n * BigInt(segmentSize) + BigInt(page * XLOG_BLCKSZ)
  const pages: Uint8Array[] = []
  let done = 0
  while (done < record.length) {
    const address = first + BigInt(pages.length * XLOG_BLCKSZ)
    const { offset } = locateLsn(address, segmentSize)
    const next = emptyPage(
      address,
      done > 0 ? XLP.FIRST_IS_CONTRECORD : 0,
      done > 0 ? record.length - done : 0,
      segmentSize,
    )
    const from = done > 0 ? pageHeaderSize(offset) : start
    const part = record.subarray(done, done + XLOG_BLCKSZ - from)
    next.set(part, from)
    done += part.length
    pages.push(next)
  }
  return pages
}

export const joinInput = (lie: Lie): JoinInput => [pagesWith(lie), lie.start]

/** Records that start `left` eights of bytes before a page's end, and need `more` bytes of the next page. */
export function cut(
  page: fc.Arbitrary<number>,
  left: fc.Arbitrary<number>,
  more: fc.Arbitrary<number>,
): fc.Arbitrary<Lie> {
  return fc.tuple(page, left, more).map(([at, eights, n]) => {
    const length = 8 * eights + n
    const possible = length < 282 || length > 284 // see recordOfLength
    return { page: at, start: XLOG_BLCKSZ - 8 * eights, length: possible ? length : 285 }
  })
}

export const joining: Contract<JoinInput, Uint8Array | undefined> = {
  name: 'joinRecord',
  draw: drawSeam,
  reference: joinedByReader,
  show: (pages, start) =>
    [`a record at byte ${start} of the first of ${pages.length} pages`, ...pages.map(pageLine(start))].join(
      '\n',
    ),
  showAnswer: (answer) =>
    answer instanceof Uint8Array
      ? `${answer.length} bytes: ${hexBytes(answer.subarray(0, 12))} …`
      : answer === undefined
        ? 'undefined: the record is not whole'
        : String(answer),
}

const pageLine =
  (start: number) =>
  (page: Uint8Array, i: number): string => {
    const { xlp_info, xlp_rem_len } = XLogPageHeader.read(page)
    const header = xlp_info & XLP.LONG_HEADER ? 40 : 24
    const flag = xlp_info & XLP.FIRST_IS_CONTRECORD ? 'FIRST_IS_CONTRECORD' : 'no contrecord flag'
    const total = i === 0 ? `, xl_tot_len ${viewOf(page).getUint32(start, true)}` : ''
    return `page ${i}: header of ${header} bytes, ${flag}, xlp_rem_len ${xlp_rem_len}${total}`
  }

/** Says how the answer differs from the record. */
export function joinNote(answer: Plain, pages: readonly Uint8Array[], start: number): string {
  const right = joinedByReader(pages, start)
  if (right === undefined)
    return 'For recovery the log ends here; a record made of what lies there is an invention.'
  if (!(answer instanceof Uint8Array)) return 'The record is whole: its bytes are the answer.'
  if (answer.length !== right.length)
    return `The record is ${right.length} bytes long, padding and headers not counted.`
  const at = right.findIndex((byte, i) => byte !== answer[i])
  return `Byte ${at} of the record is the first that is wrong.`
}

/** Where the record lies on its pages, headers marked, and the bytes in which the answer differs first. */
function drawSeam(answer: Answer, pages: readonly Uint8Array[], start: number): Picture {
  const right = joinedByReader(pages, start)
  const got = answer?.value instanceof Uint8Array ? answer.value : undefined
  const [first, second] = pages
  const from = Math.max(start - (start % 16), XLOG_BLCKSZ - 32)
  const whole = right !== undefined && pages.length === 1
  const panels = whole
    ? [
        strip({
          title: `page 0, from byte ${start} on: the record`,
          bytes: first.subarray(start, start + 48),
          at: start,
          fields: [{ at: start, size: Math.min(48, right.length), name: 'the record', kind: 'accent' }],
        }),
      ]
    : [
        strip({
          title: 'the end of page 0',
          bytes: first.subarray(from),
          at: from,
          fields: [
            {
              at: Math.max(from, start),
              size: XLOG_BLCKSZ - Math.max(from, start),
              name: 'the record',
              kind: 'accent',
            },
          ],
        }),
        ...(second ? [strip(nextPage(second))] : [caption('there is no page 1')]),
      ]
  return {
    title: `A record at byte ${start} of the first of ${pages.length} pages, and what stands where it should go on.`,
    panels: [...panels, ...(right && answer ? [comparedBytes({ expected: right, got })] : [])],
  }
}

/** The beginning of a page: its header, field by field, then what the record goes on with. */
function nextPage(page: Uint8Array): Strip {
  const { xlp_info, xlp_rem_len } = XLogPageHeader.read(page)
  const size = xlp_info & XLP.LONG_HEADER ? XLogLongPageHeader.size : XLogPageHeader.size
  const marked = ['xlp_info', 'xlp_rem_len']
  const header = XLogPageHeader.fields.map((field): Field => {
    const kind = marked.includes(field.name) ? 'bad' : 'wal'
    return { at: field.offset, size: field.size, name: field.name, kind }
  })
  const more: Field[] =
    size > XLogPageHeader.size ? [{ at: 24, size: size - 24, name: 'the long header', kind: 'wal' }] : []
  const rest = xlp_info & XLP.FIRST_IS_CONTRECORD ? Math.min(64 - size, xlp_rem_len) : 0
  const on: Field[] = rest > 0 ? [{ at: size, size: rest, name: 'the record goes on', kind: 'accent' }] : []
  return {
    title: 'the beginning of page 1',
    bytes: page.subarray(0, 64),
    fields: [...header, ...more, ...on],
  }
}

export const joinRecord: Exercise = {
  name: 'joinRecord',
  notebook: '01-wal',
  visible: [
    examples(joining, {
      rule: 'A record in the middle of a page, one cut by its end, and one that should go on and does not.',
      why: 'What does not go on was never finished: the server died while it wrote.',
      note: joinNote,
      inputs: () => [
        joinInput({ page: 5, start: 4096, length: 100 }),
        joinInput({ page: 5, start: 8128, length: 100 }),
        [pagesWith({ page: 5, start: 8128, length: 100 }).slice(0, 1), 8128],
      ],
    }),
    generated(joining, {
      rule: 'A record that is cut once.',
      why: 'One record in some dozens is cut, or more where images are large.',
      note: joinNote,
      runs: 12,
      input: cut(fc.constant(3), fc.integer({ min: 4, max: 50 }), fc.integer({ min: 1, max: 400 })).map(
        joinInput,
      ),
    }),
  ],
  onScene(scene) {
    const inputs = cutRecords(scene)
    const why = 'Each was put together by the server, cut by it, and joined again when pages were needed.'
    return examples(joining, {
      rule: `${inputs.length} records of scene ${scene.name} that are cut by the end of a page.`,
      why,
      note: joinNote,
      inputs,
    })
  },
}

const MOST_FROM_A_SCENE = 30

/** Records that lie on several pages, with those pages as the files have them. */
function cutRecords(scene: CrashedScene): JoinInput[] {
  const disk = nodeDisk(scene.dir)
  const pageSize = BigInt(XLOG_BLCKSZ)
  const { xlog_seg_size } = readControlFile(disk)
  const pageAt = (address: bigint): Uint8Array => {
    const { segment, offset } = locateLsn(address, xlog_seg_size)
    return disk.read(`pg_wal/${segmentFileName(1, segment, xlog_seg_size)}`, offset, XLOG_BLCKSZ)
  }
  return recordsOf(scene)
    .filter(({ lsn, endLsn }) => lsn / pageSize < (endLsn - 1n) / pageSize)
    .slice(0, MOST_FROM_A_SCENE)
    .map(({ lsn, endLsn }): JoinInput => {
      const pages: Uint8Array[] = []
      for (let page = lsn - (lsn % pageSize); page < endLsn; page += pageSize) pages.push(pageAt(page))
      return [pages, Number(lsn % pageSize)]
    })
}
