import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { run } from './program.js'
import { testDirectory, type TestDirectory } from './testing/directory.js'
import { pgcrash, testIo } from './testing/io.js'

let directory: TestDirectory
beforeEach(() => void (directory = testDirectory()))
afterEach(() => directory.remove())

test('--version and --help say what there is, with examples and exit codes', async () => {
  expect(await pgcrash('--version')).toMatchObject({
    code: 0,
    out: expect.stringMatching(/^\d+\.\d+\.\d+\n$/) as string,
  })
  const help = await pgcrash('--help')
  expect(help.code).toBe(0)
  for (const part of ['recover', 'wal', 'control', 'Examples:', 'Exit codes:'])
    expect(help.out).toContain(part)
  for (const command of ['recover', 'wal', 'control']) {
    const { code, out } = await pgcrash(command, '--help')
    expect(code).toBe(0)
    expect(out).toMatch(new RegExp(`^Usage: pgcrash ${command} `))
    expect(out).toContain('Exit codes:')
  }
})

test.each([
  [['walk'], "unknown command 'walk'"],
  [['wal', '--frm', '0/1'], "unknown option '--frm'"],
  [['wal', 'DIR', 'another'], 'too many arguments'],
  [['wal', 'DIR', '--from', 'zero'], 'A WAL location looks like 0/1A2B3C8.'],
  [['wal', 'DIR', '--rmgr', 'Heap3'], 'Resource managers are XLOG, Transaction,'],
  [['wal', 'DIR', '--relation', '1663/5'], 'Expected a path like base/5/16384'],
  [['wal', 'DIR', '--fork', 'first'], 'Forks are main, fsm, vm, init.'],
  [['wal', 'DIR', '--limit', '0'], 'Expected a whole number from 1'],
  [['wal', 'DIR', '--xid', '4294967296'], 'Expected a whole number from 0 to 4294967295.'],
  [['wal', 'DIR', '--stats=relation'], 'Statistics are by "rmgr" or by "record".'],
  [['wal', 'DIR', '--block', '3'], '--block needs --relation'],
  [['wal', 'DIR', '--from', '0/2', '--to', '0/1'], '--to lies before --from'],
  [['wal', 'DIR', '--follow', '--to', '0/1'], '--follow and --to exclude each other'],
  [['control'], 'no data directory: name it, or set the environment variable PGDATA'],
])('a command line that makes no sense: %j', async (args, sentence) => {
  const { code, out, err } = await pgcrash(...args)
  expect(code).toBe(2)
  expect(out).toBe('')
  expect(err).toMatch(/^pgcrash: error: [^\n]+\n$/)
  expect(err).toContain(sentence)
})

test.each(['recover', 'wal', 'control'])(
  '%s: what is no data directory, or a broken one, is one sentence',
  async (command) => {
    const one = async (path: string, code: number, sentence: RegExp): Promise<void> => {
      const result = await pgcrash(command, path)
      expect(result).toMatchObject({ code, out: '' })
      expect(result.err.split('\n')[0]).toMatch(sentence)
      expect(result.err).not.toMatch(/^ +at /m)
    }
    const empty = mkdtempSync(join(tmpdir(), 'pgcrash-empty-'))
    await one(join(empty, 'not there'), 3, /^pgcrash: error: there is no directory ".*not there"$/)
    await one(
      empty,
      3,
      /is not a PostgreSQL data directory: expected the file global\/pg_control, found none/,
    )
    rmSync(empty, { recursive: true })
    await one(join(directory.path, 'global/pg_control'), 3, /pg_control" is not a directory$/)

    const control = join(directory.path, 'global/pg_control')
    const bytes = readFileSync(control)
    truncateSync(control, 100)
    await one(directory.path, 4, /the file is too short: expected 8192 bytes, found 100/)
    writeFileSync(control, bytes)
  },
)

test('the directory may come from PGDATA', async () => {
  const io = testIo({ env: { PGDATA: directory.path } })
  expect(await run(['control'], io)).toBe(0)
  expect(io.out()).toContain('Database cluster state:               in production\n')
})

test('errors are red at a terminal, unless NO_COLOR is set', async () => {
  const shown = async (env: Record<string, string>, isTTY: boolean): Promise<string> => {
    const io = testIo({ env, isTTY })
    expect(await run(['walk'], io)).toBe(2)
    return io.err()
  }
  expect(await shown({}, true)).toContain('\x1b[31merror:\x1b[39m')
  expect(await shown({ NO_COLOR: '1' }, true)).toMatch(/^pgcrash: error: /)
  expect(await shown({}, false)).toMatch(/^pgcrash: error: /)
})

test('control prints the control file; a flipped bit is shown with a warning and exit code 4', async () => {
  const sound = await pgcrash('control', directory.path)
  expect(sound).toMatchObject({ code: 0, err: '' })
  expect(sound.lines).toHaveLength(51)
  expect(JSON.parse((await pgcrash('control', directory.path, '--json')).out)).toMatchObject({
    system_identifier: '7000000000000000001',
    state_name: 'in production',
    checkPointCopy: { redo: '0/100028', nextXid: '3' },
  })

  const control = join(directory.path, 'global/pg_control')
  const bytes = readFileSync(control)
  bytes[300 - 12] ^= 1
  writeFileSync(control, bytes)
  const damaged = await pgcrash('control', directory.path)
  expect(damaged.code).toBe(4)
  expect(damaged.lines).toHaveLength(51)
  expect(damaged.err).toMatch(/^pgcrash: global\/pg_control: incorrect checksum in control file: [^\n]+\n/)
  expect(damaged.err).toContain('pgcrash: what is printed here cannot be trusted\n')
})
