// Resource manager 3, CLOG: new and removed pages of the transaction status table, pg_xact (access/transam/clog.c).

import {
  readStatus,
  statusPosition,
  TRANSACTION_STATUS,
  writeStatus,
  XACTS_PER_PAGE,
} from '../format/transactionStatus.js'
import { pageNumber, truncateByXid } from './commitTs.js'
import type { StatusTables } from './context.js'
import { malformed } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const ZEROPAGE = 0x00
const TRUNCATE = 0x10

export const clog: ResourceManager = {
  id: 3,
  name: 'CLOG',
  identify: namesByInfo({ [ZEROPAGE]: 'ZEROPAGE', [TRUNCATE]: 'TRUNCATE' }),
  redo(record, context) {
    const pageno = pageNumber(record, XACTS_PER_PAGE)
    if (record.info === ZEROPAGE) context.tables.xact.zeroPage(pageno)
    else if (record.info === TRUNCATE) truncateByXid(context.tables.xact, pageno, XACTS_PER_PAGE)
    else throw malformed(record, `clog_redo: unknown op code ${record.info}`)
  },
}

/** Writes the status of a transaction, 0 … 3, into pg_xact (TransactionIdSetStatusBit). */
export function setTransactionStatus(tables: Pick<StatusTables, 'xact'>, xid: number, status: number): void {
  const page = tables.xact.page(statusPosition(xid).pageno)
  const current = readStatus(page.bytes, xid)
  // Replaying a subtransaction's older "sub-committed" must not undo the parent's commit.
  if (status === TRANSACTION_STATUS.SUB_COMMITTED && current === TRANSACTION_STATUS.COMMITTED) return
  writeStatus(page.bytes, xid, status)
  page.dirty = true
}

/** The status of a transaction as pg_xact has it, 0 … 3. */
export function transactionStatus(tables: Pick<StatusTables, 'xact'>, xid: number): number {
  return readStatus(tables.xact.page(statusPosition(xid).pageno).bytes, xid)
}
