// A page of a relation: 8192 bytes, header first, line pointers growing up, tuples growing down
// (storage/bufpage.h). The redo routines call what stands here the way PostgreSQL's call bufpage.c.
//
//   │ header 24 │ lp 1 │ lp 2 │ … ──►      free      ◄── … │ tuple 2 │ tuple 1 │ special │
//   0           24            pd_lower          pd_upper                       pd_special
//
// A line pointer is 32 bits: offset (15), flags (2), length (15). Offsets of tuples count from 1.

import { assert } from '../bytes/errors.js'
import { struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { lsnOf, maxAlign, type Lsn } from './lsn.js'
import { BLCKSZ } from './controlFile.js'

const declared = struct('PageHeaderData', 24, {
  pd_lsn_high: u32(0), //   pd_lsn: the high half stands first
  pd_lsn_low: u32(4),
  pd_checksum: u16(8),
  pd_flags: u16(10),
  pd_lower: u16(12),
  pd_upper: u16(14),
  pd_special: u16(16),
  pd_pagesize_version: u16(18),
  pd_prune_xid: u32(20),
})
export type PageHeader = ValueOf<typeof declared>
export const PageHeader: Struct<PageHeader> = declared
export const PAGE_HEADER_SIZE = 24
const PAGE_SIZE_AND_VERSION = BLCKSZ | 4

/** Bits of pd_flags. */
export const PD = { HAS_FREE_LINES: 1, PAGE_FULL: 2, ALL_VISIBLE: 4, VALID_FLAG_BITS: 7 } as const
/** Flags of a line pointer. */
export const LP = { UNUSED: 0, NORMAL: 1, REDIRECT: 2, DEAD: 3 } as const

/** A page in memory: its bytes, and a view of the same bytes for numbers. */
export interface Page {
  readonly bytes: Uint8Array
  readonly view: DataView
}

/** A page over `bytes`, or a new one of zeroes. */
export function pageOf(bytes: Uint8Array = new Uint8Array(BLCKSZ)): Page {
  return { bytes, view: new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength) }
}

/** The LSN of the last record that changed the page. */
export function pageLsn(page: Page): Lsn {
  return lsnOf(page.view.getUint32(0, true), page.view.getUint32(4, true))
}

export function setPageLsn(page: Page, high: number, low: number): void {
  page.view.setUint32(0, high, true)
  page.view.setUint32(4, low, true)
}

/** Never initialised: pd_upper is 0 (PageIsNew). */
export function isNewPage(page: Page): boolean {
  return page.view.getUint16(14, true) === 0
}

export const pdFlags = (page: Page): number => page.view.getUint16(10, true)
export const pdLower = (page: Page): number => page.view.getUint16(12, true)
export const pdUpper = (page: Page): number => page.view.getUint16(14, true)
export const pdSpecial = (page: Page): number => page.view.getUint16(16, true)
export const setPdFlags = (page: Page, flags: number): void => page.view.setUint16(10, flags, true)
export const setPdLower = (page: Page, lower: number): void => page.view.setUint16(12, lower, true)
export const setPdUpper = (page: Page, upper: number): void => page.view.setUint16(14, upper, true)
export const setPruneXid = (page: Page, xid: number): void => page.view.setUint32(20, xid, true)
export const pruneXid = (page: Page): number => page.view.getUint32(20, true)

/** Makes an empty page with `specialSize` bytes at its end (PageInit). */
export function initPage(page: Page, specialSize: number): void {
  page.bytes.fill(0)
  const special = BLCKSZ - maxAlign(specialSize)
  setPdLower(page, PAGE_HEADER_SIZE)
  setPdUpper(page, special)
  page.view.setUint16(16, special, true)
  page.view.setUint16(18, PAGE_SIZE_AND_VERSION, true)
}

/** Number of line pointers; the last one's offset number (PageGetMaxOffsetNumber). */
export function maxOffset(page: Page): number {
  const lower = pdLower(page)
  return lower <= PAGE_HEADER_SIZE ? 0 : (lower - PAGE_HEADER_SIZE) >>> 2
}

const lpAt = (offnum: number): number => PAGE_HEADER_SIZE + (offnum - 1) * 4
/** The raw 32 bits of line pointer `offnum` (1-based). */
export const itemId = (page: Page, offnum: number): number => page.view.getUint32(lpAt(offnum), true)
export const lpOffset = (id: number): number => id & 0x7fff
export const lpFlags = (id: number): number => (id >>> 15) & 3
export const lpLength = (id: number): number => id >>> 17

/** Writes line pointer `offnum`. For a redirect, `offset` is the target's offset number. */
export function setItemId(page: Page, offnum: number, offset: number, flags: number, length: number): void {
  page.view.setUint32(lpAt(offnum), ((length << 17) | (flags << 15) | offset) >>> 0, true)
}

/** The bytes of the item at `offnum`. */
export function itemBytes(page: Page, offnum: number): Uint8Array {
  const id = itemId(page, offnum)
  return page.bytes.subarray(lpOffset(id), lpOffset(id) + lpLength(id))
}

