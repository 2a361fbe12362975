// 02-lsn: from a position to segment and offset.

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import {
  locateNote,
  locating,
  MIB,
  SEGMENT_SIZES,
  type LocateInput,
} from '../../exercises/parts/locateLsn.js'
import type { Solution } from '../solution.js'

/** Whole segments before the position, and what is left over. Bigints throughout: a number holds 53 bits only. */
export function locateLsn(lsn: bigint, segmentSize: number): { segment: bigint; offset: number } {
  const size = BigInt(segmentSize)
  return { segment: lsn / size, offset: Number(lsn % size) }
}

const size = fc.constantFrom(...SEGMENT_SIZES)
const LAST = (1n << 64n) - 1n

/** A position by segment and offset, within the 64 bits that there are. */
function at(segment: bigint, offset: number, segmentSize: number): LocateInput {
  return [BigInt.asUintN(64, segment * BigInt(segmentSize) + BigInt(offset)), segmentSize]
}

const number = fc.bigInt({ min: 1n, max: 0xffffffffn })

export const locateLsnSolution: Solution<'locateLsn'> = {
  name: 'locateLsn',
  solution: locateLsn,
  hidden: [
    generated(locating, {
      rule: 'The first byte of a segment belongs to it, at offset 0.',
      why: "Taken for the last segment's end, the page header that starts every file is never read.",
      note: locateNote,
      input: fc.tuple(number, size).map(([segment, bytes]) => at(segment, 0, bytes)),
    }),
    generated(locating, {
      rule: 'The last byte of a segment still belongs to it.',
      why: 'A record that ends there continues in the next file, behind its header.',
      note: locateNote,
      input: fc.tuple(number, size).map(([segment, bytes]) => at(segment, bytes - 1, bytes)),
    }),
    generated(locating, {
      rule: 'The segment size is that of the cluster: 1 MiB to 1 GiB.',
      why: 'initdb --wal-segsize decides, and pg_control says it.',
      note: locateNote,
      input: fc
        .tuple(
          number,
          fc.nat({ max: MIB - 1 }),
          size.filter((bytes) => bytes !== 16 * MIB),
        )
        .map(([segment, offset, bytes]) => at(segment, offset, bytes)),
    }),
    generated(locating, {
      rule: 'Past 4 GiB of WAL, segment numbers go on counting.',
      why: 'The file name splits the number in two, the number itself does not start again.',
      note: locateNote,
      input: fc
        .tuple(fc.bigInt({ min: 1n << 32n, max: 1n << 52n }), size)
        .map(([lsn, bytes]): LocateInput => [lsn, bytes]),
    }),
    generated(locating, {
      rule: 'Positions are exact up to the largest one, FFFFFFFF/FFFFFFFF.',
      why: 'As a floating-point number, a position beyond 2^53 loses its last bytes: the offset points elsewhere.',
      note: locateNote,
      input: fc
        .tuple(fc.bigInt({ min: 1n << 53n, max: LAST }), size)
        .map(([lsn, bytes]): LocateInput => [lsn, bytes]),
    }),
  ],
  alsoRight: {
    'shift and mask': (lsn, segmentSize) => ({
      segment: lsn >> BigInt(Math.log2(segmentSize)),
      offset: Number(lsn & BigInt(segmentSize - 1)),
    }),
  },
  wrong: {
    'segments are always 16 MiB': (lsn) => ({ segment: lsn >> 24n, offset: Number(lsn & 0xffffffn) }),
    'as floating-point numbers': (lsn, segmentSize) => ({
      segment: BigInt(Math.floor(Number(lsn) / segmentSize)),
      offset: Number(lsn) % segmentSize,
    }),
    'low half only': (lsn, segmentSize) => locateLsn(lsn & 0xffffffffn, segmentSize),
    'halves swapped': (lsn, segmentSize) =>
      locateLsn(((lsn & 0xffffffffn) << 32n) | (lsn >> 32n), segmentSize),
    'a boundary counted to the segment before': (lsn, segmentSize) => ({
      segment: (lsn - 1n) / BigInt(segmentSize),
      offset: Number(lsn % BigInt(segmentSize)),
    }),
    'segments counted from 1': (lsn, segmentSize) => ({
      segment: lsn / BigInt(segmentSize) + 1n,
      offset: Number(lsn % BigInt(segmentSize)),
    }),
    'the offset in the page': (lsn, segmentSize) => ({
      segment: lsn / BigInt(segmentSize),
      offset: Number(lsn % 8192n),
    }),
    'the second part of the file name': (lsn, segmentSize) => ({
      segment: (lsn / BigInt(segmentSize)) % (0x100000000n / BigInt(segmentSize)),
      offset: Number(lsn % BigInt(segmentSize)),
    }),
    'signed 64-bit': (lsn, segmentSize) => locateLsn(BigInt.asIntN(64, lsn), segmentSize),
    'signed 32-bit offset': (lsn, segmentSize) => ({
      segment: lsn / BigInt(segmentSize),
      offset: (Number(lsn & 0xffffffffn) | 0) % segmentSize,
    }),
    'the bytes that are left in the segment': (lsn, segmentSize) => ({
      segment: lsn / BigInt(segmentSize),
      offset: segmentSize - Number(lsn % BigInt(segmentSize)),
    }),
  },
}
