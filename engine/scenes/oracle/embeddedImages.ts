/**
 * `wal_consistency_checking`: PostgreSQL writes, with each change of a page, the page as it was afterwards. Redo does
 * not need it; whoever redoes the change can compare (xlogrecovery.c, verifyBackupPageConsistency).
 */
import { BLCKSZ } from '../../format/controlFile.js'
import { formatLsn } from '../../format/lsn.js'
import { pageLsn } from '../../format/page.js'
import { restoreImage } from '../../format/pageImage.js'
import { pageOf } from '../../format/page.js'
import { relationPath } from '../../format/relationPath.js'
import { XLR_CHECK_CONSISTENCY } from '../../format/walRecord.js'
import type { Recovery } from '../../recovery/recovery.js'
import type { Step } from '../../recovery/replay.js'
import type { BlockRef } from '../../wal/record.js'
import { maskPage } from '../masks.js'
import { pageKind } from '../../format/pageKind.js'

export interface ImageCheck {
  /** Images compared with the page that redo made. */
  compared: number
  /** A sentence for each that was another page. */
  readonly wrong: string[]
}

/** Compares the pages of a step just taken with the images that its record carries for that. */
export function checkImages({ context }: Recovery, { record }: Step, check: ImageCheck): void {
  if (!(record.xl_info & XLR_CHECK_CONSISTENCY)) return
  for (const ref of record.blocks) {
    if (!ref.image || ref.appliesImage) continue
    const file = context.pool.relation(ref.spcOid, ref.dbOid, ref.relNumber, ref.fork)
    if (ref.block >= file.nblocks) continue // dropped later, or lost
    const page = context.pool.read(file, ref.block)
    if (pageLsn(page) > record.endLsn) continue // it has later changes already
    const image = new Uint8Array(BLCKSZ)
    if (!restoreImage(ref.image, record.imageBytes(ref.image), image)) check.wrong.push(at(ref, 'no image'))
    check.compared++
    const where = `${at(ref, 'inconsistent page found')}, record at ${formatLsn(record.lsn)}`
    if (!samePage(ref, page.bytes, image)) check.wrong.push(where)
  }
}

function at(ref: BlockRef, what: string): string {
  return `${what}: ${relationPath(ref, ref.fork)} block ${ref.block}`
}

function samePage(ref: BlockRef, ours: Uint8Array, image: Uint8Array): boolean {
  const [kind, kindOfImage] = [ours, image].map((bytes) => pageKind(pageOf(bytes), ref.fork))
  if (kind !== kindOfImage) return false
  const [a, b] = [ours, image].map((bytes) => maskPage(kind, bytes, ref.block))
  return Buffer.compare(a, b) === 0
}
