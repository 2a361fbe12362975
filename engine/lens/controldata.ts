// pg_controldata's report on global/pg_control, byte for byte in the C locale (pg_controldata.c, main).

import type { ControlFile } from '../format/controlFile.js'
import { stateName } from '../format/controlFile.js'
import { formatLsn, locateLsn, segmentFileName } from '../format/lsn.js'
import { fullXidText } from './describe/text.js'
import { dateText, UTC, type TimeZone } from './timeZone.js'

const VALUE_COLUMN = 38
const onOff = (set: boolean | number): string => (set ? 'on' : 'off')

/** The report, a line each, without newlines. Times are in `zone`. */
export function controldataLines(control: ControlFile, zone: TimeZone = UTC): string[] {
  return [
    ...heading(control, zone),
    ...checkpoint(control, zone),
    ...recovery(control),
    ...settings(control),
  ].map(([label, value]) => `${`${label}:`.padEnd(VALUE_COLUMN)}${value}`)
}

type Entry = readonly [label: string, value: string | number | bigint]

function heading(control: ControlFile, zone: TimeZone): Entry[] {
  return [
    ['pg_control version number', control.pg_control_version],
    ['Catalog version number', control.catalog_version_no],
    ['Database system identifier', control.system_identifier],
    ['Database cluster state', stateName(control.state)],
    ['pg_control last modified', dateText(control.time, zone)],
  ]
}

function checkpoint(control: ControlFile, zone: TimeZone): Entry[] {
  const copy = control.checkPointCopy
  const of = (what: string): string => `Latest checkpoint's ${what}`
  return [
    ['Latest checkpoint location', formatLsn(control.checkPoint)],
    [of('REDO location'), formatLsn(copy.redo)],
    [of('REDO WAL file'), redoFile(control)],
    [of('TimeLineID'), copy.ThisTimeLineID],
    [of('PrevTimeLineID'), copy.PrevTimeLineID],
    [of('full_page_writes'), onOff(copy.fullPageWrites)],
    [of('NextXID'), fullXidText(copy.nextXid)],
    [of('NextOID'), copy.nextOid],
    [of('NextMultiXactId'), copy.nextMulti],
    [of('NextMultiOffset'), copy.nextMultiOffset],
    [of('oldestXID'), copy.oldestXid],
    [of("oldestXID's DB"), copy.oldestXidDB],
    [of('oldestActiveXID'), copy.oldestActiveXid],
    [of('oldestMultiXid'), copy.oldestMulti],
    [of("oldestMulti's DB"), copy.oldestMultiDB],
    [of('oldestCommitTsXid'), copy.oldestCommitTsXid],
    [of('newestCommitTsXid'), copy.newestCommitTsXid],
    ['Time of latest checkpoint', dateText(copy.time, zone)],
  ]
}

/** Name of the WAL file that holds the redo point; "???" when the segment size cannot be. */
function redoFile(control: ControlFile): string {
  const { redo, ThisTimeLineID } = control.checkPointCopy
  const size = control.xlog_seg_size
  if (size === 0 || size > 1 << 30) return '???'
  return segmentFileName(ThisTimeLineID, locateLsn(redo, size).segment, size)
}

function recovery(control: ControlFile): Entry[] {
  return [
    ['Fake LSN counter for unlogged rels', formatLsn(control.unloggedLSN)],
    ['Minimum recovery ending location', formatLsn(control.minRecoveryPoint)],
    ["Min recovery ending loc's timeline", control.minRecoveryPointTLI],
    ['Backup start location', formatLsn(control.backupStartPoint)],
    ['Backup end location', formatLsn(control.backupEndPoint)],
    ['End-of-backup record required', control.backupEndRequired ? 'yes' : 'no'],
  ]
}

function settings(control: ControlFile): Entry[] {
  const nonce = [...control.mock_authentication_nonce]
    .map((byte) => byte.toString(16).padStart(2, '0'))
    .join('')
  return [
    ['wal_level setting', ['minimal', 'replica', 'logical'][control.wal_level] ?? 'unrecognized "wal_level"'],
    ['wal_log_hints setting', onOff(control.wal_log_hints)],
    ['max_connections setting', control.MaxConnections],
    ['max_worker_processes setting', control.max_worker_processes],
    ['max_wal_senders setting', control.max_wal_senders],
    ['max_prepared_xacts setting', control.max_prepared_xacts],
    ['max_locks_per_xact setting', control.max_locks_per_xact],
    ['track_commit_timestamp setting', onOff(control.track_commit_timestamp)],
    ['Maximum data alignment', control.maxAlign],
    ['Database block size', control.blcksz],
    ['Blocks per segment of large relation', control.relseg_size],
    ['WAL block size', control.xlog_blcksz],
    ['Bytes per WAL segment', control.xlog_seg_size],
    ['Maximum length of identifiers', control.nameDataLen],
    ['Maximum columns in an index', control.indexMaxKeys],
    ['Maximum size of a TOAST chunk', control.toast_max_chunk_size],
    ['Size of a large-object chunk', control.loblksize],
    ['Date/time type storage', '64-bit integers'],
    ['Float8 argument passing', control.float8ByVal ? 'by value' : 'by reference'],
    ['Data page checksum version', control.data_checksum_version],
    ['Default char data signedness', control.default_char_signedness ? 'signed' : 'unsigned'],
    ['Mock authentication nonce', nonce],
  ]
}

/**
 * pg_control as plain values: the fields of ControlFileData under their own names, and `state_name`. LSNs are "X/X",
 * other 64-bit numbers decimal strings, times ISO 8601 in UTC, the nonce hexadecimal.
 */
export function controlToJson(control: ControlFile): Record<string, unknown> {
  const { checkPointCopy, ...own } = control
  const plain = plainFields(own)
  return { ...plain, state_name: stateName(control.state), checkPointCopy: plainFields(checkPointCopy) }
}

const LSN_FIELDS = new Set([
  ...['checkPoint', 'redo', 'unloggedLSN', 'minRecoveryPoint', 'backupStartPoint', 'backupEndPoint'],
])

/** Where a Date ends; a time beyond, in a damaged file, is printed as it is. */
const LAST_SECOND = 8.64e12

function plainFields(fields: object): Record<string, unknown> {
  return Object.fromEntries(Object.entries(fields).map(([name, value]) => [name, plainValue(name, value)]))
}

function plainValue(name: string, value: unknown): unknown {
  if (typeof value === 'bigint') {
    if (name === 'time' && Math.abs(Number(value)) < LAST_SECOND)
      return new Date(Number(value) * 1000).toISOString()
    return LSN_FIELDS.has(name) ? formatLsn(value) : String(value)
  }
  if (value instanceof Uint8Array)
    return [...value].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return value
}
