// Describes records of resource manager Heap: changes of table rows (heapdesc.c, heap_desc).

import { bool, i32, struct, u16, u32, u8, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'
import { invalidationsText } from './invalidations.js'
import { bitsText, hexByte, listText, u32List } from './text.js'

export const HEAP_OPMASK = 0x70
const INSERT = 0x00
const DELETE = 0x10
const UPDATE = 0x20
const TRUNCATE = 0x30
const HOT_UPDATE = 0x40
const CONFIRM = 0x50
const LOCK = 0x60
const INPLACE = 0x70

/** xl_heap_delete, xl_heap_lock and xl_heap_lock_updated share this layout. */
interface RowLock {
  xmax: number
  offnum: number
  infobits_set: number
  flags: number
}
const xl_heap_lock: Struct<RowLock> = struct('xl_heap_lock', 8, {
  xmax: u32(0),
  offnum: u16(4),
  infobits_set: u8(6),
  flags: u8(7),
})

interface Update {
  old_xmax: number
  old_offnum: number
  old_infobits_set: number
  flags: number
  new_xmax: number
  new_offnum: number
}
const xl_heap_update: Struct<Update> = struct('xl_heap_update', 14, {
  old_xmax: u32(0),
  old_offnum: u16(4),
  old_infobits_set: u8(6),
  flags: u8(7),
  new_xmax: u32(8),
  new_offnum: u16(12),
})

interface Truncate {
  dbId: number
  nrelids: number
  flags: number
}
const xl_heap_truncate: Struct<Truncate> = struct('xl_heap_truncate', 12, {
  dbId: u32(0),
  nrelids: u32(4),
  flags: u8(8),
})

interface InPlace {
  offnum: number
  dbId: number
  tsId: number
  relcacheInitFileInval: boolean
  nmsgs: number
}
const xl_heap_inplace: Struct<InPlace> = struct('xl_heap_inplace', 20, {
  offnum: u16(0),
  dbId: u32(4),
  tsId: u32(8),
  relcacheInitFileInval: bool(12),
  nmsgs: i32(16),
})

/** Bits of infobits_set: what becomes of the old row's t_infomask (XLHL_…). */
const INFOBITS = [
  [0x01, 'IS_MULTI'],
  [0x02, 'LOCK_ONLY'],
  [0x04, 'EXCL_LOCK'],
  [0x08, 'KEYSHR_LOCK'],
  [0x10, 'KEYS_UPDATED'],
] as const

const TRUNCATE_FLAGS = [
  [0x01, 'CASCADE'],
  [0x02, 'RESTART_SEQS'],
] as const

export function describeHeap(main: DataView, record: WalRecord): string {
  switch (record.info & HEAP_OPMASK) {
    case INSERT:
      return `off: ${main.getUint16(0, true)}, flags: ${hexByte(main.getUint8(2))}`
    case DELETE:
    case LOCK:
      return rowLockText(main)
    case UPDATE:
    case HOT_UPDATE: {
      const u = xl_heap_update.readView(main, 0)
      const old = `old_xmax: ${u.old_xmax}, old_off: ${u.old_offnum}, old_infobits: ${bitsText(u.old_infobits_set, INFOBITS)}`
      return `${old}, flags: ${hexByte(u.flags)}, new_xmax: ${u.new_xmax}, new_off: ${u.new_offnum}`
    }
    case TRUNCATE: {
      const t = xl_heap_truncate.readView(main, 0)
      const relations = listText(u32List(main, xl_heap_truncate.size, t.nrelids))
      return `flags: ${bitsText(t.flags, TRUNCATE_FLAGS)}, nrelids: ${t.nrelids}, relids:${relations}`
    }
    case CONFIRM:
      return `off: ${main.getUint16(0, true)}`
    case INPLACE: {
      const { offnum, nmsgs, relcacheInitFileInval: inval, dbId, tsId } = xl_heap_inplace.readView(main, 0)
      return `off: ${offnum}${invalidationsText(main, xl_heap_inplace.size, nmsgs, { inval, dbId, tsId })}`
    }
    default:
      return ''
  }
}

/** A row that was deleted or locked. */
export function rowLockText(main: DataView): string {
  const row = xl_heap_lock.readView(main, 0)
  const infobits = bitsText(row.infobits_set, INFOBITS)
  return `xmax: ${row.xmax}, off: ${row.offnum}, infobits: ${infobits}, flags: ${hexByte(row.flags)}`
}
