import { expect, test } from 'vitest'
import { Slru } from '../buffers/slru.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { XACTS_PER_PAGE } from '../format/transactionStatus.js'
import { truncateByXid } from './commitTs.js'

/** Segments of pg_xact that stay when `oldestXid` is the oldest that counts; 4096 make the circle of all ids. */
function left(oldestXid: number, segments: readonly number[]): number[] {
  const name = (segment: number): string => `pg_xact/${segment.toString(16).toUpperCase().padStart(4, '0')}`
  const disk = memoryDisk(segments.map((segment) => [name(segment), new Uint8Array(0)]))
  truncateByXid(new Slru(disk, 'pg_xact'), Math.floor(oldestXid / XACTS_PER_PAGE), XACTS_PER_PAGE)
  return segments.filter((segment) => disk.size(name(segment)) !== undefined)
}

const SEGMENT = 32 * XACTS_PER_PAGE

test('a segment goes when all of it is older, and never the one that is cut', () => {
  for (const within of [0, 1, XACTS_PER_PAGE, SEGMENT - 1])
    expect(left(7 * SEGMENT + within, [5, 6, 7, 8, 9])).toEqual([7, 8, 9])
})

test('older is counted modulo 2^32: half of the circle', () => {
  for (const within of [0, XACTS_PER_PAGE, SEGMENT - 1]) {
    const oldest = 0x10 * SEGMENT + within
    expect(left(oldest, [0x00f, 0x010, 0x80f, 0x810, 0x811, 0xfff, 0])).toEqual([0x010, 0x80f, 0x810])
    expect(left(0xff0 * SEGMENT + within, [0, 0x7ef, 0x7f0, 0x7f1, 0xfef, 0xff0])).toEqual([
      0, 0x7ef, 0x7f0, 0xff0,
    ])
  }
})
