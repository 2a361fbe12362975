// Resource manager 14, Gist: trees over keys without an order (access/gist/gistxlog.c).
//
//   tuples come and go   PAGE_UPDATE (the hot one), DELETE
//   a page more          PAGE_SPLIT, into as many pages as it takes
//   a page fewer         PAGE_DELETE, PAGE_REUSE
//   no change            ASSIGN_LSN, written only to move the log's end along
//
// A split and the downlink that makes it known are two records. The second one clears FOLLOW_RIGHT on the left half and
// gives it the record's LSN as node sequence number. That is done even to a page that the record's own image has just
// restored: the server takes the image while the flag is still there, for it learns the LSN only by writing the record.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  GIST_F,
  GIST_NO_RIGHTLINK,
  GIST_ROOT,
  gistFlags,
  hasGistSpecial,
  initGistPage,
  setGistDeleted,
  setGistFlags,
  setGistNsn,
} from '../format/gistPage.js'
import {
  GIST_RECORD_SIZE,
  gistxlogDelete,
  gistxlogPageDelete,
  gistxlogPageSplit,
  gistxlogPageUpdate,
  XLOG_GIST,
} from '../format/gistRecords.js'
import { deleteIndexItem, maxOffset, overwriteItem } from '../format/page.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { initBlockForRedo, needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData, needMain } from './contradiction.js'
import { appendTuples, deleteItems, tupleSize } from './indexItems.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const OP = XLOG_GIST
const update = gistxlogPageUpdate.at
const split = gistxlogPageSplit.at
const CANNOT_ADD = 'failed to add item to GiST index page'

export const gist: ResourceManager = {
  id: 14,
  name: 'Gist',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]))),
  redo(record, context) {
    switch (record.info) {
      case OP.PAGE_UPDATE:
        return updatePage(record, context)
      case OP.DELETE:
        return deleteTuples(record, context)
      case OP.PAGE_SPLIT:
        return splitPage(record, context)
      case OP.PAGE_DELETE:
        return deletePage(record, context)
      case OP.PAGE_REUSE: // only a standby's queries could mind
      case OP.ASSIGN_LSN:
        return
      default:
        throw malformed(record, `gist_redo: unknown op code ${record.info}`)
    }
  },
}

function needGistPage(record: WalRecord, page: BufferedPage): void {
  if (!hasGistSpecial(page)) throw contradiction(record, page, 'not a page of a GiST index')
}

/** Tuples go, tuples come; if this makes a split known, its left half is told (gistRedoPageUpdateRecord). */
function updatePage(record: WalRecord, context: RedoContext): void {
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome === 'needsRedo') {
    needMain(record, GIST_RECORD_SIZE.pageUpdate)
    needGistPage(record, page)
    changeItems(record, ref, page)
    stamp(context, record, page)
  }
  if (record.block(1)) clearFollowRight(record, context, 1)
}

function changeItems(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  const deleted = record.view.getUint16(record.mainAt + update.ntodelete, true)
  const inserted = record.view.getUint16(record.mainAt + update.ntoinsert, true)
  needData(record, ref, deleted * 2)
  const end = ref.dataAt + ref.dataLength
  let at = ref.dataAt + deleted * 2
  let done = 0
  if (deleted === 1 && inserted === 1) {
    // One for one: the new tuple takes the old one's place, where deleting and adding would put it last.
    const size = tupleSize(record, at, end)
    const offnum = record.view.getUint16(ref.dataAt, true)
    if (!overwriteItem(page, offnum, record.bytes.subarray(at, at + size)))
      throw contradiction(record, page, `${CANNOT_ADD}, size ${size} bytes`)
    at += size
    done = 1
  } else if (deleted > 0) {
    deleteItems(record, page, ref.dataAt, deleted)
    if (gistFlags(page) & GIST_F.LEAF) setGistFlags(page, gistFlags(page) | GIST_F.TUPLES_DELETED)
  }
  done += appendTuples(record, page, at, end, CANNOT_ADD)
  if (done !== inserted) throw malformed(record, `it announces ${inserted} tuples and has ${done}`)
}

