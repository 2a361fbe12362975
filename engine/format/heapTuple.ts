// A row as it lies on a heap page: 23 bytes of header, a null bitmap, padding, then the columns (access/htup_details.h).
//
//   │ t_xmin │ t_xmax │ t_cid │ t_ctid       │ t_infomask2 │ t_infomask │ t_hoff │ bitmap │ pad │ columns …
//   0        4        8       12             18            20           22       23             t_hoff
//     made by  ended by         next version   columns,      what is known         1 = not null
//                               of the row     HOT bits      of xmin and xmax
//
// An UPDATE leaves the old row where it is, writes its own id into t_xmax, and lets t_ctid point to the new row. Which
// of the two a query sees depends on the fate of those transactions: that is why an abort has nothing to undo here.

import { nested, struct, u16, u32, u8, type Struct, type ValueOf } from '../bytes/layout.js'
import { itemId, LP, lpFlags, lpLength, lpOffset, maxOffset, type Page } from './page.js'

const pointer = struct('ItemPointerData', 6, {
  bi_hi: u16(0), //    block number, high half first
  bi_lo: u16(2),
  ip_posid: u16(4), // offset number
})
export type ItemPointerData = ValueOf<typeof pointer>
export const ItemPointerData: Struct<ItemPointerData> = pointer

const declared = struct('HeapTupleHeaderData', 23, {
  t_xmin: u32(0), //        transaction that made this version
  t_xmax: u32(4), //        transaction (or multixact) that deleted or locked it; 0 for none
  t_cid: u32(8), //         command in that transaction; redo always writes 0
  t_ctid: nested(12, ItemPointerData), // the next version of the row, or itself
  t_infomask2: u16(18),
  t_infomask: u16(20),
  t_hoff: u8(22), //        where the columns begin
})
export type HeapTupleHeaderData = ValueOf<typeof declared>
export const HeapTupleHeaderData: Struct<HeapTupleHeaderData> = declared
/** Bytes before the null bitmap. */
export const HEAP_TUPLE_HEADER_SIZE = 23
/** Line pointers a heap page may have at most (MaxHeapTuplesPerPage). */
export const MAX_HEAP_TUPLES_PER_PAGE = 291

/** Bits of t_infomask. */
export const HEAP = {
  HASNULL: 0x0001,
  HASVARWIDTH: 0x0002,
  HASEXTERNAL: 0x0004,
  HASOID_OLD: 0x0008,
  XMAX_KEYSHR_LOCK: 0x0010,
  COMBOCID: 0x0020,
  XMAX_EXCL_LOCK: 0x0040,
  XMAX_LOCK_ONLY: 0x0080,
  XMIN_COMMITTED: 0x0100,
  XMIN_INVALID: 0x0200,
  XMIN_FROZEN: 0x0300, //  both: older than every transaction that still counts
  XMAX_COMMITTED: 0x0400,
  XMAX_INVALID: 0x0800,
  XMAX_IS_MULTI: 0x1000,
  UPDATED: 0x2000, //      this version was made by an UPDATE
  MOVED_OFF: 0x4000, //    VACUUM FULL before 9.0
  MOVED_IN: 0x8000,
} as const

/** KEYSHR and EXCL together stand for SHARE. */
export const HEAP_LOCK_MASK: number = HEAP.XMAX_KEYSHR_LOCK | HEAP.XMAX_EXCL_LOCK
export const HEAP_MOVED: number = HEAP.MOVED_OFF | HEAP.MOVED_IN
/** What is switched off when a tuple gets another xmax. */
export const HEAP_XMAX_BITS: number =
  HEAP.XMAX_COMMITTED | HEAP.XMAX_INVALID | HEAP.XMAX_IS_MULTI | HEAP_LOCK_MASK | HEAP.XMAX_LOCK_ONLY

/** Bits of t_infomask2; the low eleven count the columns. */
export const HEAP2 = {
  NATTS_MASK: 0x07ff,
  KEYS_UPDATED: 0x2000,
  HOT_UPDATED: 0x4000, //  the next version is on this page and in no index
  ONLY_TUPLE: 0x8000, //   this is such a version: no index points to it
} as const

/** Offset number in a t_ctid that holds no position: a token of INSERT … ON CONFLICT, not yet confirmed. */
export const SPEC_TOKEN_OFFSET = 0xfffe
/** t_ctid of a row that an UPDATE took to another partition: block 0xffffffff, this offset number. */
export const MOVED_PARTITIONS_OFFSET = 0xfffd
export const MOVED_PARTITIONS_BLOCK = 0xffffffff

/** Does xmax only lock the tuple, without ending it (HEAP_XMAX_IS_LOCKED_ONLY)? */
export function isLockedOnly(t_infomask: number): boolean {
  return (
    (t_infomask & HEAP.XMAX_LOCK_ONLY) !== 0 ||
    (t_infomask & (HEAP.XMAX_IS_MULTI | HEAP_LOCK_MASK)) === HEAP.XMAX_EXCL_LOCK
  )
}

/** Writes a block and an offset number at `at` (ItemPointerSet). */
export function setItemPointer(view: DataView, at: number, block: number, offnum: number): void {
  view.setUint16(at, block >>> 16, true)
  view.setUint16(at + 2, block & 0xffff, true)
  view.setUint16(at + 4, offnum, true)
}