/**
 * Puts an item at `offnum`, as PageAddItemExtended does: with `overwrite` into a line pointer that must be unused,
 * else shifting later line pointers up. Returns false when there is no room (a caller in redo then stops).
 */
export function addItem(
  page: Page,
  source: Uint8Array,
  sourceAt: number,
  size: number,
  offnum: number,
  overwrite: boolean,
): boolean {
  const limit = maxOffset(page) + 1
  let shuffle = false
  if (overwrite) {
    if (offnum < limit && lpFlags(itemId(page, offnum)) !== LP.UNUSED) return false
  } else shuffle = offnum < limit
  if (offnum > limit || offnum < 1) return false
  const lower = pdLower(page) + (offnum === limit || shuffle ? 4 : 0)
  const upper = pdUpper(page) - ((size + 7) & ~7)
  if (lower > upper || upper + size > pdSpecial(page) || pdSpecial(page) > BLCKSZ) return false
  if (shuffle) page.bytes.copyWithin(lpAt(offnum + 1), lpAt(offnum), lpAt(limit))
  setItemId(page, offnum, upper, LP.NORMAL, size)
  copyItem(source, sourceAt, size, page.bytes, upper)
  setPdLower(page, lower)
  setPdUpper(page, upper)
  return true
}

/** Most items are a few dozen bytes: a loop copies those sooner than two calls into the typed array's own code. */
function copyItem(source: Uint8Array, from: number, size: number, target: Uint8Array, to: number): void {
  if (size > 96) target.set(source.subarray(from, from + size), to)
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i]
}

/** Takes one item out: the items before it in memory slide up over it (PageIndexTupleDelete). */
export function deleteIndexItem(page: Page, offnum: number): void {
  const id = itemId(page, offnum)
  const [offset, size, upper] = [lpOffset(id), maxAlign(lpLength(id)), pdUpper(page)]
  page.bytes.copyWithin(lpAt(offnum), lpAt(offnum + 1), pdLower(page))
  page.bytes.copyWithin(upper + size, upper, offset)
  setPdUpper(page, upper + size)
  setPdLower(page, pdLower(page) - 4)
  for (let off = 1; off <= maxOffset(page); off++) {
    const other = itemId(page, off)
    if (lpOffset(other) <= offset) setItemId(page, off, lpOffset(other) + size, lpFlags(other), lpLength(other))
  }
}

/** Takes several items out, `offnums` ascending (PageIndexMultiDelete: one by one when there are only two). */
export function deleteIndexItems(page: Page, offnums: readonly number[]): void {
  if (offnums.length <= 2) {
    for (let i = offnums.length - 1; i >= 0; i--) deleteIndexItem(page, offnums[i])
    return
  }
  const gone = new Set(offnums)
  const kept: number[] = []
  for (let off = 1; off <= maxOffset(page); off++) if (!gone.has(off)) kept.push(itemId(page, off))
  kept.forEach((id, i) => page.view.setUint32(lpAt(i + 1), id, true))
  setPdLower(page, PAGE_HEADER_SIZE + kept.length * 4)
  compactItems(page)
}

/**
 * Lays all items against the special space, in the order of their line pointers, the first one highest
 * (compactify_tuples): free space becomes one piece and every line pointer follows its item.
 */
export function compactItems(page: Page): void {
  const max = maxOffset(page)
  const old = page.bytes.slice(pdUpper(page), pdSpecial(page))
  const base = pdUpper(page)
  let upper = pdSpecial(page)
  for (let off = 1; off <= max; off++) {
    const id = itemId(page, off)
    if (lpLength(id) === 0) continue
    const size = maxAlign(lpLength(id))
    const from = lpOffset(id) - base
    upper -= size
    page.bytes.set(old.subarray(from, from + size), upper)
    setItemId(page, off, upper, lpFlags(id), lpLength(id))
  }
  assert(upper >= pdLower(page), 'the items of a page fit on it')
  setPdUpper(page, upper)
}

/**
 * Replaces the item at `offnum` by one of another size, in place (PageIndexTupleOverwrite). False when it
 * does not fit.
 */
export function overwriteItem(page: Page, offnum: number, item: Uint8Array): boolean {
  const id = itemId(page, offnum)
  const [offset, oldSize, newSize] = [lpOffset(id), maxAlign(lpLength(id)), maxAlign(item.length)]
  const upper = pdUpper(page)
  const grow = newSize - oldSize
  if (grow > upper - pdLower(page)) return false
  if (grow !== 0) {
    page.bytes.copyWithin(upper - grow, upper, offset)
    for (let off = 1; off <= maxOffset(page); off++) {
      const other = itemId(page, off)
      if (lpLength(other) > 0 && lpOffset(other) <= offset)
        setItemId(page, off, lpOffset(other) - grow, lpFlags(other), lpLength(other))
    }
    setPdUpper(page, upper - grow)
  }
  setItemId(page, offnum, offset - grow, lpFlags(id), item.length)
  page.bytes.set(item, offset - grow)
  return true
}
