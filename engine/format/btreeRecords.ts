// What a btree's WAL records say (access/nbtxlog.h): the operation, its blocks, and the fixed part of the main data.

import { bool, struct, u16, u32, u64, type Struct, type ValueOf } from '../bytes/layout.js'

/** Operations, the high half of xl_info. */
export const XLOG_BTREE = {
  INSERT_LEAF: 0x00, //      block 0: the page, with the tuple as data
  INSERT_UPPER: 0x10, //     also block 1: the child whose split is complete now
  INSERT_META: 0x20, //      also block 2: the meta page
  SPLIT_L: 0x30, //          block 0 left page, 1 right page, 2 the one after, 3 child; the new tuple is on the left
  SPLIT_R: 0x40, //          the same; the new tuple is on the right
  INSERT_POST: 0x50, //      like INSERT_LEAF, through the middle of a posting list
  DEDUP: 0x60,
  DELETE: 0x70,
  UNLINK_PAGE: 0x80, //      block 0 the page, 1 left, 2 right sibling, 3 the leaf it hung over
  UNLINK_PAGE_META: 0x90, // also block 4: the meta page
  NEWROOT: 0xa0, //          block 0 root, 1 left child, 2 the meta page
  MARK_PAGE_HALFDEAD: 0xb0, // block 0 leaf, 1 parent
  VACUUM: 0xc0,
  REUSE_PAGE: 0xd0, //       no blocks: a warning for standby servers
  META_CLEANUP: 0xe0,
} as const

const metadata = struct('xl_btree_metadata', 28, {
  version: u32(0),
  root: u32(4),
  level: u32(8),
  fastroot: u32(12),
  fastlevel: u32(16),
  last_cleanup_num_delpages: u32(20),
  allequalimage: bool(24),
})
export type xl_btree_metadata = ValueOf<typeof metadata>
export const xl_btree_metadata: Struct<xl_btree_metadata> = metadata

const insert = struct('xl_btree_insert', 2, { offnum: u16(0) })
export type xl_btree_insert = ValueOf<typeof insert>
export const xl_btree_insert: Struct<xl_btree_insert> = insert

/** `SizeOfBtreeSplit`, what the log holds of it, is 10. */
const split = struct('xl_btree_split', 12, {
  level: u32(0), //          of the page that is split
  firstrightoff: u16(4), //  first item of the old page that goes right
  newitemoff: u16(6), //     where the new tuple goes
  postingoff: u16(8), //     not 0: the new tuple goes through a posting list
})
export type xl_btree_split = ValueOf<typeof split>
export const xl_btree_split: Struct<xl_btree_split> = split

/** Followed, in block 0's data, by {baseoff u16, nitems u16} for each interval. */
const dedup = struct('xl_btree_dedup', 2, { nintervals: u16(0) })
export type xl_btree_dedup = ValueOf<typeof dedup>
export const xl_btree_dedup: Struct<xl_btree_dedup> = dedup

/** Block 0's data: deleted offsets, updated offsets, an xl_btree_update for each of the latter. */
const vacuum = struct('xl_btree_vacuum', 4, { ndeleted: u16(0), nupdated: u16(2) })
export type xl_btree_vacuum = ValueOf<typeof vacuum>
export const xl_btree_vacuum: Struct<xl_btree_vacuum> = vacuum

/** `SizeOfBtreeDelete` is 9. Block 0's data as in xl_btree_vacuum. */
const deletion = struct('xl_btree_delete', 12, {
  snapshotConflictHorizon: u32(0),
  ndeleted: u16(4),
  nupdated: u16(6),
  isCatalogRel: bool(8),
})
export type xl_btree_delete = ValueOf<typeof deletion>
export const xl_btree_delete: Struct<xl_btree_delete> = deletion

/** Followed by the places, counted from 0, of the deleted tids in the posting list. */
const update = struct('xl_btree_update', 2, { ndeletedtids: u16(0) })
export type xl_btree_update = ValueOf<typeof update>
export const xl_btree_update: Struct<xl_btree_update> = update

const halfDead = struct('xl_btree_mark_page_halfdead', 20, {
  poffset: u16(0), //     item of the parent that points to the leaf
  leafblk: u32(4),
  leftblk: u32(8),
  rightblk: u32(12),
  topparent: u32(16), //  highest page of the branch that goes; the leaf itself: invalid block
})
export type xl_btree_mark_page_halfdead = ValueOf<typeof halfDead>
export const xl_btree_mark_page_halfdead: Struct<xl_btree_mark_page_halfdead> = halfDead

/** `SizeOfBtreeUnlinkPage` is 36. The fields leaf… are for a target that is not the leaf itself. */
const unlink = struct('xl_btree_unlink_page', 40, {
  leftsib: u32(0),
  rightsib: u32(4),
  level: u32(8),
  safexid: u64(16), //  once no running transaction is older, the page may be used again
  leafleftsib: u32(24),
  leafrightsib: u32(28),
  leaftopparent: u32(32),
})
export type xl_btree_unlink_page = ValueOf<typeof unlink>
export const xl_btree_unlink_page: Struct<xl_btree_unlink_page> = unlink

const newroot = struct('xl_btree_newroot', 8, { rootblk: u32(0), level: u32(4) })
export type xl_btree_newroot = ValueOf<typeof newroot>
export const xl_btree_newroot: Struct<xl_btree_newroot> = newroot

/** The bytes that the log holds of each struct (SizeOf… in nbtxlog.h): without padding at the end. */
export const BTREE_RECORD_SIZE = {
  insert: 2,
  split: 10,
  dedup: 2,
  delete: 9,
  vacuum: 4,
  markPageHalfDead: 20,
  unlinkPage: 36,
  newroot: 8,
  metadata: 28,
} as const
