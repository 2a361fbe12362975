// What the records of resource managers Heap (10) and Heap2 (9) carry (access/heapam_xlog.h). Most of them name one
// row by its offset number on block 0 and say what becomes of its header; new rows lie in the block's data, without
// the header fields that redo can work out by itself: xmin is the record's xl_xid, t_ctid the place it is put at.
//
//   INSERT   main: offnum, flags       block 0 data: xl_heap_header │ bitmap, padding, columns
//   UPDATE   main: old row, new row    block 0 data: [prefix][suffix] xl_heap_header │ bitmap, changed bytes

import {
  bool,
  i32,
  i64,
  nested,
  struct,
  u16,
  u32,
  u64,
  u8,
  type Struct,
  type ValueOf,
} from '../bytes/layout.js'
import { ItemPointerData } from './heapTuple.js'

/** Operations of resource manager Heap: xl_info & 70h. */
export const XLOG_HEAP = {
  INSERT: 0x00,
  DELETE: 0x10,
  UPDATE: 0x20,
  TRUNCATE: 0x30,
  HOT_UPDATE: 0x40,
  CONFIRM: 0x50,
  LOCK: 0x60,
  INPLACE: 0x70,
} as const

/** Operations of resource manager Heap2: xl_info & 70h. */
export const XLOG_HEAP2 = {
  REWRITE: 0x00,
  PRUNE_ON_ACCESS: 0x10,
  PRUNE_VACUUM_SCAN: 0x20,
  PRUNE_VACUUM_CLEANUP: 0x30,
  VISIBLE: 0x40,
  MULTI_INSERT: 0x50,
  LOCK_UPDATED: 0x60,
  NEW_CID: 0x70,
} as const

export const XLOG_HEAP_OPMASK = 0x70
/** The page is made anew: its only rows are the ones in this record. */
export const XLOG_HEAP_INIT_PAGE = 0x80

/**
 * Block 1 of insertions, deletions and locks, in WAL of PostgreSQL 18.5 and later: the page of the visibility map whose
 * bits the record clears (HEAP_INSERT_BLKREF_VM and others). 18.4 and earlier do not name it.
 */
export const HEAP_BLKREF_VM = 1

/** Blocks of an update: the table's pages, the old one only when it is another; and, from 18.5 on, the map's. */
export const HEAP_UPDATE_BLKREF = { HEAP_NEW: 0, HEAP_OLD: 1, VM_NEW: 2, VM_OLD: 3 } as const

/** Bits of xl_heap_insert.flags and xl_heap_multi_insert.flags. */
export const XLH_INSERT = {
  ALL_VISIBLE_CLEARED: 0x01,
  LAST_IN_MULTI: 0x02,
  IS_SPECULATIVE: 0x04,
  CONTAINS_NEW_TUPLE: 0x08,
  ON_TOAST_RELATION: 0x10,
  ALL_FROZEN_SET: 0x20,
} as const

/** Bits of xl_heap_update.flags. */
export const XLH_UPDATE = {
  OLD_ALL_VISIBLE_CLEARED: 0x01,
  NEW_ALL_VISIBLE_CLEARED: 0x02,
  CONTAINS_OLD_TUPLE: 0x04,
  CONTAINS_OLD_KEY: 0x08,
  CONTAINS_NEW_TUPLE: 0x10,
  PREFIX_FROM_OLD: 0x20,
  SUFFIX_FROM_OLD: 0x40,
} as const

/** Bits of xl_heap_delete.flags. */
export const XLH_DELETE = {
  ALL_VISIBLE_CLEARED: 0x01,
  CONTAINS_OLD_TUPLE: 0x02,
  CONTAINS_OLD_KEY: 0x04,
  IS_SUPER: 0x08,
  IS_PARTITION_MOVE: 0x10,
} as const

/** Bits of xl_heap_lock.flags. */
export const XLH_LOCK = { ALL_FROZEN_CLEARED: 0x01 } as const

