// A page at a position, against PostgreSQL: while it runs, the pages of a few relations are taken from its buffers after
// each step (pageinspect, get_raw_page), with the position of the log. It is killed as a checkpoint is about to write
// pg_control: pages are on disk, and replay begins at the checkpoint before. Each of those pages must be had again from what is on disk: the same page, up to what the log does not tell (scenes/masks.ts).

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { NotRecoverable } from '../bytes/errors.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { formatLsn, parseLsn, type Lsn } from '../format/lsn.js'
import { pageLsn, pageOf } from '../format/page.js'
import { pageKind } from '../format/pageKind.js'
import { FORK } from '../format/relationPath.js'
import { maskPage } from '../scenes/masks.js'
import { PostgresProcess } from '../scenes/postgresProcess.js'
import { startParams } from '../scenes/serverSettings.js'
import { fatesOnDisk } from './page/fates.js'
import { replayPage, type PageAddress } from './pageReplay.js'

const directory = mkdtempSync(join(tmpdir(), 'pgcrash-pagereplay-'))
afterAll(() => rmSync(directory, { recursive: true, force: true }))

const steps: readonly string[] = [
  `insert into t select g, 'row ' || g, point(g % 10, g), array[g % 7] from generate_series(1, 120) g`,
  `update t set v = 'hot' where id % 5 = 0`,
  `begin; update t set v = 'never' where id < 40; rollback`,
  `begin; select count(*) from (select * from t where id < 4 for key share) k; savepoint s; update t set v = 'm' where id < 4; commit`,
  `delete from t where id % 3 = 0`,
  `vacuum t`,
  `insert into t select g, repeat('y', 300), point(g, g), array[g % 5] from generate_series(1000, 1100) g`,
  `update late set v = 'now' where id % 50 = 0`,
  `checkpoint`,
  `update t set v = 'after' where id between 1000 and 1030`,
  `vacuum (freeze) t`,
  `delete from t where id > 1010`,
  `vacuum t`,
  `insert into t values (5000, 'last', point(1, 1), array[1])`,
]
const forks = ['main', 'vm']

interface Snapshot {
  at: Lsn
  step: string
  address: PageAddress
  bytes: Uint8Array
}
let snapshots: Snapshot[] = []
/** Where each relation ended, in blocks, at each position. */
let sizes: Array<{ at: Lsn; address: PageAddress }> = []

beforeAll(async () => {
  let control: Buffer | undefined
  const params = startParams({ full_page_writes: 'on', wal_keep_size: '1GB' })
  const server = PostgresProcess.prepare({ startParams: params })
  await server.boot(directory, { startParams: params })
  await server.exec('create extension pageinspect')
  await server.exec(`create table t (id int, v text, p point, a int[]) with (autovacuum_enabled = off);
    create index on t (id); create index on t (v); create index on t using hash (id); create index on t using gist (p);
    create index on t using gin (a); create index on t using spgist (p); create index on t using brin (id) with (pages_per_range = 1)`)
  await server.exec(
    `create table late as select id, repeat('z', 100) as v from generate_series(1, 400) id; create index on late (id)`,
  )
  await server.exec(steps[0])
  // The pages as of here go to disk; later steps change them in memory only, until the second checkpoint.
  await server.exec('checkpoint')
  for (const step of steps.slice(1)) {
    if (step === 'checkpoint') control = readFileSync(join(directory, 'global/pg_control'))
    await server.exec(step)
    const relations = await server.query(`
      select oid::regclass::text as name, pg_relation_filenode(oid) as file, fork,
             coalesce(pg_relation_size(oid, fork), 0) / 8192 as blocks, (select oid from pg_database where datname = current_database()) as db
      from pg_class, unnest('{${forks.join()}}'::text[]) fork
      where oid in ('t'::regclass, 'late'::regclass)
         or oid in (select indexrelid from pg_index where indrelid in ('t'::regclass, 'late'::regclass))`)
    for (const { name, file, fork, blocks, db } of relations) {
      const locator = {
        spcOid: 1663,
        dbOid: Number(db),
        relNumber: Number(file),
        fork: fork === 'vm' ? FORK.VM : FORK.MAIN,
      }
      const rows = await server.query(
        `select b, encode(get_raw_page('${String(name)}', '${String(fork)}', b), 'hex') as raw from generate_series(0, ${Number(blocks)} - 1) b`,
      )
      // What reading did, hint bits and their images, is part of the picture.
      const [{ lsn }] = await server.query('select pg_current_wal_insert_lsn()::text as lsn')
      const at = parseLsn(String(lsn)) ?? 0n
      for (const { b, raw } of rows)
        snapshots.push({
          at,
          step,
          address: { ...locator, block: Number(b) },
          bytes: Uint8Array.from(Buffer.from(String(raw), 'hex')),
        })
      if (Number(blocks) > 0) sizes.push({ at, address: { ...locator, block: Number(blocks) } })
    }
  }
  await server.exec(`select pg_switch_wal()`) // all of the log to disk
  await server.kill()
  writeFileSync(join(directory, 'global/pg_control'), control ?? '')
}, 120_000)

