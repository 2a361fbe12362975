// Pieces that several SP-GiST records share: tuples that arrive, tuples that leave something in their place, and the
// links of parents (access/spgist/spgxlog.c, spgdoinsert.c).

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  countPlaceholders,
  countRedirects,
  hasSpgistSpecial,
  initSpgistPage,
  setSpgistTid,
  SPGIST,
  SPGIST_INNER_HEADER_SIZE,
  SPGIST_LEAF_MIN_SIZE,
  SPGIST_STATE,
  SpGistDeadTupleData,
  spgistInnerSize,
  spgistLeafSize,
  spgistNodeAt,
  spgistState,
  writeDeadTuple,
} from '../format/spgistPage.js'
import {
  addItem,
  deleteIndexItem,
  deleteIndexItems,
  itemId,
  lpLength,
  lpOffset,
  maxOffset,
} from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp, type BlockOutcome } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed } from './contradiction.js'

/** A page that ought to be one of an SP-GiST index. @throws CorruptData when its special space is not. */
export function needSpgistPage(record: WalRecord, page: BufferedPage): void {
  if (!hasSpgistSpecial(page)) throw contradiction(record, page, 'not a page of an SP-GiST index')
}

/** Flags of a new leaf page. */
export const leafFlags = (storesNulls: boolean): number => SPGIST.LEAF | (storesNulls ? SPGIST.NULLS : 0)

/** Block `id` as it is, or made anew with these flags: then it is to be changed in any case. */
export function pageForRedo(
  record: WalRecord,
  context: RedoContext,
  id: number,
  isNew: boolean,
  flags: number,
): BlockOutcome {
  if (isNew) {
    const { page, ref } = initBlockForRedo(context, record, id)
    initSpgistPage(page, flags)
    return { ref, outcome: 'needsRedo', page }
  }
  const block = readBlockForRedo(context, record, id)
  if (block.outcome === 'needsRedo') needSpgistPage(record, block.page)
  return block
}

/** Size of the leaf tuple at byte `at` of the record. @throws CorruptData when the main data ends before it does. */
export function leafSize(record: WalRecord, at: number): number {
  const room = record.mainAt + record.mainLength - at
  const size = room < SPGIST_LEAF_MIN_SIZE ? 0 : spgistLeafSize(record.view, at)
  if (size < SPGIST_LEAF_MIN_SIZE || size > room)
    throw malformed(record, `a leaf tuple of ${size} bytes does not end with the main data`)
  return size
}

/** Size of the inner tuple at byte `at` of the record. @throws CorruptData when the main data ends before it does. */
export function innerSize(record: WalRecord, at: number): number {
  const room = record.mainAt + record.mainLength - at
  const size = room < SPGIST_INNER_HEADER_SIZE ? 0 : spgistInnerSize(record.view, at)
  if (size < SPGIST_INNER_HEADER_SIZE || size > room)
    throw malformed(record, `an inner tuple of ${size} bytes does not end with the main data`)
  return size
}

/** Byte of the page at which tuple `offnum`, of at least `least` bytes, stands. @throws CorruptData without it. */
export function tupleAt(record: WalRecord, page: BufferedPage, offnum: number, least: number): number {
  if (offnum < 1 || offnum > maxOffset(page)) throw contradiction(record, page, `it has no tuple ${offnum}`)
  const id = itemId(page, offnum)
  if (lpLength(id) < least || lpOffset(id) + lpLength(id) > page.bytes.length)
    throw contradiction(record, page, `tuple ${offnum} has ${lpLength(id)} bytes at ${lpOffset(id)}`)
  return lpOffset(id)
}

function addTuple(
  record: WalRecord,
  page: BufferedPage,
  source: Uint8Array,
  at: number,
  size: number,
  offnum: number,
): void {
  if (!addItem(page, source, at, size, offnum, false))
    throw contradiction(record, page, `failed to add item of size ${size} to SPGiST index page`)
}

/** Puts a tuple of the record at `offnum`: behind the last one, or in a placeholder's place (addOrReplaceTuple). */
export function addOrReplaceTuple(
  record: WalRecord,
  page: BufferedPage,
  at: number,
  size: number,
  offnum: number,
): void {
  if (offnum <= maxOffset(page)) {
    const old = tupleAt(record, page, offnum, SpGistDeadTupleData.size)
    if (spgistState(page.view, old) !== SPGIST_STATE.PLACEHOLDER)
      throw contradiction(record, page, 'SPGiST tuple to be replaced is not a placeholder')
    countPlaceholders(page, -1)
    deleteIndexItem(page, offnum)
  }
  addTuple(record, page, record.bytes, at, size, offnum)
}

/** Puts a tuple of the record in the place of tuple `offnum`. */
export function replaceTuple(
  record: WalRecord,
  page: BufferedPage,
  at: number,
  size: number,
  offnum: number,
): void {
  deleteIndexItem(page, offnum)
  addTuple(record, page, record.bytes, at, size, offnum)
}

/** What takes the place of tuples that go: states of the first one named and of the rest, where redirects lead. */
export interface Replacement {
  first: number
  rest: number
  block: number
  offnum: number
  xid: number
}

const deadTuple = new Uint8Array(SpGistDeadTupleData.size)
const deadView = new DataView(deadTuple.buffer)

/**
 * Dead tuples take the place of those whose `count` offset numbers, in any order, stand at byte `at` of the record
 * (spgPageIndexMultiDelete). All go before the first dead one comes.
 */
export function replaceByDead(
  record: WalRecord,
  page: BufferedPage,
  at: number,
  count: number,
  by: Replacement,
): void {
  if (count === 0) return
  const offnums: number[] = []
  for (let i = 0; i < count; i++) offnums.push(record.view.getUint16(at + i * 2, true))
  const firstNamed = offnums[0]
  offnums.sort((a, b) => a - b)
  for (let i = 0; i < count; i++)
    if (offnums[i] <= (i === 0 ? 0 : offnums[i - 1]) || offnums[i] > maxOffset(page))
      throw contradiction(record, page, 'incorrect index offsets supplied')
  deleteIndexItems(page, offnums)
  for (const offnum of offnums) {
    const state = offnum === firstNamed ? by.first : by.rest
    writeDeadTuple(deadView, state, by.block, by.offnum, by.xid)
    addTuple(record, page, deadTuple, 0, deadTuple.length, offnum)
    if (state === SPGIST_STATE.REDIRECT) countRedirects(page, 1)
    else if (state === SPGIST_STATE.PLACEHOLDER) countPlaceholders(page, 1)
  }
}

/** Inner tuple `parent` of the page: its node `node` leads to tuple `offnum` of `block` (spgUpdateNodeLink). */
export function setDownlink(
  record: WalRecord,
  page: BufferedPage,
  parent: number,
  node: number,
  block: number,
  offnum: number,
): void {
  const at = tupleAt(record, page, parent, SPGIST_INNER_HEADER_SIZE)
  const nodeAt = spgistNodeAt(page.view, at, at + lpLength(itemId(page, parent)), node)
  if (nodeAt === 0)
    throw contradiction(record, page, `failed to find requested node ${node} in SPGiST inner tuple`)
  setSpgistTid(page.view, nodeAt, block, offnum)
}

/** The same on block `id`, if it needs it. */
export function updateParent(
  record: WalRecord,
  context: RedoContext,
  id: number,
  parent: number,
  node: number,
  block: number,
  offnum: number,
): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  setDownlink(record, page, parent, node, block, offnum)
  stamp(context, record, page)
}
