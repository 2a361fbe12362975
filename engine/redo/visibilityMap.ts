// Redo on the visibility map. Its bits are cleared by the records that change a table's page, and set by VISIBLE.
//
// Up to 18.3 a record that clears bits does not name the map's page: it is cleared before anybody looks at the table
// page's LSN, whatever the map page's own LSN, which stays. So a bit that must go is gone even when the table page was
// written before the crash and the map page was not. A later minor release (18.6 does) names the map's page as one more
// block, perhaps with an image, and it is redone like any other.

import type { BufferedPage } from '../buffers/bufferPool.js'
import { xl_heap_visible } from '../format/heapRecords.js'
import { initPage, isNewPage } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { mapBlock, mapByte, mapShift, VISIBILITYMAP, visibilityOf } from '../format/visibilityMap.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { existingPage, needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, needMain } from './contradiction.js'
import { setAllVisible } from './heapTuples.js'

/** Clears `bits` of the table page that `ref` names (visibilitymap_clear); the map grows to hold it, as PostgreSQL's does. */
export function clearVisibility(record: WalRecord, context: RedoContext, ref: BlockRef, bits: number): void {
  const named = mapReference(record, ref.block)
  if (named === undefined) {
    const map = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, FORK.VM)
    const page = existingPage(context, map, mapBlock(ref.block), 'zeroOnError')
    if (page && clearBits(page, ref.block, bits)) context.pool.markDirty(page)
    return
  }
  const map = readBlockForRedo(context, record, named, 'zeroOnError')
  if (map.outcome !== 'needsRedo') return
  clearBits(map.page, ref.block, bits)
  stamp(context, record, map.page)
}

/** Id of the block reference to the map's page for `heapBlock`, where the record has one. */
function mapReference(record: WalRecord, heapBlock: number): number | undefined {
  for (const { fork, block, id } of record.blocks)
    if (fork === FORK.VM && block === mapBlock(heapBlock)) return id
  return undefined
}

/** Clears bits on a page of the map; false when they were clear. */
function clearBits(page: BufferedPage, heapBlock: number, bits: number): boolean {
  initMapPage(page)
  const byte = mapByte(heapBlock)
  const mask = bits << mapShift(heapBlock)
  if ((page.bytes[byte] & mask) === 0) return false
  page.bytes[byte] &= ~mask
  return true
}

/** Redoes HEAP2/VISIBLE: block 1 is the table's page, block 0 the map's (heap_xlog_visible). */
export function redoVisible(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_visible.size)
  const flags = record.view.getUint8(record.mainAt + xl_heap_visible.at.flags)
  const heap = readBlockForRedo(context, record, 1)
  if (heap.outcome === 'needsRedo') {
    setAllVisible(heap.page, true)
    // The page's LSN moves only where its image is in the log whenever a hint changes: then a torn page can be mended.
    if (context.control.data_checksum_version > 0 || context.control.wal_log_hints)
      stamp(context, record, heap.page)
    else context.pool.markDirty(heap.page)
  }
  const map = readBlockForRedo(context, record, 0, 'zeroOnError')
  if (map.outcome !== 'needsRedo') return
  initMapPage(map.page)
  const heapBlock = needBlock(record, 1).block
  if (mapBlock(heapBlock) !== map.ref.block)
    throw contradiction(record, map.page, 'wrong VM buffer passed to visibilitymap_set')
  const bits = flags & VISIBILITYMAP.VALID_BITS
  if (visibilityOf(map.page, heapBlock) === bits) return
  map.page.bytes[mapByte(heapBlock)] |= bits << mapShift(heapBlock)
  stamp(context, record, map.page)
}

/** A page of zeroes becomes an empty page of the map; it need not be written for that. */
function initMapPage(page: BufferedPage): void {
  if (isNewPage(page)) initPage(page, 0)
}
