// Takes a record apart: which blocks it touches, where their images and data lie, where the main data is
// (xlogreader.c, DecodeXLogRecord). Every announced length must add up to the record's own.

import { BKPBLOCK, BKPIMAGE, FRAGMENT, XLogRecord } from '../format/walRecord.js'
import { BLCKSZ } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { BlockRef, type BlockImage, type ReusedRecord, type WalRecord } from './record.js'

/** Where the headers have been read to, and what they announced so far. One record is decoded at a time. */
const cursor = { at: 0, announced: 0, blocks: 0 }

/**
 * Fills in blocks, main data, origin and top-level transaction of a record whose CRC is right.
 * Block references are new objects, or those of `reused`.
 * Returns undefined, or PostgreSQL's sentence for what does not fit. It names this record's own position; PostgreSQL
 * names that of the record it has handed out last, which may be any distance behind, as it reads ahead.
 */
export function decodeRecord(record: WalRecord, reused?: ReusedRecord): string | undefined {
  const { view } = record
  const end = record.at + record.xl_tot_len
  const short = (): string => `record with invalid length at ${formatLsn(record.lsn)}`
  let blocks: BlockRef[] | undefined
  let previous: BlockRef | undefined
  cursor.at = record.at + XLogRecord.size
  cursor.announced = cursor.blocks = 0

  while (end - cursor.at > cursor.announced) {
    const id = view.getUint8(cursor.at++)
    const room = end - cursor.at
    if (id === FRAGMENT.DATA_SHORT || id === FRAGMENT.DATA_LONG) {
      const size = id === FRAGMENT.DATA_SHORT ? 1 : 4
      if (room < size) return short()
      record.mainLength = size === 1 ? view.getUint8(cursor.at) : view.getUint32(cursor.at, true)
      cursor.at += size
      cursor.announced += record.mainLength
      break // the main data's header is always the last
    } else if (id === FRAGMENT.ORIGIN) {
      if (room < 2) return short()
      record.origin = view.getUint16(cursor.at, true)
      cursor.at += 2
    } else if (id === FRAGMENT.TOPLEVEL_XID) {
      if (room < 4) return short()
      record.toplevelXid = view.getUint32(cursor.at, true)
      cursor.at += 4
    } else if (id <= FRAGMENT.MAX_BLOCK_ID) {
      const ref = readBlockHeader(record, end, id, previous, reused)
      if (ref === undefined) return short()
      if (typeof ref === 'string') return `${ref} at ${formatLsn(record.lsn)}`
      if (!reused) (blocks ??= []).push(ref)
      previous = ref
      cursor.blocks++
    } else return `invalid block_id ${id} at ${formatLsn(record.lsn)}`
  }
  if (end - cursor.at !== cursor.announced) return short()
  if (cursor.blocks > 0) record.blocks = blocks ?? reused?.list(cursor.blocks) ?? []
  placePayloads(record)
  return undefined
}

/** One block reference; a sentence for what is wrong in it, undefined when the record is too short for it. */
function readBlockHeader(
  record: WalRecord,
  end: number,
  id: number,
  previous: BlockRef | undefined,
  reused: ReusedRecord | undefined,
): BlockRef | string | undefined {
  const { view } = record
  let at = cursor.at
  if (previous && id <= previous.id) return `out-of-order block_id ${id}`
  if (end - at < 3) return undefined
  const flags = view.getUint8(at)
  const dataLength = view.getUint16(at + 1, true)
  at += 3
  const hasData = (flags & BKPBLOCK.HAS_DATA) !== 0
  if (hasData && dataLength === 0) return 'BKPBLOCK_HAS_DATA set, but no data included'
  if (!hasData && dataLength !== 0) return `BKPBLOCK_HAS_DATA not set, but data length is ${dataLength}`
  let image: BlockImage | undefined
  if (flags & BKPBLOCK.HAS_IMAGE) {
    if (end - at < 5) return undefined
    const length = view.getUint16(at, true)
    const hole_offset = view.getUint16(at + 2, true)
    const bimg_info = view.getUint8(at + 4)
    at += 5
    let hole_length = (BLCKSZ - length) & 0xffff
    if (bimg_info & BKPIMAGE.COMPRESSED) {
      const stated = (bimg_info & BKPIMAGE.HAS_HOLE) !== 0
      if (stated && end - at < 2) return undefined
      hole_length = stated ? view.getUint16(at, true) : 0
      if (stated) at += 2
    }
    const wrong = checkImage(length, hole_offset, hole_length, bimg_info)
    if (wrong) return wrong
    image = { at: 0, length, hole_offset, hole_length, bimg_info }
    cursor.announced += length
  }
  const sameRel = (flags & BKPBLOCK.SAME_REL) !== 0
  if (sameRel && !previous) return 'BKPBLOCK_SAME_REL set but no previous rel'
  if (end - at < (sameRel ? 4 : 16)) return undefined
  const from = sameRel ? previous : undefined
  const spcOid = from ? from.spcOid : view.getUint32(at, true)
  const dbOid = from ? from.dbOid : view.getUint32(at + 4, true)
  const relNumber = from ? from.relNumber : view.getUint32(at + 8, true)
  at += sameRel ? 4 : 16
  const block = view.getUint32(at - 4, true)
  const ref = reused
    ? reused.ref(cursor.blocks, id, flags, spcOid, dbOid, relNumber, block)
    : new BlockRef(id, flags, spcOid, dbOid, relNumber, block)
  ref.dataLength = dataLength
  ref.image = image
  cursor.at = at
  cursor.announced += dataLength
  return ref
}

/** The payloads follow the headers, in the same order: image, data, image, data, …, main data. */
function placePayloads(record: WalRecord): void {
  let at = cursor.at
  const { blocks } = record
  for (let i = 0; i < blocks.length; i++) {
    const ref = blocks[i]
    if (ref.image) {
      ref.image.at = at
      at += ref.image.length
    }
    ref.dataAt = at
    at += ref.dataLength
  }
  record.mainAt = at
}

function checkImage(
  length: number,
  holeOffset: number,
  holeLength: number,
  info: number,
): string | undefined {
  const hole = `hole offset ${holeOffset} length ${holeLength} block image length ${length}`
  const hasHole = (info & BKPIMAGE.HAS_HOLE) !== 0
  const compressed = (info & BKPIMAGE.COMPRESSED) !== 0
  if (hasHole && (holeOffset === 0 || holeLength === 0 || length === BLCKSZ))
    return `BKPIMAGE_HAS_HOLE set, but ${hole}`
  if (!hasHole && (holeOffset !== 0 || holeLength !== 0))
    return `BKPIMAGE_HAS_HOLE not set, but hole offset ${holeOffset} length ${holeLength}`
  if (compressed && length === BLCKSZ) return `BKPIMAGE_COMPRESSED set, but block image length ${length}`
  return undefined
}
