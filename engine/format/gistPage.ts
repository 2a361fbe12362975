// A page of a GiST index: a tree for keys that have no order, boxes or sets of trigrams (access/gist.h).
//
//   │ header 24 │ lp, lp, … │ free │ index tuples │ special 16: nsn, rightlink, flags, id │
//
// A page that splits keeps its place and its rightlink leads to the new half. Until the parent knows the new half, the
// left page carries FOLLOW_RIGHT; from then on it has a node sequence number, the LSN of the record that told the
// parent. Whoever came down from a parent older than that number looks to the right as well, and misses nothing.

import { struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { initPage, pdSpecial, setPdLower, type Page } from './page.js'

const opaque = struct('GISTPageOpaqueData', 16, {
  nsn_high: u32(0), //  nsn, an LSN as pages have it: the high half stands first
  nsn_low: u32(4),
  rightlink: u32(8),
  flags: u16(12),
  gist_page_id: u16(14),
})
export type GISTPageOpaqueData = ValueOf<typeof opaque>
export const GISTPageOpaqueData: Struct<GISTPageOpaqueData> = opaque

export const GIST_PAGE_ID = 0xff81
/** The root never moves. */
export const GIST_ROOT = 0
/** No page on the right. */
export const GIST_NO_RIGHTLINK = 0xffffffff

/** Bits of flags. */
export const GIST_F = {
  LEAF: 0x01,
  DELETED: 0x02, //         out of the tree, to be used again once nobody can be on his way to it
  TUPLES_DELETED: 0x04,
  FOLLOW_RIGHT: 0x08, //    the page on the right has no downlink yet
  HAS_GARBAGE: 0x10, //     some line pointers are marked dead
} as const

export const GIST_SPECIAL_AT = BLCKSZ - GISTPageOpaqueData.size
const at = GISTPageOpaqueData.at
const FLAGS = GIST_SPECIAL_AT + at.flags
/** A deleted page has no line pointers; a 64-bit xid stands where they would be (GISTDeletedPageContents). */
const DELETE_XID_AT = 24

/** Has the page the special space of a GiST page? */
export const hasGistSpecial = (page: Page): boolean => pdSpecial(page) === GIST_SPECIAL_AT
export const gistFlags = (page: Page): number => page.view.getUint16(FLAGS, true)
export const setGistFlags = (page: Page, flags: number): void => page.view.setUint16(FLAGS, flags, true)
export const readGistOpaque = (page: Page): GISTPageOpaqueData =>
  GISTPageOpaqueData.readView(page.view, GIST_SPECIAL_AT)

/** Sets the node sequence number, an LSN in two halves (GistPageSetNSN). */
export function setGistNsn(page: Page, high: number, low: number): void {
  page.view.setUint32(GIST_SPECIAL_AT + at.nsn_high, high, true)
  page.view.setUint32(GIST_SPECIAL_AT + at.nsn_low, low, true)
}

/** Makes an empty page (gistinitpage); its node sequence number is 0. */
export function initGistPage(page: Page, rightlink: number, flags: number): void {
  initPage(page, GISTPageOpaqueData.size)
  const special = { nsn_high: 0, nsn_low: 0, rightlink, flags, gist_page_id: GIST_PAGE_ID }
  GISTPageOpaqueData.writeView(page.view, GIST_SPECIAL_AT, special)
}

/** Marks an empty page as deleted; `xid` is the last transaction that could be on its way to it (GistPageSetDeleted). */
export function setGistDeleted(page: Page, xidHigh: number, xidLow: number): void {
  setGistFlags(page, gistFlags(page) | GIST_F.DELETED)
  setPdLower(page, DELETE_XID_AT + 8)
  page.view.setUint32(DELETE_XID_AT, xidLow, true)
  page.view.setUint32(DELETE_XID_AT + 4, xidHigh, true)
}
