// A chain of leaf tuples has grown too long: the operator class picks how to part it. An inner tuple takes its place,
// with a node for each part; the parts become chains on the same page or on another (access/spgist/spgxlog.c).
//
//   block 0  page of the chain    loses it, keeps some of the parts    (not when it is the root)
//   block 1  another leaf page    gets the other parts                 (not when they fit on block 0)
//   block 2  page of the inner tuple: perhaps the old root, which is a leaf no more
//   block 3  the parent, when it is not on block 2

import type { BufferedPage } from '../buffers/relationFork.js'
import { SPGIST, SPGIST_STATE } from '../format/spgistPage.js'
import { SPGIST_RECORD_SIZE, spgxlogPickSplit } from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { needBlock, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { needMain } from './contradiction.js'
import {
  addOrReplaceTuple,
  innerSize,
  leafFlags,
  leafSize,
  pageForRedo,
  replaceByDead,
  setDownlink,
  updateParent,
} from './spgistPages.js'

/** Redoes PICKSPLIT (spgRedoPickSplit). */
export function pickSplit(record: WalRecord, context: RedoContext): void {
  needMain(record, SPGIST_RECORD_SIZE.pickSplit)
  const logged = spgxlogPickSplit.readView(record.view, record.mainAt)
  const insertsAt = record.mainAt + SPGIST_RECORD_SIZE.pickSplit + logged.nDelete * 2
  const choicesAt = insertsAt + logged.nInsert * 2
  const innerAt = choicesAt + logged.nInsert
  needMain(record, innerAt - record.mainAt)
  const size = innerSize(record, innerAt)

  const source = logged.isRootSplit ? undefined : emptiedSource(record, context, logged)
  const other = otherLeafPage(record, context, logged)
  let at = innerAt + size
  for (let i = 0; i < logged.nInsert; i++) {
    const leaf = leafSize(record, at)
    const page = record.view.getUint8(choicesAt + i) === 0 ? source : other
    if (page) addOrReplaceTuple(record, page, at, leaf, record.view.getUint16(insertsAt + i * 2, true))
    at += leaf
  }
  if (source) stamp(context, record, source)
  if (other) stamp(context, record, other)

  placeInner(record, context, logged, innerAt, size)
  if (!record.block(3)) return
  const { block } = needBlock(record, 2)
  updateParent(record, context, 3, logged.offnumParent, logged.nodeI, block, logged.offnumInner)
}

/** Block 0 without the chain; undefined when it is not to be changed. */
function emptiedSource(
  record: WalRecord,
  context: RedoContext,
  logged: spgxlogPickSplit,
): BufferedPage | undefined {
  const { outcome, page } = pageForRedo(record, context, 0, logged.initSrc, leafFlags(logged.storesNulls))
  if (outcome !== 'needsRedo') return undefined
  if (logged.initSrc) return page
  replaceByDead(record, page, record.mainAt + SPGIST_RECORD_SIZE.pickSplit, logged.nDelete, {
    first: logged.stateSrc.isBuild ? SPGIST_STATE.PLACEHOLDER : SPGIST_STATE.REDIRECT,
    rest: SPGIST_STATE.PLACEHOLDER,
    block: needBlock(record, 2).block,
    offnum: logged.offnumInner,
    xid: logged.stateSrc.redirectXid,
  })
  return page
}

/** Block 1; undefined when there is none, or it is not to be changed. */
function otherLeafPage(
  record: WalRecord,
  context: RedoContext,
  logged: spgxlogPickSplit,
): BufferedPage | undefined {
  if (!record.block(1)) return undefined
  const { outcome, page } = pageForRedo(record, context, 1, logged.initDest, leafFlags(logged.storesNulls))
  return outcome === 'needsRedo' ? page : undefined
}

function placeInner(
  record: WalRecord,
  context: RedoContext,
  logged: spgxlogPickSplit,
  at: number,
  size: number,
): void {
  const flags = logged.storesNulls ? SPGIST.NULLS : 0
  const { outcome, page, ref } = pageForRedo(record, context, 2, logged.initInner, flags)
  if (outcome !== 'needsRedo') return
  addOrReplaceTuple(record, page, at, size, logged.offnumInner)
  if (logged.innerIsParent)
    setDownlink(record, page, logged.offnumParent, logged.nodeI, ref.block, logged.offnumInner)
  stamp(context, record, page)
}
