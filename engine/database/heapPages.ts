// Changes of heap pages, each in three steps: change the page, log it, stamp it (access/heap/heapam.c). The records are
// PostgreSQL's own; redo/heap.ts reads them.

import type { BufferedPage, RelationFork } from '../buffers/relationFork.js'
import { viewOf, type Struct } from '../bytes/layout.js'
import { BLCKSZ } from '../format/controlFile.js'
import {
  xl_heap_delete,
  xl_heap_header,
  xl_heap_insert,
  xl_heap_lock,
  xl_heap_update,
  XLH_DELETE,
  XLH_INSERT,
  XLH_LOCK,
  XLH_UPDATE,
  XLHL,
  XLOG_HEAP,
  XLOG_HEAP_INIT_PAGE,
} from '../format/heapRecords.js'
import {
  HEAP,
  HEAP2,
  HEAP_TUPLE_HEADER_SIZE,
  HeapTupleHeaderData,
  MAX_HEAP_TUPLES_PER_PAGE,
} from '../format/heapTuple.js'
import { initPage, isNewPage, itemBytes, itemId, LP, lpFlags, maxOffset, PD } from '../format/page.js'
import { pdFlags, pdLower, pdUpper, reserveItem, setPrunable } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { mapBlock, mapByte, mapShift, VISIBILITYMAP } from '../format/visibilityMap.js'
import { changeXmax, clearCommand, setAllVisible, setCtid, setHotUpdated } from '../redo/heapTuples.js'
import type { EncodedRow } from './columns.js'
import type { Store } from './store.js'

const HEAP_MANAGER = 10
const { t_xmin, t_xmax, t_infomask, t_infomask2, t_hoff } = HeapTupleHeaderData.at

/** Where a row version stands. */
export interface RowId {
  readonly block: number
  readonly offnum: number
}

/** The ways to lock a row, weakest first (LockTupleMode). */
export type LockMode = 'key share' | 'share' | 'no key update' | 'update'

const LOCK_BITS: Readonly<Record<LockMode, number>> = {
  'key share': XLHL.XMAX_KEYSHR_LOCK,
  share: XLHL.XMAX_KEYSHR_LOCK | XLHL.XMAX_EXCL_LOCK,
  'no key update': XLHL.XMAX_EXCL_LOCK,
  update: XLHL.XMAX_EXCL_LOCK | XLHL.KEYS_UPDATED,
}

function bytesOf<V>(declared: Struct<V>, value: V): Uint8Array {
  const bytes = new Uint8Array(declared.size)
  declared.write(bytes, 0, value)
  return bytes
}

/** Bytes that a new row may take on this page, its line pointer counted (PageGetHeapFreeSpace). */
export function heapFreeSpace(page: BufferedPage): number {
  if (isNewPage(page)) return BLCKSZ
  const space = pdUpper(page) - pdLower(page) - 4
  if (space <= 0) return 0
  return maxOffset(page) < MAX_HEAP_TUPLES_PER_PAGE || freeLinePointer(page) !== undefined ? space : 0
}

function freeLinePointer(page: BufferedPage): number | undefined {
  if (!(pdFlags(page) & PD.HAS_FREE_LINES)) return undefined
  for (let offnum = 1; offnum <= maxOffset(page); offnum++)
    if (lpFlags(itemId(page, offnum)) === LP.UNUSED) return offnum
  return undefined
}

/** Puts a row on a page in memory: the first free line pointer, then the bytes (RelationPutHeapTuple). */
function putRow(
  page: BufferedPage,
  row: EncodedRow,
  xid: number,
  xmax: number,
  bits: number,
  bits2: number,
): number {
  if (isNewPage(page)) initPage(page, 0)
  const offnum = freeLinePointer(page) ?? maxOffset(page) + 1
  const at = reserveItem(page, HEAP_TUPLE_HEADER_SIZE + row.body.length, offnum, true)
  if (at === 0) throw new Error(`assertion failed: page ${page.block} was said to have room`)
  const { view, bytes } = page
  view.setUint32(at + t_xmin, xid, true)
  view.setUint32(at + t_xmax, xmax, true)
  clearCommand(view, at)
  view.setUint16(at + t_infomask2, row.natts | bits2, true)
  view.setUint16(at + t_infomask, row.t_infomask | bits, true)
  view.setUint8(at + t_hoff, row.t_hoff)
  setCtid(view, at, page.block, offnum)
  bytes.set(row.body, at + HEAP_TUPLE_HEADER_SIZE)
  return offnum
}

const headerOf = (page: BufferedPage, at: number): Uint8Array =>
  bytesOf(xl_heap_header, {
    t_infomask2: page.view.getUint16(at + t_infomask2, true),
    t_infomask: page.view.getUint16(at + t_infomask, true),
    t_hoff: page.view.getUint8(at + t_hoff),
  })

