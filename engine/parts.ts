// The replaceable parts: one function each, small and pure. `reference` is the version the engine uses; a learner
// hands in one of their own: recover(disk, { ...reference, needsRedo: mine }).

import type { ControlFile } from './format/controlFile.js'
import { locateLsn, type Lsn } from './format/lsn.js'
import { isTemporaryRelationName, TABLESPACE_VERSION_DIRECTORY } from './format/relationPath.js'
import { recordCrc } from './wal/reader.js'

export interface Parts {
  /** The CRC that belongs in a record's xl_crc: bytes 24 to the end, then bytes 0 to 19. */
  recordCrc(record: Uint8Array): number
  /** The number of the segment that holds a position, and the byte in it. `segmentSize` in bytes. */
  locateLsn(lsn: Lsn, segmentSize: number): { segment: bigint; offset: number }
  /** Where replay begins: the position of the first record to read. */
  redoPoint(control: ControlFile): Lsn
  /** The redo gate: must the record from `recordStart` to `recordEnd` still be applied to a page with this LSN? */
  needsRedo(pageLSN: Lsn, recordEnd: Lsn, recordStart: Lsn): boolean
  /** Transactions met in the log that neither committed, aborted nor were prepared, ascending. */
  inFlight(seen: readonly TransactionEvent[]): number[]
  /** Must this file be removed after a crash, because it is temporary? `path` is relative to the data directory. */
  isTemporary(path: string): boolean
  /** Write-ahead: up to where must the log be on disk before a page with this LSN is written? (bufmgr.c, FlushBuffer) */
  logBeforePage(pageLSN: Lsn): Lsn
  /** Must the record that changes a page with this LSN carry all of it? `redo`: where the last checkpoint began. */
  needsImage(pageLSN: Lsn, redo: Lsn): boolean
  /** The last writes of recovery, put in the order in which they must reach the disk. */
  finalWrites(writes: readonly FinalWrite[]): FinalWrite[]
}

/** What the log says of a transaction. Subtransactions that end with their parent stand in `subxids`. */
export interface TransactionEvent {
  xid: number
  kind: 'seen' | 'commit' | 'abort' | 'prepare' | 'commit prepared' | 'abort prepared'
  subxids: readonly number[]
}

/** A step of the final checkpoint. */
export type FinalWrite =
  | 'write data pages'
  | 'write transaction status'
  | 'sync data files'
  | 'write checkpoint record'
  | 'sync WAL'
  | 'write pg_control'
  | 'sync pg_control'

/** The order of the final checkpoint: each step makes the next one safe (xlog.c, CreateCheckPoint). */
export const FINAL_WRITES: readonly FinalWrite[] = [
  'write transaction status',
  'write data pages',
  'sync data files',
  'write checkpoint record',
  'sync WAL',
  'write pg_control',
  'sync pg_control',
]

function inFlight(seen: readonly TransactionEvent[]): number[] {
  const open = new Set<number>()
  for (const event of seen) {
    if (event.kind === 'seen') {
      open.add(event.xid)
      continue
    }
    open.delete(event.xid)
    for (const subxid of event.subxids) open.delete(subxid)
  }
  return [...open].sort((a, b) => a - b)
}

const IN_TABLESPACE = new RegExp(`^(?:base|pg_tblspc/\\d+/${TABLESPACE_VERSION_DIRECTORY})/([^/]+)/(.+)$`)

/**
 * What PostgreSQL removes at start-up (fd.c, RemovePgTempFiles): in a tablespace's pgsql_tmp everything that is or
 * lies under pgsql_tmp…, in a database's folder the files t<backend>_<relation>.
 */
function isTemporary(path: string): boolean {
  const [, folder, name] = IN_TABLESPACE.exec(path) ?? []
  if (folder === undefined) return false
  if (folder === 'pgsql_tmp') return name.startsWith('pgsql_tmp')
  return /^\d+$/.test(folder) && isTemporaryRelationName(name)
}

/** The engine's own parts. */
export const reference: Parts = {
  recordCrc,
  locateLsn,
  redoPoint: (control) => control.checkPointCopy.redo,
  needsRedo: (pageLSN, recordEnd) => pageLSN < recordEnd,
  inFlight,
  isTemporary,
  logBeforePage: (pageLSN) => pageLSN,
  needsImage: (pageLSN, redo) => pageLSN <= redo,
  finalWrites: (writes) => [...writes].sort((a, b) => FINAL_WRITES.indexOf(a) - FINAL_WRITES.indexOf(b)),
}
