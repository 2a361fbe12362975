// What several heap records do to a row: find it, give it another xmax, put a new one on the page
// (access/heap/heapam_xlog.c). Positions are bytes of the page; fields are read and written where they lie.

import type { BufferedPage } from '../buffers/relationFork.js'
import { xl_heap_header, XLHL, XLOG_HEAP_INIT_PAGE } from '../format/heapRecords.js'
import { HEAP, HEAP2, HEAP_MOVED, HEAP_TUPLE_HEADER_SIZE, HEAP_XMAX_BITS } from '../format/heapTuple.js'
import { HeapTupleHeaderData, MAX_HEAP_TUPLES_PER_PAGE, setItemPointer } from '../format/heapTuple.js'
import { initPage, itemId, LP, lpFlags, lpLength, lpOffset, maxOffset, PD } from '../format/page.js'
import { pdFlags, reserveItem, setPdFlags } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, type BlockOutcome } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction } from './contradiction.js'

const { t_xmin, t_xmax, t_cid, t_ctid, t_infomask2, t_infomask, t_hoff } = HeapTupleHeaderData.at
const HEADER = xl_heap_header.at

/** Block 0 as a record that adds rows wants it: made anew when the record says so, else as it is. */
export function readHeapBlock(context: RedoContext, record: WalRecord): BlockOutcome {
  if (!(record.xl_info & XLOG_HEAP_INIT_PAGE)) return readBlockForRedo(context, record, 0)
  const block = initBlockForRedo(context, record, 0)
  if (block.outcome === 'needsRedo') initPage(block.page, 0)
  return block
}

/** First byte of the tuple at `offnum`. @throws CorruptData when there is none ("invalid lp"). */
export function tupleAt(record: WalRecord, page: BufferedPage, offnum: number): number {
  if (offnum < 1 || offnum > maxOffset(page)) throw contradiction(record, page, `invalid lp ${offnum}`)
  const id = itemId(page, offnum)
  if (lpFlags(id) !== LP.NORMAL) throw contradiction(record, page, `invalid lp ${offnum}`)
  const at = lpOffset(id)
  const length = lpLength(id)
  if (length < HEAP_TUPLE_HEADER_SIZE || at + length > page.bytes.length)
    throw contradiction(record, page, `lp ${offnum} leads out of the page`)
  return at
}

/** Gives the tuple at byte `at` another xmax, with the bits that tell what kind it is (fix_infomask_from_infobits). */
export function changeXmax(view: DataView, at: number, xmax: number, infobits: number): void {
  let mask = view.getUint16(at + t_infomask, true) & ~(HEAP_XMAX_BITS | HEAP_MOVED)
  let mask2 = view.getUint16(at + t_infomask2, true) & ~HEAP2.KEYS_UPDATED
  if (infobits & XLHL.XMAX_IS_MULTI) mask |= HEAP.XMAX_IS_MULTI
  if (infobits & XLHL.XMAX_LOCK_ONLY) mask |= HEAP.XMAX_LOCK_ONLY
  if (infobits & XLHL.XMAX_EXCL_LOCK) mask |= HEAP.XMAX_EXCL_LOCK
  if (infobits & XLHL.XMAX_KEYSHR_LOCK) mask |= HEAP.XMAX_KEYSHR_LOCK
  if (infobits & XLHL.KEYS_UPDATED) mask2 |= HEAP2.KEYS_UPDATED
  view.setUint16(at + t_infomask, mask, true)
  view.setUint16(at + t_infomask2, mask2, true)
  view.setUint32(at + t_xmax, xmax, true)
}

/** The command that deleted or locked the tuple does not matter after a crash: 0 (HeapTupleHeaderSetCmax). */
export function clearCommand(view: DataView, at: number): void {
  view.setUint32(at + t_cid, 0, true)
  view.setUint16(at + t_infomask, view.getUint16(at + t_infomask, true) & ~HEAP.COMBOCID, true)
}

export function setHotUpdated(view: DataView, at: number, hot: boolean): void {
  const mask2 = view.getUint16(at + t_infomask2, true)
  view.setUint16(at + t_infomask2, hot ? mask2 | HEAP2.HOT_UPDATED : mask2 & ~HEAP2.HOT_UPDATED, true)
}

export function setCtid(view: DataView, at: number, block: number, offnum: number): void {
  setItemPointer(view, at + t_ctid, block, offnum)
}

/**
 * Puts a new tuple at `offnum` and writes its header; the caller copies the `size` bytes that follow the header's 23.
 * `headerAt`: where the record keeps t_infomask2, t_infomask and t_hoff. Returns the tuple's first byte.
 * @throws CorruptData when the page has no place for it.
 */
export function addHeapTuple(
  record: WalRecord,
  page: BufferedPage,
  offnum: number,
  headerAt: number,
  size: number,
  xmax: number,
): number {
  if (offnum > maxOffset(page) + 1)
    throw contradiction(record, page, `invalid max offset number before lp ${offnum}`)
  const room = offnum <= MAX_HEAP_TUPLES_PER_PAGE
  const at = room ? reserveItem(page, HEAP_TUPLE_HEADER_SIZE + size, offnum, true) : 0
  if (at === 0) throw contradiction(record, page, `failed to add tuple at lp ${offnum}`)
  const { view } = page
  view.setUint32(at + t_xmin, record.xl_xid, true)
  view.setUint32(at + t_xmax, xmax, true)
  view.setUint32(at + t_cid, 0, true)
  setItemPointer(view, at + t_ctid, page.block, offnum)
  view.setUint16(at + t_infomask2, record.view.getUint16(headerAt + HEADER.t_infomask2, true), true)
  const mask = record.view.getUint16(headerAt + HEADER.t_infomask, true)
  view.setUint16(at + t_infomask, mask & ~HEAP.COMBOCID, true)
  view.setUint8(at + t_hoff, record.view.getUint8(headerAt + HEADER.t_hoff))
  return at
}

/** PD_ALL_VISIBLE goes together with the page's bit in the visibility map. */
export function setAllVisible(page: BufferedPage, visible: boolean): void {
  const others = pdFlags(page) & ~PD.ALL_VISIBLE
  setPdFlags(page, visible ? others | PD.ALL_VISIBLE : others)
}
