// Resource manager 16, SPGist: quad trees, k-d trees, radix trees (access/spgist/spgxlog.c).
//
//   a row more             ADD_LEAF (the hot one)
//   a leaf page is full    MOVE_LEAFS: a chain of leaf tuples moves to another page
//                          PICKSPLIT: a chain becomes an inner tuple and the chains below it     spgistPickSplit.ts
//   a new branch           ADD_NODE, SPLIT_TUPLE                                                 spgistInner.ts
//   rows fewer             VACUUM_LEAF, VACUUM_ROOT, VACUUM_REDIRECT                             spgistVacuum.ts
//
// Blocks are changed in an order in which no link ever leads to nothing: what is new first, then what redirects to it,
// then the parent.

import { setNextOffset, SPGIST_LEAF_MIN_SIZE, SPGIST_STATE } from '../format/spgistPage.js'
import { SPGIST_RECORD_SIZE, spgxlogAddLeaf, spgxlogMoveLeafs, XLOG_SPGIST } from '../format/spgistRecords.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import type { WalRecord } from '../wal/record.js'
import { needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'
import { addNode, splitTuple } from './spgistInner.js'
import {
  addOrReplaceTuple,
  leafFlags,
  leafSize,
  needSpgistPage,
  pageForRedo,
  replaceByDead,
  replaceTuple,
  tupleAt,
  updateParent,
} from './spgistPages.js'
import { pickSplit } from './spgistPickSplit.js'
import { vacuumLeaf, vacuumRedirect, vacuumRoot } from './spgistVacuum.js'

const OP = XLOG_SPGIST
const leaf = spgxlogAddLeaf.at

export const spgist: ResourceManager = {
  id: 16,
  name: 'SPGist',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]))),
  redo(record, context) {
    switch (record.info) {
      case OP.ADD_LEAF:
        return addLeaf(record, context)
      case OP.MOVE_LEAFS:
        return moveLeafs(record, context)
      case OP.ADD_NODE:
        return addNode(record, context)
      case OP.SPLIT_TUPLE:
        return splitTuple(record, context)
      case OP.PICKSPLIT:
        return pickSplit(record, context)
      case OP.VACUUM_LEAF:
        return vacuumLeaf(record, context)
      case OP.VACUUM_ROOT:
        return vacuumRoot(record, context)
      case OP.VACUUM_REDIRECT:
        return vacuumRedirect(record, context)
      default:
        throw malformed(record, `spg_redo: unknown op code ${record.info}`)
    }
  },
}

/** A leaf tuple arrives, perhaps on a new page; its chain's head and its parent learn of it (spgRedoAddLeaf). */
function addLeaf(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.addLeaf)
  const { view, mainAt } = record
  const isNew = view.getUint8(mainAt + leaf.newPage) !== 0
  const flags = leafFlags(view.getUint8(mainAt + leaf.storesNulls) !== 0)
  const { outcome, page } = pageForRedo(record, context, 0, isNew, flags)
  const offnum = view.getUint16(mainAt + leaf.offnumLeaf, true)
  if (outcome === 'needsRedo') {
    placeLeaf(record, page, offnum, view.getUint16(mainAt + leaf.offnumHeadLeaf, true))
    stamp(context, record, page)
  }
  const parent = view.getUint16(mainAt + leaf.offnumParent, true)
  if (parent === 0) return
  const node = view.getUint16(mainAt + leaf.nodeI, true)
  updateParent(record, context, 1, parent, node, needBlock(record, 0).block, offnum)
}

function placeLeaf(record: WalRecord, page: BufferedPage, offnum: number, head: number): void {
  const at = record.mainAt + SPGIST_RECORD_SIZE.addLeaf
  const size = leafSize(record, at)
  if (offnum === head) return replaceTuple(record, page, at, size, offnum) // the head was dead
  addOrReplaceTuple(record, page, at, size, offnum)
  if (head !== 0) setNextOffset(page.view, tupleAt(record, page, head, SPGIST_LEAF_MIN_SIZE), offnum)
}

/** A chain of leaf tuples, and a new one with it, moves to a page with more room (spgRedoMoveLeafs). */
function moveLeafs(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.moveLeafs)
  const moved = spgxlogMoveLeafs.readView(record.view, record.mainAt)
  const inserts = moved.replaceDead ? 1 : moved.nMoves + 1
  const deletesAt = record.mainAt + SPGIST_RECORD_SIZE.moveLeafs
  const insertsAt = deletesAt + moved.nMoves * 2
  const tuplesAt = insertsAt + inserts * 2
  needMain(record, tuplesAt - record.mainAt)
  const target = pageForRedo(record, context, 1, moved.newPage, leafFlags(moved.storesNulls))
  if (target.outcome === 'needsRedo') {
    let at = tuplesAt
    for (let i = 0; i < inserts; i++) {
      const size = leafSize(record, at)
      addOrReplaceTuple(record, target.page, at, size, record.view.getUint16(insertsAt + i * 2, true))
      at += size
    }
    stamp(context, record, target.page)
  }
  // The new tuple was added last: the chain starts with it.
  const { block } = target.ref
  const offnum = record.view.getUint16(tuplesAt - 2, true)
  const source = readBlockForRedo(context, record, 0)
  if (source.outcome === 'needsRedo') {
    needSpgistPage(record, source.page)
    replaceByDead(record, source.page, deletesAt, moved.nMoves, {
      first: moved.stateSrc.isBuild ? SPGIST_STATE.PLACEHOLDER : SPGIST_STATE.REDIRECT,
      rest: SPGIST_STATE.PLACEHOLDER,
      block,
      offnum,
      xid: moved.stateSrc.redirectXid,
    })
    stamp(context, record, source.page)
  }
  updateParent(record, context, 2, moved.offnumParent, moved.nodeI, block, offnum)
}
