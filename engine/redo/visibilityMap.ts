// Redo on the visibility map. Its bits are cleared by the records that change a table's page, and set by VISIBLE.
//
// Clearing comes before anybody looks at the table page's LSN: the table page may have been written before the crash and
// the map's page not. A bit that stayed set over a changed page would hide the change for good.
//
//   up to 18.4   the record does not name the map's page: the bits are cleared whatever its LSN, and its LSN stays
//   from 18.5    the record names it as one more block: it has an LSN, and images, like any other page

import type { BufferedPage } from '../buffers/relationFork.js'
import { HEAP_UPDATE_BLKREF, xl_heap_visible } from '../format/heapRecords.js'
import { initPage, isNewPage } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { mapBlock, mapByte, mapShift, VISIBILITYMAP, visibilityOf } from '../format/visibilityMap.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { existingPage, needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, needMain } from './contradiction.js'
import { setAllVisible } from './heapTuples.js'

/** Clears `bits` of the table page that `ref` names. `mapId`: the map's block in the record, if it has it. */
export function clearVisibility(
  context: RedoContext,
  record: WalRecord,
  ref: BlockRef,
  mapId: number,
  bits: number,
): void {
  if (!record.block(mapId)) return clearUnnamed(context, ref, bits)
  const map = readBlockForRedo(context, record, mapId, 'zeroOnError')
  if (map.outcome !== 'needsRedo') return
  initMapPage(map.page)
  if (clearBits(map.page, ref, bits)) stamp(context, record, map.page)
}

/**
 * The same for an update, which may change two pages of the table. `oldRef` and `newRef`: those whose bits must go. The
 * record names the new page's map, which may be the old one's too, and the old page's map where that is another.
 */
export function clearVisibilityOfUpdate(
  context: RedoContext,
  record: WalRecord,
  oldRef: BlockRef | undefined,
  newRef: BlockRef | undefined,
): void {
  let named = false
  for (let mapId = HEAP_UPDATE_BLKREF.VM_NEW; mapId <= HEAP_UPDATE_BLKREF.VM_OLD; mapId++) {
    if (!record.block(mapId)) continue
    named = true
    const map = readBlockForRedo(context, record, mapId, 'zeroOnError')
    if (map.outcome !== 'needsRedo') continue
    initMapPage(map.page)
    const old = oldRef !== undefined && clearBits(map.page, oldRef, VISIBILITYMAP.VALID_BITS)
    const young = newRef !== undefined && clearBits(map.page, newRef, VISIBILITYMAP.VALID_BITS)
    if (old || young) stamp(context, record, map.page)
  }
  if (named) return
  if (oldRef) clearUnnamed(context, oldRef, VISIBILITYMAP.VALID_BITS)
  if (newRef) clearUnnamed(context, newRef, VISIBILITYMAP.VALID_BITS)
}

/** Clears bits in a map page that the record does not name (visibilitymap_clear); the map grows to hold it. */
function clearUnnamed(context: RedoContext, ref: BlockRef, bits: number): void {
  const map = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, FORK.VM)
  const page = existingPage(context, map, mapBlock(ref.block), 'zeroOnError')
  if (!page) return
  initMapPage(page)
  if (clearBits(page, ref, bits)) context.pool.markDirty(page)
}

/** Were there any to clear? False also when another page of the map tells of the table page. */
function clearBits(map: BufferedPage, ref: BlockRef, bits: number): boolean {
  if (map.block !== mapBlock(ref.block)) return false
  const byte = mapByte(ref.block)
  const mask = bits << mapShift(ref.block)
  if ((map.bytes[byte] & mask) === 0) return false
  map.bytes[byte] &= ~mask
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