/** The left half of a split is told that its parent knows; also when an image has just restored it. */
function clearFollowRight(record: WalRecord, context: RedoContext, id: number): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo' && outcome !== 'restored') return
  needGistPage(record, page)
  setGistNsn(page, record.endHigh, record.endLow)
  setGistFlags(page, gistFlags(page) & ~GIST_F.FOLLOW_RIGHT)
  stamp(context, record, page)
}

/**
 * An insertion made room: tuples that were marked dead go (gistRedoDeleteRecord). That sets TUPLES_DELETED, and so do
 * we; the insertion itself (gistprunepage) does not, so under wal_consistency_checking PostgreSQL 18.3 stops here.
 */
function deleteTuples(record: WalRecord, context: RedoContext): void {
  needMain(record, GIST_RECORD_SIZE.delete)
  const count = record.view.getUint16(record.mainAt + gistxlogDelete.at.ntodelete, true)
  needMain(record, GIST_RECORD_SIZE.delete + count * 2)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needGistPage(record, page)
  deleteItems(record, page, record.mainAt + GIST_RECORD_SIZE.delete, count)
  setGistFlags(page, (gistFlags(page) & ~GIST_F.HAS_GARBAGE) | GIST_F.TUPLES_DELETED)
  stamp(context, record, page)
}

/**
 * All pages of a split are built from the record, in a chain of rightlinks that ends where the old page's rightlink
 * led. When the root splits it becomes the first page of the list, the parent of the others (gistRedoPageSplitRecord).
 */
function splitPage(record: WalRecord, context: RedoContext): void {
  needMain(record, GIST_RECORD_SIZE.pageSplit)
  const { view, mainAt } = record
  const pages = view.getUint16(mainAt + split.npage, true)
  const leaf = view.getUint8(mainAt + split.origleaf) !== 0 ? GIST_F.LEAF : 0
  const splitsRoot = pages > 0 && needBlock(record, 1).block === GIST_ROOT
  const follow = view.getUint8(mainAt + split.markfollowright) !== 0 && !splitsRoot ? GIST_F.FOLLOW_RIGHT : 0
  for (let id = 1; id <= pages; id++) {
    const { page, ref } = initBlockForRedo(context, record, id)
    const isLast = id === pages
    if (ref.block === GIST_ROOT) initGistPage(page, GIST_NO_RIGHTLINK, 0)
    else {
      const next = isLast ? view.getUint32(mainAt + split.origrlink, true) : needBlock(record, id + 1).block
      initGistPage(page, next, leaf | (isLast ? 0 : follow))
    }
    fillPage(record, ref, page)
    const nsn = mainAt + split.orignsn
    setGistNsn(page, view.getUint32(nsn + 4, true), view.getUint32(nsn, true))
    stamp(context, record, page)
  }
  if (record.block(0)) clearFollowRight(record, context, 0)
}

function fillPage(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  needData(record, ref, 4)
  const expected = record.view.getInt32(ref.dataAt, true)
  const found = appendTuples(record, page, ref.dataAt + 4, ref.dataAt + ref.dataLength, CANNOT_ADD)
  if (found !== expected)
    throw malformed(record, `it announces ${expected} tuples for block ${ref.id} and has ${found}`)
}

/** VACUUM takes an empty leaf out of the tree; its parent forgets it in the same record (gistRedoPageDelete). */
function deletePage(record: WalRecord, context: RedoContext): void {
  needMain(record, GIST_RECORD_SIZE.pageDelete)
  const { view, mainAt } = record
  const leaf = readBlockForRedo(context, record, 0)
  if (leaf.outcome === 'needsRedo') {
    needGistPage(record, leaf.page)
    if (maxOffset(leaf.page) > 0)
      throw contradiction(record, leaf.page, 'it is to be deleted, but is not empty')
    const xid = mainAt + gistxlogPageDelete.at.deleteXid
    setGistDeleted(leaf.page, view.getUint32(xid + 4, true), view.getUint32(xid, true))
    stamp(context, record, leaf.page)
  }
  const parent = readBlockForRedo(context, record, 1)
  if (parent.outcome !== 'needsRedo') return
  needGistPage(record, parent.page)
  deleteIndexItem(parent.page, view.getUint16(mainAt + gistxlogPageDelete.at.downlinkOffset, true))
  stamp(context, record, parent.page)
}
