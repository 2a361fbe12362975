// A leaf of a posting tree is a row of compressed segments (format/ginPostingList.ts). A record does not carry the new
// page but what became of single segments (ginxlog.c, ginRedoRecompress):
//
//   before    │ 0 │ 1 │ 2 │ 3 │           1: add items   2: delete   3: insert before it
//   after     │ 0 │ 1 and more │ new │ 3 │
//
// Segments that the record does not name stay as they are, byte for byte.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  GIN,
  GIN_DATA_AT,
  GIN_DATA_SIZE,
  GIN_SPECIAL_AT,
  ginFlags,
  ginMaxoff,
  setGinDataSize,
  setGinFlags,
  setGinMaxoff,
} from '../format/ginPage.js'
import {
  decodeSegment,
  encodeSegment,
  mergeRows,
  readRows,
  SEGMENT_HEADER_SIZE,
  segmentSize,
} from '../format/ginPostingList.js'
import { GIN_SEGMENT } from '../format/ginRecords.js'
import { TID_SIZE } from '../format/indexTuple.js'
import { pageOf, pdLower } from '../format/page.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { WalRecord } from '../wal/record.js'
import { contradiction, malformed } from './contradiction.js'

/** The page as it was: segments are read here while the page itself is written. */
const old = pageOf()
/** A segment while it is encoded anew. */
const anew = pageOf()
/** Rows of the old segment, at most one a byte; rows that a record adds, at most what its 64 KiB hold. */
const oldRows = new Float64Array(BLCKSZ)
const newRows = new Float64Array(Math.ceil(0x10000 / TID_SIZE))
const allRows = new Float64Array(oldRows.length + newRows.length)

/** Does to the leaf what the record says from `at` to `end`: the number of actions, and the actions. */
export function recompressLeaf(record: WalRecord, page: BufferedPage, at: number, end: number): void {
  if ((ginFlags(page) & GIN.COMPRESSED) === 0) compressOldLeaf(record, page)
  const oldEnd = pdLower(page)
  if (oldEnd < GIN_DATA_AT || oldEnd > GIN_SPECIAL_AT)
    throw contradiction(record, page, `its posting lists end at ${oldEnd}`)
  old.bytes.set(page.bytes.subarray(GIN_DATA_AT, oldEnd), GIN_DATA_AT)
  needBytes(record, at, 2, end)
  const actions = record.view.getUint16(at, true)
  at += 2
  let segment = 0
  let from = GIN_DATA_AT
  let to = GIN_DATA_AT
  for (let i = 0; i < actions; i++) {
    needBytes(record, at, 2, end)
    const target = record.view.getUint8(at)
    const action = record.view.getUint8(at + 1)
    at += 2
    if (target < segment) throw malformed(record, `segment ${target} comes after segment ${segment}`)
    for (; segment < target; segment++) {
      const size = oldSegment(record, page, from, oldEnd)
      to = put(record, page, to, old.bytes, from, size)
      from += size
    }
    const goes = action === GIN_SEGMENT.INSERT ? 0 : oldSegment(record, page, from, oldEnd)
    if (action === GIN_SEGMENT.INSERT || action === GIN_SEGMENT.REPLACE) {
      needBytes(record, at, SEGMENT_HEADER_SIZE, end)
      const size = segmentSize(record.view, at)
      needBytes(record, at, size, end)
      to = put(record, page, to, record.bytes, at, size)
      at += size
    } else if (action === GIN_SEGMENT.ADDITEMS) {
      needBytes(record, at, 2, end)
      const count = record.view.getUint16(at, true)
      needBytes(record, at + 2, count * TID_SIZE, end)
      to = put(record, page, to, anew.bytes, 0, addRows(record, page, from, at + 2, count))
      at += 2 + count * TID_SIZE
    } else if (action !== GIN_SEGMENT.DELETE)
      throw contradiction(record, page, `unexpected GIN leaf action: ${action}`)
    from += goes
    if (action !== GIN_SEGMENT.INSERT) segment++
  }
  to = put(record, page, to, old.bytes, from, oldEnd - from)
  setGinDataSize(page, to - GIN_DATA_AT)
}

function needBytes(record: WalRecord, at: number, size: number, end: number): void {
  if (at + size > end)
    throw malformed(record, `its actions on a posting list end ${at + size - end} bytes early`)
}

/** Size of the old page's segment at `from`. @throws CorruptData when there is none, or it leaves the page's data. */
function oldSegment(record: WalRecord, page: BufferedPage, from: number, end: number): number {
  const size = from + SEGMENT_HEADER_SIZE <= end ? segmentSize(old.view, from) : SEGMENT_HEADER_SIZE
  if (from + size > end) throw contradiction(record, page, 'it has fewer segments than the record names')
  return size
}

/** Copies a segment to `to` in the page; returns where the next one goes. */
function put(
  record: WalRecord,
  page: BufferedPage,
  to: number,
  source: Uint8Array,
  from: number,
  size: number,
): number {
  if (to + size > GIN_SPECIAL_AT) throw contradiction(record, page, 'its posting lists have no room')
  page.bytes.set(source.subarray(from, from + size), to)
  return to + size
}

/** Encodes the old segment with the record's rows added, and returns the size of it. */
function addRows(record: WalRecord, page: BufferedPage, from: number, at: number, count: number): number {
  const before = decodeSegment(old, from, oldRows)
  if (before < 0) throw contradiction(record, page, 'a posting list is not sound')
  if (!readRows(record.view, at, count, newRows)) throw malformed(record, 'rows to be added do not ascend')
  return encode(record, page, allRows, mergeRows(newRows, count, oldRows, before, allRows))
}

function encode(record: WalRecord, page: BufferedPage, rows: Float64Array, count: number): number {
  if (encodeSegment(rows, count, anew, 0, BLCKSZ) !== count)
    throw contradiction(record, page, `a posting list of ${count} rows does not fit`)
  return segmentSize(anew.view, 0)
}

/** A leaf from before 9.4 is a plain array of rows; it becomes one segment the first time it is changed. */
function compressOldLeaf(record: WalRecord, page: BufferedPage): void {
  const count = ginMaxoff(page)
  let size = 0
  if (count > 0) {
    if (count * TID_SIZE > GIN_DATA_SIZE || !readRows(page.view, GIN_DATA_AT, count, oldRows))
      throw contradiction(record, page, `its ${count} rows do not ascend`)
    size = encode(record, page, oldRows, count)
    put(record, page, GIN_DATA_AT, anew.bytes, 0, size)
  }
  setGinDataSize(page, size)
  setGinFlags(page, ginFlags(page) | GIN.COMPRESSED)
  setGinMaxoff(page, 0)
}
