// A cluster without catalogs: just what the log, recovery and the writing side need, on an empty disk. PostgreSQL would
// not start on it, for it has no pg_class; our own engine recovers it as any other.

import type { Disk } from '../disk/disk.js'
import { CheckPoint } from '../format/checkpoint.js'
import {
  BLCKSZ,
  CATALOG_VERSION_NO,
  DBState,
  PG_CONTROL_VERSION,
  writeControlFile,
  type ControlFile,
} from '../format/controlFile.js'
import { INVALID_LSN, type Lsn } from '../format/lsn.js'
import { databasePath, relationPath, FORK, type RelFileLocator } from '../format/relationPath.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { XLOG } from '../redo/xlog.js'
import { WalWriter } from '../wal/writer.js'

export interface ClusterOptions {
  systemIdentifier?: bigint
  /** Bytes; a power of two from 1 MiB to 1 GiB. */
  segmentSize?: number
  checksums?: boolean
  /** Full transaction id and position to begin with: a cluster may be born old. */
  nextXid?: bigint
  /** The log begins at the start of this segment. */
  firstSegment?: bigint
  /** Tables to make, empty. */
  tables?: readonly RelFileLocator[]
}

const FOLDERS = [
  'global',
  'base',
  'pg_wal',
  'pg_xact',
  'pg_multixact/offsets',
  'pg_multixact/members',
  'pg_twophase',
  'pg_tblspc',
]

/** Lays out the files of an empty cluster that was shut down. */
export function createCluster(disk: Disk, options: ClusterOptions = {}): void {
  const { segmentSize = 1 << 20, firstSegment = 1n, nextXid = 700n, tables = [] } = options
  for (const folder of FOLDERS) disk.makeDirectory(folder)
  const empty = new Uint8Array(BLCKSZ)
  const xactPage = Number(nextXid & 0xffffffffn) >>> 15
  const segment = (xactPage >>> 5).toString(16).toUpperCase().padStart(4, '0')
  disk.write(`pg_xact/${segment}`, (xactPage & 31) * BLCKSZ, empty)
  disk.write('pg_multixact/offsets/0000', 0, empty)
  disk.write('pg_multixact/members/0000', 0, empty)
  for (const table of tables) {
    disk.makeDirectory(databasePath(table.spcOid, table.dbOid))
    disk.write(relationPath(table, FORK.MAIN), 0, new Uint8Array(0))
  }
  const systemIdentifier = options.systemIdentifier ?? 7_000_000_000_000_000_000n
  const position = firstSegment * BigInt(segmentSize)
  const log = new WalWriter({
    disk,
    segmentSize,
    timeline: 1,
    systemIdentifier,
    position,
    previous: INVALID_LSN,
  })
  const checkpoint = firstCheckpoint(log.nextRecordStart, nextXid)
  const main = new Uint8Array(CheckPoint.size)
  CheckPoint.write(main, 0, checkpoint)
  const { start } = log.insert(0, XLOG.CHECKPOINT_SHUTDOWN, 0, main)
  log.sync()
  writeControlFile(
    disk,
    controlFile(systemIdentifier, segmentSize, options.checksums ?? true, checkpoint, start),
  )
  syncAll(disk, '')
}

function syncAll(disk: Disk, folder: string): void {
  for (const { name, kind } of disk.list(folder)) {
    const path = folder === '' ? name : `${folder}/${name}`
    if (kind === 'directory') syncAll(disk, path)
    else disk.sync(path)
  }
  disk.sync(folder)
}

function firstCheckpoint(redo: Lsn, nextXid: bigint): CheckPoint {
  return {
    redo,
    ThisTimeLineID: 1,
    PrevTimeLineID: 1,
    fullPageWrites: 1,
    wal_level: 1,
    nextXid,
    nextOid: 16384,
    nextMulti: 1,
    nextMultiOffset: 0,
    oldestXid: 3,
    oldestXidDB: 1,
    oldestMulti: 1,
    oldestMultiDB: 1,
    time: 0n,
    oldestCommitTsXid: 0,
    newestCommitTsXid: 0,
    oldestActiveXid: 0,
  }
}

function controlFile(
  systemIdentifier: bigint,
  segmentSize: number,
  checksums: boolean,
  checkpoint: CheckPoint,
  lsn: Lsn,
): ControlFile {
  return {
    system_identifier: systemIdentifier,
    pg_control_version: PG_CONTROL_VERSION,
    catalog_version_no: CATALOG_VERSION_NO,
    state: DBState.DB_SHUTDOWNED,
    time: 0n,
    checkPoint: lsn,
    checkPointCopy: checkpoint,
    unloggedLSN: 1000n,
    minRecoveryPoint: INVALID_LSN,
    minRecoveryPointTLI: 0,
    backupStartPoint: INVALID_LSN,
    backupEndPoint: INVALID_LSN,
    backupEndRequired: false,
    wal_level: checkpoint.wal_level,
    wal_log_hints: false,
    MaxConnections: 100,
    max_worker_processes: 8,
    max_wal_senders: 10,
    max_prepared_xacts: 0,
    max_locks_per_xact: 64,
    track_commit_timestamp: false,
    maxAlign: 8,
    floatFormat: 1234567,
    blcksz: BLCKSZ,
    relseg_size: 131072,
    xlog_blcksz: XLOG_BLCKSZ,
    xlog_seg_size: segmentSize,
    nameDataLen: 64,
    indexMaxKeys: 32,
    toast_max_chunk_size: 1996,
    loblksize: 2048,
    float8ByVal: true,
    data_checksum_version: checksums ? 1 : 0,
    default_char_signedness: true,
    mock_authentication_nonce: new Uint8Array(32),
    crc: 0,
  }
}
