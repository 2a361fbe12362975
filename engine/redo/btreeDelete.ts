// Index tuples go: one by one from a leaf, and at last the empty leaf itself (access/nbtree/nbtxlog.c).
//
// A page leaves the tree in two steps. First its parent forgets it: the leaf is half dead, no search comes down to it,
// and its high key only remembers the top of the branch that goes. Then, page by page from the top of that branch
// down, neighbours are linked past it, and what remains is a tombstone with the xid after which it may be used again.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  BTP,
  btpoFlags,
  initBtreePage,
  P_NONE,
  PAGE_CONTENTS_AT,
  setBtpoCycleid,
  setBtpoFlags,
  setBtpoNext,
  setBtpoPrev,
} from '../format/btreePage.js'
import {
  BTREE_RECORD_SIZE,
  xl_btree_delete,
  xl_btree_vacuum,
  xl_btree_mark_page_halfdead,
  xl_btree_unlink_page,
} from '../format/btreeRecords.js'
import { setTidBlock, tidBlock } from '../format/indexTuple.js'
import { deleteIndexItem, setPdLower } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import { buildHalfDeadLeaf, needBtreePage, restoreMeta, tupleAt } from './btreePages.js'
import { shortenPostings } from './btreePosting.js'
import type { RedoContext } from './context.js'
import { needData, needMain } from './contradiction.js'
import { deleteItems } from './indexItems.js'

/** Redoes DELETE (an insertion that made room) and VACUUM, which also forgets the page's vacuum cycle. */
export function redoDelete(record: WalRecord, context: RedoContext, isVacuum: boolean): void {
  needMain(record, isVacuum ? BTREE_RECORD_SIZE.vacuum : BTREE_RECORD_SIZE.delete)
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needBtreePage(record, page)
  const at = isVacuum ? xl_btree_vacuum.at : xl_btree_delete.at
  const deleted = record.view.getUint16(record.mainAt + at.ndeleted, true)
  const updated = record.view.getUint16(record.mainAt + at.nupdated, true)
  needData(record, ref, (deleted + updated) * 2)
  if (updated > 0) shortenPostings(record, ref, page, ref.dataAt + deleted * 2, updated)
  deleteItems(record, page, ref.dataAt, deleted)
  if (isVacuum) setBtpoCycleid(page, 0)
  setBtpoFlags(page, btpoFlags(page) & ~BTP.HAS_GARBAGE)
  stamp(context, record, page)
}

/** Redoes MARK_PAGE_HALFDEAD (btree_xlog_mark_page_halfdead). */
export function redoMarkHalfDead(record: WalRecord, context: RedoContext): void {
  needMain(record, BTREE_RECORD_SIZE.markPageHalfDead)
  const logged = xl_btree_mark_page_halfdead.readView(record.view, record.mainAt)
  const { outcome, page } = readBlockForRedo(context, record, 1)
  if (outcome === 'needsRedo') {
    // The item left of the gap takes over its right neighbour's downlink; its own key stays and covers both.
    const from = tupleAt(record, page, logged.poffset + 1)
    setTidBlock(page.view, tupleAt(record, page, logged.poffset), tidBlock(page.view, from))
    deleteIndexItem(page, logged.poffset + 1)
    stamp(context, record, page)
  }
  const { leftblk, rightblk, topparent } = logged
  buildHalfDeadLeaf(record, context, 0, { left: leftblk, right: rightblk, topParent: topparent })
}

/** Redoes UNLINK_PAGE and UNLINK_PAGE_META (btree_xlog_unlink_page). */
export function redoUnlink(record: WalRecord, context: RedoContext, withMeta: boolean): void {
  needMain(record, BTREE_RECORD_SIZE.unlinkPage)
  const { view, mainAt } = record
  const at = xl_btree_unlink_page.at
  const left = view.getUint32(mainAt + at.leftsib, true)
  const right = view.getUint32(mainAt + at.rightsib, true)
  if (left !== P_NONE) relink(record, context, 1, (page) => setBtpoNext(page, right))
  buildDeletedPage(record, context, left, right)
  relink(record, context, 2, (page) => setBtpoPrev(page, left))
  if (record.block(3)) {
    buildHalfDeadLeaf(record, context, 3, {
      left: view.getUint32(mainAt + at.leafleftsib, true),
      right: view.getUint32(mainAt + at.leafrightsib, true),
      topParent: view.getUint32(mainAt + at.leaftopparent, true),
    })
  }
  if (withMeta) restoreMeta(record, context, 4)
}

function relink(
  record: WalRecord,
  context: RedoContext,
  id: number,
  change: (page: BufferedPage) => void,
): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needBtreePage(record, page)
  change(page)
  stamp(context, record, page)
}

/** Block 0 becomes the tombstone: no items, and where they began the xid that guards it (BTPageSetDeleted). */
function buildDeletedPage(record: WalRecord, context: RedoContext, left: number, right: number): void {
  const { page } = initBlockForRedo(context, record, 0)
  const at = xl_btree_unlink_page.at
  const level = record.view.getUint32(record.mainAt + at.level, true)
  const leaf = level === 0 ? BTP.LEAF : 0
  initBtreePage(page, left, right, level, BTP.DELETED | BTP.HAS_FULLXID | leaf)
  const safexid = record.mainAt + at.safexid
  page.bytes.set(record.bytes.subarray(safexid, safexid + 8), PAGE_CONTENTS_AT)
  setPdLower(page, PAGE_CONTENTS_AT + 8)
  stamp(context, record, page)
}
