// Resource manager 13, Gin: for every key the rows in which it occurs (access/gin/ginxlog.c).
//
//   a key or a row more    INSERT (the hot one), CREATE_PTREE
//   a page more            SPLIT, which is nothing but images of both halves
//   rows fewer             VACUUM_PAGE (an image), VACUUM_DATA_LEAF_PAGE          ginLeaf.ts
//   a page fewer           DELETE_PAGE
//   the pending list       UPDATE_META_PAGE, INSERT_LISTPAGE, DELETE_LISTPAGE     ginPending.ts
//
// There are two kinds of trees, the entry tree over keys and below it posting trees over rows; both are btrees that a
// search enters at the top and follows to the right where a split has not reached the parent yet (INCOMPLETE_SPLIT).

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  addPostingItem,
  deletePostingItem,
  GIN,
  GIN_DATA_AT,
  GIN_DATA_SIZE,
  ginFlags,
  initGinPage,
  POSTING_ITEM_SIZE,
  setGinDataSize,
  setGinFlags,
  setGinRightlink,
} from '../format/ginPage.js'
import {
  GIN_ENTRY_TUPLE_AT,
  GIN_INNER_INSERT_SIZE,
  GIN_INSERT,
  GIN_NEW_ITEM_AT,
  GIN_RIGHT_CHILD_AT,
  ginxlogCreatePostingTree,
  ginxlogDeletePage,
  ginxlogInsert,
  ginxlogInsertEntry,
  ginxlogSplit,
  XLOG_GIN,
} from '../format/ginRecords.js'
import { setTidBlock, tidBlock } from '../format/indexTuple.js'
import { addItem, deleteIndexItem, setPruneXid } from '../format/page.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import { tupleAt } from './btreePages.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData, needMain } from './contradiction.js'
import { recompressLeaf } from './ginLeaf.js'
import { clearIncompleteSplit, needGinPage, needTreePage } from './ginPages.js'
import { deleteListPages, insertListPage, updateMetaPage } from './ginPending.js'
import { tupleSize } from './indexItems.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const OP = XLOG_GIN

export const gin: ResourceManager = {
  id: 13,
  name: 'Gin',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]))),
  redo(record, context) {
    switch (record.info) {
      case OP.CREATE_PTREE:
        return createPostingTree(record, context)
      case OP.INSERT:
        return insert(record, context)
      case OP.SPLIT:
        return splitPage(record, context)
      case OP.VACUUM_PAGE:
        return needImage(record, context, 0, 'replay of gin entry tree page vacuum did not restore the page')
      case OP.DELETE_PAGE:
        return deletePage(record, context)
      case OP.UPDATE_META_PAGE:
        return updateMetaPage(record, context)
      case OP.INSERT_LISTPAGE:
        return insertListPage(record, context)
      case OP.DELETE_LISTPAGE:
        return deleteListPages(record, context)
      case OP.VACUUM_DATA_LEAF_PAGE:
        return vacuumDataLeaf(record, context)
      default:
        throw malformed(record, `gin_redo: unknown op code ${record.info}`)
    }
  },
}

/** A key has too many rows for its tuple: they move to the root, still a leaf, of a tree of its own. */
function createPostingTree(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogCreatePostingTree.size)
  const size = record.view.getUint32(record.mainAt, true)
  if (size > GIN_DATA_SIZE) throw malformed(record, `${size} bytes of posting lists for one page`)
  needMain(record, ginxlogCreatePostingTree.size + size)
  const { page } = initBlockForRedo(context, record, 0)
  initGinPage(page, GIN.DATA | GIN.LEAF | GIN.COMPRESSED)
  const from = record.mainAt + ginxlogCreatePostingTree.size
  page.bytes.set(record.bytes.subarray(from, from + size), GIN_DATA_AT)
  setGinDataSize(page, size)
  stamp(context, record, page)
}

/** Something new on a page of either tree; on an inner page it completes the split of the page below (ginRedoInsert). */
function insert(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogInsert.size)
  const flags = record.view.getUint16(record.mainAt, true)
  const isLeaf = (flags & GIN_INSERT.ISLEAF) !== 0
  const isData = (flags & GIN_INSERT.ISDATA) !== 0
  if (!isLeaf) {
    needMain(record, GIN_INNER_INSERT_SIZE)
    clearIncompleteSplit(record, context, 1)
  }
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needTreePage(record, page, isData, isLeaf)
  if (!isData) insertEntry(record, ref, page, isLeaf)
  else if (isLeaf) recompressLeaf(record, page, ref.dataAt, ref.dataAt + ref.dataLength)
  else insertPostingItem(record, ref, page)
  stamp(context, record, page)
}

