// Resource manager 10, Heap: rows inserted, deleted, updated, locked (access/heap/heapam_xlog.c, heap_redo).
//
// Redo repeats what happened to the page, never the SQL: the record says at which line pointer, redo puts the same bytes
// there. Whether the transaction committed makes no difference; an aborted row is put on the page like any other.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  HEAP_BLKREF_VM,
  HEAP_UPDATE_BLKREF,
  xl_heap_confirm,
  xl_heap_delete,
  xl_heap_header,
  xl_heap_inplace,
  xl_heap_insert,
  xl_heap_lock,
  xl_heap_update,
  XLH_DELETE,
  XLH_INSERT,
  XLH_LOCK,
  XLH_UPDATE,
  XLOG_HEAP,
  XLOG_HEAP_OPMASK,
} from '../format/heapRecords.js'
import { HEAP_TUPLE_HEADER_SIZE, HeapTupleHeaderData, isLockedOnly } from '../format/heapTuple.js'
import { MOVED_PARTITIONS_BLOCK, MOVED_PARTITIONS_OFFSET } from '../format/heapTuple.js'
import { copyBytes, itemId, lpLength, setPrunable } from '../format/page.js'
import { VISIBILITYMAP } from '../format/visibilityMap.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData, needMain } from './contradiction.js'
import { addHeapTuple, changeXmax, clearCommand, readHeapBlock, setAllVisible } from './heapTuples.js'
import { setCtid, setHotUpdated, tupleAt } from './heapTuples.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'
import { clearVisibility, clearVisibilityOfUpdate } from './visibilityMap.js'

const INSERT = xl_heap_insert.at
const DELETE = xl_heap_delete.at
const UPDATE = xl_heap_update.at
const LOCK = xl_heap_lock.at
const { t_xmin, t_xmax, t_infomask, t_hoff } = HeapTupleHeaderData.at
const HEADER_SIZE = xl_heap_header.size

export const heap: ResourceManager = {
  id: 10,
  name: 'Heap',
  identify: namesByInfo(
    {
      [XLOG_HEAP.INSERT]: 'INSERT',
      [XLOG_HEAP.DELETE]: 'DELETE',
      [XLOG_HEAP.UPDATE]: 'UPDATE',
      [XLOG_HEAP.TRUNCATE]: 'TRUNCATE',
      [XLOG_HEAP.HOT_UPDATE]: 'HOT_UPDATE',
      [XLOG_HEAP.CONFIRM]: 'HEAP_CONFIRM',
      [XLOG_HEAP.LOCK]: 'LOCK',
      [XLOG_HEAP.INPLACE]: 'INPLACE',
    },
    [XLOG_HEAP.INSERT, XLOG_HEAP.UPDATE, XLOG_HEAP.HOT_UPDATE],
  ),
  redo(record, context) {
    switch (record.xl_info & XLOG_HEAP_OPMASK) {
      case XLOG_HEAP.INSERT:
        return redoInsert(record, context)
      case XLOG_HEAP.DELETE:
        return redoDelete(record, context)
      case XLOG_HEAP.UPDATE:
        return redoUpdate(record, context, false)
      case XLOG_HEAP.HOT_UPDATE:
        return redoUpdate(record, context, true)
      case XLOG_HEAP.CONFIRM:
        return redoConfirm(record, context)
      case XLOG_HEAP.LOCK:
        return redoLock(record, context)
      case XLOG_HEAP.INPLACE:
        return redoInplace(record, context)
      case XLOG_HEAP.TRUNCATE: // for logical decoding; Storage/TRUNCATE or new files do the work
        return
      default:
        throw malformed(record, `heap_redo: unknown op code ${record.info}`)
    }
  },
}

function redoInsert(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_insert.size)
  const { view, mainAt } = record
  const flags = view.getUint8(mainAt + INSERT.flags)
  if (flags & XLH_INSERT.ALL_VISIBLE_CLEARED)
    clearVisibility(context, record, needBlock(record, 0), HEAP_BLKREF_VM, VISIBILITYMAP.VALID_BITS)
  const block = readHeapBlock(context, record)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  needData(record, ref, HEADER_SIZE)
  const size = ref.dataLength - HEADER_SIZE
  const at = addHeapTuple(record, page, view.getUint16(mainAt + INSERT.offnum, true), ref.dataAt, size, 0)
  copyBytes(record.bytes, ref.dataAt + HEADER_SIZE, size, page.bytes, at + HEAP_TUPLE_HEADER_SIZE)
  if (flags & XLH_INSERT.ALL_VISIBLE_CLEARED) setAllVisible(page, false)
  stamp(context, record, page)
}

