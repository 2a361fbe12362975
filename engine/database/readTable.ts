// A table of a directory that nobody writes to: what a session would see that came just after the start.

import { BufferPool } from '../buffers/bufferPool.js'
import type { BufferedPage } from '../buffers/relationFork.js'
import type { Disk } from '../disk/disk.js'
import { readControlFile } from '../format/controlFile.js'
import { readHeapTuples } from '../format/heapTuple.js'
import { formatLsn } from '../format/lsn.js'
import { isNewPage, pageLsn } from '../format/page.js'
import { FORK, type RelFileLocator } from '../format/relationPath.js'
import { TRANSACTION_STATUS, XID } from '../format/transactionStatus.js'
import { isVisible, type Fates } from '../format/visibility.js'
import { readPrepared } from '../recovery/prepared.js'
import { transactionStatus } from '../redo/clog.js'
import { Counters } from '../redo/counters.js'
import { multiXactUpdater } from '../redo/multixact.js'
import { openStatusTables } from '../redo/statusTables.js'
import { decodeRow, type Column, type Value } from './columns.js'

/** What a shut-down directory holds, seen by somebody who has done nothing yet. */
export interface Reader {
  rows(locator: RelFileLocator, columns: readonly Column[]): Value[][]
  /** The first page of a table with a change that no log holds, in words; the rule of write-ahead says there is none. */
  pageAheadOfLog(locator: RelFileLocator): string | undefined
  /** Status in pg_xact, 0 to 3. */
  status(xid: number): number
  /** Identifiers of prepared transactions, sorted. */
  readonly prepared: readonly string[]
}

/** Reads, and changes nothing. @throws CorruptData for a damaged page */
export function readDirectory(disk: Disk): Reader {
  const control = readControlFile(disk)
  const counters = new Counters(control.checkPointCopy)
  const pool = new BufferPool(disk, {
    blocksPerFile: control.relseg_size,
    checksums: control.data_checksum_version !== 0,
  })
  const tables = openStatusTables(disk)
  const { prepared } = readPrepared(disk, tables, counters.nextXid)
  const open = new Set([...prepared.values()].flatMap(({ xid, subxids }) => [xid, ...subxids]))
  const fates: Fates = {
    fateOf(xid) {
      if (xid < XID.FIRST_NORMAL) return 'committed'
      if (open.has(xid)) return 'running'
      return transactionStatus(tables, xid) === TRANSACTION_STATUS.COMMITTED ? 'committed' : 'aborted'
    },
    updaterOf: (multi) => multiXactUpdater(tables, multi),
  }
  function* pagesOf({ spcOid, dbOid, relNumber }: RelFileLocator): Generator<BufferedPage> {
    const file = pool.relation(spcOid, dbOid, relNumber, FORK.MAIN)
    for (let block = 0; file.exists() && block < file.nblocks; block++) {
      pool.beginRecord()
      const page = pool.read(file, block)
      if (!isNewPage(page)) yield page
    }
  }
  return {
    rows(locator, columns) {
      const found: Value[][] = []
      for (const page of pagesOf(locator))
        for (const tuple of readHeapTuples(page))
          if (isVisible(tuple, fates)) found.push(decodeRow(columns, tuple))
      return found
    },
    pageAheadOfLog(locator) {
      // The record of the last checkpoint is the end of all that changed pages.
      for (const page of pagesOf(locator))
        if (pageLsn(page) > control.checkPoint)
          return `${page.file.path} block ${page.block} is at ${formatLsn(pageLsn(page))}, and the log that was left ends at ${formatLsn(control.checkPoint)}`
      return undefined
    },
    status: (xid) => transactionStatus(tables, xid),
    prepared: [...prepared.values()].map(({ gid }) => gid).sort(),
  }
}
