// A btree index: block 0 says where the root is, every other page holds sorted index tuples and, in its special
// space, the block numbers of its neighbours on the same level (access/nbtree.h).
//
//   meta page    │ header 24 │ BTMetaPageData 48 │ …                       │ special 16 │
//   other pages  │ header 24 │ lp: [high key], items… │ free │ tuples…     │ special 16: prev, next, level, flags │
//
// The first item is the high key, an upper bound of the page, unless the page is the last one on its level.

import { bool, f64, struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { initPage, pdSpecial, setPdLower, type Page } from './page.js'

const opaque = struct('BTPageOpaqueData', 16, {
  btpo_prev: u32(0),
  btpo_next: u32(4),
  btpo_level: u32(8), //   0 for leaves
  btpo_flags: u16(12),
  btpo_cycleid: u16(14), // the vacuum during which the page was split
})
export type BTPageOpaqueData = ValueOf<typeof opaque>
export const BTPageOpaqueData: Struct<BTPageOpaqueData> = opaque

const meta = struct('BTMetaPageData', 48, {
  btm_magic: u32(0),
  btm_version: u32(4),
  btm_root: u32(8),
  btm_level: u32(12),
  btm_fastroot: u32(16), // the lowest level with one page: searches start there
  btm_fastlevel: u32(20),
  btm_last_cleanup_num_delpages: u32(24),
  btm_last_cleanup_num_heap_tuples: f64(32), // not used any more; -1
  btm_allequalimage: bool(40), // equal keys look equal: deduplication is safe
})
export type BTMetaPageData = ValueOf<typeof meta>
export const BTMetaPageData: Struct<BTMetaPageData> = meta

/** Bits of btpo_flags. */
export const BTP = {
  LEAF: 0x01,
  ROOT: 0x02,
  DELETED: 0x04,
  META: 0x08,
  HALF_DEAD: 0x10,
  SPLIT_END: 0x20,
  HAS_GARBAGE: 0x40,
  INCOMPLETE_SPLIT: 0x80,
  HAS_FULLXID: 0x100,
} as const

export const BTREE_MAGIC = 0x053162
export const BTREE_VERSION = 4
export const BTREE_METAPAGE = 0
/** No neighbour: block 0 is the meta page and nobody's sibling. */
export const P_NONE = 0
/** Offset number of the high key, on pages that have one. */
export const P_HIKEY = 1
/** Where the special space of a btree page starts. */
export const BTREE_SPECIAL_AT = BLCKSZ - BTPageOpaqueData.size
/** Where a page's contents start that are not items (PageGetContents). */
export const PAGE_CONTENTS_AT = 24

const at = BTPageOpaqueData.at
const PREV = BTREE_SPECIAL_AT + at.btpo_prev
const NEXT = BTREE_SPECIAL_AT + at.btpo_next
const LEVEL = BTREE_SPECIAL_AT + at.btpo_level
const FLAGS = BTREE_SPECIAL_AT + at.btpo_flags
const CYCLEID = BTREE_SPECIAL_AT + at.btpo_cycleid

/** Has the page the special space of a btree page? */
export const hasBtreeSpecial = (page: Page): boolean => pdSpecial(page) === BTREE_SPECIAL_AT
export const btpoPrev = (page: Page): number => page.view.getUint32(PREV, true)
export const btpoNext = (page: Page): number => page.view.getUint32(NEXT, true)
export const btpoLevel = (page: Page): number => page.view.getUint32(LEVEL, true)
export const btpoFlags = (page: Page): number => page.view.getUint16(FLAGS, true)
export const btpoCycleid = (page: Page): number => page.view.getUint16(CYCLEID, true)
export const setBtpoPrev = (page: Page, block: number): void => page.view.setUint32(PREV, block, true)
export const setBtpoNext = (page: Page, block: number): void => page.view.setUint32(NEXT, block, true)
export const setBtpoFlags = (page: Page, flags: number): void => page.view.setUint16(FLAGS, flags, true)
export const setBtpoCycleid = (page: Page, id: number): void => page.view.setUint16(CYCLEID, id, true)

/** Offset number of the first item that is not the high key (P_FIRSTDATAKEY). */
export const firstDataKey = (page: Page): number => (btpoNext(page) === P_NONE ? P_HIKEY : P_HIKEY + 1)

/** Makes an empty btree page with these neighbours (_bt_pageinit). */
export function initBtreePage(page: Page, prev: number, next: number, level: number, flags: number): void {
  initPage(page, BTPageOpaqueData.size)
  page.view.setUint32(PREV, prev, true)
  page.view.setUint32(NEXT, next, true)
  page.view.setUint32(LEVEL, level, true)
  page.view.setUint16(FLAGS, flags, true)
}

/** Writes the contents of a meta page; pd_lower goes behind them, or a full-page image would leave them out as free. */
export function writeBtreeMeta(page: Page, contents: BTMetaPageData): void {
  BTMetaPageData.writeView(page.view, PAGE_CONTENTS_AT, contents)
  setPdLower(page, PAGE_CONTENTS_AT + BTMetaPageData.size)
}

/** The contents of a meta page. */
export const readBtreeMeta = (page: Page): BTMetaPageData =>
  BTMetaPageData.readView(page.view, PAGE_CONTENTS_AT)