function redoDelete(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_delete.size)
  const { view, mainAt } = record
  const flags = view.getUint8(mainAt + DELETE.flags)
  if (flags & XLH_DELETE.ALL_VISIBLE_CLEARED)
    clearVisibility(context, record, needBlock(record, 0), HEAP_BLKREF_VM, VISIBILITYMAP.VALID_BITS)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  const offnum = view.getUint16(mainAt + DELETE.offnum, true)
  const at = tupleAt(record, page, offnum)
  // "Super" deletion takes back a speculative insertion: as if nobody had made the row.
  const isSuper = (flags & XLH_DELETE.IS_SUPER) !== 0
  const xmax = isSuper ? page.view.getUint32(at + t_xmax, true) : view.getUint32(mainAt + DELETE.xmax, true)
  changeXmax(page.view, at, xmax, view.getUint8(mainAt + DELETE.infobits_set))
  if (isSuper) page.view.setUint32(at + t_xmin, 0, true)
  setHotUpdated(page.view, at, false)
  clearCommand(page.view, at)
  setPrunable(page, record.xl_xid)
  if (flags & XLH_DELETE.ALL_VISIBLE_CLEARED) setAllVisible(page, false)
  if (flags & XLH_DELETE.IS_PARTITION_MOVE)
    setCtid(page.view, at, MOVED_PARTITIONS_BLOCK, MOVED_PARTITIONS_OFFSET)
  else setCtid(page.view, at, ref.block, offnum)
  stamp(context, record, page)
}

/** Block 0 is the new row's page; block 1 the old row's when that is another one. A HOT update stays on its page. */
function redoUpdate(record: WalRecord, context: RedoContext, hot: boolean): void {
  needMain(record, xl_heap_update.size)
  const flags = record.view.getUint8(record.mainAt + UPDATE.flags)
  const newRef = needBlock(record, 0)
  const oldRef = record.block(HEAP_UPDATE_BLKREF.HEAP_OLD)
  const oldCleared = (flags & XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED) !== 0
  const newCleared = (flags & XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED) !== 0
  if (oldCleared || newCleared)
    clearVisibilityOfUpdate(
      context,
      record,
      oldCleared ? (oldRef ?? newRef) : undefined,
      newCleared ? newRef : undefined,
    )
  const old = readBlockForRedo(context, record, oldRef ? 1 : 0)
  let oldAt = 0
  if (old.outcome === 'needsRedo') {
    oldAt = endOldRow(record, old.page, newRef, hot)
    setPrunable(old.page, record.xl_xid)
    if (oldCleared) setAllVisible(old.page, false)
    stamp(context, record, old.page)
  }
  const block = oldRef ? readHeapBlock(context, record) : old
  if (block.outcome !== 'needsRedo') return
  addNewRow(record, block.page, newRef, oldRef ? 0 : oldAt)
  if (newCleared) setAllVisible(block.page, false)
  stamp(context, record, block.page)
}

/** Ends the old version of a row: its xmax is the updater, its t_ctid the new version. Returns its first byte. */
function endOldRow(record: WalRecord, page: BufferedPage, newRef: BlockRef, hot: boolean): number {
  const { view, mainAt } = record
  const at = tupleAt(record, page, view.getUint16(mainAt + UPDATE.old_offnum, true))
  const infobits = view.getUint8(mainAt + UPDATE.old_infobits_set)
  changeXmax(page.view, at, view.getUint32(mainAt + UPDATE.old_xmax, true), infobits)
  setHotUpdated(page.view, at, hot)
  clearCommand(page.view, at)
  setCtid(page.view, at, newRef.block, view.getUint16(mainAt + UPDATE.new_offnum, true))
  return at
}

/**
 * Puts the new version on its page. What it has in common with the old one, at the start and at the end of the columns,
 * is not in the record: it is copied from `oldAt`, the old version on the same page (0 when it is on another).
 *
 *   record   [prefix length] [suffix length] header │ bitmap, padding │ changed columns
 *   new row  header │ bitmap, padding │ prefix from the old row │ changed columns │ suffix from the old row
 */
