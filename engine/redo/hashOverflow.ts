// Overflow pages of a hash index: chained behind a bucket when it is full, given back when its tuples fit on fewer
// pages (access/hash/hash_xlog.c).
//
//   bucket ─► overflow ─► overflow         add: a new one behind the last
//     ▲────────── tuples ────┘             squeeze: its tuples move forward, the chain closes, its bit is cleared
//
// Blocks that a record names only to lock the bucket (block 0 of MOVE and SQUEEZE) are read, and nothing else.

import {
  HASH_MAX_BITMAP_SIZE,
  INVALID_BLOCK,
  INVALID_BUCKET,
  initHashBitmap,
  initHashPage,
  LH,
  setHashoNext,
  setHashoPrev,
} from '../format/hashPage.js'
import {
  HASH_RECORD_SIZE,
  xl_hash_add_ovfl_page,
  xl_hash_move_page_contents,
  xl_hash_squeeze_page,
} from '../format/hashRecords.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, needBlock, readBlockForRedo, stamp, type BlockOutcome } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import {
  addBitmap,
  addTuples,
  countSpares,
  dataU32,
  needHashPage,
  setBitmapBit,
  setFirstFree,
} from './hashPages.js'
import { deleteItems } from './indexItems.js'

/** Redoes ADD_OVFL_PAGE (hash_xlog_add_ovfl_page). */
export function addOverflowPage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.addOverflowPage)
  const logged = xl_hash_add_ovfl_page.at
  const before = needBlock(record, 1).block
  const added = initBlockForRedo(context, record, 0)
  initHashPage(added.page, before, dataU32(record, added.ref), LH.OVERFLOW_PAGE)
  stamp(context, record, added.page)

  const left = readBlockForRedo(context, record, 1)
  if (left.outcome === 'needsRedo') {
    needHashPage(record, left.page)
    setHashoNext(left.page, added.ref.block)
    stamp(context, record, left.page)
  }
  if (record.block(2)) changeBit(record, context, 2, true)
  const newBitmap = record.block(3)
  if (newBitmap) {
    const { page } = initBlockForRedo(context, record, 3)
    initHashBitmap(page, bitmapSize(record, record.mainAt + logged.bmsize))
    stamp(context, record, page)
  }
  const meta = readBlockForRedo(context, record, 4)
  if (meta.outcome !== 'needsRedo') return
  needHashPage(record, meta.page)
  setFirstFree(record, meta.ref, meta.page)
  if (record.view.getUint8(record.mainAt + logged.bmpage_found) === 0) {
    countSpares(record, meta.page, newBitmap ? 2 : 1)
    if (newBitmap) addBitmap(record, meta.page, newBitmap.block)
  }
  stamp(context, record, meta.page)
}

/** A bitmap's size in bytes, at `at` in the record. @throws CorruptData when no page has room for it. */
export function bitmapSize(record: WalRecord, at: number): number {
  const size = record.view.getUint16(at, true)
  if (size > HASH_MAX_BITMAP_SIZE) throw malformed(record, `a bitmap of ${size} bytes does not fit on a page`)
  return size
}

function changeBit(record: WalRecord, context: RedoContext, id: number, used: boolean): void {
  const { outcome, page, ref } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  setBitmapBit(record, ref, page, used)
  stamp(context, record, page)
}

/** Redoes MOVE_PAGE_CONTENTS: tuples go forward in the chain, the page they leave stays (hash_xlog_move_page_contents). */
export function movePageContents(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.movePageContents)
  const logged = xl_hash_move_page_contents.at
  const toBucket = record.view.getUint8(record.mainAt + logged.is_prim_bucket_same_wrt) !== 0
  if (!toBucket) readBlockForRedo(context, record, 0)
  const written = readBlockForRedo(context, record, 1)
  if (written.outcome === 'needsRedo') {
    addTuples(record, written.ref, written.page, record.view.getUint16(record.mainAt + logged.ntups, true))
    stamp(context, record, written.page)
  }
  const taken = readBlockForRedo(context, record, 2)
  if (taken.outcome !== 'needsRedo') return
  deleteItems(record, taken.page, taken.ref.dataAt, taken.ref.dataLength >> 1)
  stamp(context, record, taken.page)
}

/** Redoes SQUEEZE_PAGE: the last tuples of an overflow page go forward, and the page is freed (hash_xlog_squeeze_page). */
export function squeezePage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.squeezePage)
  const logged = xl_hash_squeeze_page.readView(record.view, record.mainAt)
  const {
    ntups,
    nextblkno,
    prevblkno,
    is_prim_bucket_same_wrt: toBucket,
    is_prev_bucket_same_wrt: toPrev,
  } = logged
  if (!toBucket) readBlockForRedo(context, record, 0)
  if (toBucket || ntups > 0 || toPrev) {
    const { outcome, page, ref } = readBlockForRedo(context, record, 1)
    if (outcome === 'needsRedo') {
      needHashPage(record, page)
      addTuples(record, ref, page, ntups)
      if (toPrev) setHashoNext(page, nextblkno)
      // A page that was only read keeps its LSN.
      if (ntups > 0 || toPrev) stamp(context, record, page)
    }
  }
  const freed = readBlockForRedo(context, record, 2)
  if (freed.outcome === 'needsRedo') {
    initHashPage(freed.page, INVALID_BLOCK, INVALID_BUCKET, LH.UNUSED_PAGE)
    stamp(context, record, freed.page)
  }
  if (!toPrev) relink(record, context, readBlockForRedo(context, record, 3), setHashoNext, nextblkno)
  if (record.block(4)) relink(record, context, readBlockForRedo(context, record, 4), setHashoPrev, prevblkno)
  changeBit(record, context, 5, false)
  if (!record.block(6)) return
  const meta = readBlockForRedo(context, record, 6)
  if (meta.outcome !== 'needsRedo') return
  setFirstFree(record, meta.ref, meta.page)
  stamp(context, record, meta.page)
}

function relink(
  record: WalRecord,
  context: RedoContext,
  { outcome, page }: BlockOutcome,
  link: typeof setHashoNext,
  block: number,
): void {
  if (outcome !== 'needsRedo') return
  needHashPage(record, page)
  link(page, block)
  stamp(context, record, page)
}
