// A posting list of a GIN index: rows in ascending order, the first one as it is, each further one as its distance
// from the one before (access/gin/ginpostinglist.c). A leaf of a posting tree is a row of such segments.
//
//   │ first row, 6 bytes │ nbytes, 2 │ distance │ distance │ … │ pad to an even length │
//
// For distances a row is one number: block × 2048 + offset number, 43 bits. A number is written in groups of seven bits,
// lowest first; the high bit of a byte says that another group follows. Neighbours on a page take one byte each.

import { tidBlock } from './indexTuple.js'
import type { Page } from './page.js'

/** Bytes before the distances. */
export const SEGMENT_HEADER_SIZE = 8
const NBYTES = 6
/** An offset number has 11 bits in a row's number; pages of tables have at most 291 line pointers. */
const OFFSETS_PER_BLOCK = 2048
const HIGHEST_BLOCK = 0xfffffffe
/** Seven bits each; the last one counts in units of 2^42. */
const MOST_GROUPS = 7
const LAST_GROUP = 2 ** 42

/** Size in bytes of the segment at `at`: header, distances, padding (SizeOfGinPostingList). */
export function segmentSize(view: DataView, at: number): number {
  const nbytes = view.getUint16(at + NBYTES, true)
  return SEGMENT_HEADER_SIZE + nbytes + (nbytes & 1)
}

/** The row at `at`, six bytes, as a number that orders rows; -1 when its offset number cannot be (itemptr_to_uint64). */
export function rowNumber(view: DataView, at: number): number {
  const offnum = view.getUint16(at + 4, true)
  return offnum < OFFSETS_PER_BLOCK ? tidBlock(view, at) * OFFSETS_PER_BLOCK + offnum : -1
}

/** Writes a row's number as the six bytes of a row (uint64_to_itemptr). */
export function writeRow(view: DataView, at: number, row: number): void {
  const block = Math.floor(row / OFFSETS_PER_BLOCK)
  view.setUint16(at, block >>> 16, true)
  view.setUint16(at + 2, block & 0xffff, true)
  view.setUint16(at + 4, row % OFFSETS_PER_BLOCK, true)
}

/**
 * Reads `count` rows of six bytes each from `at` on. False when they do not ascend or a row cannot be. `rows` must
 * have the room.
 */
export function readRows(view: DataView, at: number, count: number, rows: Float64Array): boolean {
  let last = -1
  for (let i = 0; i < count; i++) {
    const row = rowNumber(view, at + i * 6)
    if (row <= last) return false
    rows[i] = last = row
  }
  return true
}

/**
 * Reads the rows of the segment at `at` (ginPostingListDecode). Returns how many there are, or -1 when the segment is
 * not sound: a number goes on past its end, or rows do not ascend. `rows` needs room for one row a byte.
 */
export function decodeSegment({ bytes, view }: Page, at: number, rows: Float64Array): number {
  const end = at + SEGMENT_HEADER_SIZE + view.getUint16(at + NBYTES, true)
  let row = rowNumber(view, at)
  if (row < 0) return -1
  let count = 0
  rows[count++] = row
  for (let from = at + SEGMENT_HEADER_SIZE; from < end;) {
    let byte = bytes[from++]
    let distance = byte & 0x7f
    for (let unit = 128; byte & 0x80; unit *= 128) {
      if (from === end || unit > LAST_GROUP) return -1
      byte = bytes[from++]
      distance += (byte & 0x7f) * unit
    }
    if (distance === 0) return -1
    rows[count++] = row += distance
  }
  return row < (HIGHEST_BLOCK + 1) * OFFSETS_PER_BLOCK ? count : -1
}

/**
 * Writes ascending rows as a segment of at most `maxSize` bytes at `at` (ginCompressPostingList). Returns how many rows
 * went in: fewer than `count` when it is full. Its padding byte, if there is one, is zero.
 */
export function encodeSegment(
  rows: Float64Array,
  count: number,
  { bytes, view }: Page,
  at: number,
  maxSize: number,
): number {
  const start = at + SEGMENT_HEADER_SIZE
  const end = at + (maxSize & ~1)
  writeRow(view, at, rows[0])
  let to = start
  let packed = 1
  for (; packed < count; packed++) {
    let distance = rows[packed] - rows[packed - 1]
    if (to + MOST_GROUPS > end && to + groups(distance) > end) break
    for (; distance > 0x7fffffff; distance = Math.floor(distance / 128)) bytes[to++] = 0x80 | (distance % 128)
    for (; distance > 0x7f; distance >>>= 7) bytes[to++] = 0x80 | (distance & 0x7f)
    bytes[to++] = distance
  }
  view.setUint16(at + NBYTES, to - start, true)
  if ((to - start) & 1) bytes[to] = 0
  return packed
}

/** Bytes that a distance takes. */
function groups(distance: number): number {
  let bytes = 1
  for (let limit = 128; distance >= limit; limit *= 128) bytes++
  return bytes
}

/** Merges two ascending lists of rows; a row that both have is kept once (ginMergeItemPointers). Returns the number. */
export function mergeRows(
  a: Float64Array,
  countA: number,
  b: Float64Array,
  countB: number,
  merged: Float64Array,
): number {
  let [i, j, count] = [0, 0, 0]
  while (i < countA && j < countB) {
    const next = Math.min(a[i], b[j])
    if (a[i] === next) i++
    if (b[j] === next) j++
    merged[count++] = next
  }
  while (i < countA) merged[count++] = a[i++]
  while (j < countB) merged[count++] = b[j++]
  return count
}
