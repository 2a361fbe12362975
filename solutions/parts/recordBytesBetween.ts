// 02-lsn: how many bytes for records lie between two positions.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { SEGMENT_SIZES } from '../../exercises/parts/locateLsn.js'
import { between, betweenNote, stretch, type BetweenInput } from '../../exercises/parts/recordBytesBetween.js'
import type { Solution } from '../solution.js'

/** From the distance take the headers of the pages that begin in it: 24 bytes each, and 16 more for each segment. */
export function recordBytesBetween(from: bigint, to: bigint, segmentSize: number): bigint {
  const begunBefore = (lsn: bigint, size: bigint): bigint => (lsn + size - 1n) / size
  const count = (size: bigint): bigint => begunBefore(to, size) - begunBefore(from, size)
  return to - from - 24n * count(8192n) - 16n * count(BigInt(segmentSize))
}

const MIB = 1024 * 1024
const PAGE = 8192n
const size = fc.constantFrom(...SEGMENT_SIZES)
const somewhere = fc.bigInt({ min: 1n << 26n, max: 1n << 40n })

function rule(text: string, why: string, input: fc.Arbitrary<BetweenInput>): Check {
  return generated(between, { rule: text, why, input, note: betweenNote, runs: 100 })
}

/** A page's first byte; never a segment's. */
const pageStart = fc
  .tuple(fc.bigInt({ min: 8n, max: 4000n }), fc.bigInt({ min: 1n, max: 100n }))
  .map(([segment, page]) => segment * BigInt(MIB) + page * PAGE)
const eighths = (min: number, max: number): fc.Arbitrary<bigint> =>
  fc.integer({ min, max }).map((n) => BigInt(8 * n))

const floor = (lsn: bigint, by: bigint): bigint => lsn / by
/** Counts pages and segments in another way, right otherwise. */
const counting =
  (pages: (from: bigint, to: bigint) => bigint, longer = 16n) =>
  (from: bigint, to: bigint, segmentSize: number): bigint => {
    const segment = BigInt(segmentSize)
    const segments = floor(to + segment - 1n, segment) - floor(from + segment - 1n, segment)
    return to - from - 24n * pages(from, to) - longer * segments
  }
const pagesBegun = (from: bigint, to: bigint): bigint =>
  floor(to + PAGE - 1n, PAGE) - floor(from + PAGE - 1n, PAGE)

/** The way PostgreSQL writes it: whole segments, whole pages, the rest (xlog.c, XLogRecPtrToBytePos). */
function usable(lsn: bigint, segmentSize: number): bigint {
  const inSegment = (BigInt(segmentSize) / PAGE) * 8168n - 16n
  const [segments, pages, offset] = [
    lsn / BigInt(segmentSize),
    (lsn % BigInt(segmentSize)) / PAGE,
    lsn % PAGE,
  ]
  const before = segments * inSegment
  if (pages === 0n) return before + (offset > 0n ? offset - 40n : 0n)
  return before + 8152n + (pages - 1n) * 8168n + (offset > 0n ? offset - 24n : 0n)
}

export const recordBytesBetweenSolution: Solution<'recordBytesBetween'> = {
  name: 'recordBytesBetween',
  solution: recordBytesBetween,
  hidden: [
    rule(
      'Over the end of a page, 24 bytes hold no record.',
      'PostgreSQL counts without them when it reserves room: then a record of n bytes takes n, wherever it lies.',
      fc
        .tuple(pageStart, eighths(1, 400), eighths(4, 1000), fc.bigInt({ min: 0n, max: 3n }))
        .map(([page, before, after, more]) => stretch(page - before, before + after + more * PAGE, MIB)),
    ),
    rule(
      'Over the end of a segment, 40 bytes hold no record.',
      'The first page of each file says whose log it is, and that takes 16 bytes more.',
      fc
        .tuple(fc.bigInt({ min: 8n, max: 4000n }), size, eighths(1, 400), eighths(6, 900))
        .map(([n, bytes, before, after]) => stretch(n * BigInt(bytes) - before, before + after, bytes)),
    ),
    rule(
      'A position at the first byte of a page is the end of the page before: its header lies behind it.',
      'A record that fills its page ends there, and pg_current_wal_insert_lsn() then names the byte behind the header.',
      fc
        .tuple(
          pageStart,
          eighths(1, 400),
          fc.constantFrom('ends', 'begins', 'both'),
          fc.bigInt({ min: 1n, max: 9n }),
        )
        .map(([page, distance, what, pages]): BetweenInput => {
          if (what === 'ends') return [page - distance, page, MIB]
          return [page, what === 'both' ? page + pages * PAGE : page + 24n + distance, MIB]
        }),
    ),
    rule(
      'Any stretch, with segments of any size.',
      'wal_segment_size is chosen by initdb, from 1 MiB to 1 GiB.',
      fc
        .tuple(somewhere, fc.bigInt({ min: 0n, max: 1n << 34n }), size)
        .map(([from, length, bytes]) => stretch(from, length, bytes)),
    ),
    rule(
      'Exact for positions up to the largest.',
      'As numbers, positions beyond 2^53 are rounded before they are subtracted.',
      fc
        .tuple(
          fc.bigInt({ min: 1n << 54n, max: (1n << 64n) - (1n << 40n) }),
          fc.bigInt({ min: 0n, max: 1n << 39n }),
          size,
        )
        .map(([from, length, bytes]) => stretch(from, length, bytes)),
    ),
  ],
  alsoRight: {
    "PostgreSQL's own way": (from, to, segmentSize) => usable(to, segmentSize) - usable(from, segmentSize),
  },
  wrong: {
    'the distance': (from, to) => to - from,
    'every header of 24 bytes': counting(pagesBegun, 0n),
    'every header of 40 bytes': (from, to) => to - from - 40n * pagesBegun(from, to),
    'a long header beside the short one': counting(pagesBegun, 40n),
    'whole pages in the distance': counting((from, to) => (to - from) / PAGE),
    'a page begun at the end counts': counting((from, to) => to / PAGE - from / PAGE),
    'every page that is touched': counting((from, to) => to / PAGE - from / PAGE + 1n),
    'segments of 16 MiB': (from, to) => recordBytesBetween(from, to, 16 * MIB),
    'pages of 4096 bytes': counting((from, to) => to / 4096n - from / 4096n),
    'as floating-point numbers': (from, to, segmentSize) => {
      const begun = (lsn: number, by: number): number => Math.ceil(lsn / by)
      const count = (by: number): number => begun(Number(to), by) - begun(Number(from), by)
      return BigInt(Number(to) - Number(from) - 24 * count(8192) - 16 * count(segmentSize))
    },
    'low halves only': (from, to, segmentSize) =>
      recordBytesBetween(from & 0xffffffffn, to & 0xffffffffn, segmentSize),
    'as a number': (from, to, segmentSize) =>
      Number(recordBytesBetween(from, to, segmentSize)) as unknown as bigint,
  },
}
