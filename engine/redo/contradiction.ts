// A record whose checksum is right, and yet it cannot be applied: it names an item the page does not have, or holds
// fewer bytes than it announces. PostgreSQL would PANIC; the engine stops with CorruptData before it writes anything.

import type { BufferedPage } from '../buffers/relationFork.js'
import { CorruptData } from '../bytes/errors.js'
import { formatLsn } from '../format/lsn.js'
import type { BlockRef, WalRecord } from '../wal/record.js'

/** The record does not fit the page as it is; throw what this returns. */
export function contradiction(record: WalRecord, page: BufferedPage, what: string): CorruptData {
  return new CorruptData({
    file: page.file.path,
    what: `block ${page.block} does not fit the WAL record at ${formatLsn(record.lsn)}: ${what}`,
    todo: 'the page or the log is damaged; restore from a backup',
  })
}

/** The record itself says something that cannot be; throw what this returns. */
export function malformed(record: WalRecord, what: string): CorruptData {
  return new CorruptData({ file: `WAL record at ${formatLsn(record.lsn)}`, what })
}

/** @throws CorruptData when the record has fewer than `size` bytes of main data. */
export function needMain(record: WalRecord, size: number): void {
  if (record.mainLength < size)
    throw malformed(record, `expected ${size} bytes of main data, found ${record.mainLength}`)
}

/** @throws CorruptData when block `ref` carries fewer than `size` bytes of data. */
export function needData(record: WalRecord, ref: BlockRef, size: number): void {
  if (ref.dataLength < size)
    throw malformed(record, `expected ${size} bytes of data for block ${ref.id}, found ${ref.dataLength}`)
}
