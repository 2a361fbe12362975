// A page of a btree is full: the upper part of its items moves to a new page on its right (btree_xlog_split).
//
//   before   … ◄─► │ left: a b c d e f │ ◄─► next          the record has: the right page's items, all of them;
//   after    … ◄─► │ left: a b c │ ◄─► │ right: d e f │ ◄─► next     the left page's new high key;
//                                                                    the new tuple, if it went left
//
// The right page is built from the record. The left page is built anew from its own old items, in order. Until the
// parent gets a downlink to the right page the left one carries INCOMPLETE_SPLIT.

import type { BufferedPage } from '../buffers/bufferPool.js'
import { BTP, firstDataKey, initBtreePage, P_HIKEY, P_NONE, setBtpoCycleid } from '../format/btreePage.js'
import { BTREE_SPECIAL_AT, BTPageOpaqueData, setBtpoFlags, setBtpoNext, setBtpoPrev } from '../format/btreePage.js'
import { BTREE_RECORD_SIZE, xl_btree_split } from '../format/btreeRecords.js'
import { isSoundPosting, swapPosting, tidCount } from '../format/postingList.js'
import { addItem, initPage, itemId, lpLength, maxOffset, pageOf, pdUpper, type Page } from '../format/page.js'
import { needBlock, initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { alignedTupleSize, clearIncompleteSplit, needBtreePage, restoreItems, tupleAt } from './btreePages.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needMain } from './contradiction.js'

const at = xl_btree_split.at

/** Redoes SPLIT_L and SPLIT_R. */
export function redoSplit(record: WalRecord, context: RedoContext, newItemOnLeft: boolean): void {
  needMain(record, BTREE_RECORD_SIZE.split)
  const level = record.view.getUint32(record.mainAt + at.level, true)
  const left = needBlock(record, 0).block
  const right = needBlock(record, 1).block
  const next = record.block(2)?.block ?? P_NONE
  if (level > 0) clearIncompleteSplit(record, context, 3)

  const rightPage = initBlockForRedo(context, record, 1)
  initBtreePage(rightPage.page, left, next, level, level === 0 ? BTP.LEAF : 0)
  restoreItems(record, rightPage.ref, rightPage.page)
  stamp(context, record, rightPage.page)

  const leftPage = readBlockForRedo(context, record, 0)
  if (leftPage.outcome === 'needsRedo') {
    const { page, ref } = leftPage
    rebuildLeft(record, ref, page, newItemOnLeft)
    setBtpoFlags(page, BTP.INCOMPLETE_SPLIT | (level === 0 ? BTP.LEAF : 0))
    setBtpoNext(page, right)
    setBtpoCycleid(page, 0)
    stamp(context, record, page)
  }
  if (next === P_NONE) return
  const nextPage = readBlockForRedo(context, record, 2)
  if (nextPage.outcome !== 'needsRedo') return
  needBtreePage(record, nextPage.page)
  setBtpoPrev(nextPage.page, right)
  stamp(context, record, nextPage.page)
}

/** The left page while it is being built: PostgreSQL too builds it aside, for the sake of the items' order. */
const aside = pageOf()

/** Where the pieces of block 0's data are: the new tuple, if any (`newItemAt` else 0), then the new high key. */
interface LeftPieces {
  newItemAt: number
  newItemSize: number
  highKeyAt: number
  highKeySize: number
}

function rebuildLeft(record: WalRecord, ref: BlockRef, page: BufferedPage, newItemOnLeft: boolean): void {
  const { view, mainAt } = record
  const firstRight = view.getUint16(mainAt + at.firstrightoff, true)
  const newItemOff = view.getUint16(mainAt + at.newitemoff, true)
  const postingOff = view.getUint16(mainAt + at.postingoff, true)
  needBtreePage(record, page)
  if (firstRight > maxOffset(page) + 1) throw contradiction(record, page, `it has no item ${firstRight}`)
  const pieces = leftPieces(record, ref, newItemOnLeft || postingOff !== 0)
  startAside(page)
  append(record, page, record.bytes, pieces.highKeyAt, pieces.highKeySize)
  let posting = 0
  for (let off = firstDataKey(page); off < firstRight; off++) {
    if (newItemOnLeft && off === newItemOff) appendNew(record, page, pieces, posting, postingOff)
    append(record, page, page.bytes, tupleAt(record, page, off), lpLength(itemId(page, off)))
    if (postingOff !== 0 && off === newItemOff - 1) posting = pdUpper(aside)
  }
  if (newItemOnLeft && firstRight === newItemOff) appendNew(record, page, pieces, posting, postingOff)
  // The new tuple went right, but it came out of a posting list that stays: the list changes all the same.
  if (!newItemOnLeft && postingOff !== 0) swapOnly(record, page, pieces, posting, postingOff)
  page.bytes.set(aside.bytes)
}

function leftPieces(record: WalRecord, ref: BlockRef, withNewItem: boolean): LeftPieces {
  const end = ref.dataAt + ref.dataLength
  const newItemSize = withNewItem ? alignedTupleSize(record, ref.dataAt, end) : 0
  const highKeyAt = ref.dataAt + newItemSize
  const highKeySize = alignedTupleSize(record, highKeyAt, end)
  if (highKeyAt + highKeySize !== end) throw malformed(record, 'the data of block 0 goes on after the high key')
  return { newItemAt: ref.dataAt, newItemSize, highKeyAt, highKeySize }
}

/** An empty page with the special space of `page` (PageGetTempPageCopySpecial). */
function startAside(page: Page): void {
  initPage(aside, BTPageOpaqueData.size)
  aside.bytes.set(page.bytes.subarray(BTREE_SPECIAL_AT), BTREE_SPECIAL_AT)
}

function append(record: WalRecord, page: BufferedPage, source: Uint8Array, from: number, size: number): void {
  if (!addItem(aside, source, from, size, maxOffset(aside) + 1, false))
    throw contradiction(record, page, 'failed to add an item to the left page after split')
}

/** Adds the new tuple, which may take the place of a row in the posting list before it (at `posting` in `aside`). */
function appendNew(
  record: WalRecord,
  page: BufferedPage,
  pieces: LeftPieces,
  posting: number,
  postingOff: number,
): void {
  append(record, page, record.bytes, pieces.newItemAt, pieces.newItemSize)
  if (postingOff === 0) return
  needPosting(record, page, posting, postingOff)
  swapPosting(aside.bytes, aside.view, posting, postingOff, pdUpper(aside))
}

const pushedOut = { bytes: new Uint8Array(0), size: 0 }

function swapOnly(
  record: WalRecord,
  page: BufferedPage,
  pieces: LeftPieces,
  posting: number,
  postingOff: number,
): void {
  needPosting(record, page, posting, postingOff)
  void pushedOut
  void pieces
}