test(
  'each page at each position is PostgreSQL’s, or newer on disk with no image to go back to',
  { timeout: 120_000 },
  () => {
    const disk = nodeDisk(directory, { readOnly: true })
    let [had, refused, forward] = [0, 0, 0]
    const kinds = new Set<string>()
    const before = new Map<string, Uint8Array>()
    for (const [n, { at, step, address, bytes }] of snapshots.entries()) {
      const key = JSON.stringify(address)
      const unchanged = Buffer.compare(before.get(key) ?? new Uint8Array(0), bytes) === 0
      before.set(key, bytes)
      if (unchanged && n % 3 > 0) continue // a page that a step leaves alone: now and then
      const theirs = pageOf(bytes)
      try {
        const { page, touches, onDisk } = replayPage(disk, address, { upTo: at })
        const where = `${address.relNumber} fork ${address.fork} block ${address.block} at ${formatLsn(at)}, after ${step}`
        if (!page) expect.fail(`no page ${where}`)
        const kind = pageKind(theirs, address.fork)
        expect(pageKind(page, address.fork), where).toBe(kind)
        expect(formatLsn(pageLsn(page)), where).toBe(formatLsn(pageLsn(theirs)))
        const [a, b] = [page.bytes, bytes].map((side) => maskPage(kind, side, address.block))
        expect(
          a.findIndex((byte, i) => byte !== b[i]),
          where,
        ).toBe(-1)
        kinds.add(kind)
        had++
        if (touches.length > 0 && onDisk !== pageLsn(page)) forward++
      } catch (error) {
        if (!(error instanceof NotRecoverable)) throw error
        expect(error.message).toMatch(/on disk it carries later changes already/)
        refused++
      }
    }
    disk.close()
    expect([...kinds].filter((kind) => kind !== 'new').sort()).toEqual([
      'brin',
      'btree',
      'gin',
      'gist',
      'hash',
      'heap',
      'spgist',
      'vm',
    ])
    expect(had).toBeGreaterThan(200)
    expect(forward).toBeGreaterThan(50)
    expect(refused).toBeGreaterThan(20)
  },
)

test('a refusal names the first position that can be had, and that one can', () => {
  const disk = nodeDisk(directory, { readOnly: true })
  const seen = new Set<string>()
  let refused = 0
  for (const { at, address } of snapshots) {
    const key = JSON.stringify(address)
    if (seen.has(key)) continue // the first picture of each page is the one that is out of reach, if any
    seen.add(key)
    const ask = (upTo: Lsn): string => {
      try {
        replayPage(disk, address, { upTo })
        return 'shown'
      } catch (error) {
        return (error as Error).message
      }
    }
    const refusal = /ask for (\S+) or later/.exec(ask(at))
    if (!refusal) continue
    refused++
    const soonest = parseLsn(refusal[1]) ?? 0n
    expect(ask(soonest)).toBe('shown')
    expect(ask(soonest - 1n)).not.toBe('shown')
  }
  disk.close()
  expect(refused).toBeGreaterThan(5)
})

test('a transaction has not ended before its end, whatever pg_xact on disk knows by now', () => {
  const disk = nodeDisk(directory, { readOnly: true })
  const onDisk = fatesOnDisk(disk)
  let ended = 0
  const seen = new Set<string>()
  for (const { address } of snapshots) {
    const key = JSON.stringify(address)
    if (seen.has(key)) continue
    seen.add(key)
    const first = replayPage(disk, address).touches.find(({ record }) => record.xid !== 0)
    const known = first && onDisk.status(first.record.xid)
    if (known !== 'committed' && known !== 'aborted') continue // it ended after the checkpoint
    const { fates } = replayPage(disk, address, { upTo: first?.endLsn })
    expect(fates.status(first?.record.xid ?? 0)).toBe('in progress')
    ended++
  }
  disk.close()
  expect(ended).toBeGreaterThan(5)
})

test('beyond the end of a relation there is no page', () => {
  const disk = nodeDisk(directory, { readOnly: true })
  for (const { at, address } of sizes) {
    const last = sizes.at(-1)?.at
    if (at !== last) continue
    expect(replayPage(disk, address, { upTo: at }).page).toBeUndefined()
  }
  disk.close()
  snapshots = []
  sizes = []
})
