// Resource manager 12, Hash: indexes by hash value (access/hash/hash_xlog.c).
//
//   a new index        INIT_META_PAGE, INIT_BITMAP_PAGE
//   a tuple more       INSERT
//   tuples fewer       DELETE, VACUUM_ONE_PAGE, UPDATE_META_PAGE, SPLIT_CLEANUP
//   overflow pages     ADD_OVFL_PAGE, MOVE_PAGE_CONTENTS, SQUEEZE_PAGE              hashOverflow.ts
//   a bucket more      SPLIT_ALLOCATE_PAGE, SPLIT_PAGE, SPLIT_COMPLETE              hashSplit.ts

import {
  HASH_CONTENTS_AT,
  HashMetaPageData,
  hashoFlag,
  initHashBitmap,
  initHashMeta,
  LH,
  setHashoFlag,
} from '../format/hashPage.js'
import {
  HASH_RECORD_SIZE,
  XLOG_HASH,
  xl_hash_delete,
  xl_hash_init_meta_page,
  xl_hash_vacuum_one_page,
} from '../format/hashRecords.js'
import { addItem } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needMain } from './contradiction.js'
import { addOverflowPage, bitmapSize, movePageContents, squeezePage } from './hashOverflow.js'
import { addBitmap, countTuples, needHashPage } from './hashPages.js'
import { deleteItems } from './indexItems.js'
import { allocateSplit, completeSplit, splitPage } from './hashSplit.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const OP = XLOG_HASH
const NTUPLES = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_ntuples
const MAXBUCKET = HASH_CONTENTS_AT + HashMetaPageData.at.hashm_maxbucket

const operations: Readonly<Record<number, (record: WalRecord, context: RedoContext) => void>> = {
  [OP.INIT_META_PAGE]: initMetaPage,
  [OP.INIT_BITMAP_PAGE]: initBitmapPage,
  [OP.INSERT]: insertTuple,
  [OP.ADD_OVFL_PAGE]: addOverflowPage,
  [OP.SPLIT_ALLOCATE_PAGE]: allocateSplit,
  [OP.SPLIT_PAGE]: splitPage,
  [OP.SPLIT_COMPLETE]: completeSplit,
  [OP.MOVE_PAGE_CONTENTS]: movePageContents,
  [OP.SQUEEZE_PAGE]: squeezePage,
  [OP.DELETE]: deleteTuples,
  [OP.SPLIT_CLEANUP]: clearSplitCleanup,
  [OP.UPDATE_META_PAGE]: updateMetaPage,
  [OP.VACUUM_ONE_PAGE]: vacuumOnePage,
}

export const hash: ResourceManager = {
  id: 12,
  name: 'Hash',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]))),
  redo(record, context) {
    const operation = operations[record.info]
    if (!operation) throw malformed(record, `hash_redo: unknown op code ${record.info}`)
    operation(record, context)
  },
}

function initMetaPage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.initMetaPage)
  const { num_tuples: tuples, procid, ffactor } = xl_hash_init_meta_page.readView(record.view, record.mainAt)
  if (Number.isNaN(tuples / ffactor))
    throw malformed(record, `a hash index of ${tuples} tuples, ${ffactor} to a bucket`)
  const { page } = initBlockForRedo(context, record, 0)
  initHashMeta(page, tuples, procid, ffactor)
  stamp(context, record, page)
}

function initBitmapPage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.initBitmapPage)
  const bitmap = initBlockForRedo(context, record, 0)
  initHashBitmap(bitmap.page, bitmapSize(record, record.mainAt))
  stamp(context, record, bitmap.page)
  const { outcome, page } = readBlockForRedo(context, record, 1)
  if (outcome !== 'needsRedo') return
  needHashPage(record, page)
  // The first bitmap follows the buckets, which start at block 1.
  addBitmap(record, page, page.view.getUint32(MAXBUCKET, true) + 2)
  stamp(context, record, page)
}

function insertTuple(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.insert)
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome === 'needsRedo') {
    const offnum = record.view.getUint16(record.mainAt, true)
    if (ref.dataLength === 0 || !addItem(page, record.bytes, ref.dataAt, ref.dataLength, offnum, false))
      throw contradiction(record, page, 'hash_xlog_insert: failed to add item')
    stamp(context, record, page)
  }
  addToMetaCount(record, context, 1, 1)
}

function addToMetaCount(record: WalRecord, context: RedoContext, id: number, more: number): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  countTuples(page, more)
  stamp(context, record, page)
}

/** Block 1 loses the items its data names; block 0, the bucket, is read for its lock only (hash_xlog_delete). */
function deleteTuples(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.delete)
  const at = xl_hash_delete.at
  if (record.view.getUint8(record.mainAt + at.is_primary_bucket_page) === 0)
    readBlockForRedo(context, record, 0)
  const { outcome, page, ref } = readBlockForRedo(context, record, 1)
  if (outcome !== 'needsRedo') return
  needHashPage(record, page)
  deleteItems(record, page, ref.dataAt, ref.dataLength >> 1)
  if (record.view.getUint8(record.mainAt + at.clear_dead_marking) !== 0)
    setHashoFlag(page, hashoFlag(page) & ~LH.PAGE_HAS_DEAD_TUPLES)
  stamp(context, record, page)
}

function clearSplitCleanup(record: WalRecord, context: RedoContext): void {
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needHashPage(record, page)
  setHashoFlag(page, hashoFlag(page) & ~LH.BUCKET_NEEDS_SPLIT_CLEANUP)
  stamp(context, record, page)
}

function updateMetaPage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.updateMetaPage)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  page.bytes.set(record.bytes.subarray(record.mainAt, record.mainAt + 8), NTUPLES)
  stamp(context, record, page)
}

/** An insertion made room: dead tuples go, and the meta page counts them off (hash_xlog_vacuum_one_page). */
function vacuumOnePage(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.vacuumOnePage)
  const count = record.view.getUint16(record.mainAt + xl_hash_vacuum_one_page.at.ntuples, true)
  needMain(record, HASH_RECORD_SIZE.vacuumOnePage + count * 2)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome === 'needsRedo') {
    needHashPage(record, page)
    deleteItems(record, page, record.mainAt + HASH_RECORD_SIZE.vacuumOnePage, count)
    setHashoFlag(page, hashoFlag(page) & ~LH.PAGE_HAS_DEAD_TUPLES)
    stamp(context, record, page)
  }
  addToMetaCount(record, context, 1, -count)
}
