// Resource manager 17, BRIN: a summary for each range of table pages (access/brin/brin_xlog.c).
//
//   a new index          CREATE_INDEX, REVMAP_EXTEND (a page more for the map)
//   a summary is new     INSERT
//   … or changes         SAMEPAGE_UPDATE where it is; UPDATE when it must go elsewhere
//   … or is dropped      DESUMMARIZE
//
// The map finds summaries by block and offset number. So a summary keeps its offset number for life, and one that goes
// leaves an unused line pointer behind, which a later one may take.

import {
  BRIN_PAGETYPE,
  brinPageType,
  initBrinMeta,
  initBrinPage,
  lastRevmapPage,
  setLastRevmapPage,
  setRevmapTid,
} from '../format/brinPage.js'
import {
  BRIN_RECORD_SIZE,
  XLOG_BRIN,
  XLOG_BRIN_INIT_PAGE,
  XLOG_BRIN_OPMASK,
  xl_brin_createidx,
  xl_brin_desummarize,
  xl_brin_insert,
  xl_brin_update,
} from '../format/brinRecords.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import { addItem, deleteIndexItemInPlace, overwriteItem } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, needBlock, readBlockForRedo, stamp, type BlockOutcome } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const OP = XLOG_BRIN
const insert = xl_brin_insert.at
const desummarize = xl_brin_desummarize.at
const INVALID_BLOCK = 0xffffffff

export const brin: ResourceManager = {
  id: 17,
  name: 'BRIN',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name])), [
    OP.INSERT,
    OP.UPDATE,
  ]),
  redo(record, context) {
    switch (record.info & XLOG_BRIN_OPMASK) {
      case OP.CREATE_INDEX:
        return createIndex(record, context)
      case OP.INSERT:
        needMain(record, BRIN_RECORD_SIZE.insert)
        return insertSummary(record, context, record.mainAt)
      case OP.UPDATE:
        return moveSummary(record, context)
      case OP.SAMEPAGE_UPDATE:
        return replaceSummary(record, context)
      case OP.REVMAP_EXTEND:
        return extendMap(record, context)
      case OP.DESUMMARIZE:
        return dropSummary(record, context)
      default:
        throw malformed(record, `brin_redo: unknown op code ${record.info}`)
    }
  },
}

/** @throws CorruptData when the page is not one of a BRIN index, or not of this type. */
function needPage(record: WalRecord, page: BufferedPage, type: number): void {
  const found = brinPageType(page)
  if (found === type) return
  const kind =
    type === BRIN_PAGETYPE.META ? 'the meta' : type === BRIN_PAGETYPE.REVMAP ? 'a map' : 'a regular'
  throw contradiction(record, page, `not ${kind} page of a BRIN index, its type is ${found.toString(16)}`)
}

function createIndex(record: WalRecord, context: RedoContext): void {
  needMain(record, BRIN_RECORD_SIZE.createIndex)
  const { pagesPerRange, version } = xl_brin_createidx.readView(record.view, record.mainAt)
  const { page } = initBlockForRedo(context, record, 0)
  initBrinMeta(page, pagesPerRange, version)
  stamp(context, record, page)
}

/** Block 0 gets the summary, block 1, the map, says where it is; `at` is where the xl_brin_insert stands. */
function insertSummary(record: WalRecord, context: RedoContext, at: number): void {
  const { view } = record
  const offnum = view.getUint16(at + insert.offnum, true)
  const regular = pageForSummary(record, context)
  if (regular.outcome === 'needsRedo') {
    const { page, ref } = regular
    needPage(record, page, BRIN_PAGETYPE.REGULAR)
    if (ref.dataLength === 0 || !addItem(page, record.bytes, ref.dataAt, ref.dataLength, offnum, true))
      throw contradiction(record, page, 'brin_xlog_insert_update: failed to add tuple')
    stamp(context, record, page)
  }
  const pagesPerRange = view.getUint32(at + insert.pagesPerRange, true)
  const heapBlk = view.getUint32(at + insert.heapBlk, true)
  enterInMap(record, context, 1, pagesPerRange, heapBlk, regular.ref.block, offnum)
}