/** Bits of xl_heap_truncate.flags. */
export const XLH_TRUNCATE = { CASCADE: 0x01, RESTART_SEQS: 0x02 } as const

/** Bits of infobits_set: what is to be switched on in a tuple's infomasks. */
export const XLHL = {
  XMAX_IS_MULTI: 0x01,
  XMAX_LOCK_ONLY: 0x02,
  XMAX_EXCL_LOCK: 0x04,
  XMAX_KEYSHR_LOCK: 0x08,
  KEYS_UPDATED: 0x10,
} as const

/** Bits of xl_heap_prune.flags; the last four announce lists in block 0's data, in this order. */
export const XLHP = {
  IS_CATALOG_REL: 0x02,
  CLEANUP_LOCK: 0x04,
  HAS_CONFLICT_HORIZON: 0x08,
  HAS_FREEZE_PLANS: 0x10,
  HAS_REDIRECTIONS: 0x20,
  HAS_DEAD_ITEMS: 0x40,
  HAS_NOW_UNUSED_ITEMS: 0x80,
} as const

/** Bits of xlhp_freeze_plan.frzflags. */
export const XLH_FREEZE = { FREEZE_XVAC: 0x02, INVALID_XVAC: 0x04 } as const

const header = struct('xl_heap_header', 5, { t_infomask2: u16(0), t_infomask: u16(2), t_hoff: u8(4) })
export type xl_heap_header = ValueOf<typeof header>
export const xl_heap_header: Struct<xl_heap_header> = header

const insert = struct('xl_heap_insert', 3, { offnum: u16(0), flags: u8(2) })
export type xl_heap_insert = ValueOf<typeof insert>
export const xl_heap_insert: Struct<xl_heap_insert> = insert

const deletion = struct('xl_heap_delete', 8, {
  xmax: u32(0),
  offnum: u16(4),
  infobits_set: u8(6),
  flags: u8(7),
})
export type xl_heap_delete = ValueOf<typeof deletion>
export const xl_heap_delete: Struct<xl_heap_delete> = deletion

const update = struct('xl_heap_update', 14, {
  old_xmax: u32(0),
  old_offnum: u16(4),
  old_infobits_set: u8(6),
  flags: u8(7),
  new_xmax: u32(8),
  new_offnum: u16(12),
})
export type xl_heap_update = ValueOf<typeof update>
export const xl_heap_update: Struct<xl_heap_update> = update

// Followed by nrelids relation oids, u32 each.
const truncation = struct('xl_heap_truncate', 12, { dbId: u32(0), nrelids: u32(4), flags: u8(8) })
export type xl_heap_truncate = ValueOf<typeof truncation>
export const xl_heap_truncate: Struct<xl_heap_truncate> = truncation

const confirm = struct('xl_heap_confirm', 2, { offnum: u16(0) })
export type xl_heap_confirm = ValueOf<typeof confirm>
export const xl_heap_confirm: Struct<xl_heap_confirm> = confirm

const lock = struct('xl_heap_lock', 8, { xmax: u32(0), offnum: u16(4), infobits_set: u8(6), flags: u8(7) })
export type xl_heap_lock = ValueOf<typeof lock>
export const xl_heap_lock: Struct<xl_heap_lock> = lock

const lockUpdated = struct('xl_heap_lock_updated', 8, {
  xmax: u32(0),
  offnum: u16(4),
  infobits_set: u8(6),
  flags: u8(7),
})
export type xl_heap_lock_updated = ValueOf<typeof lockUpdated>
export const xl_heap_lock_updated: Struct<xl_heap_lock_updated> = lockUpdated

// Followed by nmsgs invalidation messages of 16 bytes, for servers that hold catalogs in memory.
const inplace = struct('xl_heap_inplace', 20, {
  offnum: u16(0),
  dbId: u32(4),
  tsId: u32(8),
  relcacheInitFileInval: bool(12),
  nmsgs: i32(16),
})
export type xl_heap_inplace = ValueOf<typeof inplace>
export const xl_heap_inplace: Struct<xl_heap_inplace> = inplace

