// A page of an SP-GiST index: trees that part their space, such as quad trees and radix trees
// (access/spgist_private.h).
//
//   block 0 meta · block 1 root · block 2 root of the tree of nulls · the others are inner pages or leaf pages
//
//   │ header 24 │ lp, lp, … │ free │ tuples │ special 8: flags, nRedirection, nPlaceholder, id │
//
//   inner tuple   │ state 2 bits, allTheSame 1, nNodes 13, prefixSize 16 │ size u16 │ prefix │ node │ node │ …
//   a node        an index tuple: its tid leads to the tuple below, its key is the label
//   leaf tuple    │ state 2 bits, size 30 │ nextOffset 14 bits, flags 2 │ tid of the row │ value
//   dead tuple    │ state 2 bits, size 30 │ 0                           │ tid │ xid │                     16 bytes
//
// Whoever follows a link must find something at its end, so a tuple that goes leaves one of 16 bytes in its place: a
// REDIRECT to where it went, a DEAD one when a chain starts there, or else a PLACEHOLDER, which the next tuple to come
// may take. A page counts its redirects and its placeholders.

import { struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { INDEX_TUPLE_HEADER_SIZE, indexTupleSize, setTidBlock } from './indexTuple.js'
import { initPage, pdSpecial, type Page } from './page.js'

const opaque = struct('SpGistPageOpaqueData', 8, {
  flags: u16(0),
  nRedirection: u16(2),
  nPlaceholder: u16(4),
  spgist_page_id: u16(6),
})
export type SpGistPageOpaqueData = ValueOf<typeof opaque>
export const SpGistPageOpaqueData: Struct<SpGistPageOpaqueData> = opaque

export const SPGIST_PAGE_ID = 0xff82

/** Bits of flags. */
export const SPGIST = {
  META: 0x01,
  DELETED: 0x02, // never set
  LEAF: 0x04,
  NULLS: 0x08, //   in the tree of nulls
} as const

/** The two lowest bits of a tuple's first number, inner, leaf or dead (tupstate). */
export const SPGIST_STATE = { LIVE: 0, REDIRECT: 1, DEAD: 2, PLACEHOLDER: 3 } as const

const dead = struct('SpGistDeadTupleData', 16, {
  tupstate_size: u32(0), // state in 2 bits, size in 30
  t_info: u16(4),
  bi_hi: u16(6), //        pointer: where a redirect leads
  bi_lo: u16(8),
  ip_posid: u16(10),
  xid: u32(12), //         of a redirect: who came last might still be on the way here
})
export type SpGistDeadTupleData = ValueOf<typeof dead>
export const SpGistDeadTupleData: Struct<SpGistDeadTupleData> = dead

/** A leaf tuple is at least as large as the dead one that may replace it (SGDTSIZE). */
export const SPGIST_LEAF_MIN_SIZE = SpGistDeadTupleData.size
/** Bytes of an inner tuple before its prefix (SGITHDRSZ). */
export const SPGIST_INNER_HEADER_SIZE = 8

export const SPGIST_SPECIAL_AT = BLCKSZ - SpGistPageOpaqueData.size
const at = SpGistPageOpaqueData.at
const REDIRECTS = SPGIST_SPECIAL_AT + at.nRedirection
const PLACEHOLDERS = SPGIST_SPECIAL_AT + at.nPlaceholder
const NEXT_OFFSET_MASK = 0x3fff

/** Has the page the special space of an SP-GiST page? */
export const hasSpgistSpecial = (page: Page): boolean =>
  pdSpecial(page) === SPGIST_SPECIAL_AT &&
  page.view.getUint16(SPGIST_SPECIAL_AT + at.spgist_page_id, true) === SPGIST_PAGE_ID
export const readSpgistOpaque = (page: Page): SpGistPageOpaqueData =>
  SpGistPageOpaqueData.readView(page.view, SPGIST_SPECIAL_AT)

/** Makes an empty page (SpGistInitPage). */
export function initSpgistPage(page: Page, flags: number): void {
  initPage(page, SpGistPageOpaqueData.size)
  page.view.setUint16(SPGIST_SPECIAL_AT + at.flags, flags, true)
  page.view.setUint16(SPGIST_SPECIAL_AT + at.spgist_page_id, SPGIST_PAGE_ID, true)
}

/** The page has `more` redirects more, or fewer when negative. */
export const countRedirects = (page: Page, more: number): void =>
  page.view.setUint16(REDIRECTS, page.view.getUint16(REDIRECTS, true) + more, true)
/** The page has `more` placeholders more, or fewer when negative. */
export const countPlaceholders = (page: Page, more: number): void =>
  page.view.setUint16(PLACEHOLDERS, page.view.getUint16(PLACEHOLDERS, true) + more, true)

/** State of the tuple at byte `at`, one of {@link SPGIST_STATE}. */
export const spgistState = (view: DataView, at: number): number => view.getUint8(at) & 3
/** Size in bytes of the leaf or dead tuple at byte `at`, its header included. */
export const spgistLeafSize = (view: DataView, at: number): number => view.getUint32(at, true) >>> 2
/** Size in bytes of the inner tuple at byte `at`, its header included. */
export const spgistInnerSize = (view: DataView, at: number): number => view.getUint16(at + 4, true)

/** Links the leaf tuple at byte `at` to the next one of its chain, on the same page (SGLT_SET_NEXTOFFSET). */
export function setNextOffset(view: DataView, at: number, offnum: number): void {
  const flags = view.getUint16(at + 4, true) & ~NEXT_OFFSET_MASK
  view.setUint16(at + 4, flags | (offnum & NEXT_OFFSET_MASK), true)
}

/**
 * Byte at which node number `node`, from 0, of the inner tuple at byte `at` stands; 0 when there is no such node before
 * byte `end` (SGITITERATE).
 */
export function spgistNodeAt(view: DataView, at: number, end: number, node: number): number {
  const first = view.getUint32(at, true)
  if (node >= ((first >>> 3) & 0x1fff)) return 0
  let nodeAt = at + SPGIST_INNER_HEADER_SIZE + (first >>> 16)
  for (let i = 0; nodeAt + INDEX_TUPLE_HEADER_SIZE <= end; i++) {
    if (i === node) return nodeAt
    const size = indexTupleSize(view, nodeAt)
    if (size < INDEX_TUPLE_HEADER_SIZE) return 0
    nodeAt += size
  }
  return 0
}

/** Writes a tid, six bytes: a block and an offset number. */
export function setSpgistTid(view: DataView, at: number, block: number, offnum: number): void {
  setTidBlock(view, at, block)
  view.setUint16(at + 4, offnum, true)
}

/** Writes a dead tuple; only a redirect has somewhere to lead, and a transaction (spgFormDeadTuple). */
export function writeDeadTuple(
  view: DataView,
  state: number,
  block: number,
  offnum: number,
  xid: number,
): void {
  const leads = state === SPGIST_STATE.REDIRECT
  view.setUint32(0, (SpGistDeadTupleData.size << 2) | state, true)
  view.setUint16(4, 0, true)
  setSpgistTid(view, 6, leads ? block : 0xffffffff, leads ? offnum : 0)
  view.setUint32(12, leads ? xid : 0, true)
}

/** A redirect that nobody needs any more becomes a placeholder; its transaction stays (vacuumRedirectAndPlaceholder). */
export function makePlaceholder(view: DataView, at: number): void {
  view.setUint8(at, view.getUint8(at) | SPGIST_STATE.PLACEHOLDER)
  setSpgistTid(view, at + 6, 0xffffffff, 0)
}
