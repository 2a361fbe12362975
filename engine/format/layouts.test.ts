// Every declared struct against the offsets that a C compiler printed for PostgreSQL 18.3. Struct, field, byte offset.

import { expect, test } from 'vitest'
import type { Struct } from '../bytes/layout.js'
import { ParameterChange } from '../redo/xlog.js'
import { CheckPoint } from './checkpoint.js'
import { ControlFile } from './controlFile.js'
import { PageHeader } from './page.js'
import { XlXactPrepare } from './transactionRecord.js'
import { XLogLongPageHeader, XLogPageHeader } from './walPage.js'
import { XLogRecord } from './walRecord.js'

const compiled: Array<[Struct<never>, number, Record<string, number>]> = [
  [
    CheckPoint as never,
    88,
    {
      redo: 0,
      ThisTimeLineID: 8,
      PrevTimeLineID: 12,
      fullPageWrites: 16,
      wal_level: 20,
      nextXid: 24,
      nextOid: 32,
      nextMulti: 36,
      nextMultiOffset: 40,
      oldestXid: 44,
      oldestXidDB: 48,
      oldestMulti: 52,
      oldestMultiDB: 56,
      time: 64,
      oldestCommitTsXid: 72,
      newestCommitTsXid: 76,
      oldestActiveXid: 80,
    },
  ],
  [
    ControlFile as never,
    296,
    {
      system_identifier: 0,
      pg_control_version: 8,
      catalog_version_no: 12,
      state: 16,
      time: 24,
      checkPoint: 32,
      checkPointCopy: 40,
      unloggedLSN: 128,
      minRecoveryPoint: 136,
      minRecoveryPointTLI: 144,
      backupStartPoint: 152,
      backupEndPoint: 160,
      backupEndRequired: 168,
      wal_level: 172,
      wal_log_hints: 176,
      MaxConnections: 180,
      max_worker_processes: 184,
      max_wal_senders: 188,
      max_prepared_xacts: 192,
      max_locks_per_xact: 196,
      track_commit_timestamp: 200,
      maxAlign: 204,
      floatFormat: 208,
      blcksz: 216,
      relseg_size: 220,
      xlog_blcksz: 224,
      xlog_seg_size: 228,
      nameDataLen: 232,
      indexMaxKeys: 236,
      toast_max_chunk_size: 240,
      loblksize: 244,
      float8ByVal: 248,
      data_checksum_version: 252,
      default_char_signedness: 256,
      mock_authentication_nonce: 257,
      crc: 292,
    },
  ],
  [XLogPageHeader as never, 24, { xlp_magic: 0, xlp_info: 2, xlp_tli: 4, xlp_pageaddr: 8, xlp_rem_len: 16 }],
  [XLogLongPageHeader as never, 40, { xlp_sysid: 24, xlp_seg_size: 32, xlp_xlog_blcksz: 36 }],
  [XLogRecord as never, 24, { xl_tot_len: 0, xl_xid: 4, xl_prev: 8, xl_info: 16, xl_rmid: 17, xl_crc: 20 }],
  [
    PageHeader as never,
    24,
    {
      pd_lsn: 0,
      pd_checksum: 8,
      pd_flags: 10,
      pd_lower: 12,
      pd_upper: 14,
      pd_special: 16,
      pd_pagesize_version: 18,
      pd_prune_xid: 20,
      pd_linp: 24,
    },
  ],
  [
    XlXactPrepare as never,
    72,
    {
      magic: 0,
      total_len: 4,
      xid: 8,
      database: 12,
      prepared_at: 16,
      owner: 24,
      nsubxacts: 28,
      ncommitrels: 32,
      nabortrels: 36,
      ncommitstats: 40,
      nabortstats: 44,
      ninvalmsgs: 48,
      initfileinval: 52,
      gidlen: 54,
      origin_lsn: 56,
      origin_timestamp: 64,
    },
  ],
  [
    ParameterChange as never,
    28,
    {
      MaxConnections: 0,
      max_worker_processes: 4,
      max_wal_senders: 8,
      max_prepared_xacts: 12,
      max_locks_per_xact: 16,
      wal_level: 20,
      wal_log_hints: 24,
      track_commit_timestamp: 25,
    },
  ],
]

test.each(compiled)('%# $name lies as the compiler laid it', (declared, size, offsets) => {
  expect(declared.size).toBe(size)
  const renamed: Record<string, string> = { pd_lsn: 'pd_lsn_high' } // one 64-bit field, declared as its two halves
  const at = declared.at as Record<string, number>
  for (const [field, offset] of Object.entries(offsets)) {
    if (declared.name === 'PageHeaderData' && field === 'pd_linp') continue // where the line pointers begin
    expect(at[renamed[field] ?? field], `${declared.name}.${field}`).toBe(offset)
  }
})

test('fields do not overlap, and read gives back what write was given', () => {
  for (const [declared] of compiled) {
    const fields = [...declared.fields].sort((a, b) => a.offset - b.offset)
    for (let i = 1; i < fields.length; i++)
      expect(fields[i].offset, `${declared.name}.${fields[i].name}`).toBeGreaterThanOrEqual(
        fields[i - 1].offset + fields[i - 1].size,
      )
    // Bytes 0 and 1 only, so that booleans survive; every field gets a pattern of its own.
    const bytes = Uint8Array.from({ length: declared.size }, (_, i) => (i * i) & 1)
    const again = new Uint8Array(declared.size)
    declared.write(again, 0, declared.read(bytes))
    expect(declared.read(again)).toEqual(declared.read(bytes))
  }
})
