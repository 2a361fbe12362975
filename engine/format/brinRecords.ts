// What a BRIN index's WAL records say (access/brin_xlog.h): the operation, its blocks, the main data.

import { nested, struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'

/** Operations: bits 4 to 6 of xl_info. */
export const XLOG_BRIN = {
  CREATE_INDEX: 0x00, //    block 0 meta
  INSERT: 0x10, //          block 0 page with the summary as data, 1 map
  UPDATE: 0x20, //          the same; 2 page the old summary was on
  SAMEPAGE_UPDATE: 0x30, // block 0 page with the summary as data
  REVMAP_EXTEND: 0x40, //   block 0 meta, 1 new map page
  DESUMMARIZE: 0x50, //     block 0 map, 1 page
} as const
export const XLOG_BRIN_OPMASK = 0x70
/** INSERT and UPDATE: block 0 is made anew, the summary is its first. */
export const XLOG_BRIN_INIT_PAGE = 0x80

const create = struct('xl_brin_createidx', 8, { pagesPerRange: u32(0), version: u16(4) })
export type xl_brin_createidx = ValueOf<typeof create>
export const xl_brin_createidx: Struct<xl_brin_createidx> = create

const insert = struct('xl_brin_insert', 12, {
  heapBlk: u32(0), //       first table block of the range
  pagesPerRange: u32(4),
  offnum: u16(8), //        where the summary goes
})
export type xl_brin_insert = ValueOf<typeof insert>
export const xl_brin_insert: Struct<xl_brin_insert> = insert

const update = struct('xl_brin_update', 16, { oldOffnum: u16(0), insert: nested(4, xl_brin_insert) })
export type xl_brin_update = ValueOf<typeof update>
export const xl_brin_update: Struct<xl_brin_update> = update

const samePage = struct('xl_brin_samepage_update', 2, { offnum: u16(0) })
export type xl_brin_samepage_update = ValueOf<typeof samePage>
export const xl_brin_samepage_update: Struct<xl_brin_samepage_update> = samePage

const extend = struct('xl_brin_revmap_extend', 4, { targetBlk: u32(0) })
export type xl_brin_revmap_extend = ValueOf<typeof extend>
export const xl_brin_revmap_extend: Struct<xl_brin_revmap_extend> = extend

const desummarize = struct('xl_brin_desummarize', 12, {
  pagesPerRange: u32(0),
  heapBlk: u32(4),
  regOffset: u16(8), // where the summary was
})
export type xl_brin_desummarize = ValueOf<typeof desummarize>
export const xl_brin_desummarize: Struct<xl_brin_desummarize> = desummarize

/** The bytes that the log holds of each struct (SizeOfBrin… in brin_xlog.h): without padding at the end. */
export const BRIN_RECORD_SIZE = {
  createIndex: 6,
  insert: 10,
  update: 14,
  samePageUpdate: 2,
  revmapExtend: 4,
  desummarize: 10,
} as const
