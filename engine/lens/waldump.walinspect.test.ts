// Our descriptions against PostgreSQL's own of the same log: pg_walinspect, asked while the server runs (PGlite, the
// real PostgreSQL 18, a 32-bit build).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { resourceManagerName } from '../format/recordNames.js'
import { parseLsn } from '../format/lsn.js'
import { PostgresProcess } from '../scenes/postgresProcess.js'
import { startParams } from '../scenes/serverSettings.js'
import type { WalRecord } from '../wal/record.js'
import { explainRecord } from './explain.js'
import { everyKindOfRecord } from '../scenes/everyKindOfRecord.js'
import { recordsOf } from './testing/recordsOf.js'
import { blockReferences, describeRecord, identifyRecord } from './waldump.js'
import { recordToJson } from './walJson.js'

const settings = {
  wal_level: 'logical',
  max_prepared_transactions: '5',
  track_commit_timestamp: 'on',
  wal_compression: 'pglz',
  wal_keep_size: '1GB',
}

/** The server prints times as the backend does, pg_waldump as the C library does. */
function backendTimes(description: string): string {
  return description.replace(/(:\d\d)\.(\d{6}) UTC/g, (_, seconds: string, micros: string) => {
    const fraction = micros.replace(/0+$/, '')
    return `${seconds}${fraction ? `.${fraction}` : ''}+00`
  })
}

const ours = (record: WalRecord): Record<string, unknown> => {
  const {
    start_lsn,
    end_lsn,
    prev_lsn,
    resource_manager,
    record_type,
    record_length,
    main_data_length,
    fpi_length,
  } = recordToJson(record)
  const first = record.blocks[0]?.id ? ' ' : '' // PostgreSQL puts a space before any block but number 0
  return {
    start_lsn,
    end_lsn,
    prev_lsn,
    xid: String(record.xl_xid),
    resource_manager,
    record_type,
    record_length,
    main_data_length,
    fpi_length,
    description: backendTimes(describeRecord(record)) || null,
    block_ref: first + blockReferences(record).join(' ') || null,
  }
}

test('every record is described as pg_walinspect describes it', { timeout: 120_000 }, async () => {
  const directory = mkdtempSync(join(tmpdir(), 'pgcrash-walinspect-'))
  const server = PostgresProcess.prepare({ startParams: startParams(settings) })
  try {
    await server.boot(directory, { startParams: startParams(settings) })
    await server.exec('create extension pg_walinspect')
    const position = async (): Promise<string> =>
      String((await server.query('select pg_current_wal_insert_lsn()::text as lsn'))[0].lsn)
    const from = await position()
    for (const sql of everyKindOfRecord) await server.exec(sql)
    await server.exec('checkpoint')
    const rows = await server.query(`
      select start_lsn::text, end_lsn::text, prev_lsn::text, xid::text, resource_manager, record_type,
             record_length, main_data_length, fpi_length, nullif(description, '') as description, block_ref
      from pg_get_wal_records_info('${from}', '${await position()}')`)

    const kinds = new Set<string>()
    const records = recordsOf(directory, parseLsn(from))
    for (const row of rows) {
      const record = records.next().value
      if (!record) throw new Error(`the log ends before ${String(row.start_lsn)}`)
      const [mine, theirs] = [ours(record), { ...row }]
      if (JSON.stringify(mine) !== JSON.stringify(theirs)) expect(mine).toEqual(theirs)
      expect(explainRecord(record)).toMatch(/^[^\n]{10,}[^.]$/)
      kinds.add(`${resourceManagerName(record.xl_rmid)} ${identifyRecord(record)}`)
    }
    expect(rows.length).toBeGreaterThan(80_000)
    expect(kinds.size).toBeGreaterThan(90)
  } finally {
    await server.kill()
    rmSync(directory, { recursive: true, force: true })
  }
})
