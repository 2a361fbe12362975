// Pieces that several btree records share: a page filled from the record, the meta page, the flag of an unfinished
// split, a leaf that is on its way out (access/nbtree/nbtxlog.c).

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  BTREE_METAPAGE,
  BTREE_MAGIC,
  BTP,
  btpoFlags,
  hasBtreeSpecial,
  initBtreePage,
  P_HIKEY,
  setBtpoFlags,
  writeBtreeMeta,
  type BTMetaPageData,
} from '../format/btreePage.js'
import { BTREE_RECORD_SIZE, xl_btree_metadata } from '../format/btreeRecords.js'
import { INDEX_INFO, INDEX_TUPLE_HEADER_SIZE, indexTupleSize } from '../format/indexTuple.js'
import {
  addItem,
  itemId,
  LP,
  lpLength,
  lpOffset,
  maxOffset,
  PAGE_HEADER_SIZE,
  pdSpecial,
  setItemId,
  setPdLower,
  setPdUpper,
} from '../format/page.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData } from './contradiction.js'

/** A page that ought to be one of a btree. @throws CorruptData when its special space is not. */
export function needBtreePage(record: WalRecord, page: BufferedPage): void {
  if (!hasBtreeSpecial(page)) throw contradiction(record, page, 'not a page of a btree index')
}

/** Offset in the page of the index tuple at `offnum`. @throws CorruptData when there is none, or it leaves the page. */
export function tupleAt(record: WalRecord, page: BufferedPage, offnum: number): number {
  if (offnum < 1 || offnum > maxOffset(page)) throw contradiction(record, page, `it has no item ${offnum}`)
  const id = itemId(page, offnum)
  const offset = lpOffset(id)
  if (lpLength(id) < INDEX_TUPLE_HEADER_SIZE || offset + lpLength(id) > pdSpecial(page))
    throw contradiction(record, page, `line pointer ${offnum} leads out of the page`)
  return offset
}

/**
 * Fills an empty page with the tuples of block `ref`'s data, which are another page's upper part as it was: the last
 * item first (_bt_restore_page). So they are copied in one piece, and the line pointers counted down along them.
 */
export function restoreItems(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  const { view } = record
  const end = ref.dataAt + ref.dataLength
  let items = 0
  for (let at = ref.dataAt; at < end; items++) at += alignedTupleSize(record, at, end)
  const upper = pdSpecial(page) - ref.dataLength
  const lower = PAGE_HEADER_SIZE + items * 4
  if (upper < lower) throw contradiction(record, page, 'its items have no room')
  page.bytes.set(record.bytes.subarray(ref.dataAt, end), upper)
  for (let at = ref.dataAt; at < end; items--) {
    const size = (indexTupleSize(view, at) + 7) & ~7
    setItemId(page, items, upper + at - ref.dataAt, LP.NORMAL, size)
    at += size
  }
  setPdLower(page, lower)
  setPdUpper(page, upper)
}

/** Size, rounded up to eight, of the index tuple at `at` in the record, which must end by `end`. */
export function alignedTupleSize(record: WalRecord, at: number, end: number): number {
  const size = at + INDEX_TUPLE_HEADER_SIZE <= end ? (indexTupleSize(record.view, at) + 7) & ~7 : 0
  if (size < INDEX_TUPLE_HEADER_SIZE || at + size > end)
    throw malformed(record, `an index tuple of ${size} bytes does not end with the data around it`)
  return size
}

/** Rebuilds the meta page from block `id`'s data (_bt_restore_meta). */
export function restoreMeta(record: WalRecord, context: RedoContext, id: number): void {
  const { page, ref } = initBlockForRedo(context, record, id)
  needData(record, ref, BTREE_RECORD_SIZE.metadata)
  if (ref.block !== BTREE_METAPAGE) throw malformed(record, `block ${ref.block} is no meta page of a btree`)
  const logged = xl_btree_metadata.readView(record.view, ref.dataAt)
  const contents: BTMetaPageData = {
    btm_magic: BTREE_MAGIC,
    btm_version: logged.version,
    btm_root: logged.root,
    btm_level: logged.level,
    btm_fastroot: logged.fastroot,
    btm_fastlevel: logged.fastlevel,
    btm_last_cleanup_num_delpages: logged.last_cleanup_num_delpages,
    btm_last_cleanup_num_heap_tuples: -1,
    btm_allequalimage: logged.allequalimage,
  }
  initBtreePage(page, 0, 0, 0, BTP.META)
  writeBtreeMeta(page, contents)
  stamp(context, record, page)
}

/** The parent has its new downlink: the split of block `id` is complete (_bt_clear_incomplete_split). */
export function clearIncompleteSplit(record: WalRecord, context: RedoContext, id: number): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needBtreePage(record, page)
  setBtpoFlags(page, btpoFlags(page) & ~BTP.INCOMPLETE_SPLIT)
  stamp(context, record, page)
}

const topParentItem = new Uint8Array(INDEX_TUPLE_HEADER_SIZE)
const topParentView = new DataView(topParentItem.buffer)

/** Writes a leaf that is half dead: no items, and a high key that only names the top of the branch that goes. */
export function buildHalfDeadLeaf(
  record: WalRecord,
  context: RedoContext,
  id: number,
  { left, right, topParent }: { left: number; right: number; topParent: number },
): void {
  const { page } = initBlockForRedo(context, record, id)
  initBtreePage(page, left, right, 0, BTP.HALF_DEAD | BTP.LEAF)
  topParentView.setUint16(0, topParent >>> 16, true)
  topParentView.setUint16(2, topParent & 0xffff, true)
  topParentView.setUint16(6, INDEX_TUPLE_HEADER_SIZE | INDEX_INFO.AM_RESERVED, true)
  addItem(page, topParentItem, 0, INDEX_TUPLE_HEADER_SIZE, P_HIKEY, false)
  stamp(context, record, page)
}