/** The block of the page below that a split has made. */
const rightChild = (record: WalRecord): number => tidBlock(record.view, record.mainAt + GIN_RIGHT_CHILD_AT)

/** A tuple into the entry tree; on a leaf it may replace the one that had fewer rows (ginRedoInsertEntry). */
function insertEntry(record: WalRecord, ref: BlockRef, page: BufferedPage, isLeaf: boolean): void {
  needData(record, ref, GIN_ENTRY_TUPLE_AT)
  const offset = record.view.getUint16(ref.dataAt, true)
  if (!isLeaf) {
    const old = tupleAt(record, page, offset)
    setTidBlock(page.view, old, rightChild(record))
    page.view.setUint16(old + 4, 0, true)
  }
  if (record.view.getUint8(ref.dataAt + ginxlogInsertEntry.at.isDelete) !== 0) deleteIndexItem(page, offset)
  const from = ref.dataAt + GIN_ENTRY_TUPLE_AT
  const size = tupleSize(record, from, ref.dataAt + ref.dataLength)
  if (!addItem(page, record.bytes, from, size, offset, false))
    throw contradiction(record, page, `failed to add item to index page, size ${size} bytes`)
}

function insertPostingItem(record: WalRecord, ref: BlockRef, page: BufferedPage): void {
  needData(record, ref, GIN_NEW_ITEM_AT + POSTING_ITEM_SIZE)
  const from = ref.dataAt + GIN_NEW_ITEM_AT
  const offset = record.view.getUint16(ref.dataAt, true)
  const item = record.bytes.subarray(from, from + POSTING_ITEM_SIZE)
  if (!addPostingItem(page, offset, item, rightChild(record)))
    throw contradiction(record, page, `failed to add a posting item at offset ${offset}`)
}

/** Both halves, and the new root if there is one, come as images (ginRedoSplit). */
function splitPage(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogSplit.size)
  const flags = record.view.getUint16(record.mainAt + ginxlogSplit.at.flags, true)
  if ((flags & GIN_INSERT.ISLEAF) === 0) clearIncompleteSplit(record, context, 3)
  needImage(record, context, 0, 'GIN split record did not contain a full-page image of left page')
  needImage(record, context, 1, 'GIN split record did not contain a full-page image of right page')
  if (flags & GIN_INSERT.SPLIT_ROOT)
    needImage(record, context, 2, 'GIN split record did not contain a full-page image of root page')
}

function needImage(record: WalRecord, context: RedoContext, id: number, failure: string): void {
  if (readBlockForRedo(context, record, id).outcome !== 'restored') throw malformed(record, failure)
}

function vacuumDataLeaf(record: WalRecord, context: RedoContext): void {
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needTreePage(record, page, true, true)
  recompressLeaf(record, page, ref.dataAt, ref.dataAt + ref.dataLength)
  stamp(context, record, page)
}

/** An empty page leaves a posting tree: its left neighbour is linked past it, its parent forgets it. */
function deletePage(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogDeletePage.size)
  const { parentOffset, rightLink, deleteXid } = ginxlogDeletePage.readView(record.view, record.mainAt)
  const left = readBlockForRedo(context, record, 2)
  if (left.outcome === 'needsRedo') {
    needGinPage(record, left.page)
    setGinRightlink(left.page, rightLink)
    stamp(context, record, left.page)
  }
  const deleted = readBlockForRedo(context, record, 0)
  if (deleted.outcome === 'needsRedo') {
    needGinPage(record, deleted.page)
    setGinFlags(deleted.page, ginFlags(deleted.page) | GIN.DELETED)
    setPruneXid(deleted.page, deleteXid) // GIN keeps the xid of the deletion there (GinPageSetDeleteXid)
    stamp(context, record, deleted.page)
  }
  const { outcome, page } = readBlockForRedo(context, record, 1)
  if (outcome !== 'needsRedo') return
  needTreePage(record, page, true, false)
  if (!deletePostingItem(page, parentOffset))
    throw contradiction(record, page, `it has no posting item ${parentOffset}`)
  stamp(context, record, page)
}
