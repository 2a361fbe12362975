import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test, vi } from 'vitest'
import { crashedCopy } from './cache.js'
import { openWithPostgres, recoverWithPostgres } from './judge.js'
import { makeOldDirectory } from './oldDirectory.js'
import { QueryFailed } from './postgresProcess.js'
import type { CrashedScene } from './scene.js'

// Real servers start and stop here, and making a scene for the first time takes some seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const temp = mkdtempSync(join(tmpdir(), 'pgcrash-judge-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

let copies = 0
const crashed = (): Promise<CrashedScene> => crashedCopy('bank', join(temp, `bank${++copies}`))

function change(path: string, edit: (bytes: Buffer) => void): void {
  const bytes = readFileSync(path)
  edit(bytes)
  writeFileSync(path, bytes)
}

test('a crashed directory: PostgreSQL recovers it, and finds every committed row and no other', async () => {
  const scene = await crashed()
  const judged = await openWithPostgres(scene.dir, async (ask) => {
    await ask("insert into sessions values ('after the crash', 1)")
    await ask('insert into letters values (1, $$life goes on$$)')
    return (await ask('select count(*) from sessions'))[0].count
  })
  if (judged.outcome === 'refused') throw new Error(judged.sentence)
  expect(judged.tables).toEqual(scene.expected)
  expect(judged.unreadable).toEqual({})
  expect(judged.answer).toBe(1)
  expect(judged.log).toContainEqual(expect.stringMatching(/^LOG: {2}redo starts at /))
  expect(judged.amcheck).toMatchObject({ problems: [] })
  expect(judged.amcheck.indexes).toBeGreaterThan(150)
  expect(judged.checksums).toMatchObject({ failures: [] })
  expect(judged.checksums.pages).toBeGreaterThan(1000)
  // Values that the crash skipped are lost, values handed out never come back.
  for (const [name, last] of Object.entries(scene.sequences))
    expect(Number(judged.sequences[name])).toBeGreaterThanOrEqual(Number(last))
})

test('recovered in place: the next start finds a recovered directory and the same rows', async () => {
  const scene = await crashed()
  const recovery = await recoverWithPostgres(scene.dir)
  expect(recovery).toMatchObject({ outcome: 'recovered', dir: scene.dir })
  const complete = recovery.log.at(-1)?.match(/lsn=(\S+), redo lsn=(\S+)$/)
  expect(complete?.[1]).toBe(scene.log.written)
  // In production, and its checkpoint is the one that recovery ended with.
  const control = readFileSync(join(scene.dir, 'global', 'pg_control'))
  expect(control.readUInt32LE(16)).toBe(6)
  expect(`0/${control.readUInt32LE(32).toString(16).toUpperCase()}`).toBe(complete?.[2])
  const judged = await openWithPostgres(scene.dir, undefined, { look: 'rows' })
  expect(judged).toMatchObject({ outcome: 'opened', tables: scene.expected })
})

test('after a clean shutdown the log says so, and no recovery happens', async () => {
  const { dir } = await crashed()
  await openWithPostgres(dir, undefined, { look: 'rows' })
  const second = await openWithPostgres(dir, undefined, { look: 'rows' })
  expect(second.log[0]).toMatch(/^NOTICE: {2}database system was shut down at /)
  expect(second.log.join()).not.toContain('automatic recovery')
})

