// Resource manager 1, Transaction: the moment a transaction counts (xact.c, xact_redo). A commit record turns two bits
// of pg_xact; everything the transaction wrote is on its pages already, visible or not by those two bits.

import { join } from '../disk/disk.js'
import { FORK, type RelFileLocator } from '../format/relationPath.js'
import { TRANSACTION_STATUS, xidPrecedes } from '../format/transactionStatus.js'
import {
  parsePrepare,
  parseTransactionEnd,
  plainEnd,
  XACT,
  XINFO,
  type TransactionEnd,
} from '../format/transactionRecord.js'
import type { WalRecord } from '../wal/record.js'
import { forgetMissing } from './block.js'
import { setTransactionStatus } from './clog.js'
import { setCommitTs } from './commitTs.js'
import type { RedoContext } from './context.js'
import { malformed } from './contradiction.js'
import { advanceOrigin } from './replicationOrigin.js'
import type { ResourceManager } from './resourceManager.js'

export const TWOPHASE_DIRECTORY = 'pg_twophase'

const NAMES: Readonly<Record<number, string>> = {
  [XACT.COMMIT]: 'COMMIT',
  [XACT.PREPARE]: 'PREPARE',
  [XACT.ABORT]: 'ABORT',
  [XACT.COMMIT_PREPARED]: 'COMMIT_PREPARED',
  [XACT.ABORT_PREPARED]: 'ABORT_PREPARED',
  [XACT.ASSIGNMENT]: 'ASSIGNMENT',
  [XACT.INVALIDATION]: 'INVALIDATION',
}

export const transaction: ResourceManager = {
  id: 1,
  name: 'Transaction',
  identify: (info) => NAMES[info & XACT.OPMASK],
  redo(record, context) {
    const operation = record.xl_info & XACT.OPMASK
    switch (operation) {
      case XACT.COMMIT:
      case XACT.ABORT:
      case XACT.COMMIT_PREPARED:
      case XACT.ABORT_PREPARED:
        return redoEnd(record, context, operation)
      case XACT.PREPARE:
        return redoPrepare(record, context)
      case XACT.ASSIGNMENT: // for hot standby
      case XACT.INVALIDATION: // for logical decoding
        return
      default:
        throw malformed(record, `xact_redo: unknown op code ${operation}`)
    }
  },
}

function redoEnd(record: WalRecord, context: RedoContext, operation: number): void {
  const end = transactionEnd(record)
  const prepared = operation === XACT.COMMIT_PREPARED || operation === XACT.ABORT_PREPARED
  const committed = operation === XACT.COMMIT || operation === XACT.COMMIT_PREPARED
  const xid = prepared ? end.twophaseXid : record.xl_xid
  let latest = xid
  for (const subxid of end.subxids) if (xidPrecedes(latest, subxid)) latest = subxid
  context.counters.advancePastXid(latest)
  if (committed) {
    const time = end.xinfo & XINFO.HAS_ORIGIN ? end.originTimestamp : end.xact_time
    setCommitTs(context, xid, end.subxids, time, record.origin)
  }
  const status = committed ? TRANSACTION_STATUS.COMMITTED : TRANSACTION_STATUS.ABORTED
  setTransactionStatus(context.tables, xid, status)
  for (const subxid of end.subxids) setTransactionStatus(context.tables, subxid, status)
  finishEnd(record, context, end)
  if (prepared) {
    context.prepared.delete(xid)
    context.disk.remove(join(TWOPHASE_DIRECTORY, twophaseFileName(context.counters.fullXid(xid))))
  }
}

/** What a commit or abort record says. Most say nothing but their time: those are read where they lie. */
export function transactionEnd(record: WalRecord): TransactionEnd {
  if (record.xl_info & XACT.HAS_INFO || record.mainLength < 8)
    return parseTransactionEnd(record.main, record.xl_info)
  return plainEnd(record.view.getBigInt64(record.mainAt, true))
}

function finishEnd(record: WalRecord, context: RedoContext, end: TransactionEnd): void {
  if (end.xinfo & XINFO.HAS_ORIGIN) advanceOrigin(context, record.origin, end.originLsn, false)
  for (const relation of end.relations) dropRelation(context, relation)
}

/** Removes all files of a relation and its pages in memory (DropRelationFiles). */
export function dropRelation(context: RedoContext, locator: RelFileLocator): void {
  for (const fork of Object.values(FORK)) {
    const file = context.pool.relation(locator.spcOid, locator.dbOid, locator.relNumber, fork)
    context.pool.drop(file)
    file.unlink()
  }
  forgetMissing(
    context,
    (m) => m.relNumber === locator.relNumber && m.dbOid === locator.dbOid && m.spcOid === locator.spcOid,
  )
}

/** A prepared transaction survives: its state goes to pg_twophase before the final checkpoint (PrepareRedoAdd). */
function redoPrepare(record: WalRecord, context: RedoContext): void {
  const state = record.main.slice()
  const { header, gid, subxids } = parsePrepare(state)
  const onDisk = context.prepared.get(header.xid)
  if (onDisk && onDisk.state === undefined) return // restored from its file already
  context.prepared.set(header.xid, { xid: header.xid, gid, subxids, state })
  if (header.origin_lsn !== 0n) advanceOrigin(context, record.origin, header.origin_lsn, false)
}

/** Sixteen hexadecimal digits of the full transaction id (twophase.c, TwoPhaseFilePath). */
export function twophaseFileName(fullXid: bigint): string {
  return fullXid.toString(16).toUpperCase().padStart(16, '0')
}
