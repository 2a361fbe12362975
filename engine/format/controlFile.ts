// global/pg_control: 8192 bytes, of which 296 mean something. It answers the first question of recovery,
// "was there a crash?", by its state, and the second, "where to begin?", by the last checkpoint.
//
//   0 system_identifier │ 8 versions │ 16 state │ 32 checkPoint ─► its record │ 40 copy of the record's body
//   … 228 xlog_seg_size … 252 data_checksum_version … 292 crc of bytes 0 … 291
//
// There is one copy, rewritten in place in one write: it fits in a disk sector (catalog/pg_control.h).

import { crc32c } from '../bytes/crc32c.js'
import { CorruptData, NotRecoverable, Unsupported } from '../bytes/errors.js'
import {
  bool,
  bytes,
  f64,
  i32,
  i64,
  nested,
  struct,
  u32,
  u64,
  viewOf,
  type Struct,
  type ValueOf,
} from '../bytes/layout.js'
import { readFile, type Disk } from '../disk/disk.js'
import { CheckPoint } from './checkpoint.js'

export const CONTROL_FILE = 'global/pg_control'
export const PG_CONTROL_VERSION = 1800
export const CATALOG_VERSION_NO = 202506291
export const BLCKSZ = 8192
const CONTROL_FILE_SIZE = 8192

const declared = struct('ControlFileData', 296, {
  system_identifier: u64(0),
  pg_control_version: u32(8),
  catalog_version_no: u32(12),
  state: u32(16),
  time: i64(24),
  checkPoint: u64(32), //          start of the last checkpoint's record
  checkPointCopy: nested(40, CheckPoint),
  unloggedLSN: u64(128),
  minRecoveryPoint: u64(136),
  minRecoveryPointTLI: u32(144),
  backupStartPoint: u64(152),
  backupEndPoint: u64(160),
  backupEndRequired: bool(168),
  wal_level: i32(172),
  wal_log_hints: bool(176),
  MaxConnections: i32(180),
  max_worker_processes: i32(184),
  max_wal_senders: i32(188),
  max_prepared_xacts: i32(192),
  max_locks_per_xact: i32(196),
  track_commit_timestamp: bool(200),
  maxAlign: u32(204),
  floatFormat: f64(208),
  blcksz: u32(216),
  relseg_size: u32(220), //        blocks in one file of a relation
  xlog_blcksz: u32(224),
  xlog_seg_size: u32(228), //      bytes
  nameDataLen: u32(232),
  indexMaxKeys: u32(236),
  toast_max_chunk_size: u32(240),
  loblksize: u32(244),
  float8ByVal: bool(248), //       false in PGlite's 32-bit build
  data_checksum_version: u32(252),
  default_char_signedness: bool(256),
  mock_authentication_nonce: bytes(257, 32),
  crc: u32(292),
})
export type ControlFile = ValueOf<typeof declared>
export const ControlFile: Struct<ControlFile> = declared

/** DBState: what the server was doing when it last wrote pg_control. */
export const DBState = {
  DB_STARTUP: 0,
  DB_SHUTDOWNED: 1,
  DB_SHUTDOWNED_IN_RECOVERY: 2,
  DB_SHUTDOWNING: 3,
  DB_IN_CRASH_RECOVERY: 4,
  DB_IN_ARCHIVE_RECOVERY: 5,
  DB_IN_PRODUCTION: 6,
} as const

/** The state in pg_controldata's words (pg_controldata.c, dbState). */
export function stateName(state: number): string {
  const names = [
    'starting up',
    'shut down',
    'shut down in recovery',
    'shutting down',
    'in crash recovery',
    'in archive recovery',
    'in production',
  ]
  return names[state] ?? 'unrecognized status code'
}

// pg_control_version of other majors, with the offset of their CRC.
const OTHER_VERSIONS = new Map<number, { major: string; crcAt: number }>([
  [1201, { major: '12', crcAt: 288 }],
  [1300, { major: '13 to 16', crcAt: 288 }],
  [1700, { major: '17', crcAt: 288 }],
])

/**
 * Reads and checks global/pg_control.
 * @throws NotRecoverable when it is missing; CorruptData when it is damaged; Unsupported for another version
 * or block size (xlog.c, ReadControlFile).
 */