/** Block number of the item pointer at `at`. */
export function pointedBlock(pointer: ItemPointerData): number {
  return pointer.bi_hi * 65536 + pointer.bi_lo
}

/** A tuple for people to look at: header, and where its parts are. */
export interface HeapTuple extends Omit<HeapTupleHeaderData, 't_ctid'> {
  /** Offset number of its line pointer. */
  offnum: number
  /** First byte on the page, and length. */
  at: number
  length: number
  t_ctid: { block: number; offnum: number }
  /** Number of columns stored. */
  natts: number
  /** For each stored column: is it null? */
  nulls: boolean[]
  /** The columns' bytes, in the page's own memory. */
  data: Uint8Array
}

/**
 * The tuple at line pointer `offnum`; undefined when the line pointer is unused, dead, redirected or out of range, or
 * when the tuple does not fit the page.
 */
export function readHeapTuple(page: Page, offnum: number): HeapTuple | undefined {
  if (offnum < 1 || offnum > maxOffset(page)) return undefined
  const id = itemId(page, offnum)
  const [at, length] = [lpOffset(id), lpLength(id)]
  if (lpFlags(id) !== LP.NORMAL || length < HEAP_TUPLE_HEADER_SIZE || at + length > page.bytes.length)
    return undefined
  const header = HeapTupleHeaderData.readView(page.view, at)
  const natts = header.t_infomask2 & HEAP2.NATTS_MASK
  const bitmapAt = at + HEAP_TUPLE_HEADER_SIZE
  const isNull = (column: number): boolean =>
    (header.t_infomask & HEAP.HASNULL) !== 0 &&
    (page.bytes[bitmapAt + (column >>> 3)] & (1 << (column & 7))) === 0
  return {
    ...header,
    offnum,
    at,
    length,
    t_ctid: { block: pointedBlock(header.t_ctid), offnum: header.t_ctid.ip_posid },
    natts,
    nulls: Array.from({ length: natts }, (_, column) => isNull(column)),
    data: page.bytes.subarray(at + Math.min(header.t_hoff, length), at + length),
  }
}

/** All tuples of a heap page, in the order of their line pointers. */
export function readHeapTuples(page: Page): HeapTuple[] {
  const found: HeapTuple[] = []
  for (let offnum = 1; offnum <= maxOffset(page); offnum++) {
    const tuple = readHeapTuple(page, offnum)
    if (tuple) found.push(tuple)
  }
  return found
}

// Longer names first: FROZEN is two bits, and so is the share lock.
const INFOMASK_NAMES: ReadonlyArray<readonly [number, string]> = [
  [HEAP.HASNULL, 'HEAP_HASNULL'],
  [HEAP.HASVARWIDTH, 'HEAP_HASVARWIDTH'],
  [HEAP.HASEXTERNAL, 'HEAP_HASEXTERNAL'],
  [HEAP.HASOID_OLD, 'HEAP_HASOID_OLD'],
  [HEAP_LOCK_MASK, 'HEAP_XMAX_SHR_LOCK'],
  [HEAP.XMAX_KEYSHR_LOCK, 'HEAP_XMAX_KEYSHR_LOCK'],
  [HEAP.COMBOCID, 'HEAP_COMBOCID'],
  [HEAP.XMAX_EXCL_LOCK, 'HEAP_XMAX_EXCL_LOCK'],
  [HEAP.XMAX_LOCK_ONLY, 'HEAP_XMAX_LOCK_ONLY'],
  [HEAP.XMIN_FROZEN, 'HEAP_XMIN_FROZEN'],
  [HEAP.XMIN_COMMITTED, 'HEAP_XMIN_COMMITTED'],
  [HEAP.XMIN_INVALID, 'HEAP_XMIN_INVALID'],
  [HEAP.XMAX_COMMITTED, 'HEAP_XMAX_COMMITTED'],
  [HEAP.XMAX_INVALID, 'HEAP_XMAX_INVALID'],
  [HEAP.XMAX_IS_MULTI, 'HEAP_XMAX_IS_MULTI'],
  [HEAP.UPDATED, 'HEAP_UPDATED'],
  [HEAP_MOVED, 'HEAP_MOVED'],
  [HEAP.MOVED_OFF, 'HEAP_MOVED_OFF'],
  [HEAP.MOVED_IN, 'HEAP_MOVED_IN'],
]
const INFOMASK2_NAMES: ReadonlyArray<readonly [number, string]> = [
  [HEAP2.KEYS_UPDATED, 'HEAP_KEYS_UPDATED'],
  [HEAP2.HOT_UPDATED, 'HEAP_HOT_UPDATED'],
  [HEAP2.ONLY_TUPLE, 'HEAP_ONLY_TUPLE'],
]

/** Names of the bits that are set, PostgreSQL's own; two bits that mean one thing together give one name. */
export function infomaskNames(t_infomask: number, t_infomask2: number): string[] {
  const named = (mask: number, names: typeof INFOMASK_NAMES): string[] => {
    const found: string[] = []
    let left = mask
    for (const [bits, name] of names)
      if ((left & bits) === bits) {
        found.push(name)
        left &= ~bits
      }
    return found
  }
  return [...named(t_infomask, INFOMASK_NAMES), ...named(t_infomask2, INFOMASK2_NAMES)]
}
