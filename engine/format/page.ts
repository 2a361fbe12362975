// A page of a relation: 8192 bytes, header first, line pointers growing up, tuples growing down
// (storage/bufpage.h). The redo routines call what stands here the way PostgreSQL's call bufpage.c.
//
//   │ header 24 │ lp 1 │ lp 2 │ … ──►      free      ◄── … │ tuple 2 │ tuple 1 │ special │
//   0           24            pd_lower          pd_upper                       pd_special
//
// A line pointer is 32 bits: offset (15), flags (2), length (15). Offsets of tuples count from 1.

import { CorruptData } from '../bytes/errors.js'
import { struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { lsnOf, maxAlign, type Lsn } from './lsn.js'
import { BLCKSZ } from './controlFile.js'
import { pageChecksum } from './pageChecksum.js'
import { XID, xidPrecedes } from './transactionStatus.js'

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

/**
 * Why a page that was read from disk cannot be right, or undefined (PageIsVerified): its checksum when the cluster has
 * them, then a header that contradicts itself. A page of zeroes is right. `block` counts from the fork's start.
 */
export function pageFault(
  page: Page,
  block: number,
  checksums: boolean,
): { what: string; expected: string; found: string } | undefined {
  if (isNewPage(page)) {
    if (page.bytes.every((byte) => byte === 0)) return undefined
    return { what: 'the page is new', expected: 'zeroes where pd_upper is 0', found: 'other bytes' }
  }
  if (checksums) {
    const expected = pageChecksum(page.bytes, block)
    const found = page.view.getUint16(8, true)
    if (expected !== found)
      return { what: 'page verification failed', expected: `checksum ${expected}`, found: `${found}` }
  }
  const [flags, lower, upper, special] = [pdFlags(page), pdLower(page), pdUpper(page), pdSpecial(page)]
  if (
    !(flags & ~PD.VALID_FLAG_BITS) &&
    lower <= upper &&
    upper <= special &&
    special <= BLCKSZ &&
    !(special & 7)
  )
    return undefined
  return {
    what: 'the page header contradicts itself',
    expected: `pd_flags up to 7, pd_lower <= pd_upper <= pd_special <= ${BLCKSZ}`,
    found: `${flags}, ${lower}, ${upper}, ${special}`,
  }
}

/** Puts its checksum into a page about to be written, if it is not a new one: that has none (PageSetChecksumInplace). */
export function setPageChecksum(page: Page, block: number): void {
  if (!isNewPage(page)) page.view.setUint16(8, pageChecksum(page.bytes, block), true)
}

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

/** Byte behind the last line pointer. */
const pointersEnd = (page: Page): number => PAGE_HEADER_SIZE + maxOffset(page) * 4

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
 * Makes room for an item of `size` bytes at line pointer `offnum`, as PageAddItemExtended does: with `overwrite` in a
 * line pointer that must be unused, else shifting later line pointers up. Returns the byte of the page at which the
 * item's bytes go, or 0 when there is no room (a caller in redo then stops).
 */
export function reserveItem(page: Page, size: number, offnum: number, overwrite: boolean): number {
  const limit = maxOffset(page) + 1
  let shuffle = false
  if (overwrite) {
    if (offnum < limit && itemId(page, offnum) >>> 15 !== 0) return 0 // flags or length say that it is used
  } else shuffle = offnum < limit
  if (offnum > limit || offnum < 1) return 0
  const lower = pdLower(page) + (offnum === limit || shuffle ? 4 : 0)
  const upper = pdUpper(page) - ((size + 7) & ~7)
  if (lower > upper || upper + size > pdSpecial(page) || pdSpecial(page) > BLCKSZ) return 0
  if (shuffle) page.bytes.copyWithin(lpAt(offnum + 1), lpAt(offnum), lpAt(limit))
  setItemId(page, offnum, upper, LP.NORMAL, size)
  setPdLower(page, lower)
  setPdUpper(page, upper)
  return upper
}

/** Puts an item at `offnum` as {@link reserveItem} says. False when there is no room. */
export function addItem(
  page: Page,
  source: Uint8Array,
  sourceAt: number,
  size: number,
  offnum: number,
  overwrite: boolean,
): boolean {
  const at = reserveItem(page, size, offnum, overwrite)
  if (at !== 0) copyBytes(source, sourceAt, size, page.bytes, at)
  return at !== 0
}

/** Most items are a few dozen bytes: a loop copies those sooner than two calls into the typed array's own code. */
export function copyBytes(
  source: Uint8Array,
  from: number,
  size: number,
  target: Uint8Array,
  to: number,
): void {
  if (size > 96) target.set(source.subarray(from, from + size), to)
  else for (let i = 0; i < size; i++) target[to + i] = source[from + i]
}

// A page that passed its checksum may still contradict itself; PostgreSQL checks before it moves bytes about, and so
// do the functions below. The replaying side knows which page of which file it was.
function damaged(what: string): CorruptData {
  return new CorruptData({ file: 'page', what })
}

function checkPointers(page: Page): void {
  const [lower, upper, special] = [pdLower(page), pdUpper(page), pdSpecial(page)]
  if (lower < PAGE_HEADER_SIZE || lower > upper || upper > special || special > BLCKSZ || special & 7)
    throw damaged(`corrupted page pointers: lower = ${lower}, upper = ${upper}, special = ${special}`)
}

/** The line pointer of an index item, checked. */
function indexItem(page: Page, offnum: number): number {
  if (offnum < 1 || offnum > maxOffset(page)) throw damaged(`invalid index offnum: ${offnum}`)
  const id = itemId(page, offnum)
  const [offset, size] = [lpOffset(id), lpLength(id)]
  if (offset < pdUpper(page) || offset + size > pdSpecial(page) || offset & 7)
    throw damaged(`corrupted line pointer: offset = ${offset}, size = ${size}`)
  return id
}

/** Takes one item out: the items before it in memory slide up over it (PageIndexTupleDelete). */
export function deleteIndexItem(page: Page, offnum: number): void {
  checkPointers(page)
  const id = indexItem(page, offnum)
  const [offset, size, upper] = [lpOffset(id), maxAlign(lpLength(id)), pdUpper(page)]
  page.bytes.copyWithin(lpAt(offnum), lpAt(offnum + 1), pdLower(page))
  page.bytes.copyWithin(upper + size, upper, offset)
  setPdUpper(page, upper + size)
  setPdLower(page, pdLower(page) - 4)
  for (let off = 1; off <= maxOffset(page); off++) {
    const other = itemId(page, off)
    if (lpOffset(other) <= offset)
      setItemId(page, off, lpOffset(other) + size, lpFlags(other), lpLength(other))
  }
}

/**
 * Takes one item out of a page whose other items must keep their offset numbers: its line pointer stays as an unused
 * one, unless it is the last (PageIndexTupleDeleteNoCompact).
 */
export function deleteIndexItemInPlace(page: Page, offnum: number): void {
  checkPointers(page)
  const id = indexItem(page, offnum)
  const [offset, size, upper] = [lpOffset(id), maxAlign(lpLength(id)), pdUpper(page)]
  if (offnum < maxOffset(page)) setItemId(page, offnum, 0, LP.UNUSED, 0)
  else setPdLower(page, pdLower(page) - 4)
  page.bytes.copyWithin(upper + size, upper, offset)
  setPdUpper(page, upper + size)
  for (let off = 1; off <= maxOffset(page); off++) {
    const other = itemId(page, off)
    if (lpLength(other) > 0 && lpOffset(other) <= offset)
      setItemId(page, off, lpOffset(other) + size, lpFlags(other), lpLength(other))
  }
}

/** Takes several items out, `offnums` ascending (PageIndexMultiDelete: one by one when there are only two). */
export function deleteIndexItems(page: Page, offnums: readonly number[]): void {
  if (offnums.length <= 2) {
    for (let i = offnums.length - 1; i >= 0; i--) deleteIndexItem(page, offnums[i])
    return
  }
  checkPointers(page)
  const max = maxOffset(page)
  const kept: number[] = []
  let next = 0
  for (let off = 1; off <= max; off++) {
    const id = indexItem(page, off)
    if (off === offnums[next]) next++
    else kept.push(id)
  }
  if (next !== offnums.length) throw damaged('incorrect index offsets supplied')
  for (let i = 0; i < kept.length; i++) page.view.setUint32(lpAt(i + 1), kept[i], true)
  setPdLower(page, lpAt(kept.length + 1))
  compactItems(page)
}

// A page is packed many thousand times a second in recovery. Its line pointers are looked at once; mostly they then turn
// out to stand in the order in which their items lie, and the items can slide up where they are. Others are listed.
const MAX_ITEMS = (BLCKSZ - PAGE_HEADER_SIZE) / 4
const listed = {
  places: new Uint16Array(MAX_ITEMS),
  ids: new Uint32Array(MAX_ITEMS),
}
const scratch = new Uint8Array(BLCKSZ)

/** What was found in a page's line pointers. Positions are bytes of the page. */
const found = {
  /** End of the last line pointer in use; how many before it are not, when they were to be cleared. */
  usedUpTo: 0,
  unused: 0,
  /** The first line pointer whose item is to move, or the end of them all; where its item is to end. */
  firstToMove: 0,
  moveTo: 0,
  /** Each item lies before the one of the line pointer before. */
  inOrder: true,
}

/**
 * Lays all items against the special space, in the order of their line pointers, the first one highest
 * (compactify_tuples): free space becomes one piece and every line pointer follows its item.
 */
export function compactItems(page: Page): void {
  examineItems(page, false)
  packItems(page)
}

function packItems(page: Page): void {
  const upper = found.inOrder ? slideItems(page) : layItems(page, listItems(page))
  setPdUpper(page, upper)
}

/** Moves items up that lie in order; returns where the last one then begins. */
function slideItems(page: Page): number {
  const { view, bytes } = page
  const lower = pointersEnd(page)
  let to = found.moveTo
  let from = 0 // items that lie side by side move in one go: they begin here and end at `end`
  let end = 0
  for (let at = found.firstToMove; at < lower; at += 4) {
    const id = view.getUint32(at, true)
    if (lpLength(id) === 0) continue
    if (itemEnd(id) !== from) {
      if (end > from) bytes.copyWithin(to - (end - from), from, end)
      to -= end - from
      end = itemEnd(id)
    }
    from = lpOffset(id)
    view.setUint32(at, id + to - end, true) // the low part is the offset
  }
  if (end > from) bytes.copyWithin(to - (end - from), from, end)
  return to - (end - from)
}

/** Lists the items with storage from the first to move on; returns how many they are. */
function listItems(page: Page): number {
  const { places, ids } = listed
  const lower = pointersEnd(page)
  let count = 0
  for (let at = found.firstToMove; at < lower; at += 4) {
    const id = page.view.getUint32(at, true)
    if (lpLength(id) === 0) continue
    places[count] = at
    ids[count++] = id
  }
  return count
}

/** Lays the listed items one before the other, by way of a copy; returns where the last one begins. */
function layItems(page: Page, count: number): number {
  const { places, ids } = listed
  let upper = found.moveTo
  scratch.set(page.bytes.subarray(pdUpper(page), upper), pdUpper(page))
  for (let i = 0; i < count;) {
    const end = itemEnd(ids[i])
    let from = lpOffset(ids[i])
    let next = i + 1
    for (; next < count && itemEnd(ids[next]) === from; next++) from = lpOffset(ids[next])
    upper -= end - from
    copyBytes(scratch, from, end - from, page.bytes, upper)
    for (; i < next; i++) page.view.setUint32(places[i], ids[i] + upper - from, true)
  }
  return upper
}

/** Bytes that a line pointer's item takes, rounded up to eight; and where they end. */
const itemSpace = (id: number): number => (lpLength(id) + 7) & ~7
const itemEnd = (id: number): number => lpOffset(id) + itemSpace(id)

/**
 * Looks through the page's line pointers; the findings are in `found`. `clearUnused`: those that are not in use are
 * counted, and lose what length they may have. @throws CorruptData
 */
function examineItems(page: Page, clearUnused: boolean): void {
  checkPointers(page)
  const { view } = page
  const end = pointersEnd(page)
  let usedUpTo = PAGE_HEADER_SIZE
  let unused = 0
  let firstToMove = 0
  let below = pdSpecial(page)
  let moveTo = 0
  let inOrder = true
  for (let at = PAGE_HEADER_SIZE; at < end; at += 4) {
    const id = view.getUint32(at, true)
    if (lpFlags(id) !== LP.UNUSED) usedUpTo = at + 4
    else if (clearUnused) {
      if (id !== 0) view.setUint32(at, 0, true)
      unused++
      continue
    }
    if (lpLength(id) === 0) continue
    const after = itemEnd(id)
    if (after !== below) {
      if (after > below) inOrder = false
      if (firstToMove === 0) {
        firstToMove = at
        moveTo = below
      }
    }
    below = lpOffset(id)
  }
  // Items in order are as many bytes as there are between the last and the first: nothing more to check.
  if (!inOrder || below < pdUpper(page)) checkItems(page)
  found.usedUpTo = usedUpTo
  found.unused = unused
  found.firstToMove = firstToMove === 0 ? end : firstToMove
  found.moveTo = firstToMove === 0 ? below : moveTo
  found.inOrder = inOrder
}

/** Every item lies between pd_upper and the special space, and they fit there. @throws CorruptData */
function checkItems(page: Page): void {
  const [end, upper, special] = [pointersEnd(page), pdUpper(page), pdSpecial(page)]
  let total = 0
  for (let at = PAGE_HEADER_SIZE; at < end; at += 4) {
    const id = page.view.getUint32(at, true)
    if (lpLength(id) === 0) continue
    if (lpOffset(id) < upper || itemEnd(id) > special)
      throw damaged(`corrupted line pointer: ${lpOffset(id)}`)
    total += itemSpace(id)
  }
  const room = special - pdLower(page)
  if (total > room) throw damaged(`corrupted item lengths: total ${total}, available space ${room}`)
}

/**
 * After pruning a heap page: makes its free space one piece, drops unused line pointers from the end, and notes
 * whether any are left before it (PageRepairFragmentation).
 */
export function repairFragmentation(page: Page): void {
  const end = pointersEnd(page)
  examineItems(page, true)
  packItems(page)
  const { usedUpTo, unused } = found
  setPdLower(page, usedUpTo)
  setFreeLinesHint(page, unused > (end - usedUpTo) / 4)
}

/**
 * The second pass of VACUUM moves no tuple: it only drops unused line pointers from the end, but never the first one,
 * and notes whether any are left (PageTruncateLinePointerArray).
 */
export function truncateLinePointers(page: Page): void {
  let last = maxOffset(page)
  if (last === 0) return
  while (last > 1 && lpFlags(itemId(page, last)) === LP.UNUSED) last--
  let hint = false
  for (let off = 1; off <= last && !hint; off++) hint = lpFlags(itemId(page, off)) === LP.UNUSED
  setPdLower(page, lpAt(last + 1))
  setFreeLinesHint(page, hint)
}

function setFreeLinesHint(page: Page, free: boolean): void {
  const others = pdFlags(page) & ~PD.HAS_FREE_LINES
  setPdFlags(page, free ? others | PD.HAS_FREE_LINES : others)
}

/** Notes that `xid` left something to prune here, if it is the oldest to do so (PageSetPrunable). */
export function setPrunable(page: Page, xid: number): void {
  const known = pruneXid(page)
  if (known === XID.INVALID || xidPrecedes(xid, known)) setPruneXid(page, xid)
}

/**
 * Replaces the item at `offnum` by one of another size, in place (PageIndexTupleOverwrite). False when it
 * does not fit.
 */
export function overwriteItem(page: Page, offnum: number, item: Uint8Array): boolean {
  checkPointers(page)
  const id = indexItem(page, offnum)
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
