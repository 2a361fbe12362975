// The log is written by our own writer into a disk in memory, then damaged one field at a time: each damage must end the
// log at the right place with the sentence that PostgreSQL's reader has for it (src/test/recovery/t/039_end_of_wal.pl
// tests the same list).

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { viewOf } from '../bytes/layout.js'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import { formatLsn, segmentFileName, type Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { recordCrc, WalReader } from './reader.js'
import { soleTimeline } from './timelines.js'
import type { EndOfWal, WalRecord } from './record.js'
import { WalWriter } from './writer.js'

const SEGMENT = 1 << 20
const SYSTEM = 7_000_000_000_000_000_001n
const LOGICAL_MESSAGE = 21

interface Log {
  disk: MemoryDisk
  begin: Lsn
  starts: Lsn[]
  end: Lsn
}

/** A log with records of the given main-data sizes, from `begin` on (a segment's start). */
function buildLog(sizes: number[], begin: Lsn = BigInt(SEGMENT)): Log {
  const disk = memoryDisk([], ['pg_wal'])
  const writer = new WalWriter({
    disk,
    segmentSize: SEGMENT,
    timeline: 1,
    systemIdentifier: SYSTEM,
    position: begin,
    previous: 0n,
  })
  const starts = sizes.map(
    (size, i) => writer.insert(LOGICAL_MESSAGE, 0, i + 3, new Uint8Array(size).fill(i + 1)).start,
  )
  writer.write()
  return { disk, begin, starts, end: writer.position }
}

function readAll(log: Log, disk: MemoryDisk = log.disk): { records: WalRecord[]; end: EndOfWal } {
  const reader = new WalReader({
    disk,
    segmentSize: SEGMENT,
    timelines: soleTimeline(1),
    systemIdentifier: SYSTEM,
  })
  reader.beginAt(log.begin)
  const records: WalRecord[] = []
  for (;;) {
    const next = reader.read()
    if (next.kind === 'end') return { records, end: next }
    records.push(next)
  }
}

/** Changes bytes at a position of the log. */
function damage(log: Log, at: Lsn, write: (view: DataView) => void): void {
  const file = `pg_wal/${segmentFileName(1, at / BigInt(SEGMENT), SEGMENT)}`
  const offset = Number(at % BigInt(SEGMENT))
  const bytes = log.disk.read(file, offset, 64)
  write(viewOf(bytes))
  log.disk.write(file, offset, bytes)
}

test('a transient reader reads the same, again and again in the same record', () => {
  const sizes = [0, 7, 255, 256, 8100, 8192, 20000, 3, 300_000, 12, 900_000, 7, 65_536, 0]
  const log = buildLog(sizes)
  const { records, end } = readAll(log)
  const options = {
    disk: log.disk,
    segmentSize: SEGMENT,
    timelines: soleTimeline(1),
    systemIdentifier: SYSTEM,
  }
  const reader = new WalReader({ ...options, transient: true })
  reader.beginAt(log.begin)
  const first = reader.read()
  for (const [i, kept] of records.entries()) {
    const read = i === 0 ? first : reader.read()
    expect(read).toBe(first)
    if (read.kind === 'end') throw new Error(read.reason)
    const header = ({ lsn, endLsn, xl_xid, xl_info, xl_rmid, xl_tot_len }: WalRecord) =>
      [lsn, endLsn, xl_xid, xl_info, xl_rmid, xl_tot_len].join(' ')
    expect(header(read)).toBe(header(kept))
    expect(Buffer.compare(read.raw, kept.raw)).toBe(0)
    expect(Buffer.compare(read.main, kept.main)).toBe(0)
  }
  expect(reader.position).toBe(log.end)
  expect(reader.read()).toEqual(end)
})

test('what was written is read: sizes on both sides of every page and segment border', () => {
  const sizes = [0, 1, 254, 255, 256, 8000, 8192, 20000, 3, 300_000, 900_000, 7, 0, 0]
  const log = buildLog(sizes)
  const { records, end } = readAll(log)
  expect(records.map((r) => r.mainLength)).toEqual(sizes)
  expect(records.map((r) => r.lsn)).toEqual(log.starts)
  expect(records.map((r) => r.xl_prev)).toEqual([0n, ...log.starts.slice(0, -1)])
  expect(records.at(-1)?.endLsn).toBe(log.end)
  for (const [i, r] of records.entries()) expect(r.main.every((byte) => byte === i + 1)).toBe(true)
  expect(end.reason).toBe(`invalid record length at ${formatLsn(log.end)}: expected at least 24, got 0`)
  expect(end).toMatchObject({ lsn: log.end, cause: 'zeroes' })
  expect(end.aborted).toBeUndefined()
})

test('random sizes, and positions beyond 2^32 and 2^53, are read exactly', () => {
  const begins = [1n << 20n, (1n << 32n) - (1n << 20n), (1n << 53n) - (1n << 20n), (1n << 62n) + (1n << 20n)]
  const sizes = fc.array(fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer({ min: 7000, max: 40000 })), {
    minLength: 1,
    maxLength: 60,
  })
  fc.assert(
    fc.property(sizes, fc.constantFrom(...begins), (list, begin) => {
      const log = buildLog(list, begin)
      const { records, end } = readAll(log)
      expect(records.map((r) => r.lsn)).toEqual(log.starts)
      expect(records.at(-1)?.endLsn).toBe(log.end)
      expect(end.cause).toBe('zeroes')
    }),
    { numRuns: 60 },
  )
})