describe('a refusal is a value', () => {
  const cases: [string, string, (dir: string) => void][] = [
    [
      'FATAL: incorrect checksum in control file',
      'a flipped bit in pg_control',
      (dir) => change(join(dir, 'global', 'pg_control'), (bytes) => (bytes[50] ^= 1)),
    ],
    [
      'PANIC: could not locate a valid checkpoint record at 0/',
      'no WAL at the checkpoint',
      (dir) => {
        const wal = readdirSync(join(dir, 'pg_wal')).filter((name) => name.length === 24)
        for (const name of wal) rmSync(join(dir, 'pg_wal', name))
      },
    ],
    [
      'PANIC: could not open file "global/pg_control"',
      'no pg_control',
      (dir) => rmSync(join(dir, 'global', 'pg_control')),
    ],
    [
      'FATAL: ".*" is not a valid database directory',
      'no PG_VERSION',
      (dir) => rmSync(join(dir, 'PG_VERSION')),
    ],
    [
      'ERROR: invalid page in block 0 of relation "base/5/1247"',
      'a catalog page with a flipped bit',
      (dir) => change(join(dir, 'base', '5', '1247'), (bytes) => (bytes[3000] ^= 1)),
    ],
  ]
  test.each(cases)('%s: %s', async (expected, _, damage) => {
    const { dir } = await crashed()
    damage(dir)
    const judged = await openWithPostgres(dir)
    if (judged.outcome === 'opened') throw new Error('PostgreSQL opened it')
    expect(`${judged.severity}: ${judged.sentence}`).toMatch(new RegExp(`^${expected}`))
  })

  test('a directory of PostgreSQL 17', async () => {
    const dir = join(temp, 'seventeen')
    await makeOldDirectory(dir)
    expect(readFileSync(join(dir, 'PG_VERSION'), 'utf8')).toBe('17\n')
    expect(readFileSync(join(dir, 'global', 'pg_control')).readUInt32LE(8)).toBe(1700)
    for (const judged of [await openWithPostgres(dir), await recoverWithPostgres(dir)])
      expect(judged).toMatchObject({
        outcome: 'refused',
        severity: 'FATAL',
        sentence: 'database files are incompatible with server',
        detail: expect.stringContaining('initialized by PostgreSQL version 17'),
      })
  })

  test('a folder that is not there: it is not there afterwards either', async () => {
    const dir = join(temp, 'nowhere')
    expect(await openWithPostgres(dir)).toMatchObject({ outcome: 'refused', severity: 'FATAL' })
    expect(existsSync(dir)).toBe(false)
  })

  test('a query that never ends is ended', async () => {
    const { dir } = await crashed()
    const endless = 'with recursive n as (select 1 union all select 1 from n) select count(*) from n'
    const judged = await openWithPostgres(dir, (ask) => ask(endless), { timeoutSeconds: 3, look: 'rows' })
    expect(judged).toMatchObject({ severity: 'none', sentence: 'PostgreSQL did not answer within 3 s' })
  })
})

describe('damage that PostgreSQL finds while it reads', () => {
  test('a page of a table: no rows, a failed checksum, and the rest still readable', async () => {
    const scene = await crashed()
    await recoverWithPostgres(scene.dir)
    const path = await askPath(scene, 'accounts')
    change(join(scene.dir, path), (bytes) => (bytes[8000] ^= 1))
    const judged = await openWithPostgres(scene.dir)
    if (judged.outcome === 'refused') throw new Error(judged.sentence)
    expect(judged.unreadable.accounts).toMatch(/^invalid page in block 0 of relation/)
    expect(judged.checksums.failures).toMatchObject([{ relation: 'accounts', where: 'main' }])
    expect(judged.amcheck.problems.map(({ relation }) => relation)).toContain('accounts')
    expect(judged.tables.transfers).toEqual(scene.expected.transfers)
  })

  test('an error in what the caller asks is the caller’s', async () => {
    const { dir } = await crashed()
    const asked = openWithPostgres(dir, (ask) => ask('select * from nothing'), { look: 'rows' })
    await expect(asked).rejects.toThrow(QueryFailed)
  })
})

async function askPath(scene: CrashedScene, table: string): Promise<string> {
  const judged = await openWithPostgres(
    scene.dir,
    async (ask) => (await ask(`select pg_relation_filepath('${table}') as path`))[0].path as string,
    { look: 'rows' },
  )
  if (judged.outcome === 'refused') throw new Error(judged.sentence)
  return judged.answer
}
