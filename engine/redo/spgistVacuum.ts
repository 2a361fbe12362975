// VACUUM takes rows out of an SP-GiST index, then the placeholders and redirects that nobody needs any more
// (access/spgist/spgxlog.c).
//
// The head of a chain is the one tuple that a parent leads to. When it goes and others of its chain stay, one of them
// moves to its place: the two swap their line pointers, and what is then at the other's place becomes a placeholder.

import type { BufferedPage } from '../buffers/relationFork.js'
import {
  deleteIndexItems,
  itemId,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  setItemId,
} from '../format/page.js'
import {
  countPlaceholders,
  countRedirects,
  makePlaceholder,
  setNextOffset,
  SPGIST_LEAF_MIN_SIZE,
  SPGIST_STATE,
  SpGistDeadTupleData,
  spgistState,
} from '../format/spgistPage.js'
import { SPGIST_RECORD_SIZE, spgxlogVacuumLeaf, spgxlogVacuumRedirect } from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction, needMain } from './contradiction.js'
import { deleteItems } from './indexItems.js'
import { needSpgistPage, replaceByDead, tupleAt, type Replacement } from './spgistPages.js'

const leadingNowhere = (state: number): Replacement => ({
  first: state,
  rest: state,
  block: 0,
  offnum: 0,
  xid: 0,
})
const DEAD = leadingNowhere(SPGIST_STATE.DEAD)
const PLACEHOLDER = leadingNowhere(SPGIST_STATE.PLACEHOLDER)

/** Redoes VACUUM_LEAF: rows go from the chains of a leaf page (spgRedoVacuumLeaf). */
export function vacuumLeaf(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.vacuumLeaf)
  const { nDead, nPlaceholder, nMove, nChain } = spgxlogVacuumLeaf.readView(record.view, record.mainAt)
  const deadAt = record.mainAt + SPGIST_RECORD_SIZE.vacuumLeaf
  const placeholdersAt = deadAt + nDead * 2
  const fromAt = placeholdersAt + nPlaceholder * 2
  const toAt = fromAt + nMove * 2
  const linkAt = toAt + nMove * 2
  const nextAt = linkAt + nChain * 2
  needMain(record, nextAt + nChain * 2 - record.mainAt)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  const offnumAt = (at: number, i: number): number => record.view.getUint16(at + i * 2, true)
  replaceByDead(record, page, deadAt, nDead, DEAD)
  replaceByDead(record, page, placeholdersAt, nPlaceholder, PLACEHOLDER)
  for (let i = 0; i < nMove; i++) swapLinePointers(record, page, offnumAt(fromAt, i), offnumAt(toAt, i))
  replaceByDead(record, page, fromAt, nMove, PLACEHOLDER)
  for (let i = 0; i < nChain; i++) {
    const at = tupleAt(record, page, offnumAt(linkAt, i), SPGIST_LEAF_MIN_SIZE)
    setNextOffset(page.view, at, offnumAt(nextAt, i))
  }
  stamp(context, record, page)
}

function swapLinePointers(record: WalRecord, page: BufferedPage, a: number, b: number): void {
  tupleAt(record, page, a, SPGIST_LEAF_MIN_SIZE)
  tupleAt(record, page, b, SPGIST_LEAF_MIN_SIZE)
  const [idA, idB] = [itemId(page, a), itemId(page, b)]
  setItemId(page, a, lpOffset(idB), lpFlags(idB), lpLength(idB))
  setItemId(page, b, lpOffset(idA), lpFlags(idA), lpLength(idA))
}

/** Redoes VACUUM_ROOT: nothing leads into a root that is a leaf, so its tuples just go (spgRedoVacuumRoot). */
export function vacuumRoot(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.vacuumRoot)
  const count = record.view.getUint16(record.mainAt, true)
  needMain(record, SPGIST_RECORD_SIZE.vacuumRoot + count * 2)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  deleteItems(record, page, record.mainAt + SPGIST_RECORD_SIZE.vacuumRoot, count)
  stamp(context, record, page)
}

/** Redoes VACUUM_REDIRECT: old redirects become placeholders, and placeholders at the end go (spgRedoVacuumRedirect). */
export function vacuumRedirect(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.vacuumRedirect)
  const { view, mainAt } = record
  const count = view.getUint16(mainAt, true)
  needMain(record, SPGIST_RECORD_SIZE.vacuumRedirect + count * 2)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  for (let i = 0; i < count; i++) {
    const offnum = view.getUint16(mainAt + SPGIST_RECORD_SIZE.vacuumRedirect + i * 2, true)
    const at = tupleAt(record, page, offnum, SpGistDeadTupleData.size)
    if (spgistState(page.view, at) !== SPGIST_STATE.REDIRECT)
      throw contradiction(record, page, `tuple ${offnum} is not a redirect`)
    makePlaceholder(page.view, at)
  }
  countRedirects(page, -count)
  countPlaceholders(page, count)
  const first = view.getUint16(mainAt + spgxlogVacuumRedirect.at.firstPlaceholder, true)
  if (first !== 0) dropFrom(record, page, first)
  stamp(context, record, page)
}

/** Placeholders end the page from `first` on: they go, and their line pointers too. */
function dropFrom(record: WalRecord, page: BufferedPage, first: number): void {
  const offnums: number[] = []
  for (let offnum = first; offnum <= maxOffset(page); offnum++) {
    const at = tupleAt(record, page, offnum, SpGistDeadTupleData.size)
    if (spgistState(page.view, at) !== SPGIST_STATE.PLACEHOLDER)
      throw contradiction(record, page, `tuple ${offnum} is not a placeholder`)
    offnums.push(offnum)
  }
  countPlaceholders(page, -offnums.length)
  deleteIndexItems(page, offnums)
}
