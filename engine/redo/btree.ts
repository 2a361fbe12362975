// Resource manager 11, Btree: the default index (access/nbtree/nbtxlog.c).
//
//   a tuple more       INSERT_LEAF (the hot one), INSERT_UPPER, INSERT_META, INSERT_POST
//   a page more        SPLIT_L, SPLIT_R, NEWROOT                       btreeSplit.ts
//   tuples merged      DEDUP                                           btreePosting.ts
//   tuples fewer       DELETE, VACUUM                                  btreeDelete.ts
//   a page fewer       MARK_PAGE_HALFDEAD, UNLINK_PAGE, UNLINK_PAGE_META, REUSE_PAGE
//
// A change that goes over several pages is one record, or leaves a flag behind (INCOMPLETE_SPLIT, HALF_DEAD) that the
// next visitor sees: there is nothing to undo after a crash.

import { BTP, initBtreePage, P_NONE } from '../format/btreePage.js'
import { BTREE_RECORD_SIZE, XLOG_BTREE, xl_btree_newroot } from '../format/btreeRecords.js'
import { addItem, maxOffset, pdLower, pdUpper } from '../format/page.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import type { WalRecord } from '../wal/record.js'
import { initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import { redoDelete, redoMarkHalfDead, redoUnlink } from './btreeDelete.js'
import { alignedTupleSize, clearIncompleteSplit, restoreItems, restoreMeta } from './btreePages.js'
import { loadNewTuple, redoDedup, splitPosting } from './btreePosting.js'
import { redoSplit } from './btreeSplit.js'
import type { RedoContext } from './context.js'
import { contradiction, malformed, needData, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const OP = XLOG_BTREE

export const btree: ResourceManager = {
  id: 11,
  name: 'Btree',
  identify: namesByInfo(Object.fromEntries(Object.entries(OP).map(([name, code]) => [code, name]))),
  redo(record, context) {
    switch (record.info) {
      case OP.INSERT_LEAF:
        return insertTuple(record, context)
      case OP.INSERT_UPPER:
      case OP.INSERT_META:
        clearIncompleteSplit(record, context, 1)
        insertTuple(record, context)
        if (record.info === OP.INSERT_META) restoreMeta(record, context, 2)
        return
      case OP.SPLIT_L:
      case OP.SPLIT_R:
        return redoSplit(record, context, record.info === OP.SPLIT_L)
      case OP.INSERT_POST:
        return insertThroughPosting(record, context)
      case OP.DEDUP:
        return redoDedup(record, context)
      case OP.DELETE:
      case OP.VACUUM:
        return redoDelete(record, context, record.info === OP.VACUUM)
      case OP.UNLINK_PAGE:
      case OP.UNLINK_PAGE_META:
        return redoUnlink(record, context, record.info === OP.UNLINK_PAGE_META)
      case OP.NEWROOT:
        return redoNewRoot(record, context)
      case OP.MARK_PAGE_HALFDEAD:
        return redoMarkHalfDead(record, context)
      case OP.REUSE_PAGE:
        return // only a standby's queries could mind
      case OP.META_CLEANUP:
        return restoreMeta(record, context, 0)
      default:
        throw malformed(record, `btree_redo: unknown op code ${record.info}`)
    }
  },
}

/** Adds block 0's data as item `offnum` of its page (btree_xlog_insert). */
function insertTuple(record: WalRecord, context: RedoContext): void {
  const block = readBlockForRedo(context, record, 0)
  if (block.outcome !== 'needsRedo') return
  const { ref, page } = block
  needMain(record, BTREE_RECORD_SIZE.insert)
  const offnum = record.view.getUint16(record.mainAt, true)
  if (ref.dataLength === 0 || !addItem(page, record.bytes, ref.dataAt, ref.dataLength, offnum, false))
    throw cannotAdd(record, page, offnum, ref.dataLength)
  stamp(context, record, page)
}

/** The same through the middle of the posting list before `offnum`; the data starts with the place in that list. */
function insertThroughPosting(record: WalRecord, context: RedoContext): void {
  const { outcome, page, ref } = readBlockForRedo(context, record, 0)
  if (outcome !== 'needsRedo') return
  needMain(record, BTREE_RECORD_SIZE.insert)
  needData(record, ref, 2)
  const offnum = record.view.getUint16(record.mainAt, true)
  const size = alignedTupleSize(record, ref.dataAt + 2, ref.dataAt + ref.dataLength)
  const tuple = loadNewTuple(record, ref.dataAt + 2, size)
  splitPosting(record, page, offnum - 1, record.view.getUint16(ref.dataAt, true))
  if (!addItem(page, tuple.bytes, 0, size, offnum, false)) throw cannotAdd(record, page, offnum, size)
  stamp(context, record, page)
}

function cannotAdd(record: WalRecord, page: BufferedPage, offnum: number, size: number): Error {
  const room = pdUpper(page) - pdLower(page)
  return contradiction(
    record,
    page,
    `failed to add an item of ${size} bytes at offset ${offnum}: ${maxOffset(page)} items, ${room} bytes free`,
  )
}

/** A new root: an empty leaf in a new index, or the parent of the two halves of the old root (btree_xlog_newroot). */
function redoNewRoot(record: WalRecord, context: RedoContext): void {
  needMain(record, BTREE_RECORD_SIZE.newroot)
  const { page, ref } = initBlockForRedo(context, record, 0)
  const level = record.view.getUint32(record.mainAt + xl_btree_newroot.at.level, true)
  initBtreePage(page, P_NONE, P_NONE, level, BTP.ROOT | (level === 0 ? BTP.LEAF : 0))
  if (level > 0) {
    restoreItems(record, ref, page)
    clearIncompleteSplit(record, context, 1)
  }
  stamp(context, record, page)
  restoreMeta(record, context, 2)
}
