import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import type { Lsn } from '../format/lsn.js'
import { XLOG_BLCKSZ } from '../format/walPage.js'
import { findRecord, oldestPosition } from './findRecord.js'
import { soleTimeline } from './timelines.js'
import { WalWriter } from './writer.js'

const SEGMENT = 1 << 20
const BEGIN = BigInt(SEGMENT) * 3n
const LOGICAL_MESSAGE = 21

function log(sizes: readonly number[]): { disk: MemoryDisk; starts: Lsn[]; end: Lsn } {
  const disk = memoryDisk([], ['pg_wal'])
  const options = {
    disk,
    segmentSize: SEGMENT,
    timeline: 1,
    systemIdentifier: 1n,
    position: BEGIN,
    previous: 0n,
  }
  const writer = new WalWriter(options)
  const starts = sizes.map((size) => writer.insert(LOGICAL_MESSAGE, 0, 3, new Uint8Array(size)).start)
  writer.write()
  return { disk, starts, end: writer.position }
}

const find = (disk: MemoryDisk, from: Lsn): ReturnType<typeof findRecord> =>
  findRecord({ disk, segmentSize: SEGMENT, timelines: soleTimeline(1) }, from)

test('from any position the next record is found, also past records of many pages', () => {
  const { disk, starts, end } = log([0, 500, 20_000, 8, 40_000, XLOG_BLCKSZ - 200, 700_000, 1, 500_000, 7])
  const positions = fc.bigInt({ min: BEGIN, max: end - 1n })
  const interesting = starts.flatMap((start) => [start - 1n, start, start + 1n, start - (start % 8192n)])
  const check = (from: Lsn): void => {
    const expected = starts.find((start) => start >= from)
    const found = find(disk, from)
    if (expected === undefined) expect(found).toMatchObject({ kind: 'end', lsn: end })
    else expect(found).toMatchObject({ kind: 'found', lsn: expected })
    if (found.kind === 'found') expect(found.reader.read()).toMatchObject({ kind: 'record', lsn: expected })
  }
  for (const from of interesting) if (from >= BEGIN) check(from)
  fc.assert(fc.property(positions, check), { numRuns: 300 })
})

test('a page that is not the expected one, and a segment that is not there, end the search with a sentence', () => {
  const { disk, starts, end } = log([20_000, 20_000])
  expect(find(disk, BEGIN - 1n)).toMatchObject({
    kind: 'end',
    reason: 'could not open file "pg_wal/000000010000000000000002": No such file or directory',
  })
  const page = starts[1] - (starts[1] % BigInt(XLOG_BLCKSZ))
  disk.write('pg_wal/000000010000000000000003', Number(page - BEGIN), Uint8Array.of(0, 0))
  expect(find(disk, page)).toMatchObject({
    kind: 'end',
    reason: expect.stringMatching(
      /^invalid magic number 0000 in WAL segment 000000010000000000000003, /,
    ) as string,
  })
  expect(find(disk, end)).toMatchObject({ kind: 'end' })
})

test('the oldest segment is the lowest number, whatever its timeline', () => {
  const { disk } = log([10])
  disk.write('pg_wal/000000020000000000000001', 0, new Uint8Array(1))
  disk.write('pg_wal/00000002.history', 0, new Uint8Array(1))
  expect(oldestPosition(disk, SEGMENT)).toBe(BigInt(SEGMENT))
  expect(oldestPosition(memoryDisk([], ['pg_wal']), SEGMENT)).toBeUndefined()
})
