// Describes records of resource manager Heap: changes of table rows (heapdesc.c, heap_desc).

import {
  XLH_TRUNCATE,
  XLHL,
  XLOG_HEAP,
  XLOG_HEAP_OPMASK,
  xl_heap_confirm,
  xl_heap_inplace,
  xl_heap_insert,
  xl_heap_lock,
  xl_heap_truncate,
  xl_heap_update,
} from '../../format/heapRecords.js'
import type { WalRecord } from '../../wal/record.js'
import { invalidationsText } from './invalidations.js'
import { bitsText, hexByte, listText, u32List } from './text.js'

const INFOBITS = [
  [XLHL.XMAX_IS_MULTI, 'IS_MULTI'],
  [XLHL.XMAX_LOCK_ONLY, 'LOCK_ONLY'],
  [XLHL.XMAX_EXCL_LOCK, 'EXCL_LOCK'],
  [XLHL.XMAX_KEYSHR_LOCK, 'KEYSHR_LOCK'],
  [XLHL.KEYS_UPDATED, 'KEYS_UPDATED'],
] as const

const TRUNCATE_FLAGS = [
  [XLH_TRUNCATE.CASCADE, 'CASCADE'],
  [XLH_TRUNCATE.RESTART_SEQS, 'RESTART_SEQS'],
] as const

export function describeHeap(main: DataView, record: WalRecord): string {
  switch (record.info & XLOG_HEAP_OPMASK) {
    case XLOG_HEAP.INSERT:
      return insertText(xl_heap_insert.readView(main, 0))
    case XLOG_HEAP.DELETE:
    case XLOG_HEAP.LOCK:
      return rowLockText(main)
    case XLOG_HEAP.UPDATE:
    case XLOG_HEAP.HOT_UPDATE: {
      const u = xl_heap_update.readView(main, 0)
      const old = `old_xmax: ${u.old_xmax}, old_off: ${u.old_offnum}, old_infobits: ${bitsText(u.old_infobits_set, INFOBITS)}`
      return `${old}, flags: ${hexByte(u.flags)}, new_xmax: ${u.new_xmax}, new_off: ${u.new_offnum}`
    }
    case XLOG_HEAP.TRUNCATE: {
      const t = xl_heap_truncate.readView(main, 0)
      const relations = listText(u32List(main, xl_heap_truncate.size, t.nrelids))
      return `flags: ${bitsText(t.flags, TRUNCATE_FLAGS)}, nrelids: ${t.nrelids}, relids:${relations}`
    }
    case XLOG_HEAP.CONFIRM:
      return `off: ${xl_heap_confirm.readView(main, 0).offnum}`
    case XLOG_HEAP.INPLACE: {
      const { offnum, nmsgs, relcacheInitFileInval: inval, dbId, tsId } = xl_heap_inplace.readView(main, 0)
      return `off: ${offnum}${invalidationsText(main, xl_heap_inplace.size, nmsgs, { inval, dbId, tsId })}`
    }
    default:
      return ''
  }
}

const insertText = ({ offnum, flags }: xl_heap_insert): string => `off: ${offnum}, flags: ${hexByte(flags)}`

/** A row that was deleted or locked. */
export function rowLockText(main: DataView): string {
  const row = xl_heap_lock.readView(main, 0)
  const infobits = bitsText(row.infobits_set, INFOBITS)
  return `xmax: ${row.xmax}, off: ${row.offnum}, infobits: ${infobits}, flags: ${hexByte(row.flags)}`
}
