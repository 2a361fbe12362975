// A record's bytes, put together the way PostgreSQL does (xloginsert.c, XLogRecordAssemble):
//
//   XLogRecord 24 │ block headers … │ main data header │ images and data, block by block │ main data
//
// xl_prev and xl_crc stay zero: they are known only when the record gets its place in the log (wal/writer.ts).

import { viewOf } from '../bytes/layout.js'
import { BLCKSZ } from '../format/controlFile.js'
import { PAGE_HEADER_SIZE } from '../format/page.js'
import type { RelFileLocator } from '../format/relationPath.js'
import {
  BKPBLOCK,
  BKPIMAGE,
  FRAGMENT,
  XLogRecord,
  XLogRecordBlockHeader,
  XLogRecordBlockImageHeader,
} from '../format/walRecord.js'

/** One page that a new record touches (XLogRegisterBuffer). */
export interface NewBlock extends RelFileLocator {
  /** Block references stand in ascending order; by default the place in the list. */
  readonly id?: number
  readonly fork: number
  readonly block: number
  /** Redo makes the page from nothing (REGBUF_WILL_INIT). */
  readonly willInit?: boolean
  /**
   * The page as it is after the change: goes into the record whole, its hole left out. With an image the data are not
   * needed and stay away.
   */
  readonly image?: Uint8Array
  /** What redo needs to repeat the change (XLogRegisterBufData). */
  readonly data?: Uint8Array
}

export interface NewRecord {
  readonly rmid: number
  /** The resource manager's operation; its low four bits are the log's own. */
  readonly info: number
  readonly xid?: number
  readonly main?: Uint8Array
  readonly blocks?: readonly NewBlock[]
}

const LOCATOR_SIZE = 12
const NO_BYTES = new Uint8Array(0)

/** The bytes of a record, without xl_prev and xl_crc. */
export function assembleRecord({ rmid, info, xid = 0, main = NO_BYTES, blocks = [] }: NewRecord): Uint8Array {
  const parts = blocks.map((block, i) => blockParts(block, i, blocks[i - 1]))
  const mainHeader = main.length === 0 ? 0 : main.length < 256 ? 2 : 5
  let length = XLogRecord.size + mainHeader + main.length
  for (const { header, payload } of parts) {
    length += header.length
    for (const piece of payload) length += piece.length
  }
  const record = new Uint8Array(length)
  const header = { xl_tot_len: length, xl_xid: xid, xl_prev: 0n, xl_info: info, xl_rmid: rmid, xl_crc: 0 }
  XLogRecord.write(record, 0, header)
  let at = XLogRecord.size
  const put = (bytes: Uint8Array): void => {
    record.set(bytes, at)
    at += bytes.length
  }
  for (const { header: blockHeader } of parts) put(blockHeader)
  if (mainHeader === 2) put(Uint8Array.of(FRAGMENT.DATA_SHORT, main.length))
  if (mainHeader === 5) {
    record[at] = FRAGMENT.DATA_LONG
    viewOf(record).setUint32(at + 1, main.length, true)
    at += 5
  }
  for (const { payload } of parts) payload.forEach(put)
  put(main)
  return record
}

function blockParts(
  block: NewBlock,
  place: number,
  before: NewBlock | undefined,
): { header: Uint8Array; payload: readonly Uint8Array[] } {
  const sameRelation =
    before !== undefined &&
    before.relNumber === block.relNumber &&
    before.dbOid === block.dbOid &&
    before.spcOid === block.spcOid
  const image = block.image && imageParts(block.image)
  const data = image || !block.data ? NO_BYTES : block.data
  const flags =
    block.fork |
    (image ? BKPBLOCK.HAS_IMAGE : 0) |
    (data.length > 0 ? BKPBLOCK.HAS_DATA : 0) |
    (block.willInit ? BKPBLOCK.WILL_INIT : 0) |
    (sameRelation ? BKPBLOCK.SAME_REL : 0)
  const imageSize = image ? XLogRecordBlockImageHeader.size : 0
  const header = new Uint8Array(
    XLogRecordBlockHeader.size + imageSize + (sameRelation ? 0 : LOCATOR_SIZE) + 4,
  )
  const view = viewOf(header)
  XLogRecordBlockHeader.writeView(view, 0, {
    id: block.id ?? place,
    fork_flags: flags,
    data_length: data.length,
  })
  if (image) XLogRecordBlockImageHeader.writeView(view, XLogRecordBlockHeader.size, image.header)
  let at = XLogRecordBlockHeader.size + imageSize
  if (!sameRelation) {
    for (const oid of [block.spcOid, block.dbOid, block.relNumber]) {
      view.setUint32(at, oid, true)
      at += 4
    }
  }
  view.setUint32(at, block.block, true)
  return { header, payload: image ? image.pieces : [data] }
}

/** An image without the unused bytes in the page's middle, between pd_lower and pd_upper (REGBUF_STANDARD). */
function imageParts(page: Uint8Array): {
  header: { length: number; hole_offset: number; bimg_info: number }
  pieces: readonly Uint8Array[]
} {
  const view = viewOf(page)
  const lower = view.getUint16(12, true)
  const upper = view.getUint16(14, true)
  const hasHole = lower >= PAGE_HEADER_SIZE && upper > lower && upper <= BLCKSZ
  if (!hasHole)
    return { header: { length: BLCKSZ, hole_offset: 0, bimg_info: BKPIMAGE.APPLY }, pieces: [page] }
  return {
    header: {
      length: BLCKSZ - (upper - lower),
      hole_offset: lower,
      bimg_info: BKPIMAGE.APPLY | BKPIMAGE.HAS_HOLE,
    },
    pieces: [page.subarray(0, lower), page.subarray(upper)],
  }
}
