// Posting lists in redo: the new tuple that goes through the middle of one, equal keys merged into one, lists that
// lose some of their rows. The lists themselves are format/postingList.ts.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  BTP,
  BTPageOpaqueData,
  BTREE_SPECIAL_AT,
  btpoFlags,
  btpoNext,
  firstDataKey,
  P_HIKEY,
  P_NONE,
  setBtpoFlags,
} from '../format/btreePage.js'
import { BTREE_RECORD_SIZE } from '../format/btreeRecords.js'
import { indexTupleSize, TID_SIZE } from '../format/indexTuple.js'
import {
  addItem,
  initPage,
  itemId,
  lpLength,
  maxOffset,
  overwriteItem,
  pageOf,
  type Page,
} from '../format/page.js'
import {
  BT_MAX_ITEM_SIZE,
  isPosting,
  isSoundPosting,
  keySize,
  postingSize,
  setTidCount,
  swapPosting,
  tidCount,
  tidsAt,
} from '../format/postingList.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { readBlockForRedo, stamp } from './block.js'
import { needBtreePage, tupleAt } from './btreePages.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData, needMain } from './contradiction.js'

/** A tuple while it is made: the new one of an insertion, or a posting list that is growing or shrinking. */
const tuple = pageOf()
/** A page while it is built anew. */
const aside = pageOf()

/** Copies the new tuple out of the record, to be changed by {@link splitPosting} and then added to a page. */
export function loadNewTuple(record: WalRecord, at: number, size: number): Page {
  tuple.bytes.set(record.bytes.subarray(at, at + size))
  return tuple
}

/** Lets the loaded new tuple change rows with the posting list at `offnum`, at its place `postingoff`. */
export function splitPosting(
  record: WalRecord,
  page: BufferedPage,
  offnum: number,
  postingoff: number,
): void {
  const at = postingAt(record, page, offnum)
  const rows = tidCount(page.view, at)
  if (postingoff < 1 || postingoff >= rows)
    throw contradiction(
      record,
      page,
      `posting list tuple with ${rows} items cannot be split at offset ${postingoff}`,
    )
  swapPosting(page, at, postingoff, tuple, 0)
}

/** Offset of the posting tuple at `offnum`. @throws CorruptData when it is none, or its list leaves it. */
function postingAt(record: WalRecord, page: BufferedPage, offnum: number): number {
  const at = tupleAt(record, page, offnum)
  if (!isSoundPosting(page.view, at, lpLength(itemId(page, offnum))))
    throw contradiction(record, page, `item ${offnum} has no sound posting list`)
  return at
}

/**
 * Redoes DEDUP: the page is built anew; where an interval {first item, number of items} starts, its tuples become one
 * posting list, and the others stay what they are (btree_xlog_dedup).
 */
export function redoDedup(record: WalRecord, context: RedoContext): void {
  needMain(record, BTREE_RECORD_SIZE.dedup)
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needBtreePage(record, page)
  const intervals = record.view.getUint16(record.mainAt, true)
  needData(record, ref, intervals * 4)
  initPage(aside, BTPageOpaqueData.size)
  aside.bytes.set(page.bytes.subarray(BTREE_SPECIAL_AT), BTREE_SPECIAL_AT)
  if (btpoNext(page) !== P_NONE) keep(record, page, P_HIKEY)
  let interval = 0
  for (let off = firstDataKey(page); off <= maxOffset(page);) {
    const at = ref.dataAt + interval * 4
    if (interval < intervals && record.view.getUint16(at, true) === off) {
      const items = record.view.getUint16(at + 2, true)
      merge(record, page, off, items)
      off += items
      interval++
    } else keep(record, page, off++)
  }
  if (interval !== intervals)
    throw contradiction(record, page, `it has items for ${interval} of ${intervals} intervals`)
  setBtpoFlags(aside, btpoFlags(aside) & ~BTP.HAS_GARBAGE)
  page.bytes.set(aside.bytes)
  stamp(context, record, page)
}

function keep(record: WalRecord, page: BufferedPage, off: number): void {
  append(record, page, page, tupleAt(record, page, off), lpLength(itemId(page, off)))
}

