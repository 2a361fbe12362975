// The question every redo routine asks first: what is to be done with this block? Four answers
// (xlogutils.c, XLogReadBufferForRedoExtended):
//
//   restored    the record carries the whole page: it has been put in place
//   needsRedo   the page is older than the record: apply the change, then `stamp` it
//   done        the page already has this change, or a later one
//   notFound    no such page: a later record drops or truncates it (or it is lost)
//
// "Older" compares the page's LSN with the record's END. A page that carries the end of this very record has it.

import type { BufferedPage } from '../buffers/relationFork.js'
import type { RelationFork } from '../buffers/relationFork.js'
import { CorruptData, assert } from '../bytes/errors.js'
import { formatLsn } from '../format/lsn.js'
import { isNewPage, pageLsn, setPageLsn } from '../format/page.js'
import { restoreImage } from '../format/pageImage.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import type { RedoContext } from './context.js'
import type { BlockOutcome } from './outcome.js'

export type { BlockOutcome, Outcome } from './outcome.js'

/** How to get at a page: `normal`, or for maps that can be rebuilt zero a damaged or missing one. */
export type ReadMode = 'normal' | 'zeroOnError'

/** Reads block `id` of a record, restoring its image when there is one to apply. */
export function readBlockForRedo(
  context: RedoContext,
  record: WalRecord,
  id: number,
  mode: ReadMode = 'normal',
): BlockOutcome {
  const ref = needBlock(record, id)
  if (ref.willInit)
    throw inRecord(record, 'block with WILL_INIT flag in WAL record must be zeroed by redo routine')
  const file = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, ref.fork)
  if (ref.appliesImage) return remember(context, restore(context, record, ref, file))
  const page = existingPage(context, file, ref.block, mode)
  if (!page) return remember(context, { ref, outcome: 'notFound', page: undefined })
  return remember(context, { ref, outcome: isOlder(context, page, record) ? 'needsRedo' : 'done', page })
}

/** Block `id`, which redo makes from nothing: a page of zeroes unless an image is restored (XLogInitBufferForRedo). */
export function initBlockForRedo(
  context: RedoContext,
  record: WalRecord,
  id: number,
): BlockOutcome & { page: BufferedPage } {
  const ref = needBlock(record, id)
  const file = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, ref.fork)
  if (ref.appliesImage) return remember(context, restore(context, record, ref, file))
  if (!ref.willInit)
    throw inRecord(
      record,
      'block to be initialized in redo routine must be marked with WILL_INIT flag in the WAL record',
    )
  const page = context.pool.zeroed(file, ref.block)
  return remember(context, { ref, outcome: 'needsRedo', page })
}

/** Marks a page as changed by this record: its LSN becomes the record's end. */
export function stamp(context: RedoContext, record: WalRecord, page: BufferedPage): void {
  setPageLsn(page, record.endHigh, record.endLow)
  context.pool.markDirty(page)
}

/** The block reference `id`, which the record must have. */
export function needBlock(record: WalRecord, id: number): BlockRef {
  const ref = record.block(id)
  if (!ref) throw inRecord(record, `failed to locate backup block with ID ${id} in WAL record`)
  return ref
}

function inRecord(record: WalRecord, what: string): CorruptData {
  return new CorruptData({ file: `WAL record at ${formatLsn(record.lsn)}`, what })
}

/** A page of a fork as redo may see it; undefined, and remembered as missing, when there is none. */
export function existingPage(
  context: RedoContext,
  file: RelationFork,
  block: number,
  mode: ReadMode,
): BufferedPage | undefined {
  if (block >= file.nblocks) {
    if (mode === 'zeroOnError') return context.pool.zeroed(file, block)
    rememberMissing(context, file, block, false)
    return undefined
  }
  const page = context.pool.read(file, block, mode === 'zeroOnError')
  if (mode === 'normal' && isNewPage(page)) {
    rememberMissing(context, file, block, true)
    return undefined
  }
  return page
}

function isOlder(context: RedoContext, page: BufferedPage, record: WalRecord): boolean {
  if (!context.referenceGate) return context.needsRedo(pageLsn(page), record.endLsn, record.lsn)
  const high = page.view.getUint32(0, true)
  if (high !== record.endHigh) return high < record.endHigh
  return page.view.getUint32(4, true) < record.endLow
}

function restore(
  context: RedoContext,
  record: WalRecord,
  ref: BlockRef,
  file: RelationFork,
): BlockOutcome & { page: BufferedPage } {
  const image = ref.image
  assert(image !== undefined, 'a block whose image applies has one')
  const page = context.pool.place(file, ref.block)
  if (!restoreImage(image, record.imageBytes(image), page.bytes)) {
    page.bytes.fill(0) // it may still hold another page's bytes
    throw inRecord(record, `could not decompress image at ${formatLsn(record.lsn)}, block ${ref.id}`)
  }
  // A page of zeroes may be restored too; an LSN would make it look used.
  if (!isNewPage(page)) setPageLsn(page, record.endHigh, record.endLow)
  context.pool.markDirty(page)
  return { ref, outcome: 'restored', page }
}

function remember<T extends BlockOutcome>(context: RedoContext, outcome: T): T {
  context.touched.push(outcome)
  return outcome
}

function rememberMissing(context: RedoContext, file: RelationFork, block: number, present: boolean): void {
  const key = `${file.path} ${block}`
  if (!context.missingBlocks.has(key))
    context.missingBlocks.set(key, { path: file.path, ...file.locator, fork: file.fork, block, present })
}

/** Later records dropped or truncated these blocks: they are not missing any more (forget_invalid_pages). */
export function forgetMissing(
  context: RedoContext,
  matches: (missing: {
    spcOid: number
    dbOid: number
    relNumber: number
    fork: number
    block: number
  }) => boolean,
): void {
  for (const [key, missing] of context.missingBlocks) if (matches(missing)) context.missingBlocks.delete(key)
}
