// Resource manager 18, CommitTs: when each transaction committed, kept when track_commit_timestamp is on
// (access/transam/commit_ts.c). Ten bytes a transaction: time, then replication origin.

import { BLCKSZ } from '../format/controlFile.js'
import { XID, xidPrecedes } from '../format/transactionStatus.js'
import type { WalRecord } from '../wal/record.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const COMMIT_TS_ENTRY_SIZE = 10
export const COMMIT_TS_XACTS_PER_PAGE = Math.floor(BLCKSZ / COMMIT_TS_ENTRY_SIZE)

const ZEROPAGE = 0x00
const TRUNCATE = 0x10

export const commitTs: ResourceManager = {
  id: 18,
  name: 'CommitTs',
  identify: namesByInfo({ [ZEROPAGE]: 'ZEROPAGE', [TRUNCATE]: 'TRUNCATE' }),
  redo(record, context) {
    const pageno = pageNumber(record, COMMIT_TS_XACTS_PER_PAGE)
    if (record.info === ZEROPAGE) {
      context.tables.commitTs.zeroPage(pageno)
      return
    }
    if (record.info !== TRUNCATE) throw malformed(record, `commit_ts_redo: unknown op code ${record.info}`)
    needMain(record, 12)
    const oldest = record.view.getUint32(record.mainAt + 8, true)
    const { counters } = context
    if (counters.oldestCommitTsXid !== XID.INVALID && xidPrecedes(counters.oldestCommitTsXid, oldest))
      counters.oldestCommitTsXid = oldest
    truncateByXid(context.tables.commitTs, pageno, COMMIT_TS_XACTS_PER_PAGE)
  },
}

/**
 * The page of a status table that stands first in the main data, eight bytes.
 * @throws CorruptData when no transaction id could be on such a page
 */
export function pageNumber(record: WalRecord, entriesPerPage: number): number {
  needMain(record, 8)
  const pageno = record.view.getBigInt64(record.mainAt, true)
  if (pageno < 0n || pageno > BigInt(Math.floor(0xffffffff / entriesPerPage)))
    throw malformed(record, `there is no page ${pageno}`)
  return Number(pageno)
}

/** Removes whole segments of a table indexed by transaction id that lie before `cutoffPage` (SimpleLruTruncate). */
export function truncateByXid(
  table: RedoContext['tables']['xact'],
  cutoffPage: number,
  xactsPerPage: number,
): void {
  table.truncate(
    (first, last) =>
      pagePrecedes(first, cutoffPage, xactsPerPage) && pagePrecedes(last, cutoffPage, xactsPerPage),
  )
}

/** Does every id on page `a` come before every id on page `b`, modulo 2^32 (CLOGPagePrecedes, CommitTsPagePrecedes)? */
function pagePrecedes(a: number, b: number, xactsPerPage: number): boolean {
  const xid1 = (a * xactsPerPage + XID.FIRST_NORMAL + 1) >>> 0
  const xid2 = (b * xactsPerPage + XID.FIRST_NORMAL + 1) >>> 0
  return xidPrecedes(xid1, xid2) && xidPrecedes(xid1, (xid2 + xactsPerPage - 1) >>> 0)
}

/** Remembers when a transaction and its subtransactions committed (TransactionTreeSetCommitTsData). */
export function setCommitTs(
  context: RedoContext,
  xid: number,
  subxids: readonly number[],
  time: bigint,
  origin: number,
): void {
  if (!context.control.track_commit_timestamp) return
  const table = context.tables.commitTs
  for (const id of [xid, ...subxids]) {
    const pageno = Math.floor(id / COMMIT_TS_XACTS_PER_PAGE)
    const at = (id % COMMIT_TS_XACTS_PER_PAGE) * COMMIT_TS_ENTRY_SIZE
    const page = table.page(pageno)
    page.view.setBigInt64(at, time, true)
    page.view.setUint16(at + 8, origin, true)
    page.dirty = true
  }
  const newest = subxids.length > 0 ? subxids[subxids.length - 1] : xid
  if (xidPrecedes(context.counters.newestCommitTsXid, newest)) context.counters.newestCommitTsXid = newest
}

/** The setting was changed by a restart: begin an empty table, or forget it all (CommitTsParameterChange). */
export function commitTsParameterChange(context: RedoContext, on: boolean): void {
  const { counters, tables, control } = context
  if (on && !control.track_commit_timestamp) {
    activateCommitTs(context)
  } else if (!on && control.track_commit_timestamp) {
    counters.oldestCommitTsXid = counters.newestCommitTsXid = XID.INVALID
    tables.commitTs.truncate(() => true)
  }
}

/** The page of the next transaction is made when it is missing (ActivateCommitTs): at the start, and when it is set on. */
export function activateCommitTs({ counters, tables }: Pick<RedoContext, 'counters' | 'tables'>): void {
  const next = Number(counters.nextXid & 0xffffffffn)
  const pageno = Math.floor(next / COMMIT_TS_XACTS_PER_PAGE)
  if (counters.oldestCommitTsXid === XID.INVALID)
    counters.oldestCommitTsXid = counters.newestCommitTsXid = next
  if (!tables.commitTs.exists(pageno)) tables.commitTs.zeroPage(pageno)
}
