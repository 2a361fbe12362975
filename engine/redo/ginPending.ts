// The pending list of a GIN index: an insertion leaves its tuples there, unsorted, and a later cleanup sorts many of
// them in at once (access/gin/ginxlog.c; the writing side is ginfast.c).
//
//   meta page: head, tail      │ page │ ─► │ page │ ─► │ page │
//   INSERT_LISTPAGE            makes a page          UPDATE_META_PAGE    adds tuples to the last one, or pages behind it
//   DELETE_LISTPAGE            cleanup is done: pages leave the list at its head
//
// The meta page is always written anew, from the record.

import { GIN, GIN_METAPAGE, GIN_NO_PAGE, initGinMeta, initGinPage } from '../format/ginPage.js'
import { GinMetaPageData, ginMaxoff, setGinMaxoff, setGinRightlink } from '../format/ginPage.js'
import { ginxlogDeleteListPages, ginxlogInsertListPage, ginxlogUpdateMeta } from '../format/ginRecords.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { needGinPage } from './ginPages.js'
import { appendTuples } from './indexItems.js'

const update = ginxlogUpdateMeta.at
const insert = ginxlogInsertListPage.at

/** Redoes UPDATE_META_PAGE (ginRedoUpdateMetapage). */
export function updateMetaPage(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogUpdateMeta.size)
  const { view, mainAt } = record
  restoreMeta(record, context, mainAt + update.metadata)
  const tuples = view.getInt32(mainAt + update.ntuples, true)
  if (tuples <= 0 && view.getUint32(mainAt + update.prevTail, true) === GIN_NO_PAGE) return
  const { outcome, page, ref } = readBlockForRedo(context, record, 1)
  if (outcome !== 'needsRedo') return
  needGinPage(record, page)
  if (tuples > 0) {
    addTuples(record, ref, page, tuples)
    setGinMaxoff(page, ginMaxoff(page) + 1) // one more row of the table
  } else setGinRightlink(page, view.getUint32(mainAt + update.newRightlink, true))
  stamp(context, record, page)
}

function restoreMeta(record: WalRecord, context: RedoContext, at: number): void {
  const { page, ref } = initBlockForRedo(context, record, 0)
  if (ref.block !== GIN_METAPAGE) throw malformed(record, `block ${ref.block} is no meta page of a GIN index`)
  initGinMeta(page, record.bytes.subarray(at, at + GinMetaPageData.size))
  stamp(context, record, page)
}

function addTuples(record: WalRecord, ref: BlockRef, page: BufferedPage, expected: number): void {
  const end = ref.dataAt + ref.dataLength
  const found = appendTuples(record, page, ref.dataAt, end, 'failed to add item to index page')
  if (found !== expected)
    throw malformed(record, `it announces ${expected} tuples for block ${ref.id} and has ${found}`)
}

/** Redoes INSERT_LISTPAGE; the last page that an insertion brings counts its row (ginRedoInsertListPage). */
export function insertListPage(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogInsertListPage.size)
  const rightlink = record.view.getUint32(record.mainAt + insert.rightlink, true)
  const isLast = rightlink === GIN_NO_PAGE
  const { page, ref } = initBlockForRedo(context, record, 0)
  initGinPage(page, isLast ? GIN.LIST | GIN.LIST_FULLROW : GIN.LIST)
  setGinRightlink(page, rightlink)
  setGinMaxoff(page, isLast ? 1 : 0)
  addTuples(record, ref, page, record.view.getInt32(record.mainAt + insert.ntuples, true))
  stamp(context, record, page)
}

/** Redoes DELETE_LISTPAGE: pages become empty and deleted, their rightlinks forgotten (ginRedoDeleteListPages). */
export function deleteListPages(record: WalRecord, context: RedoContext): void {
  needMain(record, ginxlogDeleteListPages.size)
  const pages = record.view.getInt32(record.mainAt + ginxlogDeleteListPages.at.ndeleted, true)
  restoreMeta(record, context, record.mainAt + ginxlogDeleteListPages.at.metadata)
  for (let id = 1; id <= pages; id++) {
    const { page } = initBlockForRedo(context, record, id)
    initGinPage(page, GIN.DELETED)
    stamp(context, record, page)
  }
}
