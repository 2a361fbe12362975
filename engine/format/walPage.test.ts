import fc from 'fast-check'
import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { WalWriter } from '../wal/writer.js'
import { maxAlign } from './lsn.js'
import { recordBytesBefore } from './walPage.js'

const MIB = 1024 * 1024

test('room for records: what PostgreSQL calls usable bytes', () => {
  const at = (lsn: bigint, segmentSize = 16 * MIB): bigint => recordBytesBefore(lsn, segmentSize)
  expect(at(0n)).toBe(0n)
  expect(at(40n)).toBe(0n) // behind the long header of the first page
  expect(at(8192n)).toBe(8152n) // the end of the first page
  expect(at(8192n + 24n)).toBe(8152n) // the next record starts here: no room in between
  expect(at(16384n)).toBe(8152n + 8168n)
  // UsableBytesInSegment, as xlog.c computes it: pages of 8168 bytes, less what the long header takes more.
  for (const segmentSize of [MIB, 16 * MIB, 1024 * MIB]) {
    const usable = BigInt((segmentSize / 8192) * 8168 - 16)
    expect(at(BigInt(segmentSize), segmentSize)).toBe(usable)
    expect(at(5n * BigInt(segmentSize) + 40n, segmentSize)).toBe(5n * usable)
  }
})

test('a record takes its length, rounded up, wherever pages and segments end', () => {
  const toPageEnd = 0
  const length = fc.oneof(fc.constant(toPageEnd), fc.integer({ min: 1, max: 30_000 }))
  const lengths = fc.array(length, { minLength: 1, maxLength: 12 })
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 1000 }), lengths, (first, mains) => {
      const segment = 3n * BigInt(MIB)
      const disk = memoryDisk([], ['pg_wal'])
      const options = { disk, segmentSize: MIB, timeline: 1, systemIdentifier: 1n, previous: 0n }
      const writer = new WalWriter({ ...options, position: segment })
      writer.insert(0, 0, 0, new Uint8Array(MIB - 100_000 + 8 * first)) // close to the segment's end
      for (const wanted of mains) {
        const room = 8192 - Number(writer.nextRecordStart % 8192n)
        const length = wanted === toPageEnd ? Math.max(1, room - (room < 282 ? 26 : 29)) : wanted
        const { start, end } = writer.insert(10, 0, 0, new Uint8Array(length))
        const total = 24 + (length < 256 ? 2 : 5) + length
        expect(recordBytesBefore(end, MIB) - recordBytesBefore(start, MIB)).toBe(BigInt(maxAlign(total)))
      }
    }),
    { numRuns: 30 },
  )
})
