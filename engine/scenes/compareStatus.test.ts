import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { compareStatus } from './compareStatus.js'

const temp = mkdtempSync(join(tmpdir(), 'pgcrash-status-'))
afterAll(() => rmSync(temp, { recursive: true, force: true }))

let made = 0

/** A directory with a control file and status files in which these bytes are set. */
function directory(control: Buffer, files: Record<string, [at: number, byte: number]>): string {
  const dir = join(temp, String(++made))
  const write = (file: string, bytes: Buffer): void => {
    mkdirSync(dirname(join(dir, file)), { recursive: true })
    writeFileSync(join(dir, file), bytes)
  }
  write('global/pg_control', control)
  for (const [file, [at, byte]] of Object.entries(files)) {
    const bytes = Buffer.alloc(32 * 8192)
    bytes[at] = byte
    write(file, bytes)
  }
  return dir
}

function control(counters: { nextXid?: bigint; nextMulti?: number; nextMultiOffset?: number }): Buffer {
  const bytes = Buffer.alloc(8192)
  bytes.writeBigUInt64LE(counters.nextXid ?? 3n, 64)
  bytes.writeUInt32LE(counters.nextMulti ?? 1, 76)
  bytes.writeUInt32LE(counters.nextMultiOffset ?? 1, 80)
  bytes.writeUInt32LE(3, 84)
  bytes.writeUInt32LE(1, 92)
  return bytes
}

test('a transaction in the second file of pg_xact', () => {
  const xid = 2 ** 20 + 5
  const here = control({ nextXid: BigInt(xid + 1) })
  const a = directory(here, { 'pg_xact/0001': [1, 1 << 2] })
  const b = directory(here, {})
  expect(compareStatus(a, b).statuses).toEqual([{ what: `xid ${xid}`, a: 'committed', b: 'in progress' }])
})

test('members of multixacts: four to a group, 409 groups to a page, 32 pages to a file', () => {
  const here = control({ nextMultiOffset: 60000 })
  const none = directory(here, {})
  // Member 1637 is the second of the first group on page 1; its xid follows the four status bytes.
  const second = directory(here, { 'pg_multixact/members/0000': [8192 + 4 + 4, 9] })
  expect(compareStatus(none, second).statuses).toMatchObject([
    { what: 'multixact member 1637', b: 'xid 9, status 0' },
  ])
  const nextFile = directory(here, { 'pg_multixact/members/0001': [20 + 2, 5] })
  expect(compareStatus(none, nextFile).statuses).toMatchObject([
    { what: `multixact member ${1636 * 32 + 6}`, b: 'xid 0, status 5' },
  ])
})

test('multixacts: 2048 to a page, 65536 to a file', () => {
  const here = control({ nextMulti: 70000 })
  const none = directory(here, {})
  const one = directory(here, { 'pg_multixact/offsets/0001': [8, 3] })
  expect(compareStatus(none, one).statuses).toEqual([
    { what: 'multixact 65538, first member', a: '0', b: '3' },
  ])
})

test('counters that differ are told, and statuses compared as far as both go', () => {
  const a = directory(control({ nextXid: 10n }), {})
  const b = directory(control({ nextXid: 12n }), { 'pg_xact/0000': [2, 0b01_01_01_00] })
  expect(compareStatus(a, b)).toMatchObject({
    control: [{ what: 'nextXid', a: '10', b: '12' }],
    statuses: [{ what: 'xid 9', a: 'in progress', b: 'committed' }],
  })
})