function pageForSummary(record: WalRecord, context: RedoContext): BlockOutcome {
  if ((record.info & XLOG_BRIN_INIT_PAGE) === 0) return readBlockForRedo(context, record, 0)
  const { page, ref } = initBlockForRedo(context, record, 0)
  initBrinPage(page, BRIN_PAGETYPE.REGULAR)
  return { ref, outcome: 'needsRedo', page }
}

/** Block `id`, a page of the map, learns where the summary of `heapBlk`'s range is. */
function enterInMap(
  record: WalRecord,
  context: RedoContext,
  id: number,
  pagesPerRange: number,
  heapBlk: number,
  block: number,
  offnum: number,
): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needPage(record, page, BRIN_PAGETYPE.REVMAP)
  if (pagesPerRange === 0) throw malformed(record, 'ranges of 0 table pages')
  setRevmapTid(page, pagesPerRange, heapBlk, block, offnum)
  stamp(context, record, page)
}

/** The old summary goes, the new one comes on another page (brin_xlog_update). */
function moveSummary(record: WalRecord, context: RedoContext): void {
  needMain(record, BRIN_RECORD_SIZE.update)
  removeSummary(record, context, 2, record.view.getUint16(record.mainAt + xl_brin_update.at.oldOffnum, true))
  insertSummary(record, context, record.mainAt + xl_brin_update.at.insert)
}

function removeSummary(record: WalRecord, context: RedoContext, id: number, offnum: number): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needPage(record, page, BRIN_PAGETYPE.REGULAR)
  deleteIndexItemInPlace(page, offnum)
  stamp(context, record, page)
}

function replaceSummary(record: WalRecord, context: RedoContext): void {
  needMain(record, BRIN_RECORD_SIZE.samePageUpdate)
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needPage(record, page, BRIN_PAGETYPE.REGULAR)
  const summary = record.blockData(ref)
  if (summary.length === 0 || !overwriteItem(page, record.view.getUint16(record.mainAt, true), summary))
    throw contradiction(record, page, 'brin_xlog_samepage_update: failed to replace tuple')
  stamp(context, record, page)
}

/** The map has a page more: block 1 becomes it, whatever it was, and the meta page says so (brin_xlog_revmap_extend). */
function extendMap(record: WalRecord, context: RedoContext): void {
  needMain(record, BRIN_RECORD_SIZE.revmapExtend)
  const target = record.view.getUint32(record.mainAt, true)
  const { block } = needBlock(record, 1)
  if (target !== block)
    throw malformed(record, `block ${block} becomes a map page, but it names block ${target}`)
  const meta = readBlockForRedo(context, record, 0)
  if (meta.outcome === 'needsRedo') {
    needPage(record, meta.page, BRIN_PAGETYPE.META)
    const last = lastRevmapPage(meta.page)
    if (last + 1 !== target)
      throw contradiction(record, meta.page, `map page ${target} is to follow map page ${last}`)
    setLastRevmapPage(meta.page, target)
    stamp(context, record, meta.page)
  }
  const { page } = initBlockForRedo(context, record, 1)
  initBrinPage(page, BRIN_PAGETYPE.REVMAP)
  stamp(context, record, page)
}

/** The map forgets the range, then its summary goes (brin_xlog_desummarize_page). */
function dropSummary(record: WalRecord, context: RedoContext): void {
  needMain(record, BRIN_RECORD_SIZE.desummarize)
  const { view, mainAt } = record
  const pagesPerRange = view.getUint32(mainAt + desummarize.pagesPerRange, true)
  const heapBlk = view.getUint32(mainAt + desummarize.heapBlk, true)
  enterInMap(record, context, 0, pagesPerRange, heapBlk, INVALID_BLOCK, 0)
  removeSummary(record, context, 1, view.getUint16(mainAt + desummarize.regOffset, true))
}