/** Adds one tuple with the key of item `first` and the rows of `items` items from there on (_bt_form_posting). */
function merge(record: WalRecord, page: BufferedPage, first: number, items: number): void {
  if (items < 2) throw malformed(record, `an interval of ${items} items`)
  const base = soundTuple(record, page, first)
  const key = keySize(page.view, base)
  tuple.bytes.fill(0, 0, BT_MAX_ITEM_SIZE)
  tuple.bytes.set(page.bytes.subarray(base, base + key))
  let rows = 0
  for (let off = first; off < first + items; off++) {
    const at = soundTuple(record, page, off)
    const [from, more] = [tidsAt(page.view, at), tidCount(page.view, at)]
    if (postingSize(key, rows + more) > BT_MAX_ITEM_SIZE)
      throw contradiction(record, page, 'deduplication failed to add heap tid to pending posting list')
    tuple.bytes.set(page.bytes.subarray(from, from + more * TID_SIZE), key + rows * TID_SIZE)
    rows += more
  }
  setTidCount(tuple.view, 0, key, rows)
  append(record, page, tuple, 0, indexTupleSize(tuple.view, 0))
}

function append(record: WalRecord, page: BufferedPage, source: Page, from: number, size: number): void {
  if (!addItem(aside, source.bytes, from, size, maxOffset(aside) + 1, false))
    throw contradiction(record, page, 'deduplication failed to add tuple to page')
}

/** Offset of the leaf tuple at `offnum`, posting list or not. */
function soundTuple(record: WalRecord, page: BufferedPage, offnum: number): number {
  const at = tupleAt(record, page, offnum)
  if (isPosting(page.view, at)) return postingAt(record, page, offnum)
  if (indexTupleSize(page.view, at) > lpLength(itemId(page, offnum)))
    throw contradiction(record, page, `item ${offnum} is longer than its line pointer says`)
  return at
}

/**
 * Shortens posting lists: `offsets` at `at` in the record name the items, an xl_btree_update follows for each, with the
 * places of the rows that go (btree_xlog_updates). Returns the end of what was read.
 */
export function shortenPostings(
  record: WalRecord,
  ref: BlockRef,
  page: BufferedPage,
  at: number,
  updates: number,
): void {
  const end = ref.dataAt + ref.dataLength
  let update = at + updates * 2
  for (let i = 0; i < updates; i++) {
    if (update + 2 > end) throw malformed(record, 'its updates go past the data of block 0')
    const gone = record.view.getUint16(update, true)
    if (update + 2 + gone * 2 > end) throw malformed(record, 'its updates go past the data of block 0')
    shorten(record, page, record.view.getUint16(at + i * 2, true), update + 2, gone)
    update += 2 + gone * 2
  }
}

/** Rewrites the posting tuple at `offnum` without the rows whose places stand at `goneAt` (_bt_update_posting). */
function shorten(record: WalRecord, page: BufferedPage, offnum: number, goneAt: number, gone: number): void {
  const at = postingAt(record, page, offnum)
  const [key, rows, list] = [keySize(page.view, at), tidCount(page.view, at), tidsAt(page.view, at)]
  if (gone >= rows)
    throw contradiction(record, page, `item ${offnum} has ${rows} rows, of which ${gone} should go`)
  const size = postingSize(key, rows - gone)
  tuple.bytes.fill(0, 0, size)
  tuple.bytes.set(page.bytes.subarray(at, at + key))
  let to = setTidCount(tuple.view, 0, key, rows - gone)
  let next = 0
  for (let row = 0; row < rows; row++) {
    if (next < gone && record.view.getUint16(goneAt + next * 2, true) === row) {
      next++
      continue
    }
    if (row - next >= rows - gone) break
    const from = list + row * TID_SIZE
    tuple.bytes.set(page.bytes.subarray(from, from + TID_SIZE), to)
    to += TID_SIZE
  }
  if (next !== gone || !overwriteItem(page, offnum, tuple.bytes.subarray(0, size)))
    throw contradiction(record, page, 'failed to update partially dead item')
}
