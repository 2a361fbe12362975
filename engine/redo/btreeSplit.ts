// A page of a btree is full: the upper part of its items moves to a new page on its right (btree_xlog_split).
//
//   before   … ◄─► │ left: a b c d e f │ ◄─► next          the record has: the right page's items, all of them;
//   after    … ◄─► │ left: a b c │ ◄─► │ right: d e f │ ◄─► next     the left page's new high key;
//                                                                    the new tuple, if it went left
//
// The right page is built from the record. The left page is built anew from its own old items, in order. Until the
// parent gets a downlink to the right page the left one carries INCOMPLETE_SPLIT.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  BTP,
  firstDataKey,
  initBtreePage,
  P_NONE,
  setBtpoCycleid,
  BTREE_SPECIAL_AT,
  BTPageOpaqueData,
  setBtpoFlags,
  setBtpoNext,
  setBtpoPrev,
} from '../format/btreePage.js'
import { BTREE_RECORD_SIZE, xl_btree_split } from '../format/btreeRecords.js'
import { addItem, initPage, itemId, lpLength, maxOffset, pageOf } from '../format/page.js'
import { needBlock, initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { alignedTupleSize, clearIncompleteSplit, needBtreePage, restoreItems, tupleAt } from './btreePages.js'
import { loadNewTuple, splitPosting } from './btreePosting.js'
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

/** Builds the left page anew; block 0's data has the new tuple, if it is needed here, and then the new high key. */
function rebuildLeft(record: WalRecord, ref: BlockRef, page: BufferedPage, newItemOnLeft: boolean): void {
  const { view, mainAt } = record
  const firstRight = view.getUint16(mainAt + at.firstrightoff, true)
  const newItemOff = view.getUint16(mainAt + at.newitemoff, true)
  const postingOff = view.getUint16(mainAt + at.postingoff, true)
  const end = ref.dataAt + ref.dataLength
  const newItemSize = newItemOnLeft || postingOff !== 0 ? alignedTupleSize(record, ref.dataAt, end) : 0
  const highKeyAt = ref.dataAt + newItemSize
  const highKeySize = alignedTupleSize(record, highKeyAt, end)
  if (highKeyAt + highKeySize !== end)
    throw malformed(record, 'the data of block 0 goes on after the high key')
  needBtreePage(record, page)
  const newItem = loadNewTuple(record, ref.dataAt, newItemSize)
  // The old page will be overwritten in a moment: its posting list may change where it stands.
  if (postingOff !== 0) splitPosting(record, page, newItemOff - 1, postingOff)

  initPage(aside, BTPageOpaqueData.size)
  aside.bytes.set(page.bytes.subarray(BTREE_SPECIAL_AT), BTREE_SPECIAL_AT)
  append(record, page, record.bytes, highKeyAt, highKeySize)
  let off = firstDataKey(page)
  for (; off < firstRight; off++) {
    if (newItemOnLeft && off === newItemOff) append(record, page, newItem.bytes, 0, newItemSize)
    append(record, page, page.bytes, tupleAt(record, page, off), lpLength(itemId(page, off)))
  }
  if (newItemOnLeft && off === newItemOff) append(record, page, newItem.bytes, 0, newItemSize)
  page.bytes.set(aside.bytes)
}

function append(record: WalRecord, page: BufferedPage, source: Uint8Array, from: number, size: number): void {
  if (!addItem(aside, source, from, size, maxOffset(aside) + 1, false))
    throw contradiction(record, page, 'failed to add an item to the left page after split')
}