describe('a record on one page', () => {
  const sizes = [40, 40, 40]
  const cases: Array<[string, (log: Log) => void, (at: string) => string]> = [
    [
      'length 0',
      (log) => damage(log, log.starts[2], (v) => v.setUint32(0, 0, true)),
      (at) => `invalid record length at ${at}: expected at least 24, got 0`,
    ],
    [
      'length 23',
      (log) => damage(log, log.starts[2], (v) => v.setUint32(0, 23, true)),
      (at) => `invalid record length at ${at}: expected at least 24, got 23`,
    ],
    [
      'unknown resource manager',
      (log) => damage(log, log.starts[2], (v) => v.setUint8(17, 22)),
      (at) => `invalid resource manager ID 22 at ${at}`,
    ],
    [
      'wrong prev-link',
      (log) => damage(log, log.starts[2], (v) => v.setBigUint64(8, 0xdeadbeefn, true)),
      (at) => `record with incorrect prev-link 0/DEADBEEF at ${at}`,
    ],
    [
      'wrong prev-link and absurd length: the link is seen first',
      (log) =>
        damage(log, log.starts[2], (v) => {
          v.setUint32(0, 2 ** 31, true)
          v.setBigUint64(8, 0xdeadbeefn, true)
        }),
      (at) => `record with incorrect prev-link 0/DEADBEEF at ${at}`,
    ],
    [
      'one byte changed',
      (log) => damage(log, log.starts[2] + 30n, (v) => v.setUint8(0, v.getUint8(0) ^ 1)),
      (at) => `incorrect resource manager data checksum in record at ${at}`,
    ],
    [
      'padding byte of the header changed',
      (log) => damage(log, log.starts[2] + 18n, (v) => v.setUint8(0, 1)),
      (at) => `incorrect resource manager data checksum in record at ${at}`,
    ],
  ]
  test.each(cases)('%s', (_, harm, sentence) => {
    const log = buildLog(sizes)
    harm(log)
    const { records, end } = readAll(log)
    expect(records.length).toBe(2)
    expect(end.lsn).toBe(log.starts[2])
    expect(end.reason).toBe(sentence(formatLsn(log.starts[2])))
    expect(end.aborted).toBeUndefined()
  })
})

