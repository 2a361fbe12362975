// pg_xact: the transaction status table. Two bits a transaction, four transactions a byte (access/transam/clog.c).
//
//   byte 41h = 01 00 00 01: the third and second of its four are in progress (or crashed), first and last committed
//              │  │  │  └─ xid % 4 = 0
//              └──┴──┴──── 3, 2, 1

import { BLCKSZ } from './controlFile.js'

export const TRANSACTION_STATUS = {
  IN_PROGRESS: 0,
  COMMITTED: 1,
  ABORTED: 2,
  SUB_COMMITTED: 3,
} as const

export type StatusName = 'in progress' | 'committed' | 'aborted' | 'sub-committed'
export const STATUS_NAMES: readonly StatusName[] = ['in progress', 'committed', 'aborted', 'sub-committed']

export const XACTS_PER_PAGE = BLCKSZ * 4

/** Special transaction ids (access/transam.h). */
export const XID = { INVALID: 0, BOOTSTRAP: 1, FROZEN: 2, FIRST_NORMAL: 3 } as const

/** Where a transaction's two bits are: page, byte in the page, shift in the byte. */
export function statusPosition(xid: number): { pageno: number; byte: number; shift: number } {
  const within = xid % XACTS_PER_PAGE
  return { pageno: Math.floor(xid / XACTS_PER_PAGE), byte: within >>> 2, shift: (within & 3) * 2 }
}

/** The two bits of a transaction in its page: 0 … 3. */
export function readStatus(page: Uint8Array, xid: number): number {
  const { byte, shift } = statusPosition(xid)
  return (page[byte] >>> shift) & 3
}

export function writeStatus(page: Uint8Array, xid: number, status: number): void {
  const { byte, shift } = statusPosition(xid)
  page[byte] = (page[byte] & ~(3 << shift)) | (status << shift)
}

/** Does `a` come before `b`, counting modulo 2^32 (TransactionIdPrecedes)? Ids below 3 come before all others. */
export function xidPrecedes(a: number, b: number): boolean {
  if (a < XID.FIRST_NORMAL || b < XID.FIRST_NORMAL) return a < b
  return ((a - b) | 0) < 0
}

/** What a reader must know to tell a transaction's fate. */
export interface StatusSources {
  /** The two bits of pg_xact, 0 … 3. */
  statusOf(xid: number): number
  /** The transaction that a subtransaction belongs to, from pg_subtrans; 0 when it is not known. */
  parentOf(xid: number): number
  /** No transaction before this one is running (TransactionXmin). */
  oldestRunning: number
}

/**
 * Did the transaction commit? What is not running and did not commit has aborted (transam.c, TransactionIdDidCommit
 * and TransactionLogFetch). A subtransaction that is 11 asks its parent, but only while the parent may be running:
 * pg_subtrans does not survive a crash, and a commit that was logged has turned 11 into 01 in replay.
 */
export function didCommit(xid: number, sources: StatusSources): boolean {
  if (xid < XID.FIRST_NORMAL) return xid !== XID.INVALID
  const status = sources.statusOf(xid)
  if (status !== TRANSACTION_STATUS.SUB_COMMITTED) return status === TRANSACTION_STATUS.COMMITTED
  if (xidPrecedes(xid, sources.oldestRunning)) return false
  const parent = sources.parentOf(xid)
  return parent !== XID.INVALID && didCommit(parent, sources)
}
