// Pieces that several GIN records share (access/gin/ginxlog.c).

import type { BufferedPage } from '../buffers/relationFork.js'
import { GIN, ginFlags, hasGinSpecial, setGinFlags } from '../format/ginPage.js'
import type { WalRecord } from '../wal/record.js'
import { readBlockForRedo, stamp } from './block.js'
import type { RedoContext } from './context.js'
import { contradiction } from './contradiction.js'

/** A page that ought to be one of a GIN index. @throws CorruptData when its special space is not. */
export function needGinPage(record: WalRecord, page: BufferedPage): void {
  if (!hasGinSpecial(page)) throw contradiction(record, page, 'not a page of a GIN index')
}

/** A page that ought to be of a posting tree or not, and a leaf or not. @throws CorruptData when it is not so. */
export function needTreePage(record: WalRecord, page: BufferedPage, isData: boolean, isLeaf: boolean): void {
  needGinPage(record, page)
  const wanted = (isData ? GIN.DATA : 0) | (isLeaf ? GIN.LEAF : 0)
  if ((ginFlags(page) & (GIN.DATA | GIN.LEAF)) !== wanted)
    throw contradiction(
      record,
      page,
      `not ${isLeaf ? 'a leaf' : 'an inner page'} of ${isData ? 'a posting' : 'the entry'} tree`,
    )
}

/** The parent has its new downlink: the split of block `id` is complete (ginRedoClearIncompleteSplit). */
export function clearIncompleteSplit(record: WalRecord, context: RedoContext, id: number): void {
  const { outcome, page } = readBlockForRedo(context, record, id)
  if (outcome !== 'needsRedo') return
  needGinPage(record, page)
  setGinFlags(page, ginFlags(page) & ~GIN.INCOMPLETE_SPLIT)
  stamp(context, record, page)
}
