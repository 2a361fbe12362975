// What a GIN index's WAL records say (access/ginxlog.h): the operation, its blocks, the fixed part of the main data.

import { bool, i32, nested, struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { GinMetaPageData } from './ginPage.js'

/** Operations, the high half of xl_info. */
export const XLOG_GIN = {
  CREATE_PTREE: 0x10, //           block 0 root of a new posting tree
  INSERT: 0x20, //                 block 0 page, 1 left half of the split that this completes
  SPLIT: 0x30, //                  block 0 left half, 1 right half, 2 root, each an image; 3 the lower left half
  VACUUM_PAGE: 0x40, //            block 0, always a full-page image
  DELETE_PAGE: 0x50, //            block 0 page, 1 parent, 2 left neighbour
  UPDATE_META_PAGE: 0x60, //       block 0 meta, 1 page at the end of the pending list
  INSERT_LISTPAGE: 0x70, //        block 0 new page of the pending list
  DELETE_LISTPAGE: 0x80, //        block 0 meta, 1 … ndeleted the pages
  VACUUM_DATA_LEAF_PAGE: 0x90, //  block 0 leaf of a posting tree
} as const

/** Bits of flags in INSERT and SPLIT. */
export const GIN_INSERT = { ISDATA: 0x01, ISLEAF: 0x02, SPLIT_ROOT: 0x04 } as const

/** What is done to the segment of a leaf of a posting tree; INSERT puts a new one before it. */
export const GIN_SEGMENT = {
  DELETE: 1,
  INSERT: 2, //    a posting list follows
  REPLACE: 3, //   the same
  ADDITEMS: 4, //  u16, and that many rows follow
} as const

/** A posting list of `size` bytes follows. */
const createTree = struct('ginxlogCreatePostingTree', 4, { size: u32(0) })
export type ginxlogCreatePostingTree = ValueOf<typeof createTree>
export const ginxlogCreatePostingTree: Struct<ginxlogCreatePostingTree> = createTree

/** On an inner page the blocks of the left and the right child follow, four bytes each, high half first. */
const insert = struct('ginxlogInsert', 2, { flags: u16(0) })
export type ginxlogInsert = ValueOf<typeof insert>
export const ginxlogInsert: Struct<ginxlogInsert> = insert
/** Where the right child's block stands in the main data, and how long these are on an inner page. */
export const GIN_RIGHT_CHILD_AT = 6
export const GIN_INNER_INSERT_SIZE = 10

/** Data of block 0 of an insertion into the entry tree: this, then an index tuple, at byte 4. */
const insertEntry = struct('ginxlogInsertEntry', 12, {
  offset: u16(0),
  isDelete: bool(2), // the tuple takes the place of the one that is there
})
export type ginxlogInsertEntry = ValueOf<typeof insertEntry>
export const ginxlogInsertEntry: Struct<ginxlogInsertEntry> = insertEntry
export const GIN_ENTRY_TUPLE_AT = 4

/** … into a leaf of a posting tree: `nactions` of {segment u8, action u8, what the action needs}. */
const recompress = struct('ginxlogRecompressDataLeaf', 2, { nactions: u16(0) })
export type ginxlogRecompressDataLeaf = ValueOf<typeof recompress>
export const ginxlogRecompressDataLeaf: Struct<ginxlogRecompressDataLeaf> = recompress

/** … into an inner page of one: the offset number, and the new posting item at byte 2. */
const insertInternal = struct('ginxlogInsertDataInternal', 12, { offset: u16(0) })
export type ginxlogInsertDataInternal = ValueOf<typeof insertInternal>
export const ginxlogInsertDataInternal: Struct<ginxlogInsertDataInternal> = insertInternal
export const GIN_NEW_ITEM_AT = 2

const split = struct('ginxlogSplit', 28, {
  spcOid: u32(0), //           locator
  dbOid: u32(4),
  relNumber: u32(8),
  rrlink: u32(12), //          the right half's rightlink; the root's block if that splits
  leftChildBlkno: u32(16),
  rightChildBlkno: u32(20),
  flags: u16(24),
})
export type ginxlogSplit = ValueOf<typeof split>
export const ginxlogSplit: Struct<ginxlogSplit> = split

const deletePage = struct('ginxlogDeletePage', 12, {
  parentOffset: u16(0), //  the parent's posting item for the page
  rightLink: u32(4),
  deleteXid: u32(8), //     last transaction that could be on its way to the page
})
export type ginxlogDeletePage = ValueOf<typeof deletePage>
export const ginxlogDeletePage: Struct<ginxlogDeletePage> = deletePage

/** Data of block 1: `ntuples` index tuples. */
const updateMeta = struct('ginxlogUpdateMeta', 88, {
  spcOid: u32(0), //            locator
  dbOid: u32(4),
  relNumber: u32(8),
  metadata: nested(16, GinMetaPageData),
  prevTail: u32(72), //         the page that was last, if pages were added behind it
  newRightlink: u32(76),
  ntuples: i32(80), //          tuples added on the last page; 0 if pages were added
})
export type ginxlogUpdateMeta = ValueOf<typeof updateMeta>
export const ginxlogUpdateMeta: Struct<ginxlogUpdateMeta> = updateMeta

/** Data of block 0: `ntuples` index tuples. */
const insertListPage = struct('ginxlogInsertListPage', 8, { rightlink: u32(0), ntuples: i32(4) })
export type ginxlogInsertListPage = ValueOf<typeof insertListPage>
export const ginxlogInsertListPage: Struct<ginxlogInsertListPage> = insertListPage

const deleteListPages = struct('ginxlogDeleteListPages', 64, {
  metadata: nested(0, GinMetaPageData),
  ndeleted: i32(56),
})
export type ginxlogDeleteListPages = ValueOf<typeof deleteListPages>
export const ginxlogDeleteListPages: Struct<ginxlogDeleteListPages> = deleteListPages
