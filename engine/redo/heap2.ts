// Resource manager 9, Heap2: what tables do besides, in the second set of operation codes (heapam_xlog.c, heap2_redo).

import {
  HEAP_BLKREF_VM,
  xl_heap_lock_updated,
  xl_heap_multi_insert,
  xl_multi_insert_tuple,
  XLH_INSERT,
  XLH_LOCK,
  XLOG_HEAP2,
  XLOG_HEAP_INIT_PAGE,
  XLOG_HEAP_OPMASK,
} from '../format/heapRecords.js'
import { HEAP_TUPLE_HEADER_SIZE } from '../format/heapTuple.js'
import { copyBytes } from '../format/page.js'
import { VISIBILITYMAP } from '../format/visibilityMap.js'
import type { WalRecord } from '../wal/record.js'
import { needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { redoPrune } from './heapPrune.js'
import { redoRewrite } from './heapRewrite.js'
import { addHeapTuple, changeXmax, readHeapBlock, setAllVisible, tupleAt } from './heapTuples.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'
import { clearVisibility, redoVisible } from './visibilityMap.js'

const LOCK = xl_heap_lock_updated.at
const MULTI = xl_heap_multi_insert.at
const TUPLE = xl_multi_insert_tuple.at
const TUPLE_SIZE = xl_multi_insert_tuple.size

export const heap2: ResourceManager = {
  id: 9,
  name: 'Heap2',
  identify: namesByInfo(
    {
      [XLOG_HEAP2.REWRITE]: 'REWRITE',
      [XLOG_HEAP2.PRUNE_ON_ACCESS]: 'PRUNE_ON_ACCESS',
      [XLOG_HEAP2.PRUNE_VACUUM_SCAN]: 'PRUNE_VACUUM_SCAN',
      [XLOG_HEAP2.PRUNE_VACUUM_CLEANUP]: 'PRUNE_VACUUM_CLEANUP',
      [XLOG_HEAP2.VISIBLE]: 'VISIBLE',
      [XLOG_HEAP2.MULTI_INSERT]: 'MULTI_INSERT',
      [XLOG_HEAP2.LOCK_UPDATED]: 'LOCK_UPDATED',
      [XLOG_HEAP2.NEW_CID]: 'NEW_CID',
    },
    [XLOG_HEAP2.MULTI_INSERT],
  ),
  redo(record, context) {
    switch (record.xl_info & XLOG_HEAP_OPMASK) {
      case XLOG_HEAP2.PRUNE_ON_ACCESS:
      case XLOG_HEAP2.PRUNE_VACUUM_SCAN:
      case XLOG_HEAP2.PRUNE_VACUUM_CLEANUP:
        return redoPrune(record, context)
      case XLOG_HEAP2.VISIBLE:
        return redoVisible(record, context)
      case XLOG_HEAP2.MULTI_INSERT:
        return redoMultiInsert(record, context)
      case XLOG_HEAP2.LOCK_UPDATED:
        return redoLockUpdated(record, context)
      case XLOG_HEAP2.REWRITE:
        return redoRewrite(record, context)
      case XLOG_HEAP2.NEW_CID: // for logical decoding
        return
      default:
        throw malformed(record, `heap2_redo: unknown op code ${record.info}`)
    }
  },
}

/** Several rows on one page, from COPY or from a catalog: each announced by its length and header. */
function redoMultiInsert(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_multi_insert.size)
  const { view, mainAt } = record
  const flags = view.getUint8(mainAt + MULTI.flags)
  const ntuples = view.getUint16(mainAt + MULTI.ntuples, true)
  const fromNothing = (record.xl_info & XLOG_HEAP_INIT_PAGE) !== 0
  const offsetsAt = mainAt + xl_heap_multi_insert.size
  if (!fromNothing) needMain(record, xl_heap_multi_insert.size + 2 * ntuples)
  if (flags & XLH_INSERT.ALL_VISIBLE_CLEARED)
    clearVisibility(context, record, needBlock(record, 0), HEAP_BLKREF_VM, VISIBILITYMAP.VALID_BITS)
  const block = readHeapBlock(context, record)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  const end = ref.dataAt + ref.dataLength
  let at = ref.dataAt
  for (let i = 0; i < ntuples; i++) {
    const offnum = fromNothing ? i + 1 : view.getUint16(offsetsAt + 2 * i, true)
    at += (at - ref.dataAt) & 1 // each begins on an even byte of the data
    const size = at + TUPLE_SIZE <= end ? view.getUint16(at + TUPLE.datalen, true) : Infinity
    if (at + TUPLE_SIZE + size > end) throw malformed(record, 'total tuple length mismatch')
    const tuple = addHeapTuple(record, page, offnum, at + TUPLE.t_infomask2, size, 0)
    copyBytes(record.bytes, at + TUPLE_SIZE, size, page.bytes, tuple + HEAP_TUPLE_HEADER_SIZE)
    at += TUPLE_SIZE + size
  }
  if (at !== end) throw malformed(record, 'total tuple length mismatch')
  if (flags & XLH_INSERT.ALL_VISIBLE_CLEARED) setAllVisible(page, false)
  if (flags & XLH_INSERT.ALL_FROZEN_SET) setAllVisible(page, true) // the map's bits follow in a VISIBLE record
  stamp(context, record, page)
}

/** A lock on a later version of a row; unlike Heap/LOCK it keeps the way to the next version and the command. */
function redoLockUpdated(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_lock_updated.size)
  const { view, mainAt } = record
  if (view.getUint8(mainAt + LOCK.flags) & XLH_LOCK.ALL_FROZEN_CLEARED)
    clearVisibility(context, record, needBlock(record, 0), HEAP_BLKREF_VM, VISIBILITYMAP.ALL_FROZEN)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { page } = block
  const at = tupleAt(record, page, view.getUint16(mainAt + LOCK.offnum, true))
  changeXmax(
    page.view,
    at,
    view.getUint32(mainAt + LOCK.xmax, true),
    view.getUint8(mainAt + LOCK.infobits_set),
  )
  stamp(context, record, page)
}
