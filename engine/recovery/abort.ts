// Transactions that were running when the server died. Nothing they did is undone: their two bits in pg_xact say that
// it does not count.

import { TRANSACTION_STATUS } from '../format/transactionStatus.js'
import { setTransactionStatus, transactionStatus } from '../redo/clog.js'
import type { PreparedTransaction, StatusTables } from '../redo/context.js'
import { isPrepared } from './prepared.js'

/**
 * Marks transactions in flight as aborted; returns the ids that were marked. Left alone are prepared ones, which may
 * still commit, and whatever has a status already.
 */
export function markAborted(
  tables: Pick<StatusTables, 'xact'>,
  inFlight: readonly number[],
  prepared: ReadonlyArray<Pick<PreparedTransaction, 'xid' | 'subxids'>>,
): number[] {
  const open = inFlight.filter(
    (xid) => !isPrepared(prepared, xid) && transactionStatus(tables, xid) === TRANSACTION_STATUS.IN_PROGRESS,
  )
  for (const xid of open) setTransactionStatus(tables, xid, TRANSACTION_STATUS.ABORTED)
  return open
}