/** First byte of the row at `offnum`. */
export function rowAt(page: BufferedPage, offnum: number): number {
  return itemBytes(page, offnum).byteOffset - page.bytes.byteOffset
}

/** A page that was visible to all is so no more. True when it was. */
function clearAllVisible(store: Store, page: BufferedPage): boolean {
  if (isNewPage(page) || !(pdFlags(page) & PD.ALL_VISIBLE)) return false
  setAllVisible(page, false)
  clearMapBits(store, page, VISIBILITYMAP.VALID_BITS)
  return true
}

/** Clears bits of the visibility map; redo clears them again, so the map's page needs no record of its own. */
function clearMapBits(store: Store, page: BufferedPage, bits: number): boolean {
  const { spcOid, dbOid, relNumber } = page.file.locator
  const map: RelationFork = store.pool.relation(spcOid, dbOid, relNumber, FORK.VM)
  if (!map.exists() || map.nblocks <= mapBlock(page.block)) return false
  const mapPage = store.pool.read(map, mapBlock(page.block), true)
  const mask = bits << mapShift(page.block)
  const byte = mapByte(page.block)
  if ((mapPage.bytes[byte] & mask) === 0) return false
  mapPage.bytes[byte] &= ~mask
  store.pool.markDirty(mapPage)
  return true
}

const concat = (...pieces: readonly Uint8Array[]): Uint8Array => {
  const joined = new Uint8Array(pieces.reduce((sum, { length }) => sum + length, 0))
  let at = 0
  for (const piece of pieces) {
    joined.set(piece, at)
    at += piece.length
  }
  return joined
}

/** Inserts a row into a page with room (heap_insert). Returns its offset number. */
export function insertRow(store: Store, page: BufferedPage, xid: number, row: EncodedRow): number {
  const cleared = clearAllVisible(store, page)
  const offnum = putRow(page, row, xid, 0, HEAP.XMAX_INVALID, 0)
  const alone = offnum === 1 && maxOffset(page) === 1
  const main = bytesOf(xl_heap_insert, { offnum, flags: cleared ? XLH_INSERT.ALL_VISIBLE_CLEARED : 0 })
  const data = concat(headerOf(page, rowAt(page, offnum)), row.body)
  const info = XLOG_HEAP.INSERT | (alone ? XLOG_HEAP_INIT_PAGE : 0)
  store.change(HEAP_MANAGER, info, xid, main, [{ page, willInit: alone, data }])
  return offnum
}

/** Deletes a row: it stays where it is, with the deleter's id in t_xmax (heap_delete). */
export function deleteRow(store: Store, page: BufferedPage, xid: number, offnum: number): void {
  const at = rowAt(page, offnum)
  const cleared = clearAllVisible(store, page)
  setPrunable(page, xid)
  changeXmax(page.view, at, xid, XLHL.KEYS_UPDATED)
  setHotUpdated(page.view, at, false)
  clearCommand(page.view, at)
  setCtid(page.view, at, page.block, offnum)
  const flags = cleared ? XLH_DELETE.ALL_VISIBLE_CLEARED : 0
  const main = bytesOf(xl_heap_delete, { xmax: xid, offnum, infobits_set: XLHL.KEYS_UPDATED, flags })
  store.change(HEAP_MANAGER, XLOG_HEAP.DELETE, xid, main, [{ page }])
}

/** Locks a row by writing the locker's id into t_xmax, with bits that say it only locks (heap_lock_tuple). */
export function lockRow(store: Store, page: BufferedPage, xid: number, offnum: number, mode: LockMode): void {
  lockWith(store, page, xid, offnum, LOCK_BITS[mode])
}

function lockWith(store: Store, page: BufferedPage, xid: number, offnum: number, lockBits: number): void {
  const at = rowAt(page, offnum)
  const infobits = lockBits | XLHL.XMAX_LOCK_ONLY
  changeXmax(page.view, at, xid, infobits)
  setHotUpdated(page.view, at, false)
  clearCommand(page.view, at)
  setCtid(page.view, at, page.block, offnum)
  const frozen = (pdFlags(page) & PD.ALL_VISIBLE) !== 0 && clearMapBits(store, page, VISIBILITYMAP.ALL_FROZEN)
  const flags = frozen ? XLH_LOCK.ALL_FROZEN_CLEARED : 0
  const main = bytesOf(xl_heap_lock, { xmax: xid, offnum, infobits_set: infobits, flags })
  store.change(HEAP_MANAGER, XLOG_HEAP.LOCK, xid, main, [{ page }])
}

/** The old version in an update, and the place of the new one. */
export interface Update {
  old: BufferedPage
  offnum: number
  /** The new version's page: the old one's when it has room. */
  target: BufferedPage
  /** No index needs to know of the new version (HOT): possible on the same page only. */
  hot: boolean
}

