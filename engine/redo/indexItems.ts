// Items of index pages that records take away: the same in every index whose page is a plain list of items.

import type { BufferedPage } from '../buffers/relationFork.js'
import { deleteIndexItems, maxOffset } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { contradiction } from './contradiction.js'

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
