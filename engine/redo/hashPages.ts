// Pieces that several hash records share: sound pages, bits of a bitmap, tuples that arrive and go (hash_xlog.c).

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  HASH_CONTENTS_AT,
  HASH_MAX_BITMAPS,
  HASH_MAX_SPLITPOINTS,
  HASH_SPECIAL_AT,
  hasHashSpecial,
  HashMetaPageData,
  HASHM_MAPP_AT,
  setSpares,
  spares,
} from '../format/hashPage.js'
import { indexTupleSize, INDEX_TUPLE_HEADER_SIZE } from '../format/indexTuple.js'
import { addItem } from '../format/page.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { contradiction, malformed, needData } from './contradiction.js'

const NTUPLES = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_ntuples
const NMAPS = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_nmaps
const OVFLPOINT = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_ovflpoint
const FIRSTFREE = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_firstfree

/** A page that ought to be one of a hash index. @throws CorruptData when its special space is not. */
export function needHashPage(record: WalRecord, page: BufferedPage): void {
  if (!hasHashSpecial(page)) throw contradiction(record, page, 'not a page of a hash index')
}

/** The index has `more` tuples more. */
export function countTuples(page: BufferedPage, more: number): void {
  page.view.setFloat64(NTUPLES, page.view.getFloat64(NTUPLES, true) + more, true)
}

/** Enters a bitmap page into the meta page's list. */
export function addBitmap(record: WalRecord, page: BufferedPage, block: number): void {
  const maps = page.view.getUint32(NMAPS, true)
  if (maps >= HASH_MAX_BITMAPS) throw contradiction(record, page, `it has ${maps} bitmap pages already`)
  page.view.setUint32(HASH_CONTENTS_AT + HASHM_MAPP_AT + maps * 4, block, true)
  page.view.setUint32(NMAPS, maps + 1, true)
}

/** `more` overflow pages more at the current splitpoint. */
export function countSpares(record: WalRecord, page: BufferedPage, more: number): void {
  const point = needSplitpoint(record, page, page.view.getUint32(OVFLPOINT, true))
  setSpares(page, point, spares(page, point) + more)
}

/** @throws CorruptData when the meta page has no such splitpoint. */
export function needSplitpoint(record: WalRecord, page: BufferedPage, point: number): number {
  if (point >= HASH_MAX_SPLITPOINTS) throw contradiction(record, page, `there is no splitpoint ${point}`)
  return point
}

/** The lowest overflow page that may be free, from the data of block `ref`. */
export function setFirstFree(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  page.view.setUint32(FIRSTFREE, dataU32(record, ref), true)
}

/** Sets (used) or clears (free) the bit that block `ref`'s data names. */
export function setBitmapBit(record: WalRecord, ref: BlockRef, page: BufferedPage, used: boolean): void {
  const bit = dataU32(record, ref)
  const at = HASH_CONTENTS_AT + Math.floor(bit / 8)
  if (at >= HASH_SPECIAL_AT) throw contradiction(record, page, `a bitmap has no bit ${bit}`)
  const mask = 1 << (bit % 8)
  page.bytes[at] = used ? page.bytes[at] | mask : page.bytes[at] & ~mask
}

/** The number that is block `ref`'s data. */
export function dataU32(record: WalRecord, ref: BlockRef, at = 0): number {
  needData(record, ref, at + 4)
  return record.view.getUint32(ref.dataAt + at, true)
}

/** Adds the tuples of block `ref`'s data; `count` offset numbers stand before them. */
export function addTuples(record: WalRecord, ref: BlockRef, page: BufferedPage, count: number): void {
  if (count === 0) return
  needData(record, ref, count * 2)
  const end = ref.dataAt + ref.dataLength
  let at = ref.dataAt + count * 2
  for (let i = 0; i < count; i++) {
    const size = at + INDEX_TUPLE_HEADER_SIZE <= end ? (indexTupleSize(record.view, at) + 7) & ~7 : 0
    if (size < INDEX_TUPLE_HEADER_SIZE || at + size > end)
      throw malformed(record, `it has fewer than ${count} tuples for block ${ref.id}`)
    if (!addItem(page, record.bytes, at, size, record.view.getUint16(ref.dataAt + i * 2, true), false))
      throw contradiction(record, page, `failed to add item to hash index page, size ${size} bytes`)
    at += size
  }
  if (at !== end) throw malformed(record, `it has more than ${count} tuples for block ${ref.id}`)
}
