// pg_control for exercises: what a crashed server leaves, with a few fields changed.

import { bytesOf } from '../checking/plainData.js'
import type { ControlFile } from 'pgcrash'

/** The fields that say where positions are; everything else stays as in scene bank. */
export interface Positions {
  readonly checkPoint: bigint
  readonly redo: bigint
  readonly minRecoveryPoint?: bigint
  readonly backupStartPoint?: bigint
  readonly backupEndPoint?: bigint
  /** DBState; 6, in production, unless given. */
  readonly state?: number
}

/** A control file with these positions. */
export function controlFileWith(positions: Positions): ControlFile {
  return {
    system_identifier: 7563829180421537013n,
    pg_control_version: 1800,
    catalog_version_no: 202506291,
    state: positions.state ?? 6,
    time: 1782000000n,
    checkPoint: positions.checkPoint,
    checkPointCopy: {
      redo: positions.redo,
      ThisTimeLineID: 1,
      PrevTimeLineID: 1,
      fullPageWrites: 1,
      wal_level: 1,
      nextXid: 762n,
      nextOid: 24576,
      nextMulti: 1,
      nextMultiOffset: 0,
      oldestXid: 744,
      oldestXidDB: 1,
      oldestMulti: 1,
      oldestMultiDB: 1,
      time: 1782000000n,
      oldestCommitTsXid: 0,
      newestCommitTsXid: 0,
      oldestActiveXid: 762,
    },
    unloggedLSN: 1000n,
    minRecoveryPoint: positions.minRecoveryPoint ?? 0n,
    minRecoveryPointTLI: positions.minRecoveryPoint ? 1 : 0,
    backupStartPoint: positions.backupStartPoint ?? 0n,
    backupEndPoint: positions.backupEndPoint ?? 0n,
    backupEndRequired: false,
    ...settings,
  }
}

/** What initdb and postgresql.conf decided. */
const settings = {
  wal_level: 1,
  wal_log_hints: false,
  MaxConnections: 100,
  max_worker_processes: 8,
  max_wal_senders: 10,
  max_prepared_xacts: 0,
  max_locks_per_xact: 64,
  track_commit_timestamp: false,
  maxAlign: 8,
  floatFormat: 1234567,
  blcksz: 8192,
  relseg_size: 131072,
  xlog_blcksz: 8192,
  xlog_seg_size: 1 << 20,
  nameDataLen: 64,
  indexMaxKeys: 32,
  toast_max_chunk_size: 1996,
  loblksize: 2048,
  float8ByVal: true,
  data_checksum_version: 1,
  default_char_signedness: true,
  mock_authentication_nonce: bytesOf('00'.repeat(32)),
  crc: 0,
}
