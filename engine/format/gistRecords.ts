// What a GiST index's WAL records say (access/gistxlog.h): the operation, its blocks, the fixed part of the main data.

import { bool, struct, u16, u32, u64, type Struct, type ValueOf } from '../bytes/layout.js'

/** Operations, the high half of xl_info. */
export const XLOG_GIST = {
  PAGE_UPDATE: 0x00, //  block 0 page, 1 left half of the split that this completes
  DELETE: 0x10, //       block 0 leaf
  PAGE_REUSE: 0x20, //   no block
  PAGE_SPLIT: 0x30, //   block 0 left half of the split that this completes, 1 … npage the pages, the first in its place
  PAGE_DELETE: 0x60, //  block 0 leaf, 1 parent
  ASSIGN_LSN: 0x70, //   no block
} as const

/** Data of block 0: `ntodelete` offset numbers, then `ntoinsert` index tuples. */
const update = struct('gistxlogPageUpdate', 4, { ntodelete: u16(0), ntoinsert: u16(2) })
export type gistxlogPageUpdate = ValueOf<typeof update>
export const gistxlogPageUpdate: Struct<gistxlogPageUpdate> = update

/** `ntodelete` offset numbers follow. */
const deletion = struct('gistxlogDelete', 8, {
  snapshotConflictHorizon: u32(0),
  ntodelete: u16(4),
  isCatalogRel: bool(6),
})
export type gistxlogDelete = ValueOf<typeof deletion>
export const gistxlogDelete: Struct<gistxlogDelete> = deletion

/** Data of blocks 1 …: the number of tuples (i32), then the tuples. */
const split = struct('gistxlogPageSplit', 24, {
  origrlink: u32(0), //         rightlink and nsn of the page before it was split
  orignsn: u64(8),
  origleaf: bool(16),
  npage: u16(18),
  markfollowright: bool(20), // all but the last page get FOLLOW_RIGHT
})
export type gistxlogPageSplit = ValueOf<typeof split>
export const gistxlogPageSplit: Struct<gistxlogPageSplit> = split

const pageDelete = struct('gistxlogPageDelete', 16, {
  deleteXid: u64(0), //        last transaction that could be on its way to the page
  downlinkOffset: u16(8), //   item of the parent that points to it
})
export type gistxlogPageDelete = ValueOf<typeof pageDelete>
export const gistxlogPageDelete: Struct<gistxlogPageDelete> = pageDelete

const reuse = struct('gistxlogPageReuse', 32, {
  spcOid: u32(0), // locator
  dbOid: u32(4),
  relNumber: u32(8),
  block: u32(12),
  snapshotConflictHorizon: u64(16),
  isCatalogRel: bool(24),
})
export type gistxlogPageReuse = ValueOf<typeof reuse>
export const gistxlogPageReuse: Struct<gistxlogPageReuse> = reuse

/** The bytes that the log holds of each struct (SizeOf… in gistxlog.h): without padding at the end. */
export const GIST_RECORD_SIZE = {
  pageUpdate: 4,
  delete: 8,
  pageSplit: 24,
  pageDelete: 10,
  pageReuse: 25,
} as const
