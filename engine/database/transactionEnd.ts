// The records that end a transaction (xact.c, XactLogCommitRecord, XactLogAbortRecord; twophase.c, EndPrepare). Each has
// just what its transaction needs: a commit without subtransactions is a time, 8 bytes.

import { viewOf } from '../bytes/layout.js'
import { maxAlign } from '../format/lsn.js'
import { TWOPHASE_MAGIC, XACT, XINFO, XlXactPrepare } from '../format/transactionRecord.js'
import type { Inserted } from '../wal/writer.js'
import type { Store } from './store.js'
import type { Table } from './table.js'

const TRANSACTION = 1
const TWOPHASE_RM_END = 0
const TWOPHASE_RM_LOCK = 1
const ROW_EXCLUSIVE_LOCK = 3
const TWOPHASE_RECORD_HEADER = 8
const LOCK_RECORD = 20
const BOOTSTRAP_SUPERUSER = 10

interface EndRecord {
  operation: number
  /** The id in the record's header; 0 when a session ends a transaction that another one prepared. */
  xid: number
  subxids: readonly number[]
  /** The prepared transaction that ends. */
  twophaseXid?: number
}

function logEnd(store: Store, { operation, xid, subxids, twophaseXid }: EndRecord): Inserted {
  const xinfo =
    (subxids.length > 0 ? XINFO.HAS_SUBXACTS : 0) | (twophaseXid === undefined ? 0 : XINFO.HAS_TWOPHASE)
  const size =
    8 +
    (xinfo === 0 ? 0 : 4) +
    (subxids.length > 0 ? 4 + 4 * subxids.length : 0) +
    (twophaseXid === undefined ? 0 : 4)
  const main = new Uint8Array(size)
  const view = viewOf(main)
  view.setBigInt64(0, store.time(), true)
  let at = 8
  const put = (n: number): void => {
    view.setUint32(at, n, true)
    at += 4
  }
  if (xinfo !== 0) put(xinfo)
  if (subxids.length > 0) [subxids.length, ...subxids].forEach(put)
  if (twophaseXid !== undefined) put(twophaseXid)
  return store.log.insert(TRANSACTION, operation | (xinfo === 0 ? 0 : XACT.HAS_INFO), xid, main)
}

export function logCommit(store: Store, xid: number, subxids: readonly number[]): Inserted {
  return logEnd(store, { operation: XACT.COMMIT, xid, subxids })
}

export function logAbort(store: Store, xid: number, subxids: readonly number[]): Inserted {
  return logEnd(store, { operation: XACT.ABORT, xid, subxids })
}

/** COMMIT PREPARED or ROLLBACK PREPARED. */
export function logPreparedEnd(
  store: Store,
  committed: boolean,
  xid: number,
  subxids: readonly number[],
): Inserted {
  const operation = committed ? XACT.COMMIT_PREPARED : XACT.ABORT_PREPARED
  return logEnd(store, { operation, xid: 0, subxids, twophaseXid: xid })
}

/**
 * A PREPARE record; `state` is what goes to pg_twophase, but for the CRC: header, gid, subtransactions, the locks that
 * the transaction goes on holding, an end mark.
 */
export function logPrepare(
  store: Store,
  xid: number,
  subxids: readonly number[],
  gid: string,
  tables: readonly Table[],
): Inserted & { state: Uint8Array } {
  const name = new TextEncoder().encode(`${gid}\0`)
  const gidAt = maxAlign(XlXactPrepare.size)
  const subxidsAt = gidAt + maxAlign(name.length)
  const recordsAt = subxidsAt + maxAlign(4 * subxids.length)
  const lockSize = TWOPHASE_RECORD_HEADER + maxAlign(LOCK_RECORD)
  const state = new Uint8Array(recordsAt + lockSize * tables.length + TWOPHASE_RECORD_HEADER)
  const view = viewOf(state)
  XlXactPrepare.write(state, 0, {
    magic: TWOPHASE_MAGIC,
    total_len: state.length + 4,
    xid,
    database: tables[0]?.locator.dbOid ?? 0,
    prepared_at: store.time(),
    owner: BOOTSTRAP_SUPERUSER,
    nsubxacts: subxids.length,
    ncommitrels: 0,
    nabortrels: 0,
    ncommitstats: 0,
    nabortstats: 0,
    ninvalmsgs: 0,
    initfileinval: false,
    gidlen: name.length,
    origin_lsn: 0n,
    origin_timestamp: 0n,
  })
  state.set(name, gidAt)
  subxids.forEach((subxid, i) => view.setUint32(subxidsAt + 4 * i, subxid, true))
  tables.forEach((table, i) => writeLock(view, recordsAt + lockSize * i, table))
  view.setUint8(state.length - TWOPHASE_RECORD_HEADER + 4, TWOPHASE_RM_END)
  return { ...store.log.insert(TRANSACTION, XACT.PREPARE, xid, state), state }
}

/** A table's lock: record header, LOCKTAG of the relation, mode (TwoPhaseLockRecord). */
function writeLock(view: DataView, at: number, { locator, oid }: Table): void {
  view.setUint32(at, LOCK_RECORD, true)
  view.setUint8(at + 4, TWOPHASE_RM_LOCK)
  const lock = at + TWOPHASE_RECORD_HEADER
  view.setUint32(lock, locator.dbOid, true)
  view.setUint32(lock + 4, oid, true)
  view.setUint8(lock + 15, 1) // DEFAULT_LOCKMETHOD; the type before it, LOCKTAG_RELATION, is 0
  view.setInt32(lock + 16, ROW_EXCLUSIVE_LOCK, true)
}
