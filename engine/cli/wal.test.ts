import { Writable } from 'node:stream'
import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { formatLsn } from '../format/lsn.js'
import { run } from './program.js'
import { testDirectory, type TestDirectory } from './testing/directory.js'
import { pgcrash, testIo } from './testing/io.js'

let directory: TestDirectory
beforeEach(() => void (directory = testDirectory()))
afterEach(() => directory.remove())

/** The LSNs of the printed lines, as indexes of `directory.starts`. */
const indexes = (lines: string[]): number[] =>
  lines.map((line) => {
    const lsn = /lsn: (\w+)\/(\w+)/.exec(line)
    return directory.starts.indexOf(BigInt(`0x${lsn?.[1]}`) * (1n << 32n) + BigInt(`0x${lsn?.[2]}`))
  })
const wal = async (...args: string[]): Promise<number[]> =>
  indexes((await pgcrash('wal', directory.path, ...args)).lines)
const at = (i: number, more = 0n): string => formatLsn(directory.starts[i] + more)

test('from the redo point to the end, and why it ends', async () => {
  const { code, lines, err } = await pgcrash('wal', directory.path)
  expect(code).toBe(0)
  expect(indexes(lines)).toEqual([0, 1, 2, 3, 4, 5, 6, 7])
  const end = formatLsn(directory.end)
  expect(err).toBe(
    `pgcrash: end of WAL at ${end}: invalid record length at ${end}: expected at least 24, got 0\n` +
      'pgcrash: clean end: nothing was written after the last record; no WAL is lost\n',
  )
})

test('a break with whole records behind it is told, and where to read on', async () => {
  const more = testDirectory(40)
  const segment = join(more.path, 'pg_wal', '000000010000000000000001')
  const log = readFileSync(segment)
  log[Number(more.starts[3] & 0xfffffn) + 30] ^= 1
  writeFileSync(segment, log)
  const { code, lines, err } = await pgcrash('wal', more.path)
  expect([code, lines.length]).toEqual([0, 3])
  expect(err).toMatch(
    /incorrect resource manager data checksum in record at \S+\npgcrash: damage: the log is broken here/,
  )
  const [, beyond] = /to read on behind the break: --from (\S+)\n$/.exec(err) ?? []
  const rest = await pgcrash('wal', more.path, '--from', beyond)
  expect(rest.lines.length).toBeGreaterThan(30)
  expect(rest.err).toContain('clean end: ')
  more.remove()
})

test('ranges: --from finds the next record, --to keeps those that end there or before', async () => {
  expect(await wal('--from', at(3))).toEqual([3, 4, 5, 6, 7])
  const later = await pgcrash('wal', directory.path, '--from', at(3, 1n))
  expect(indexes(later.lines)).toEqual([4, 5, 6, 7])
  expect(later.err).toMatch(
    new RegExp(`^pgcrash: first record is after ${at(3, 1n)}, at ${at(4)}, skipping over \\d+ bytes\\n`),
  )
  expect(await wal('--to', at(3))).toEqual([0, 1, 2])
  expect(await wal('--to', at(3, 24n))).toEqual([0, 1, 2])
  const lastByte = 24n + 2n + 31n // header, main-data header, the message "hello!" without a prefix
  expect(await wal('--to', at(3, lastByte))).toEqual([0, 1, 2, 3])
  expect(await wal('--to', at(3, lastByte - 1n))).toEqual([0, 1, 2])
  expect(await wal('--all', '--limit', '2')).toEqual([0, 1])
})

test('filters', async () => {
  expect(await wal('--rmgr', 'transaction')).toEqual([2, 4, 6])
  expect(await wal('--rmgr', 'XLOG', '--rmgr', 'LogicalMessage')).toEqual([0, 1, 3, 5, 7])
  expect(await wal('--xid', '4')).toEqual([3, 4])
  expect(await wal('--xid', '4', '--rmgr', 'Transaction')).toEqual([4])
  expect(await wal('--relation', '1663/5/16384')).toEqual([])
  expect(await wal('--fullpage')).toEqual([])
  expect(await wal('--limit', '3')).toEqual([0, 1, 2])
})

test('--json is one object a line, --explain one sentence, both together both', async () => {
  const json = await pgcrash('wal', directory.path, '--json', '--explain', '--xid', '3')
  expect(json.lines.map((line) => JSON.parse(line) as unknown)).toMatchObject([
    {
      start_lsn: at(1),
      resource_manager: 'LogicalMessage',
      explanation: 'transaction 3 left a message of 6 bytes for ""; redo ignores it',
    },
    { start_lsn: at(2), description: '2000-01-01 00:00:00.000000 UTC', blocks: [] },
  ])
  const sentences = await pgcrash('wal', directory.path, '--explain', '--limit', '2')
  expect(sentences.lines[1]).toBe(`${at(1)}: transaction 3 left a message of 6 bytes for ""; redo ignores it`)
})

test('--stats takes its kind with "=" only, so that the directory may follow it', async () => {
  const byManager = await pgcrash('wal', '--stats', directory.path)
  expect(byManager.lines).toHaveLength(3 + 22 + 2)
  const byRecord = await pgcrash('wal', '--stats=record', directory.path)
  expect(byRecord.lines.slice(3, 6).map((line) => line.split(/\s+/).slice(0, 2))).toEqual([
    ['XLOG/CHECKPOINT_SHUTDOWN', '1'],
    ['Transaction/ABORT', '3'],
    ['LogicalMessage/MESSAGE', '4'],
  ])
  expect(JSON.parse((await pgcrash('wal', '--stats', '--json', directory.path)).out)).toMatchObject({
    start_lsn: at(0),
    total: { count: 8 },
  })
})

test('a range that begins where there is no WAL is refused', async () => {
  const { code, err } = await pgcrash('wal', directory.path, '--from', '0/200')
  expect(code).toBe(3)
  expect(err).toMatch(
    /^pgcrash: error: could not find a valid record after 0\/200: could not open file "pg_wal\//,
  )
  rmSync(join(directory.path, 'pg_wal'), { recursive: true })
  expect((await pgcrash('wal', directory.path, '--all')).err).toMatch(/holds no WAL segment\n$/)
})

test('a reader that goes away, as in "| head", ends the command quietly', async () => {
  const io = testIo()
  const gone = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write EPIPE'), { code: 'EPIPE' })),
  })
  expect(await run(['wal', directory.path], { ...io, stdout: gone })).toBe(0)
  expect(io.err()).toBe('')
})

test('any other failure to write is told', async () => {
  const io = testIo()
  const full = new Writable({
    write: (_chunk, _encoding, done) => done(Object.assign(new Error('write ENOSPC'), { code: 'ENOSPC' })),
  })
  expect(await run(['wal', directory.path], { ...io, stdout: full })).toBe(1)
  expect(io.err()).toMatch(/write ENOSPC\n$/)
})

test('--follow waits for more and prints it when it comes, until interrupted', async () => {
  const io = testIo()
  const running = run(['wal', directory.path, '--follow', '--rmgr', 'LogicalMessage'], io)
  await io.printed('tx:          6')
  directory.append()
  await io.printed('tx:          7')
  directory.append()
  io.interrupt()
  expect(await running).toBe(0)
  expect(io.err()).toBe('')
})
