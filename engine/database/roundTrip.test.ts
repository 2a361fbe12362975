// PostgreSQL replays our log: PGlite, and a native server. Twenty-five histories here, a thousand in npm run soak;
// ROUND_SEED=n repeats a run.

import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { formatLsn } from '../format/lsn.js'
import { resourceManagerName } from '../format/recordNames.js'
import { recordsOf } from '../lens/testing/recordsOf.js'
import { blockReferences, describeRecord, identifyRecord } from '../lens/waldump.js'
import { nativeIsAvailable } from '../scenes/native.js'
import {
  copyOf,
  HISTORIES,
  readyNative,
  readyPglite,
  replayNatively,
  replayWithPglite,
  writeHistories,
  type Ready,
  type Replayed,
  type Written,
} from '../scenes/roundTrip.js'

const seed = Number(process.env.ROUND_SEED ?? Math.floor(Math.random() * 1e6))
console.log(`round trip: seed ${seed}; repeat it with ROUND_SEED=${seed}`)
const rounds = 25 / HISTORIES
const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

type Query = (sql: string) => Promise<Record<string, unknown>[]>

/** pg_walinspect's words for our records, beside our own. */
async function compareDescriptions(query: Query, dir: string, { redo, end }: Written): Promise<number> {
  const rows = await query(`
    select start_lsn::text, resource_manager, record_type, coalesce(description, '') as description,
           coalesce(block_ref, '') as block_ref
    from pg_get_wal_records_info('${formatLsn(redo)}', '${formatLsn(end)}')`)
  const records = recordsOf(dir, redo)
  for (const row of rows) {
    const record = records.next().value
    if (!record) throw new Error(`our log ends before ${String(row.start_lsn)}`)
    const first = record.blocks[0]?.id ? ' ' : ''
    expect({
      start_lsn: formatLsn(record.lsn),
      resource_manager: resourceManagerName(record.xl_rmid),
      record_type: identifyRecord(record),
      description: withoutTimes(describeRecord(record)),
      block_ref: first + blockReferences(record).join(' '),
    }).toEqual({ ...row, description: withoutTimes(String(row.description)) })
  }
  return rows.length
}

/** A server and pg_waldump print times differently. */
const withoutTimes = (text: string): string =>
  text.replace(/\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?( UTC|\+00)?/g, 'TIME')

function compare(written: Written, replayed: Replayed, prepared: boolean): void {
  const log = replayed.log.join('\n')
  expect(log).toContain(`redo starts at ${formatLsn(written.redo)}`)
  expect(log).toMatch(/redo done at/)
  expect(log).toContain(`invalid record length at ${formatLsn(written.end)}: expected at least 24, got 0`)
  expect(replayed.rows).toEqual(written.rows)
  if (prepared) expect(replayed.prepared).toEqual(written.prepared)
  expect(replayed.problems).toEqual([])
}

async function roundTrips(
  ready: Ready,
  count: number,
  replay: typeof replayWithPglite,
  prepared: boolean,
): Promise<number> {
  folders.push(dirname(ready.dir))
  let described = 0
  for (let round = 0; round < count; round++) {
    const copy = copyOf(ready)
    folders.push(dirname(copy.dir))
    const written = writeHistories(copy, seed + round, prepared)
    const ours = copyOf(copy)
    folders.push(dirname(ours.dir))
    const replayed = await replay(copy.dir, async (query) => {
      await query('create extension if not exists pg_walinspect')
      described += await compareDescriptions(query, ours.dir, written)
    })
    compare(written, replayed, prepared)
  }
  return described
}

describe('PostgreSQL replays our log', () => {
  test('PGlite', async () => {
    expect(
      await roundTrips(await readyPglite(), Math.ceil(rounds / 2), replayWithPglite, false),
    ).toBeGreaterThan(10)
  }, 600_000)
  test('native', async () => {
    expect(nativeIsAvailable()).toBe(true)
    const described = await roundTrips(await readyNative(), Math.floor(rounds / 2), replayNatively, true)
    expect(described).toBeGreaterThan(10)
  }, 600_000)
})
