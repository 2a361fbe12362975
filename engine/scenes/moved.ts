/**
 * A directory taken far away in time: its counters and its log are set to any numbers, as pg_resetwal does, which the
 * binaries at hand lack. The directory must have been shut down.
 */
import { readdirSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { nodeDisk } from '../disk/nodeDisk.js'
import { CheckPoint } from '../format/checkpoint.js'
import { readControlFile, writeControlFile } from '../format/controlFile.js'
import { XACTS_PER_PAGE } from '../format/transactionStatus.js'
import { MEMBERS_PER_PAGE, OFFSETS_PER_PAGE } from '../redo/multixact.js'
import { WalWriter } from '../wal/writer.js'
import { Slru, SLRU_PAGES_PER_SEGMENT } from '../buffers/slru.js'

/** Where to; what is not said stays. */
export interface Move {
  /** A segment's start. */
  readonly lsn?: bigint
  readonly nextXid?: bigint
  readonly nextMulti?: number
  readonly nextMultiOffset?: number
}

const XLOG = 0
const CHECKPOINT_SHUTDOWN = 0

export function moveDirectory(dir: string, move: Move): void {
  const disk = nodeDisk(dir)
  const control = readControlFile(disk)
  const { xlog_seg_size: segmentSize, system_identifier: systemIdentifier, checkPointCopy } = control
  const timeline = checkPointCopy.ThisTimeLineID
  const position = move.lsn ?? (control.checkPoint / BigInt(segmentSize) + 2n) * BigInt(segmentSize)
  for (const name of readdirSync(join(dir, 'pg_wal')))
    if (/^[0-9A-F]{24}$/.test(name)) rmSync(join(dir, 'pg_wal', name))
  const writer = new WalWriter({ disk, segmentSize, timeline, systemIdentifier, position, previous: 0n })
  const checkPoint = writer.nextRecordStart
  const copy = { ...checkPointCopy, ...counters(checkPointCopy, move), redo: checkPoint }
  const main = new Uint8Array(CheckPoint.size)
  CheckPoint.write(main, 0, copy)
  writer.insert(XLOG, CHECKPOINT_SHUTDOWN, 0, main)
  writer.sync()
  const table = (name: string, page: number): void => makeSegment(new Slru(disk, name), page)
  table('pg_xact', Math.floor(Number(copy.nextXid & 0xffffffffn) / XACTS_PER_PAGE))
  table('pg_multixact/offsets', Math.floor(copy.nextMulti / OFFSETS_PER_PAGE))
  table('pg_multixact/members', Math.floor(copy.nextMultiOffset / MEMBERS_PER_PAGE))
  writeControlFile(disk, { ...control, checkPoint, checkPointCopy: copy })
  disk.close()
}

/** Nothing of before the move counts: it must be frozen. */
function counters(now: CheckPoint, { nextXid, nextMulti, nextMultiOffset }: Move): Partial<CheckPoint> {
  return {
    ...(nextXid !== undefined && { nextXid, oldestXid: Number(nextXid & 0xffffffffn) }),
    ...(nextMulti !== undefined && { nextMulti, oldestMulti: nextMulti }),
    nextMultiOffset: nextMultiOffset ?? now.nextMultiOffset,
  }
}

/** A file of zeroes for the page, where there is none. */
function makeSegment(table: Slru, page: number): void {
  if (table.exists(page)) return
  const first = page - (page % SLRU_PAGES_PER_SEGMENT)
  for (let n = 0; n < SLRU_PAGES_PER_SEGMENT; n++) table.zeroPage(first + n)
  table.flush()
}
