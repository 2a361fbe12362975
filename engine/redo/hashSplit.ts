// A hash index grows by one bucket at a time: part of one bucket's tuples move to a new one (access/hash/hash_xlog.c).
//
//   SPLIT_ALLOCATE_PAGE   the new bucket's page, both buckets flagged, the meta page told
//   SPLIT_PAGE            pages of the new bucket, each as a full-page image, as they get full
//   SPLIT_COMPLETE        flags off; the old bucket still has tuples to be cleaned up
//
// Flags are set even on a page that the record's own image just restored, as PostgreSQL does: only a page that is
// "done" has them already.

import {
  HASH_CONTENTS_AT,
  HashMetaPageData,
  initHashPage,
  setHashoFlag,
  setHashoPrev,
  setSpares,
} from '../format/hashPage.js'
import {
  HASH_RECORD_SIZE,
  XLH_SPLIT_META_UPDATE,
  xl_hash_split_allocate_page,
  xl_hash_split_complete,
} from '../format/hashRecords.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp, type BlockOutcome } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { dataU32, needHashPage, needSplitpoint } from './hashPages.js'

const meta = HashMetaPageData.at

/** The page is to be changed: it is older than the record, or it came with the record. */
function isToChange(block: BlockOutcome): block is BlockOutcome & { page: BufferedPage } {
  return block.outcome === 'needsRedo' || block.outcome === 'restored'
}

/** Redoes SPLIT_ALLOCATE_PAGE (hash_xlog_split_allocate_page). */
export function allocateSplit(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.splitAllocatePage)
  const logged = xl_hash_split_allocate_page.readView(record.view, record.mainAt)
  const old = readBlockForRedo(context, record, 0)
  if (isToChange(old)) {
    needHashPage(record, old.page)
    setHashoFlag(old.page, logged.old_bucket_flag)
    setHashoPrev(old.page, logged.new_bucket)
    stamp(context, record, old.page)
  }
  const added = initBlockForRedo(context, record, 1)
  initHashPage(added.page, logged.new_bucket, logged.new_bucket, logged.new_bucket_flag)
  stamp(context, record, added.page)

  const { outcome, page, ref } = readBlockForRedo(context, record, 2)
  if (outcome !== 'needsRedo') return
  needHashPage(record, page)
  page.view.setUint32(HASH_CONTENTS_AT + meta.hashm_maxbucket, logged.new_bucket, true)
  updateMasks(record, ref, page, logged.flags)
  stamp(context, record, page)
}

function updateMasks(record: WalRecord, ref: BlockRef, page: BufferedPage, flags: number): void {
  let at = 0
  if (flags & XLH_SPLIT_META_UPDATE.MASKS) {
    page.view.setUint32(HASH_CONTENTS_AT + meta.hashm_lowmask, dataU32(record, ref, 0), true)
    page.view.setUint32(HASH_CONTENTS_AT + meta.hashm_highmask, dataU32(record, ref, 4), true)
    at = 8
  }
  if (flags & XLH_SPLIT_META_UPDATE.SPLITPOINT) {
    const point = needSplitpoint(record, page, dataU32(record, ref, at))
    setSpares(page, point, dataU32(record, ref, at + 4))
    page.view.setUint32(HASH_CONTENTS_AT + meta.hashm_ovflpoint, point, true)
  }
}

/** Redoes SPLIT_PAGE, which is nothing but an image (hash_xlog_split_page). */
export function splitPage(record: WalRecord, context: RedoContext): void {
  if (readBlockForRedo(context, record, 0).outcome !== 'restored')
    throw malformed(record, 'Hash split record did not contain a full-page image')
}

/** Redoes SPLIT_COMPLETE (hash_xlog_split_complete). */
export function completeSplit(record: WalRecord, context: RedoContext): void {
  needMain(record, HASH_RECORD_SIZE.splitComplete)
  const logged = xl_hash_split_complete.readView(record.view, record.mainAt)
  setFlag(record, context, 0, logged.old_bucket_flag)
  setFlag(record, context, 1, logged.new_bucket_flag)
}

function setFlag(record: WalRecord, context: RedoContext, id: number, flag: number): void {
  const block = readBlockForRedo(context, record, id)
  if (!isToChange(block)) return
  needHashPage(record, block.page)
  setHashoFlag(block.page, flag)
  stamp(context, record, block.page)
}