/** Does the row carry the lock of this very transaction, and which? The update that follows keeps a trace of it. */
function ownLock(page: BufferedPage, at: number, xid: number): { held: boolean; exclusive: boolean } {
  const mask = page.view.getUint16(at + t_infomask, true)
  const held = (mask & HEAP.XMAX_INVALID) === 0 && page.view.getUint32(at + t_xmax, true) === xid
  const exclusive = held && (page.view.getUint16(at + t_infomask2, true) & HEAP2.KEYS_UPDATED) !== 0
  return { held, exclusive }
}

/** Before the page of the new version is looked for, the old one is locked: nobody else shall update it meanwhile. */
export function lockForMove(store: Store, page: BufferedPage, xid: number, offnum: number): void {
  const { exclusive } = ownLock(page, rowAt(page, offnum), xid)
  lockWith(store, page, xid, offnum, LOCK_BITS[exclusive ? 'update' : 'no key update'])
}

/** Replaces a row by a new version; returns the new one's offset number (heap_update, log_heap_update). */
export function updateRow(
  store: Store,
  update: Update,
  xid: number,
  row: EncodedRow,
  wasLocked: boolean,
): number {
  const { old, offnum, target, hot } = update
  const same = target === old
  const at = rowAt(old, offnum)
  const { exclusive } = ownLock(old, at, xid)
  const newXmax = wasLocked ? xid : 0
  const bits = wasLocked ? HEAP.XMAX_KEYSHR_LOCK | HEAP.XMAX_LOCK_ONLY : HEAP.XMAX_INVALID
  const before = itemBytes(old, offnum).slice()
  setPrunable(old, xid)
  if (!same && !isNewPage(target)) setPrunable(target, xid)
  const newOffnum = putRow(target, row, xid, newXmax, HEAP.UPDATED | bits, hot ? HEAP2.ONLY_TUPLE : 0)
  if (!same) setPrunable(target, xid)
  const infobits = exclusive ? XLHL.KEYS_UPDATED : 0
  changeXmax(old.view, at, xid, infobits)
  setHotUpdated(old.view, at, hot)
  clearCommand(old.view, at)
  setCtid(old.view, at, target.block, newOffnum)
  const oldCleared = clearAllVisible(store, old)
  const newCleared = !same && clearAllVisible(store, target)

  const shared = same && !store.needsImage(target) ? sharedBytes(before, row) : { prefix: 0, suffix: 0 }
  const flags =
    (oldCleared ? XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED : 0) |
    (newCleared ? XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED : 0) |
    (shared.prefix > 0 ? XLH_UPDATE.PREFIX_FROM_OLD : 0) |
    (shared.suffix > 0 ? XLH_UPDATE.SUFFIX_FROM_OLD : 0)
  const main = bytesOf(xl_heap_update, {
    old_xmax: xid,
    old_offnum: offnum,
    old_infobits_set: infobits,
    flags,
    new_xmax: newXmax,
    new_offnum: newOffnum,
  })
  const data = updateData(headerOf(target, rowAt(target, newOffnum)), row, shared)
  const alone = !same && newOffnum === 1 && maxOffset(target) === 1
  const info = (hot ? XLOG_HEAP.HOT_UPDATE : XLOG_HEAP.UPDATE) | (alone ? XLOG_HEAP_INIT_PAGE : 0)
  const pages = [{ page: target, willInit: alone, data }, ...(same ? [] : [{ page: old }])]
  store.change(HEAP_MANAGER, info, xid, main, pages)
  return newOffnum
}

interface Shared {
  prefix: number
  suffix: number
}

/** Bytes that both versions have in common, at the start and at the end of the columns; under three they do not pay. */
function sharedBytes(old: Uint8Array, row: EncodedRow): Shared {
  const was = old.subarray(old[t_hoff])
  const is = row.body.subarray(row.t_hoff - HEAP_TUPLE_HEADER_SIZE)
  const most = Math.min(was.length, is.length)
  let prefix = 0
  while (prefix < most && was[prefix] === is[prefix]) prefix++
  if (prefix < 3) prefix = 0
  let suffix = 0
  while (suffix < most - prefix && was[was.length - 1 - suffix] === is[is.length - 1 - suffix]) suffix++
  if (suffix < 3) suffix = 0
  return { prefix, suffix }
}

function updateData(header: Uint8Array, row: EncodedRow, { prefix, suffix }: Shared): Uint8Array {
  const lengths = [prefix, suffix].filter((length) => length > 0)
  const announced = new Uint8Array(2 * lengths.length)
  lengths.forEach((length, i) => viewOf(announced).setUint16(2 * i, length, true))
  const columns = row.t_hoff - HEAP_TUPLE_HEADER_SIZE
  return concat(
    announced,
    header,
    row.body.subarray(0, columns),
    row.body.subarray(columns + prefix, row.body.length - suffix),
  )
}
