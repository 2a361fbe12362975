import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { crashedCopy, crashedCopyOf } from './cache.js'
import { openWithPostgres } from './judge.js'
import type { CrashedScene } from './scene.js'

// Real servers start and stop here, and making a scene for the first time takes some seconds.
vi.setConfig({ testTimeout: 240_000, hookTimeout: 240_000 })

const temp = mkdtempSync(join(tmpdir(), 'pgcrash-bank-'))
let bank: CrashedScene
beforeAll(async () => {
  bank = await crashedCopy('bank', join(temp, 'bank'))
})
afterAll(() => rmSync(temp, { recursive: true, force: true }))

const position = (lsn: string): number => parseInt(lsn.split('/')[1], 16)
const stepWith = (sql: string): number => bank.steps.findIndex((step) => step.sql.includes(sql))

test('pg_control says in production, and recovery begins at the checkpoint of the story', () => {
  const control = readFileSync(join(bank.dir, 'global', 'pg_control'))
  const [state, redo] = [control.readUInt32LE(16), control.readUInt32LE(40)]
  expect(state).toBe(6)
  expect(redo).toBe(position(bank.steps[stepWith('checkpoint')].from))
})

test('the open transaction is in the log on disk, but for its last record, and has no commit', async () => {
  expect(bank.openXid).not.toBeNull()
  const { inserted, written } = bank.log
  const begun = bank.steps[stepWith('interest, not yet approved')]
  expect(position(written)).toBeGreaterThan(position(begun.to))
  expect(position(inserted)).toBeGreaterThan(position(written))
  const copy = await crashedCopy('bank', join(temp, 'walinspect'))
  const judged = await openWithPostgres(
    copy.dir,
    (ask) =>
      ask(`select resource_manager as rmgr, count(*) from pg_get_wal_records_info('${begun.from}', '${written}')
           where xid = '${bank.openXid}' group by 1 order by 1`),
    { look: 'rows' },
  )
  if (judged.outcome === 'refused') throw new Error(judged.sentence)
  const rmgrs = judged.answer.map((row) => row.rmgr)
  expect(rmgrs).toEqual(expect.arrayContaining(['Btree', 'Heap', 'Sequence']))
  expect(rmgrs).not.toContain('Transaction')
  expect(judged.log).toContain(`LOG:  invalid record length at ${written}: expected at least 24, got 0`)
})

test('the log crosses a segment border on the way', () => {
  const segment = (lsn: string): number => Math.floor(position(lsn) / 2 ** 20)
  const redo = bank.steps[stepWith('checkpoint')].from
  expect(segment(bank.log.written)).toBe(segment(redo) + 1)
})

test('temporary relations and a sort file of PostgreSQL are left over', () => {
  const left = readdirSync(join(bank.dir, 'base', 'pgsql_tmp'))
  expect(left).toEqual([expect.stringMatching(/^pgsql_tmp\d+\.\d+$/)])
  expect(statSync(join(bank.dir, 'base', 'pgsql_tmp', left[0])).size).toBeGreaterThan(64 * 1024)
  expect(bank.temporaryFiles.filter((file) => /^base\/5\/t0_\d+$/.test(file)).length).toBeGreaterThan(1)
  for (const file of bank.temporaryFiles) expect(existsSync(join(bank.dir, file))).toBe(true)
})

test('the journal holds what was committed, and no row of what was not', () => {
  expect(Object.keys(bank.expected)).toEqual(['accounts', 'letters', 'sessions', 'transfers'])
  const { accounts, letters, sessions, transfers } = bank.expected
  expect([accounts.length, letters.length, sessions.length]).toEqual([60, 1, 0])
  // 250 and 240 in bulk, three by hand, 40 deleted.
  expect(transfers).toHaveLength(453)
  const references = transfers.map((row) => row.reference)
  expect(references).toEqual(expect.arrayContaining(['rent-july', 'dinner', 'gift']))
  expect(references.filter((name) => name === 'typo' || name?.startsWith('interest'))).toEqual([])
  // Money only moves: 60 × 100.00, and one cent for each.
  expect(accounts.reduce((sum, row) => sum + Number(row.balance), 0)).toBe(60 * 10001)
  expect(accounts.map((row) => row.id)).toEqual(Array.from({ length: 60 }, (_, i) => String(i + 1)))
  expect(bank).toMatchObject({ unlogged: ['sessions'], sequences: { receipts: '3' } })
})

test('the lock file names a process that no system has', () => {
  const pid = parseInt(readFileSync(join(bank.dir, 'postmaster.pid'), 'utf8'), 10)
  expect(() => process.kill(Math.abs(pid), 0)).toThrow(/ESRCH/)
})

test('a copy does not overwrite anything', async () => {
  await expect(crashedCopy('bank', bank.dir)).rejects.toThrow(/is not empty$/)
})

test('a step that PostgreSQL turns down stops the scene, with its sentence', async () => {
  const scene = {
    ...(await import('./bank.js')).bank,
    name: 'broken',
    steps: [{ what: '', sql: 'select 1/0' }],
  }
  const dir = join(temp, 'broken')
  await expect(crashedCopyOf(scene, dir)).rejects.toThrow('division by zero')
  expect(existsSync(dir)).toBe(false)
})