// Followed by ntuples offset numbers, unless the page is made anew: then they count up from 1.
const multiInsert = struct('xl_heap_multi_insert', 4, { flags: u8(0), ntuples: u16(2) })
export type xl_heap_multi_insert = ValueOf<typeof multiInsert>
export const xl_heap_multi_insert: Struct<xl_heap_multi_insert> = multiInsert

// In block 0's data, each on an even offset, followed by datalen bytes: bitmap, padding, columns.
const multiInsertTuple = struct('xl_multi_insert_tuple', 7, {
  datalen: u16(0),
  t_infomask2: u16(2),
  t_infomask: u16(4),
  t_hoff: u8(6),
})
export type xl_multi_insert_tuple = ValueOf<typeof multiInsertTuple>
export const xl_multi_insert_tuple: Struct<xl_multi_insert_tuple> = multiInsertTuple

// Followed by the conflict horizon, a transaction id, when flags say so.
const prune = struct('xl_heap_prune', 2, { reason: u8(0), flags: u8(1) })
export type xl_heap_prune = ValueOf<typeof prune>
export const xl_heap_prune: Struct<xl_heap_prune> = prune

const freezePlan = struct('xlhp_freeze_plan', 12, {
  xmax: u32(0),
  t_infomask2: u16(4),
  t_infomask: u16(6),
  frzflags: u8(8),
  ntuples: u16(10), // so many of the offset numbers at the end of the block's data
})
export type xlhp_freeze_plan = ValueOf<typeof freezePlan>
export const xlhp_freeze_plan: Struct<xlhp_freeze_plan> = freezePlan

// Followed by nplans of the above, four-byte aligned.
const freezePlans = struct('xlhp_freeze_plans', 4, { nplans: u16(0) })
export type xlhp_freeze_plans = ValueOf<typeof freezePlans>
export const xlhp_freeze_plans: Struct<xlhp_freeze_plans> = freezePlans

// Followed by ntargets offset numbers; by pairs of them, from and to, in the list of redirections.
const pruneItems = struct('xlhp_prune_items', 2, { ntargets: u16(0) })
export type xlhp_prune_items = ValueOf<typeof pruneItems>
export const xlhp_prune_items: Struct<xlhp_prune_items> = pruneItems

// Bits of flags: VISIBILITYMAP in visibilityMap.ts.
const visible = struct('xl_heap_visible', 5, { snapshotConflictHorizon: u32(0), flags: u8(4) })
export type xl_heap_visible = ValueOf<typeof visible>
export const xl_heap_visible: Struct<xl_heap_visible> = visible

const newCid = struct('xl_heap_new_cid', 34, {
  top_xid: u32(0),
  cmin: u32(4),
  cmax: u32(8),
  combocid: u32(12),
  spcOid: u32(16), // target_locator
  dbOid: u32(20),
  relNumber: u32(24),
  target_tid: nested(28, ItemPointerData),
})
export type xl_heap_new_cid = ValueOf<typeof newCid>
export const xl_heap_new_cid: Struct<xl_heap_new_cid> = newCid

// Followed by num_mappings of LOGICAL_REWRITE_MAPPING_SIZE bytes.
const rewrite = struct('xl_heap_rewrite_mapping', 40, {
  mapped_xid: u32(0),
  mapped_db: u32(4),
  mapped_rel: u32(8),
  offset: i64(16), //      bytes of the file that are safe on disk already
  num_mappings: u32(24),
  start_lsn: u64(32),
})
export type xl_heap_rewrite_mapping = ValueOf<typeof rewrite>
export const xl_heap_rewrite_mapping: Struct<xl_heap_rewrite_mapping> = rewrite

/** A pair of relations and a pair of row positions, old and new (LogicalRewriteMappingData). */
export const LOGICAL_REWRITE_MAPPING_SIZE = 36
