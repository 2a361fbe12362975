// Items of index pages that records take away or bring: the same in every index whose page is a plain list of items.

import type { BufferedPage } from '../buffers/relationFork.js'
import { INDEX_TUPLE_HEADER_SIZE, indexTupleSize } from '../format/indexTuple.js'
import { addItem, deleteIndexItems, maxOffset } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { contradiction, malformed } from './contradiction.js'

/**
 * Deletes the items whose `count` ascending offset numbers stand at `at` in the record (PageIndexMultiDelete).
 * @throws CorruptData when they do not ascend, or the page lacks one.
 */
export function deleteItems(record: WalRecord, page: BufferedPage, at: number, count: number): void {
  const offsets: number[] = []
  let last = 0
  for (let i = 0; i < count; i++) {
    const off = record.view.getUint16(at + i * 2, true)
    if (off <= last || off > maxOffset(page))
      throw contradiction(record, page, 'incorrect index offsets supplied')
    offsets.push((last = off))
  }
  if (count > 0) deleteIndexItems(page, offsets)
}

/** Size of the index tuple at `at` in the record. @throws CorruptData when it does not end by `end`. */
export function tupleSize(record: WalRecord, at: number, end: number): number {
  const size = at + INDEX_TUPLE_HEADER_SIZE <= end ? indexTupleSize(record.view, at) : 0
  if (size < INDEX_TUPLE_HEADER_SIZE || at + size > end)
    throw malformed(record, `an index tuple of ${size} bytes does not end with the data around it`)
  return size
}

/**
 * Adds the index tuples that stand one after the other from `at` to `end` in the record, behind the page's items, and
 * returns how many they were.
 * @throws CorruptData, in the words of `failure`, when the page has no room for one
 */
export function appendTuples(
  record: WalRecord,
  page: BufferedPage,
  at: number,
  end: number,
  failure: string,
): number {
  const first = maxOffset(page) + 1
  let off = first
  while (at < end) {
    const size = tupleSize(record, at, end)
    if (!addItem(page, record.bytes, at, size, off++, false))
      throw contradiction(record, page, `${failure}, size ${size} bytes`)
    at += size
  }
  return off - first
}
