// Inner tuples of an SP-GiST index change: a node more, or a prefix that is cut in two (access/spgist/spgxlog.c).
//
//   ADD_NODE       the tuple grows where it is; when its page is full it moves, and a redirect stays behind
//
//   SPLIT_TUPLE    "abcd" ─► nodes    becomes    "ab" ─► "d" ─► nodes      (the node between is labelled "c")
//                                                the prefix tuple, in the old place; the postfix tuple, elsewhere

import { SPGIST_STATE } from '../format/spgistPage.js'
import {
  SPGIST_RECORD_SIZE,
  SPGIST_PARENT,
  spgxlogAddNode,
  spgxlogSplitTuple,
} from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { needBlock, readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { needMain } from './contradiction.js'
import {
  addOrReplaceTuple,
  innerSize,
  needSpgistPage,
  pageForRedo,
  replaceByDead,
  replaceTuple,
  setDownlink,
  updateParent,
} from './spgistPages.js'

/** Redoes ADD_NODE: an inner tuple has a node more (spgRedoAddNode). */
export function addNode(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.addNode)
  const tupleAt = record.mainAt + SPGIST_RECORD_SIZE.addNode
  const size = innerSize(record, tupleAt)
  if (record.block(1)) return moveWithNode(record, context, tupleAt, size)
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  replaceTuple(
    record,
    page,
    tupleAt,
    size,
    record.view.getUint16(record.mainAt + spgxlogAddNode.at.offnum, true),
  )
  stamp(context, record, page)
}

/** The larger tuple goes to block 1; whoever looks for it on block 0 is redirected. The parent may be on either. */
function moveWithNode(record: WalRecord, context: RedoContext, tupleAt: number, size: number): void {
  const logged = spgxlogAddNode.readView(record.view, record.mainAt)
  const { block } = needBlock(record, 1)
  const target = pageForRedo(record, context, 1, logged.newPage, 0) // it is never in the tree of nulls
  if (target.outcome === 'needsRedo') {
    addOrReplaceTuple(record, target.page, tupleAt, size, logged.offnumNew)
    if (logged.parentBlk === SPGIST_PARENT.ON_NEW)
      setDownlink(record, target.page, logged.offnumParent, logged.nodeI, block, logged.offnumNew)
    stamp(context, record, target.page)
  }
  const source = readBlockForRedo(context, record, 0)
  if (source.outcome === 'needsRedo') {
    needSpgistPage(record, source.page)
    const state = logged.stateSrc.isBuild ? SPGIST_STATE.PLACEHOLDER : SPGIST_STATE.REDIRECT
    replaceByDead(record, source.page, record.mainAt + spgxlogAddNode.at.offnum, 1, {
      first: state,
      rest: state,
      block,
      offnum: logged.offnumNew,
      xid: logged.stateSrc.redirectXid,
    })
    if (logged.parentBlk === SPGIST_PARENT.ON_OLD)
      setDownlink(record, source.page, logged.offnumParent, logged.nodeI, block, logged.offnumNew)
    stamp(context, record, source.page)
  }
  if (logged.parentBlk === SPGIST_PARENT.ELSEWHERE)
    updateParent(record, context, 2, logged.offnumParent, logged.nodeI, block, logged.offnumNew)
}

/** Redoes SPLIT_TUPLE: an inner tuple becomes two, one below the other (spgRedoSplitTuple). */
export function splitTuple(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.splitTuple)
  const logged = spgxlogSplitTuple.readView(record.view, record.mainAt)
  const prefixAt = record.mainAt + SPGIST_RECORD_SIZE.splitTuple
  const prefixSize = innerSize(record, prefixAt)
  const postfixAt = prefixAt + prefixSize
  const postfixSize = innerSize(record, postfixAt)
  if (!logged.postfixBlkSame) {
    const { outcome, page } = pageForRedo(record, context, 1, logged.newPage, 0)
    if (outcome === 'needsRedo') {
      addOrReplaceTuple(record, page, postfixAt, postfixSize, logged.offnumPostfix)
      stamp(context, record, page)
    }
  }
  const { outcome, page } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needSpgistPage(record, page)
  replaceTuple(record, page, prefixAt, prefixSize, logged.offnumPrefix)
  if (logged.postfixBlkSame) addOrReplaceTuple(record, page, postfixAt, postfixSize, logged.offnumPostfix)
  stamp(context, record, page)
}
