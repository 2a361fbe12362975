// Our reading of pg_control against the server's own, asked by SQL while it runs (PGlite, the real PostgreSQL 18).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { readControlFile } from '../format/controlFile.js'
import { PostgresProcess } from '../scenes/postgresProcess.js'
import { startParams } from '../scenes/serverSettings.js'
import { dateText, UTC } from './timeZone.js'
import { controldataLines } from './controldata.js'

/** pg_controldata's label for each column of the server's functions. */
const labels = {
  pg_control_version: 'pg_control version number',
  catalog_version_no: 'Catalog version number',
  system_identifier: 'Database system identifier',
  pg_control_last_modified: 'pg_control last modified',
  checkpoint_lsn: 'Latest checkpoint location',
  redo_lsn: "Latest checkpoint's REDO location",
  redo_wal_file: "Latest checkpoint's REDO WAL file",
  timeline_id: "Latest checkpoint's TimeLineID",
  prev_timeline_id: "Latest checkpoint's PrevTimeLineID",
  full_page_writes: "Latest checkpoint's full_page_writes",
  next_xid: "Latest checkpoint's NextXID",
  next_oid: "Latest checkpoint's NextOID",
  next_multixact_id: "Latest checkpoint's NextMultiXactId",
  next_multi_offset: "Latest checkpoint's NextMultiOffset",
  oldest_xid: "Latest checkpoint's oldestXID",
  oldest_xid_dbid: "Latest checkpoint's oldestXID's DB",
  oldest_active_xid: "Latest checkpoint's oldestActiveXID",
  oldest_multi_xid: "Latest checkpoint's oldestMultiXid",
  oldest_multi_dbid: "Latest checkpoint's oldestMulti's DB",
  oldest_commit_ts_xid: "Latest checkpoint's oldestCommitTsXid",
  newest_commit_ts_xid: "Latest checkpoint's newestCommitTsXid",
  checkpoint_time: 'Time of latest checkpoint',
  min_recovery_end_lsn: 'Minimum recovery ending location',
  min_recovery_end_timeline: "Min recovery ending loc's timeline",
  backup_start_lsn: 'Backup start location',
  backup_end_lsn: 'Backup end location',
  end_of_backup_record_required: 'End-of-backup record required',
  max_data_alignment: 'Maximum data alignment',
  database_block_size: 'Database block size',
  blocks_per_segment: 'Blocks per segment of large relation',
  wal_block_size: 'WAL block size',
  bytes_per_wal_segment: 'Bytes per WAL segment',
  max_identifier_length: 'Maximum length of identifiers',
  max_index_columns: 'Maximum columns in an index',
  max_toast_chunk_size: 'Maximum size of a TOAST chunk',
  large_object_chunk_size: 'Size of a large-object chunk',
  float8_pass_by_value: 'Float8 argument passing',
  data_page_checksum_version: 'Data page checksum version',
  default_char_signedness: 'Default char data signedness',
}

/** What pg_controldata writes for the booleans of a column. */
const words: Readonly<Record<string, [no: string, yes: string]>> = {
  full_page_writes: ['off', 'on'],
  end_of_backup_record_required: ['no', 'yes'],
  float8_pass_by_value: ['by reference', 'by value'],
  default_char_signedness: ['unsigned', 'signed'],
}

test(
  'every value is what pg_control_system, _checkpoint, _recovery and _init say',
  { timeout: 120_000 },
  async () => {
    const directory = mkdtempSync(join(tmpdir(), 'pgcrash-control-'))
    const options = { startParams: startParams({ track_commit_timestamp: 'on' }) }
    const server = PostgresProcess.prepare(options)
    try {
      await server.boot(directory, options)
      await server.exec('create table t (a int); insert into t values (1); checkpoint; checkpoint')
      const columns = Object.keys(labels).map((column) =>
        /time$|modified$/.test(column)
          ? `extract(epoch from ${column})::bigint::text as ${column}`
          : `${column}::text`,
      )
      const [row] = await server.query(`
      select ${columns.join(', ')}
      from pg_control_system(), pg_control_checkpoint(), pg_control_recovery(), pg_control_init()`)

      const disk = nodeDisk(directory, { readOnly: true })
      const lines = controldataLines(readControlFile(disk))
      disk.close()
      for (const [column, label] of Object.entries(labels)) {
        const value = String(row[column])
        const meant = /time$|modified$/.test(column)
          ? dateText(BigInt(value), UTC)
          : (words[column]?.[value === 'true' ? 1 : 0] ?? value)
        expect(lines).toContain(`${label}:`.padEnd(38) + meant)
      }
      expect(row.float8_pass_by_value).toBe('false') // a 32-bit build
    } finally {
      await server.kill()
      rmSync(directory, { recursive: true, force: true })
    }
  },
)
