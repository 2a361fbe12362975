// Takes a record apart: which blocks it touches, where their images and data lie, where the main data is
// (xlogreader.c, DecodeXLogRecord). Every announced length must add up to the record's own.

import { BKPBLOCK, BKPIMAGE, FRAGMENT, XLogRecord } from '../format/walRecord.js'
import { BLCKSZ } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { BlockRef, type BlockImage, type WalRecord } from './record.js'

/**
 * Fills in blocks, main data, origin and top-level transaction of a record whose CRC is right.
 * Returns undefined, or PostgreSQL's sentence for what does not fit.
 */
export function decodeRecord(record: WalRecord): string | undefined {
  const { view } = record
  const end = record.at + record.xl_tot_len
  let at = record.at + XLogRecord.size
  let announced = 0
  let lastBlock = -1
  let blocks: BlockRef[] | undefined
  const where = (): string => formatLsn(record.lsn)
  const short = (): string => `record with invalid length at ${where()}`

  while (end - at > announced) {
    const id = view.getUint8(at++)
    if (id === FRAGMENT.DATA_SHORT || id === FRAGMENT.DATA_LONG) {
      const size = id === FRAGMENT.DATA_SHORT ? 1 : 4
      if (end - at < size) return short()
      record.mainLength = size === 1 ? view.getUint8(at) : view.getUint32(at, true)
      at += size
      announced += record.mainLength
      break // the main data's header is always the last
    } else if (id === FRAGMENT.ORIGIN) {
      if (end - at < 2) return short()
      record.origin = view.getUint16(at, true)
      at += 2
    } else if (id === FRAGMENT.TOPLEVEL_XID) {
      if (end - at < 4) return short()
      record.toplevelXid = view.getUint32(at, true)
      at += 4
    } else if (id <= FRAGMENT.MAX_BLOCK_ID) {
      if (id <= lastBlock) return `out-of-order block_id ${id} at ${where()}`
      lastBlock = id
      if (end - at < 3) return short()
      const flags = view.getUint8(at)
      const dataLength = view.getUint16(at + 1, true)
      at += 3
      const hasData = (flags & BKPBLOCK.HAS_DATA) !== 0
      if (hasData && dataLength === 0) return `BKPBLOCK_HAS_DATA set, but no data included at ${where()}`
      if (!hasData && dataLength !== 0)
        return `BKPBLOCK_HAS_DATA not set, but data length is ${dataLength} at ${where()}`
      let image: BlockImage | undefined
      if (flags & BKPBLOCK.HAS_IMAGE) {
        if (end - at < 7) return short()
        const length = view.getUint16(at, true)
        const hole_offset = view.getUint16(at + 2, true)
        const bimg_info = view.getUint8(at + 4)
        at += 5
        let hole_length = BLCKSZ - length
        if (bimg_info & BKPIMAGE.COMPRESSED) {
          hole_length = bimg_info & BKPIMAGE.HAS_HOLE ? view.getUint16(at, true) : 0
          if (bimg_info & BKPIMAGE.HAS_HOLE) at += 2
        }
        const wrong = checkImage(length, hole_offset, hole_length, bimg_info)
        if (wrong) return `${wrong} at ${where()}`
        image = { at: 0, length, hole_offset, hole_length, bimg_info }
        announced += length
      }
      const locatorSize = flags & BKPBLOCK.SAME_REL ? 0 : 12
      if (end - at < locatorSize + 4) return short()
      const previous: BlockRef | undefined = blocks?.[blocks.length - 1]
      if (locatorSize === 0 && !previous) return `BKPBLOCK_SAME_REL set but no previous rel at ${where()}`
      const ref =
        locatorSize === 0 && previous
          ? new BlockRef(id, flags, previous.spcOid, previous.dbOid, previous.relNumber, view.getUint32(at, true))
          : new BlockRef(
              id,
              flags,
              view.getUint32(at, true),
              view.getUint32(at + 4, true),
              view.getUint32(at + 8, true),
              view.getUint32(at + 12, true),
            )
      at += locatorSize + 4
      ref.dataLength = dataLength
      ref.image = image
      announced += dataLength
      if (blocks) blocks.push(ref)
      else blocks = [ref]
    } else return `invalid block_id ${id} at ${where()}`
  }
  if (end - at !== announced) return short()

  // The payloads follow in the same order.
  if (blocks) {
    record.blocks = blocks
    for (const ref of blocks) {
      if (ref.image) {
        ref.image = { ...ref.image, at }
        at += ref.image.length
      }
      ref.dataAt = at
      at += ref.dataLength
    }
  }
  record.mainAt = at
  return undefined
}

function checkImage(length: number, holeOffset: number, holeLength: number, info: number): string | undefined {
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
