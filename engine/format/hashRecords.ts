// What a hash index's WAL records say (access/hash_xlog.h): the operation, its blocks, the fixed part of the main data.

import { bool, f64, struct, u16, u32, u8, type Struct, type ValueOf } from '../bytes/layout.js'

/** Operations, the high half of xl_info. */
export const XLOG_HASH = {
  INIT_META_PAGE: 0x00, //      block 0 meta
  INIT_BITMAP_PAGE: 0x10, //    block 0 bitmap, 1 meta
  INSERT: 0x20, //              block 0 page with the tuple as data, 1 meta
  ADD_OVFL_PAGE: 0x30, //       block 0 new page, 1 the one before, 2 bitmap, 3 new bitmap, 4 meta
  SPLIT_ALLOCATE_PAGE: 0x40, // block 0 old bucket, 1 new bucket, 2 meta
  SPLIT_PAGE: 0x50, //          block 0, always a full-page image
  SPLIT_COMPLETE: 0x60, //      block 0 old bucket, 1 new bucket
  MOVE_PAGE_CONTENTS: 0x70, //  block 0 bucket, 1 page written to, 2 page taken from
  SQUEEZE_PAGE: 0x80, //        the same; 2 is freed; 3 the page before it, 4 after it, 5 bitmap, 6 meta
  DELETE: 0x90, //              block 0 bucket, 1 page deleted from
  SPLIT_CLEANUP: 0xa0, //       block 0 bucket
  UPDATE_META_PAGE: 0xb0, //    block 0 meta
  VACUUM_ONE_PAGE: 0xc0, //     block 0 page, 1 meta
} as const

const initMeta = struct('xl_hash_init_meta_page', 16, {
  num_tuples: f64(0),
  procid: u32(8),
  ffactor: u16(12),
})
export type xl_hash_init_meta_page = ValueOf<typeof initMeta>
export const xl_hash_init_meta_page: Struct<xl_hash_init_meta_page> = initMeta

const initBitmap = struct('xl_hash_init_bitmap_page', 2, { bmsize: u16(0) })
export type xl_hash_init_bitmap_page = ValueOf<typeof initBitmap>
export const xl_hash_init_bitmap_page: Struct<xl_hash_init_bitmap_page> = initBitmap

const insert = struct('xl_hash_insert', 2, { offnum: u16(0) })
export type xl_hash_insert = ValueOf<typeof insert>
export const xl_hash_insert: Struct<xl_hash_insert> = insert

/** Data: block 0 the bucket (u32), 2 the bit to set, 4 the first free bit. */
const addOverflow = struct('xl_hash_add_ovfl_page', 4, { bmsize: u16(0), bmpage_found: bool(2) })
export type xl_hash_add_ovfl_page = ValueOf<typeof addOverflow>
export const xl_hash_add_ovfl_page: Struct<xl_hash_add_ovfl_page> = addOverflow

/** Data of block 2, as `flags` say: {lowmask, highmask} u32, {ovflpoint, spares there} u32. */
const splitAllocate = struct('xl_hash_split_allocate_page', 12, {
  new_bucket: u32(0),
  old_bucket_flag: u16(4),
  new_bucket_flag: u16(6),
  flags: u8(8),
})
export type xl_hash_split_allocate_page = ValueOf<typeof splitAllocate>
export const xl_hash_split_allocate_page: Struct<xl_hash_split_allocate_page> = splitAllocate
export const XLH_SPLIT_META_UPDATE = { MASKS: 1, SPLITPOINT: 2 } as const

const splitComplete = struct('xl_hash_split_complete', 4, {
  old_bucket_flag: u16(0),
  new_bucket_flag: u16(2),
})
export type xl_hash_split_complete = ValueOf<typeof splitComplete>
export const xl_hash_split_complete: Struct<xl_hash_split_complete> = splitComplete

/** Data: block 1 the offsets to write at, then the tuples; 2 the offsets to delete. */
const movePage = struct('xl_hash_move_page_contents', 4, { ntups: u16(0), is_prim_bucket_same_wrt: bool(2) })
export type xl_hash_move_page_contents = ValueOf<typeof movePage>
export const xl_hash_move_page_contents: Struct<xl_hash_move_page_contents> = movePage

/** Data: block 1 as above; 5 the bit to clear; 6 the first free bit. */
const squeeze = struct('xl_hash_squeeze_page', 12, {
  prevblkno: u32(0),
  nextblkno: u32(4),
  ntups: u16(8),
  is_prim_bucket_same_wrt: bool(10), // the page written to is the bucket's first
  is_prev_bucket_same_wrt: bool(11), // … is the one before the freed page
})
export type xl_hash_squeeze_page = ValueOf<typeof squeeze>
export const xl_hash_squeeze_page: Struct<xl_hash_squeeze_page> = squeeze

/** Data of block 1: the offsets. */
const deletion = struct('xl_hash_delete', 2, { clear_dead_marking: bool(0), is_primary_bucket_page: bool(1) })
export type xl_hash_delete = ValueOf<typeof deletion>
export const xl_hash_delete: Struct<xl_hash_delete> = deletion

const updateMeta = struct('xl_hash_update_meta_page', 8, { ntuples: f64(0) })
export type xl_hash_update_meta_page = ValueOf<typeof updateMeta>
export const xl_hash_update_meta_page: Struct<xl_hash_update_meta_page> = updateMeta

/** `ntuples` offsets follow. */
const vacuumOne = struct('xl_hash_vacuum_one_page', 8, {
  snapshotConflictHorizon: u32(0),
  ntuples: u16(4),
  isCatalogRel: bool(6),
})
export type xl_hash_vacuum_one_page = ValueOf<typeof vacuumOne>
export const xl_hash_vacuum_one_page: Struct<xl_hash_vacuum_one_page> = vacuumOne

/** The bytes that the log holds of each struct (SizeOfHash… in hash_xlog.h): without padding at the end. */
export const HASH_RECORD_SIZE = {
  initMetaPage: 14,
  initBitmapPage: 2,
  insert: 2,
  addOverflowPage: 3,
  splitAllocatePage: 9,
  splitComplete: 4,
  movePageContents: 3,
  squeezePage: 12,
  delete: 2,
  updateMetaPage: 8,
  vacuumOnePage: 8,
} as const
