// A page of a GIN index: for every key that occurs in some row (a word, an element of an array) the rows in which it
// occurs (access/ginblock.h). Block 0 is the meta page, block 1 the root of the tree of keys.
//
//   entry tree     inner and leaf pages are lists of index tuples; a leaf tuple is a key with its rows, or with the root
//                  of a posting tree of its own when they are too many
//   posting tree   leaf    │ header 24 │ right bound 8 │ posting lists (ginPostingList.ts) │ free │ special 8 │
//                  inner   │ header 24 │ right bound 8 │ posting items of 10 bytes         │ free │ special 8 │
//   pending list   tuples not sorted in yet, on pages chained by rightlink; the meta page knows both ends

import { i32, i64, struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { setTidBlock, TID_SIZE } from './indexTuple.js'
import { initPage, pdSpecial, setPdLower, type Page } from './page.js'

const opaque = struct('GinPageOpaqueData', 8, {
  rightlink: u32(0),
  maxoff: u16(4), // posting items of an inner page of a posting tree; rows of a page of the pending list
  flags: u16(6),
})
export type GinPageOpaqueData = ValueOf<typeof opaque>
export const GinPageOpaqueData: Struct<GinPageOpaqueData> = opaque

const meta = struct('GinMetaPageData', 56, {
  head: u32(0), //           of the pending list
  tail: u32(4),
  tailFreeSize: u32(8), //   bytes
  nPendingPages: u32(12),
  nPendingHeapTuples: i64(16),
  nTotalPages: u32(24), //   as of the last VACUUM, from here on
  nEntryPages: u32(28),
  nDataPages: u32(32),
  nEntries: i64(40),
  ginVersion: i32(48),
})
export type GinMetaPageData = ValueOf<typeof meta>
export const GinMetaPageData: Struct<GinMetaPageData> = meta

export const GIN_VERSION = 2
export const GIN_METAPAGE = 0
export const GIN_NO_PAGE = 0xffffffff

/** Bits of flags. */
export const GIN = {
  DATA: 0x01, //               of a posting tree
  LEAF: 0x02,
  DELETED: 0x04,
  META: 0x08,
  LIST: 0x10, //               of the pending list
  LIST_FULLROW: 0x20, //       … and the last page of what one insertion brought
  INCOMPLETE_SPLIT: 0x40, //   the parent does not know the page on the right yet
  COMPRESSED: 0x80, //         a leaf with posting lists: all that are newer than 9.4
} as const

export const GIN_SPECIAL_AT = BLCKSZ - GinPageOpaqueData.size
/** Where the meta data of block 0 stand, and in posting trees the right bound. */
export const GIN_CONTENTS_AT = 24
/** Where posting lists and posting items start. */
export const GIN_DATA_AT = GIN_CONTENTS_AT + 8
/** Bytes a page of a posting tree has for them (GinDataPageMaxDataSize). */
export const GIN_DATA_SIZE = GIN_SPECIAL_AT - GIN_DATA_AT
/** A posting item: a block, and the highest row that is below it (PostingItem). */
export const POSTING_ITEM_SIZE = 4 + TID_SIZE

const at = GinPageOpaqueData.at
const RIGHTLINK = GIN_SPECIAL_AT + at.rightlink
const MAXOFF = GIN_SPECIAL_AT + at.maxoff
const FLAGS = GIN_SPECIAL_AT + at.flags

/** Has the page the special space of a GIN page? */
export const hasGinSpecial = (page: Page): boolean => pdSpecial(page) === GIN_SPECIAL_AT
export const ginFlags = (page: Page): number => page.view.getUint16(FLAGS, true)
export const ginMaxoff = (page: Page): number => page.view.getUint16(MAXOFF, true)
export const setGinFlags = (page: Page, flags: number): void => page.view.setUint16(FLAGS, flags, true)
export const setGinMaxoff = (page: Page, maxoff: number): void => page.view.setUint16(MAXOFF, maxoff, true)
export const setGinRightlink = (page: Page, block: number): void =>
  page.view.setUint32(RIGHTLINK, block, true)
export const readGinOpaque = (page: Page): GinPageOpaqueData =>
  GinPageOpaqueData.readView(page.view, GIN_SPECIAL_AT)

/** Makes an empty page (GinInitPage). */
export function initGinPage(page: Page, flags: number): void {
  initPage(page, GinPageOpaqueData.size)
  setGinFlags(page, flags)
  setGinRightlink(page, GIN_NO_PAGE)
}

/** Makes the meta page from the 56 bytes of a GinMetaPageData (GinInitMetabuffer). */
export function initGinMeta(page: Page, contents: Uint8Array): void {
  initGinPage(page, GIN.META)
  page.bytes.set(contents, GIN_CONTENTS_AT)
  setPdLower(page, GIN_CONTENTS_AT + GinMetaPageData.size)
}

/** Sets how many bytes of posting lists or items a page of a posting tree holds: pd_lower says it. */
export function setGinDataSize(page: Page, size: number): void {
  setPdLower(page, GIN_DATA_AT + size)
}

/** Offset in the page of posting item `offnum`, counted from 1. */
export const postingItemAt = (offnum: number): number => GIN_DATA_AT + (offnum - 1) * POSTING_ITEM_SIZE

/**
 * A page below has split: its posting item `offnum` now leads to the right half, and a new one, for the left half,
 * goes before it (GinDataPageAddPostingItem). False when there is no such item, or no room.
 */
export function addPostingItem(page: Page, offnum: number, item: Uint8Array, right: number): boolean {
  const items = ginMaxoff(page)
  if (offnum < 1 || offnum > items || (items + 1) * POSTING_ITEM_SIZE > GIN_DATA_SIZE) return false
  const place = postingItemAt(offnum)
  setTidBlock(page.view, place, right)
  page.bytes.copyWithin(place + POSTING_ITEM_SIZE, place, postingItemAt(items + 1))
  page.bytes.set(item, place)
  countPostingItems(page, items + 1)
  return true
}

/** Takes posting item `offnum` out (GinPageDeletePostingItem). False when there is no such item. */
export function deletePostingItem(page: Page, offnum: number): boolean {
  const items = ginMaxoff(page)
  if (offnum < 1 || offnum > items || items * POSTING_ITEM_SIZE > GIN_DATA_SIZE) return false
  page.bytes.copyWithin(postingItemAt(offnum), postingItemAt(offnum + 1), postingItemAt(items + 1))
  countPostingItems(page, items - 1)
  return true
}

function countPostingItems(page: Page, items: number): void {
  setGinMaxoff(page, items)
  setGinDataSize(page, items * POSTING_ITEM_SIZE)
}