describe('a record over two pages', () => {
  const name = segmentFileName(1, 1n, SEGMENT)
  const secondPage = BigInt(SEGMENT + XLOG_BLCKSZ)
  const where = `in WAL segment ${name}, LSN ${formatLsn(secondPage)}, offset ${XLOG_BLCKSZ}`
  // The first record fills the first page up to `left` bytes before its end.
  const logLeaving = (left: number): Log => buildLog([XLOG_BLCKSZ - 40 - 24 - 5 - left, 600])
  const cases: Array<[string, (v: DataView) => void, (start: string, left: number) => string]> = [
    ['magic 0', (v) => v.setUint16(0, 0, true), () => `invalid magic number 0000 ${where}`],
    ['magic CAFE', (v) => v.setUint16(0, 0xcafe, true), () => `invalid magic number CAFE ${where}`],
    [
      'page address of another page',
      (v) => v.setBigUint64(8, 0xbaaaaaadn, true),
      () => `unexpected pageaddr 0/BAAAAAAD ${where}`,
    ],
    ['info bits 1234', (v) => v.setUint16(2, 0x1234, true), () => `invalid info bits 1234 ${where}`],
    [
      'no contrecord flag',
      (v) => v.setUint16(2, 4, true),
      (start) => `there is no contrecord flag at ${start}`,
    ],
    [
      'wrong rem_len',
      (v) => v.setUint32(16, 123456, true),
      (start, left) => `invalid contrecord length 123456 (expected ${629 - left}) at ${start}`,
    ],
    [
      'a timeline before ours',
      (v) => v.setUint32(4, 0, true),
      () => `out-of-sequence timeline ID 0 (after 1) ${where}`,
    ],
  ]
  for (const left of [104, 16])
    // with 16 bytes left the record's header itself is cut
    test.each(cases)(`${left} bytes before the page end: %s`, (_, harm, sentence) => {
      const log = logLeaving(left)
      expect(Number(secondPage - log.starts[1])).toBe(left)
      damage(log, secondPage, harm)
      const { records, end } = readAll(log)
      expect(records.length).toBe(1)
      expect(end.reason).toBe(sentence(formatLsn(log.starts[1]), left))
      expect(end.aborted).toEqual({ record: log.starts[1], missingContinuation: secondPage })
    })

  test('a timeline that is not ours: the record is whole, and yet it does not count', () => {
    const log = logLeaving(104)
    damage(log, secondPage, (v) => v.setUint32(4, 2, true))
    const { records, end } = readAll(log)
    expect(records.length).toBe(1)
    expect(end).toMatchObject({ lsn: log.starts[1], reason: `unexpected timeline ID 2 ${where}` })
    expect(end.aborted).toBeUndefined()
    const reader = new WalReader({ disk: log.disk, segmentSize: SEGMENT, timelines: [1] })
    reader.beginAt(log.begin)
    while (reader.read().kind === 'record');
    expect(reader.timeline, 'the one to write on').toBe(1)
    damage(log, secondPage + 100n, (v) => v.setUint8(0, v.getUint8(0) ^ 1))
    expect(readAll(log).end).toMatchObject({ cause: 'checksum', aborted: { record: log.starts[1] } })
  })

  test('a cut header is checked once it is whole', () => {
    const log = logLeaving(16)
    damage(log, log.starts[1], (v) => v.setBigUint64(8, 0x42n, true))
    expect(readAll(log).end.reason).toBe(
      `record with incorrect prev-link 0/42 at ${formatLsn(log.starts[1])}`,
    )
  })
})

test('a segment that is missing, short, or of another cluster ends the log', () => {
  const log = buildLog([500_000, 600_000, 10])
  const second = `pg_wal/${segmentFileName(1, 2n, SEGMENT)}`
  const without = log.disk.clone()
  without.remove(second)
  expect(readAll(log, without).end).toMatchObject({
    cause: 'missing segment',
    reason: `could not open file "${second}": No such file or directory`,
    aborted: { record: log.starts[1], missingContinuation: BigInt(2 * SEGMENT) },
  })
  const short = log.disk.clone()
  short.truncate(second, 100)
  expect(readAll(log, short).end.reason).toBe(
    `could not read from WAL segment ${segmentFileName(1, 2n, SEGMENT)}, LSN 0/200000, offset 0: read 100 of 8192`,
  )
  const foreign = log.disk.clone()
  foreign.write(second, 24, new Uint8Array(8))
  expect(readAll(log, foreign).end.reason).toMatch(
    /^WAL file is from different database system: WAL file database/,
  )
})