function addNewRow(record: WalRecord, page: BufferedPage, ref: BlockRef, oldAt: number): void {
  const { view, mainAt, bytes } = record
  const flags = view.getUint8(mainAt + UPDATE.flags)
  const hasPrefix = (flags & XLH_UPDATE.PREFIX_FROM_OLD) !== 0
  const hasSuffix = (flags & XLH_UPDATE.SUFFIX_FROM_OLD) !== 0
  let from = ref.dataAt
  needData(record, ref, (hasPrefix ? 2 : 0) + (hasSuffix ? 2 : 0) + HEADER_SIZE)
  const prefix = hasPrefix ? view.getUint16(from, true) : 0
  if (hasPrefix) from += 2
  const suffix = hasSuffix ? view.getUint16(from, true) : 0
  if (hasSuffix) from += 2
  const headerAt = from
  from += HEADER_SIZE
  const stored = ref.dataAt + ref.dataLength - from
  // The bitmap and its padding come before the prefix; without a prefix all that is stored is one piece.
  const first =
    prefix > 0 ? view.getUint8(headerAt + xl_heap_header.at.t_hoff) - HEAP_TUPLE_HEADER_SIZE : stored
  let oldColumns = 0
  let oldEnd = 0
  if (prefix > 0 || suffix > 0) {
    oldColumns = oldAt + page.bytes[oldAt + t_hoff]
    oldEnd = oldAt + lpLength(itemId(page, view.getUint16(mainAt + UPDATE.old_offnum, true)))
    if (oldAt === 0 || first < 0 || first > stored || oldColumns + prefix > oldEnd || oldAt + suffix > oldEnd)
      throw contradiction(
        record,
        page,
        `the old row has no ${prefix} bytes before and ${suffix} after the change`,
      )
  }
  const offnum = view.getUint16(mainAt + UPDATE.new_offnum, true)
  const xmax = view.getUint32(mainAt + UPDATE.new_xmax, true)
  const at = addHeapTuple(record, page, offnum, headerAt, stored + prefix + suffix, xmax)
  let to = at + HEAP_TUPLE_HEADER_SIZE
  copyBytes(bytes, from, first, page.bytes, to)
  to += first
  if (prefix > 0) {
    copyBytes(page.bytes, oldColumns, prefix, page.bytes, to)
    copyBytes(bytes, from + first, stored - first, page.bytes, to + prefix)
    to += prefix + stored - first
  }
  if (suffix > 0) copyBytes(page.bytes, oldEnd - suffix, suffix, page.bytes, to)
}

function redoConfirm(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_confirm.size)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const offnum = record.view.getUint16(record.mainAt, true)
  setCtid(block.page.view, tupleAt(record, block.page, offnum), block.ref.block, offnum)
  stamp(context, record, block.page)
}

function redoLock(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_lock.size)
  const { view, mainAt } = record
  if (view.getUint8(mainAt + LOCK.flags) & XLH_LOCK.ALL_FROZEN_CLEARED)
    clearVisibility(context, record, needBlock(record, 0), HEAP_BLKREF_VM, VISIBILITYMAP.ALL_FROZEN)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  const offnum = view.getUint16(mainAt + LOCK.offnum, true)
  const at = tupleAt(record, page, offnum)
  changeXmax(
    page.view,
    at,
    view.getUint32(mainAt + LOCK.xmax, true),
    view.getUint8(mainAt + LOCK.infobits_set),
  )
  if (isLockedOnly(page.view.getUint16(at + t_infomask, true))) {
    // Locked, not updated: an aborted update may have left its marks.
    setHotUpdated(page.view, at, false)
    setCtid(page.view, at, ref.block, offnum)
  }
  clearCommand(page.view, at)
  stamp(context, record, page)
}

/** A row of a catalog, overwritten without a new version; its messages are for servers that hold it in memory. */
function redoInplace(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_inplace.size)
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  const offnum = record.view.getUint16(record.mainAt, true)
  const at = tupleAt(record, page, offnum)
  const hoff = page.bytes[at + t_hoff]
  if (lpLength(itemId(page, offnum)) - hoff !== ref.dataLength)
    throw contradiction(record, page, 'wrong tuple length')
  copyBytes(record.bytes, ref.dataAt, ref.dataLength, page.bytes, at + hoff)
  stamp(context, record, page)
}
