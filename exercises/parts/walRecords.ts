// Records for exercises, laid out as XLogRecordAssemble lays them out (xloginsert.c): header, announcements, payloads
// in the same order. The payloads hold bytes that would pass for announcements, as real ones do.

import fc from 'fast-check'
import { BKPBLOCK, BKPIMAGE, recordCrc, viewOf, XLogRecord } from 'pgcrash'

/** A page image as a record carries it; `info` are the bits of bimg_info. */
export interface ImageSpec {
  readonly length: number
  readonly holeOffset: number
  /** Written into the record only where the image is compressed: else it is what is missing to 8192. */
  readonly holeLength: number
  readonly info: number
}

export interface BlockSpec {
  readonly id: number
  readonly fork: number
  readonly block: number
  /** spcOid, dbOid, relNumber; none: the same as in the reference before (BKPBLOCK_SAME_REL). */
  readonly relation?: readonly [spcOid: number, dbOid: number, relNumber: number]
  readonly willInit: boolean
  /** Bytes of data. */
  readonly data: number
  readonly image?: ImageSpec
}

export interface RecordSpec {
  readonly blocks: readonly BlockSpec[]
  readonly origin?: number
  readonly toplevelXid?: number
  /** Bytes of main data; 0: the record announces none. */
  readonly main: number
}

const u16 = (n: number): number[] => [n & 255, (n >>> 8) & 255]
const u32 = (n: number): number[] => [...u16(n), ...u16(n >>> 16)]

function imageHeader({ length, holeOffset, holeLength, info }: ImageSpec): number[] {
  const stated = info & BKPIMAGE.COMPRESSED && info & BKPIMAGE.HAS_HOLE ? u16(holeLength) : []
  return [...u16(length), ...u16(holeOffset), info, ...stated]
}

function blockHeader({ id, fork, block, relation, willInit, data, image }: BlockSpec): number[] {
  const flags =
    fork |
    (image ? BKPBLOCK.HAS_IMAGE : 0) |
    (data > 0 ? BKPBLOCK.HAS_DATA : 0) |
    (willInit ? BKPBLOCK.WILL_INIT : 0) |
    (relation ? 0 : BKPBLOCK.SAME_REL)
  return [
    ...[id, flags, ...u16(data)],
    ...(image ? imageHeader(image) : []),
    ...(relation ? relation.flatMap(u32) : []),
    ...u32(block),
  ]
}

/** The bytes of a record. */
export function recordFrom({ blocks, origin, toplevelXid, main }: RecordSpec): Uint8Array {
  const announced = [
    ...blocks.flatMap(blockHeader),
    ...(origin === undefined ? [] : [253, ...u16(origin)]),
    ...(toplevelXid === undefined ? [] : [252, ...u32(toplevelXid)]),
    ...(main === 0 ? [] : main < 256 ? [255, main] : [254, ...u32(main)]),
  ]
  const payload = blocks.reduce((sum, { data, image }) => sum + data + (image?.length ?? 0), main)
  const record = new Uint8Array(XLogRecord.size + announced.length + payload)
  XLogRecord.write(record, 0, {
    xl_tot_len: record.length,
    xl_xid: 762,
    xl_prev: 0x8ee8b0n,
    xl_info: 0,
    xl_rmid: 10,
    xl_crc: 0,
  })
  record.set(announced, XLogRecord.size)
  const start = XLogRecord.size + announced.length
  for (let i = 0; i < payload; i++) record[start + i] = i % 29 // 0 to 28: each could be a block's id
  viewOf(record).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
  return record
}

const small = fc.integer({ min: 16384, max: 99999 })
export const relation = fc.tuple(fc.constantFrom(1663, 16999), fc.constantFrom(5, 1, 16386), small)

export const plainBlock: fc.Arbitrary<BlockSpec> = fc.record({
  id: fc.constant(0),
  fork: fc.constant(0),
  block: fc.nat({ max: 200 }),
  relation,
  willInit: fc.boolean(),
  data: fc.nat({ max: 40 }),
})

/** An image of a page with little on it: as it is, without its hole, or compressed. */
export const image: fc.Arbitrary<ImageSpec> = fc
  .tuple(
    fc.constantFrom('hole', 'hole, compressed', 'compressed'),
    fc.integer({ min: 24, max: 60 }),
    fc.nat(),
  )
  .map(([kind, length, n]) => {
    const holeOffset = kind === 'compressed' ? 0 : 24 + (n % (length - 23))
    const compressed = kind === 'hole' ? 0 : [4, 8, 16][n % 3]
    const holeLength = kind === 'hole' ? 8192 - length : kind === 'compressed' ? 0 : 8192 - 2 * length
    const info = (holeLength > 0 ? BKPIMAGE.HAS_HOLE : 0) | BKPIMAGE.APPLY | compressed
    return { length, holeOffset, holeLength, info }
  })
