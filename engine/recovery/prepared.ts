// Prepared transactions outlive a crash. What a checkpoint wrote to pg_twophase is read before redo; what is only in
// the log is written there by the final checkpoint, for nobody will read that part of the log again (twophase.c).

import { crc32c } from '../bytes/crc32c.js'
import { CorruptData } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { join, readFile, type Disk } from '../disk/disk.js'
import { parsePrepare, TWOPHASE_MAGIC } from '../format/transactionRecord.js'
import { TRANSACTION_STATUS, xidPrecedes } from '../format/transactionStatus.js'
import { transactionStatus } from '../redo/clog.js'
import type { PreparedTransaction, RedoContext, StatusTables } from '../redo/context.js'
import { TWOPHASE_DIRECTORY, twophaseFileName } from '../redo/transaction.js'

/** Prepared transactions on disk, and files of transactions that have ended or are not there yet. */
export interface PreparedOnDisk {
  prepared: Map<number, PreparedTransaction>
  stale: string[]
}

/**
 * Reads pg_twophase (restoreTwoPhaseData, ReadTwoPhaseFile). `nextXid` is the checkpoint's.
 * @throws CorruptData for a file whose magic, length or CRC is wrong
 */
export function readPrepared(disk: Disk, tables: StatusTables, nextXid: bigint): PreparedOnDisk {
  const found: PreparedOnDisk = { prepared: new Map(), stale: [] }
  for (const { name } of disk.list(TWOPHASE_DIRECTORY)) {
    const path = join(TWOPHASE_DIRECTORY, name)
    if (/^[0-9A-F]{16}\.tmp$/.test(name)) found.stale.push(path) // half a file, of a run that was interrupted
    if (!/^[0-9A-F]{16}$/.test(name)) continue
    const xid = Number(BigInt('0x' + name) & 0xffffffffn)
    const isFuture = !xidPrecedes(xid, Number(nextXid & 0xffffffffn))
    if (isFuture || transactionStatus(tables, xid) !== TRANSACTION_STATUS.IN_PROGRESS) {
      found.stale.push(path)
      continue
    }
    const { gid, subxids } = parsePrepare(checkedFile(disk, path))
    found.prepared.set(xid, { xid, gid, subxids, state: undefined })
  }
  return found
}

function checkedFile(disk: Disk, path: string): Uint8Array {
  const file = readFile(disk, path) ?? new Uint8Array(0)
  const end = file.length - 4
  const damaged = (expected: string, found: string): CorruptData =>
    new CorruptData({ file: path, what: 'invalid two-phase state file', expected, found })
  if (end < 72) throw damaged('at least 76 bytes', `${file.length}`)
  const view = viewOf(file)
  if (view.getUint32(0, true) !== TWOPHASE_MAGIC)
    throw damaged('magic 57F94534', view.getUint32(0, true).toString(16))
  if (view.getUint32(4, true) !== file.length)
    throw damaged(`${view.getUint32(4, true)} bytes`, `${file.length}`)
  const computed = crc32c(file, 0, end)
  if (computed !== view.getUint32(end, true)) throw damaged(`CRC ${computed}`, `${view.getUint32(end, true)}`)
  return file
}

/** Is the transaction prepared, or a subtransaction of one that is? */
export function isPrepared(
  prepared: Iterable<Pick<PreparedTransaction, 'xid' | 'subxids'>>,
  xid: number,
): boolean {
  for (const held of prepared) if (held.xid === xid || held.subxids.includes(xid)) return true
  return false
}

/** The next transaction id comes after every subtransaction that is prepared (PrescanPreparedTransactions). */
export function advancePastPrepared(context: RedoContext): void {
  for (const { xid, subxids } of context.prepared.values())
    for (const id of [xid, ...subxids]) context.counters.advancePastXid(id)
}

/**
 * Writes the files of transactions that were prepared after the checkpoint (CheckPointTwoPhase). A file gets its name when
 * it is whole and on disk: a start that met half of one would stop.
 */
export function writePrepared(context: Pick<RedoContext, 'prepared' | 'counters' | 'disk'>): void {
  for (const { xid, state } of context.prepared.values()) {
    if (!state) continue
    const file = new Uint8Array(state.length + 4)
    file.set(state)
    viewOf(file).setUint32(state.length, crc32c(state), true)
    const path = join(TWOPHASE_DIRECTORY, twophaseFileName(context.counters.fullXid(xid)))
    context.disk.write(`${path}.tmp`, 0, file)
    context.disk.truncate(`${path}.tmp`, file.length)
    context.disk.sync(`${path}.tmp`)
    context.disk.rename(`${path}.tmp`, path)
  }
}
