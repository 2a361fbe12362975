// Redo of pruning, vacuuming and freezing: what happens to a heap page without any row changing for anybody
// (heapam_xlog.c, heap_xlog_prune_freeze; pruneheap.c, heap_page_prune_execute).
//
//   block 0 data   [freeze plans] [redirected: from, to …] [now dead …] [now unused …] [offsets of frozen rows …]
//
// Pruning moves tuples together and so needs the page for itself; the second pass of VACUUM only frees line pointers.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  xl_heap_prune,
  XLH_FREEZE,
  xlhp_freeze_plan,
  xlhp_freeze_plans,
  XLHP,
} from '../format/heapRecords.js'
import { HeapTupleHeaderData } from '../format/heapTuple.js'
import { LP, maxOffset, repairFragmentation, setItemId, truncateLinePointers } from '../format/page.js'
import { XID } from '../format/transactionStatus.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needMain } from './contradiction.js'
import { tupleAt } from './heapTuples.js'

const PLAN = xlhp_freeze_plan.at
const { t_xmax, t_cid, t_infomask, t_infomask2 } = HeapTupleHeaderData.at

/** Redoes PRUNE_ON_ACCESS, PRUNE_VACUUM_SCAN and PRUNE_VACUUM_CLEANUP: only their reason differs. */
export function redoPrune(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_prune.size)
  const flags = record.view.getUint8(record.mainAt + xl_heap_prune.at.flags)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  let at = ref.dataAt
  let plans = 0
  const plansAt = at + xlhp_freeze_plans.size
  if (flags & XLHP.HAS_FREEZE_PLANS) {
    plans = count(record, ref, at)
    at = plansAt + plans * xlhp_freeze_plan.size
  }
  if (flags & (XLHP.HAS_REDIRECTIONS | XLHP.HAS_DEAD_ITEMS | XLHP.HAS_NOW_UNUSED_ITEMS)) {
    if (flags & XLHP.HAS_REDIRECTIONS) at = setLinePointers(record, ref, page, at, LP.REDIRECT)
    if (flags & XLHP.HAS_DEAD_ITEMS) at = setLinePointers(record, ref, page, at, LP.DEAD)
    if (flags & XLHP.HAS_NOW_UNUSED_ITEMS) at = setLinePointers(record, ref, page, at, LP.UNUSED)
    if (flags & XLHP.CLEANUP_LOCK) repairFragmentation(page)
    else truncateLinePointers(page)
  }
  for (let plan = plansAt; plans > 0; plans--, plan += xlhp_freeze_plan.size)
    at = freeze(record, ref, page, plan, at)
  if (at !== ref.dataAt + ref.dataLength) throw malformed(record, 'its lists do not fill the data of block 0')
  stamp(context, record, page)
}

/** The number at the head of a list. @throws CorruptData when the list cannot begin here. */
function count(record: WalRecord, ref: BlockRef, at: number): number {
  if (at + 2 > ref.dataAt + ref.dataLength) throw malformed(record, 'a list begins after the data of block 0')
  return record.view.getUint16(at, true)
}

/** An offset number of a list, which the page must have. */
function offsetNumber(record: WalRecord, ref: BlockRef, page: BufferedPage, at: number): number {
  const offnum = count(record, ref, at)
  if (offnum < 1 || offnum > maxOffset(page))
    throw contradiction(record, page, `it has no line pointer ${offnum}`)
  return offnum
}

/** Turns the listed line pointers into what `flags` says, without storage; returns the end of the list. */
function setLinePointers(
  record: WalRecord,
  ref: BlockRef,
  page: BufferedPage,
  list: number,
  flags: number,
): number {
  const step = flags === LP.REDIRECT ? 4 : 2
  let at = list + 2
  for (let left = count(record, ref, list); left > 0; left--, at += step) {
    const target = flags === LP.REDIRECT ? offsetNumber(record, ref, page, at + 2) : 0
    setItemId(page, offsetNumber(record, ref, page, at), target, flags, 0)
  }
  return at
}

/** Applies one plan to its rows, whose offset numbers stand from `at` on; returns the end of them. */
function freeze(record: WalRecord, ref: BlockRef, page: BufferedPage, plan: number, at: number): number {
  if (plan + xlhp_freeze_plan.size > ref.dataAt + ref.dataLength)
    throw malformed(record, 'a freeze plan ends after the data of block 0')
  const { view } = record
  const frzflags = view.getUint8(plan + PLAN.frzflags)
  for (let left = view.getUint16(plan + PLAN.ntuples, true); left > 0; left--, at += 2) {
    const tuple = tupleAt(record, page, offsetNumber(record, ref, page, at))
    page.view.setUint32(tuple + t_xmax, view.getUint32(plan + PLAN.xmax, true), true)
    // t_xvac, of VACUUM FULL before 9.0, shares its place with t_cid.
    if (frzflags & XLH_FREEZE.FREEZE_XVAC) page.view.setUint32(tuple + t_cid, XID.FROZEN, true)
    if (frzflags & XLH_FREEZE.INVALID_XVAC) page.view.setUint32(tuple + t_cid, XID.INVALID, true)
    page.view.setUint16(tuple + t_infomask, view.getUint16(plan + PLAN.t_infomask, true), true)
    page.view.setUint16(tuple + t_infomask2, view.getUint16(plan + PLAN.t_infomask2, true), true)
  }
  return at
}
