// Redo on the visibility map. Its bits are cleared by the records that change a table's page, and set by VISIBLE.
//
// Clearing comes before anybody looks at the table page's LSN, and never asks the map page's own. So a bit that must
// go is gone even when the table page was written before the crash and the map page was not. The map page takes the
// record's LSN: PostgreSQL does so since a minor release between 18.3, whose replay leaves it, and 18.6. A bit that stayed set over
// a changed page would hide the change for good; hence nothing here relies on one page telling of the other.

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
  const map = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, FORK.VM)
  const page = existingPage(context, map, mapBlock(ref.block), 'zeroOnError')
  if (!page) return
  initMapPage(page)
  const byte = mapByte(ref.block)
  const mask = bits << mapShift(ref.block)
  if ((page.bytes[byte] & mask) === 0) return
  page.bytes[byte] &= ~mask
  stamp(context, record, page)
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
