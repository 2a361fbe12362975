// Equal keys of a btree leaf page are kept once, followed by the rows they point to: a posting list (access/nbtree.h).
//
//   plain tuple     │ tid   │ t_info │ key │
//   posting tuple   │ where, how many │ t_info │ key │ tid │ tid │ tid │ pad to 8 │
//                     └ t_tid reused: block = offset of the list in the tuple, offset number = 2000h | number of tids
//
// Deduplication makes such tuples, deletion shortens them, and a row that belongs in the middle of a list changes
// places with the list's last one.

import { INDEX_INFO, TID_SIZE, indexTupleSize, setTidBlock, tidBlock } from './indexTuple.js'
import type { Page } from './page.js'

/** Bits of t_tid's offset number once t_info says AM_RESERVED. */
export const BT_OFFSET_MASK = 0x0fff
export const BT_IS_POSTING = 0x2000
/** Largest tuple of a leaf page, in bytes (BTMaxItemSize). */
export const BT_MAX_ITEM_SIZE = 2704

/** Is the tuple at `at` one with a posting list (BTreeTupleIsPosting)? */
export function isPosting(view: DataView, at: number): boolean {
  return (
    (view.getUint16(at + 6, true) & INDEX_INFO.AM_RESERVED) !== 0 &&
    (view.getUint16(at + 4, true) & BT_IS_POSTING) !== 0
  )
}

/** Number of rows the tuple at `at` points to; 1 for a plain one. */
export function tidCount(view: DataView, at: number): number {
  return isPosting(view, at) ? view.getUint16(at + 4, true) & BT_OFFSET_MASK : 1
}

/** Bytes before the posting list; of a plain tuple, all of them. */
export function keySize(view: DataView, at: number): number {
  return isPosting(view, at) ? tidBlock(view, at) : indexTupleSize(view, at)
}

/** Where the tuple's tids start: its posting list, or its own t_tid. */
export function tidsAt(view: DataView, at: number): number {
  return isPosting(view, at) ? at + tidBlock(view, at) : at
}

/** Size of a tuple with `tids` rows, in bytes. */
export function postingSize(key: number, tids: number): number {
  return tids > 1 ? (key + tids * TID_SIZE + 7) & ~7 : key
}

/**
 * Writes the header of a tuple whose key has been copied to `at`: its size, and what t_tid means. The tids go to the
 * offset returned. With one row left a tuple is plain again (BTreeTupleSetPosting, _bt_form_posting).
 */
export function setTidCount(view: DataView, at: number, key: number, tids: number): number {
  const info = view.getUint16(at + 6, true) & ~(INDEX_INFO.SIZE_MASK | INDEX_INFO.AM_RESERVED)
  const size = postingSize(key, tids)
  if (tids === 1) {
    view.setUint16(at + 6, info | size, true)
    return at
  }
  view.setUint16(at + 6, info | size | INDEX_INFO.AM_RESERVED, true)
  setTidBlock(view, at, key)
  view.setUint16(at + 4, tids | BT_IS_POSTING, true)
  return at + key
}

/** Does the posting tuple at `at`, of `size` bytes, hold the list it announces, and more than one row? */
export function isSoundPosting(view: DataView, at: number, size: number): boolean {
  if (!isPosting(view, at)) return false
  const [key, tids] = [tidBlock(view, at), view.getUint16(at + 4, true) & BT_OFFSET_MASK]
  return tids > 1 && key >= 8 && key % 8 === 0 && key + tids * TID_SIZE <= size
}

/**
 * A new row belongs at place `postingoff` of the list at `postingAt`: it takes that place, later rows move up by one,
 * and the last one leaves the list for the new tuple at `newAt` (_bt_swap_posting). Neither tuple changes its size.
 */
export function swapPosting(
  posting: Page,
  postingAt: number,
  postingoff: number,
  newTuple: Page,
  newAt: number,
): void {
  const list = postingAt + tidBlock(posting.view, postingAt)
  const gap = list + postingoff * TID_SIZE
  const last = list + (tidCount(posting.view, postingAt) - 1) * TID_SIZE
  const pushedOut = posting.bytes.slice(last, last + TID_SIZE)
  posting.bytes.copyWithin(gap + TID_SIZE, gap, last)
  posting.bytes.set(newTuple.bytes.subarray(newAt, newAt + TID_SIZE), gap)
  newTuple.bytes.set(pushedOut, newAt)
}