export function readControlFile(disk: Disk): ControlFile {
  const raw = readFile(disk, CONTROL_FILE)
  if (!raw)
    throw new NotRecoverable(
      `"${disk.name}" is not a PostgreSQL data directory: expected the file ${CONTROL_FILE}, found none; ` +
        'name the directory that holds PG_VERSION and global/',
    )
  return decodeControlFile(raw)
}

/** Checks and decodes the bytes of pg_control; errors as {@link readControlFile}. */
export function decodeControlFile(raw: Uint8Array): ControlFile {
  const todo = 'restore this file from a backup of the same moment; nothing was changed'
  if (raw.length < ControlFile.size)
    throw new CorruptData({
      file: CONTROL_FILE,
      what: 'the file is too short',
      expected: `${CONTROL_FILE_SIZE} bytes`,
      found: `${raw.length}`,
      todo,
    })
  const version = viewOf(raw).getUint32(ControlFile.at.pg_control_version, true)
  const other = OTHER_VERSIONS.get(version)
  if (other && crc32c(raw, 0, other.crcAt) === viewOf(raw).getUint32(other.crcAt, true))
    throw new Unsupported(
      `the directory was made by PostgreSQL ${other.major} (pg_control version ${version}), and only 18 ` +
        `(version ${PG_CONTROL_VERSION}) is supported; start it with its own server`,
    )
  const turned = viewOf(raw).getUint32(ControlFile.at.pg_control_version, false)
  if (turned === PG_CONTROL_VERSION || OTHER_VERSIONS.has(turned))
    throw new Unsupported(
      `the directory was made on a machine of the other byte order (pg_control version ${turned}, its bytes turned ` +
        'round); start it with a server of that kind',
    )
  const control = ControlFile.read(raw)
  const computed = crc32c(raw, 0, ControlFile.at.crc)
  if (computed !== control.crc)
    throw new CorruptData({
      file: CONTROL_FILE,
      what: 'incorrect checksum in control file',
      expected: hex(computed),
      found: hex(control.crc),
      todo,
    })
  checkCompatible(control)
  return control
}

const hex = (n: number): string => n.toString(16).toUpperCase().padStart(8, '0')

function checkCompatible(control: ControlFile): void {
  const need = (what: string, found: number, expected: number): void => {
    if (found !== expected)
      throw new Unsupported(`${CONTROL_FILE}: ${what} is ${found}, and only ${expected} is supported`)
  }
  need('pg_control version', control.pg_control_version, PG_CONTROL_VERSION)
  need('catalog version', control.catalog_version_no, CATALOG_VERSION_NO)
  need('the block size', control.blcksz, BLCKSZ)
  need('the WAL block size', control.xlog_blcksz, BLCKSZ)
  need('the alignment', control.maxAlign, 8)
  if (control.floatFormat !== 1234567)
    throw new Unsupported(`${CONTROL_FILE}: the floating-point format is not that of this machine's kind`)
  if (control.relseg_size === 0)
    throw new CorruptData({ file: CONTROL_FILE, what: 'invalid number of blocks in a file of a relation: 0' })
  const size = control.xlog_seg_size
  if (size < 1 << 20 || size > 1 << 30 || (size & (size - 1)) !== 0)
    throw new CorruptData({
      file: CONTROL_FILE,
      what: 'invalid WAL segment size',
      expected: 'a power of two from 1 MiB to 1 GiB',
      found: `${size}`,
    })
}

/** The 8192 bytes of the file, CRC computed. */
export function encodeControlFile(control: ControlFile): Uint8Array {
  const raw = new Uint8Array(CONTROL_FILE_SIZE)
  ControlFile.write(raw, 0, control)
  viewOf(raw).setUint32(ControlFile.at.crc, crc32c(raw, 0, ControlFile.at.crc), true)
  return raw
}

/** Rewrites pg_control in place, in one write, and syncs it (xlog.c, UpdateControlFile). */
export function writeControlFile(disk: Disk, control: ControlFile): void {
  disk.write(CONTROL_FILE, 0, encodeControlFile(control))
  disk.sync(CONTROL_FILE)
}