test('after a segment switch reading goes on in the next segment', () => {
  const disk = memoryDisk([], ['pg_wal'])
  const options = { disk, segmentSize: SEGMENT, timeline: 1, systemIdentifier: SYSTEM }
  const writer = new WalWriter({ ...options, position: BigInt(SEGMENT), previous: 0n })
  const first = writer.insert(LOGICAL_MESSAGE, 0, 0, new Uint8Array(3))
  const change = writer.switchSegment()
  const last = writer.insert(LOGICAL_MESSAGE, 0, 0, new Uint8Array(3))
  writer.write()
  const { records } = readAll({ disk, begin: BigInt(SEGMENT), starts: [], end: 0n })
  expect(records.map((r) => r.lsn)).toEqual([first.start, change.start, last.start])
  expect(records[1].endLsn).toBe(BigInt(2 * SEGMENT))
})

test('a record abandoned at a page end is skipped when the next page says so', () => {
  const log = buildLog([8000, 9000])
  const page = BigInt(SEGMENT + XLOG_BLCKSZ)
  const writer = new WalWriter({
    disk: log.disk,
    segmentSize: SEGMENT,
    timeline: 1,
    systemIdentifier: SYSTEM,
    position: page,
    previous: log.starts[0],
  })
  writer.overwriteContinuation()
  const main = new Uint8Array(16)
  viewOf(main).setBigUint64(0, log.starts[1], true)
  const told = writer.insert(0, 0xd0, 0, main)
  writer.write()
  const reader = new WalReader({ disk: log.disk, segmentSize: SEGMENT, timelines: soleTimeline(1) })
  reader.beginAt(log.begin)
  expect(reader.read()).toMatchObject({ kind: 'record', lsn: log.starts[0] })
  expect(reader.read()).toMatchObject({ kind: 'record', lsn: told.start, xl_prev: log.starts[0] })
  expect(reader.overwritten).toBe(log.starts[1])
})

test('reading may begin at any record, and nowhere inside one', () => {
  const log = buildLog([40, 9000, 40])
  const reader = new WalReader({ disk: log.disk, segmentSize: SEGMENT, timelines: soleTimeline(1) })
  for (const start of log.starts) {
    reader.beginAt(start)
    expect(reader.read()).toMatchObject({ kind: 'record', lsn: start })
  }
  reader.beginAt(BigInt(SEGMENT + 8))
  expect(reader.read()).toMatchObject({
    reason: 'invalid record offset at 0/100008: expected at least 40, got 8',
  })
  reader.beginAt(BigInt(SEGMENT + XLOG_BLCKSZ))
  expect(reader.read()).toMatchObject({ reason: `contrecord is requested by 0/102018` })
})

test('every single bit of a record and of the page header before it is guarded', () => {
  const log = buildLog([30])
  const file = `pg_wal/${segmentFileName(1, 1n, SEGMENT)}`
  const length = 40 + 24 + 2 + 30
  for (let bit = 0; bit < length * 8; bit++) {
    const byte = bit >> 3
    // Not looked at in a page header: one removable flag, padding, and what only a continued record reads.
    const disk = log.disk.clone()
    const bytes = disk.read(file, byte, 1)
    bytes[0] ^= 1 << (bit & 7)
    disk.write(file, byte, bytes)
    const { records } = readAll(log, disk)
    const unguarded = (byte === 2 && [2, 3].includes(bit & 7)) || (byte >= 16 && byte < 24)
    expect(records.length, `bit ${bit & 7} of byte ${byte}`).toBe(unguarded ? 1 : 0)
  }
})

test('recordCrc takes the payload first, then the header up to xl_crc', () => {
  const log = buildLog([10])
  const [record] = readAll(log).records
  expect(recordCrc(record.raw)).toBe(record.xl_crc)
})
