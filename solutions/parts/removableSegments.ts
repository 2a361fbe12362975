// 03-checkpoint: which files of the log may go.

import fc from 'fast-check'
import { locateLsn, parseSegmentFileName, segmentFileName } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { position } from '../../exercises/checking/positions.js'
import {
  few,
  removal,
  removalNote,
  segmentsAround,
  segmentSizes,
  type SegmentsInput,
} from '../../exercises/parts/removableSegments.js'
import type { Solution } from '../solution.js'

/** Segments before the one that holds the redo point. All parts of a name have eight digits, so text order will do. */
export function removableSegments(
  names: readonly string[],
  redo: bigint,
  segmentSize: number,
  timeline: number, // plays no part: an older timeline's segment is needed as long
): string[] {
  const perLog = 0x100000000n / BigInt(segmentSize) // the number has two parts, as it had when files ended at 4 GiB
  const segment = redo / BigInt(segmentSize)
  const digits = (n: bigint): string => n.toString(16).toUpperCase().padStart(8, '0')
  const first = digits(segment / perLog) + digits(segment % perLog)
  return names.filter((name) => /^[0-9A-F]{24}(\.partial)?$/.test(name) && name.slice(8) < first)
}

type Part = (names: readonly string[], redo: bigint, segmentSize: number, timeline: number) => string[]

const SEGMENT = /^[0-9A-F]{24}$/

/** By number: the names that are `kept` out of those for which `goes` says so. */
const byNumber =
  (
    goes: (segment: bigint, redoSegment: bigint) => boolean,
    isSegment = /^[0-9A-F]{24}(?:\.partial)?$/,
  ): Part =>
  (names, redo, segmentSize) =>
    names.filter((name) => {
      const parsed = parseSegmentFileName(name.slice(0, 24), segmentSize)
      return isSegment.test(name) && parsed !== undefined && goes(parsed.segment, redo / BigInt(segmentSize))
    })

/** Compared as text with the name of the segment that holds the redo point. */
const byText =
  ({
    from = 8,
    isSegment = /^[0-9A-F]{24}(?:\.partial)?$/,
    size = (segmentSize: number): number => segmentSize,
  }: { from?: number; isSegment?: RegExp; size?: (segmentSize: number) => number } = {}): Part =>
  (names, redo, segmentSize, timeline) => {
    const used = size(segmentSize)
    const first = segmentFileName(timeline, locateLsn(redo, used).segment, used).slice(from)
    return names.filter((name) => isSegment.test(name) && name.slice(from) < first)
  }

/** Timelines that a cluster has been through, newest last, and a redo point on the newest. */
const promoted: fc.Arbitrary<SegmentsInput> = fc
  .tuple(position(), segmentSizes, few, few, fc.integer({ min: 2, max: 12 }))
  .map(([offset, size, before, after, timeline]): SegmentsInput => {
    const redo = offset + 6n * BigInt(size)
    const own = segmentsAround(redo, size, timeline, before, after)
    const parent = segmentsAround(redo, size, timeline - 1, before + 1, 0)
    const child = segmentsAround(redo, size, timeline + 1, 1, 1)
    return [[...parent, ...own, ...child], redo, size, timeline]
  })

/** What else lies in pg_wal. A partial segment that is the last one before the redo point is left out: see xlog.c. */
const company: fc.Arbitrary<SegmentsInput> = fc
  .tuple(position(), segmentSizes, fc.integer({ min: 1, max: 3 }), few)
  .map(([offset, size, before, after]): SegmentsInput => {
    const redo = offset + 8n * BigInt(size)
    const names = segmentsAround(redo, size, 2, before + 1, after)
    const others = [
      '00000002.history',
      'archive_status',
      'summaries',
      'xlogtemp.4711',
      `${names[0]}.00000028.backup`,
      names[0].toLowerCase().replace(/0$/, 'a'),
      `${names[0]}.done`,
    ]
    return [[...others.slice(0, 3), ...names, ...others.slice(3), `${names[0]}.partial`], redo, size, 2]
  })

/** A redo point that is the first or the last position of a segment. */
const atTheEdge: fc.Arbitrary<SegmentsInput> = fc
  .tuple(fc.integer({ min: 3, max: 5000 }), segmentSizes, fc.boolean(), few)
  .map(([segment, size, last, before]): SegmentsInput => {
    const start = BigInt(segment) * BigInt(size)
    const redo = last ? start + BigInt(size) - 8n : start
    return [segmentsAround(redo, size, 1, before, 1), redo, size, 1]
  })

/** Names around the place where the last part of a number begins anew: …000000FF, then …00000100 00000000. */
const acrossParts: fc.Arbitrary<SegmentsInput> = fc
  .tuple(fc.integer({ min: 1, max: 0xffff }), segmentSizes, fc.integer({ min: -2, max: 2 }))
  .map(([part, size, distance]): SegmentsInput => {
    const redo = (BigInt(part) << 32n) + BigInt(distance) * BigInt(size) + 40n
    return [segmentsAround(redo, size, 1, 3, 2), redo, size, 1]
  })

const farOut: fc.Arbitrary<SegmentsInput> = fc
  .tuple(fc.bigInt({ min: 1n << 20n, max: (1n << 40n) - 1n }), segmentSizes)
  .map(([segment, size]): SegmentsInput => {
    const redo = ((segment << 20n) & ~(BigInt(size) - 1n)) + BigInt(size) - 8n
    return [segmentsAround(redo, size, 1, 2, 2), redo, size, 1]
  })

const runs = 60

export const removableSegmentsSolution: Solution<'removableSegments'> = {
  name: 'removableSegments',
  solution: removableSegments,
  hidden: [
    generated(removal, {
      rule: 'The segment that holds the redo point stays, be it with its first byte or with its last.',
      why: 'The next crash begins to read in it.',
      note: removalNote,
      runs,
      input: atTheEdge,
    }),
    generated(removal, {
      rule: 'The timeline in a name plays no part.',
      why: 'A segment of the parent timeline may be the one that replay begins in (RemoveOldXlogFiles, xlog.c).',
      note: removalNote,
      runs,
      input: promoted,
    }),
    generated(removal, {
      rule: 'Only segments go, whole or partial; history files, backup files and folders stay.',
      why: 'A history file says which timelines belong together, and nothing else does.',
      note: removalNote,
      runs,
      input: company,
    }),
    generated(removal, {
      rule: "A segment's number has two parts, and how high the second one counts depends on the size.",
      why: 'With 16 MiB it ends at FF, with 1 MiB at FFF, with 1 GiB at 3 (XLogFileName, xlog_internal.h).',
      note: removalNote,
      runs,
      input: acrossParts,
    }),
    generated(removal, {
      rule: 'The redo point is exact beyond 2^53.',
      why: 'The last byte of a segment is not the first one of the next.',
      note: removalNote,
      runs,
      input: farOut,
    }),
  ],
  alsoRight: { 'by number': byNumber((segment, redo) => segment < redo) },
  wrong: {
    'the one with the redo point too': byNumber((segment, redo) => segment <= redo),
    'one more is kept to be sure': byNumber((segment, redo) => segment + 1n < redo),
    'what is needed instead of what may go': byNumber((segment, redo) => segment >= redo),
    'whole names compared, timeline and all': byText({ from: 0 }),
    'only those of its own timeline': (names, redo, segmentSize, timeline) =>
      removableSegments(names, redo, segmentSize, timeline).filter(
        (name) => parseInt(name.slice(0, 8), 16) === timeline,
      ),
    'all of older timelines': (names, redo, segmentSize, timeline) => {
      const goes = new Set(removableSegments(names, redo, segmentSize, timeline))
      return names.filter(
        (name) => goes.has(name) || (SEGMENT.test(name) && parseInt(name.slice(0, 8), 16) < timeline),
      )
    },
    'partial segments stay': byText({ isSegment: SEGMENT }),
    'everything whose name begins like a segment': byText({ isSegment: /^[0-9A-F]{24}/ }),
    'everything that sorts before it': byText({ isSegment: /^/ }),
    'lower-case names too': byText({ isSegment: /^[0-9a-f]{24}(?:\.partial)?$/i }),
    'segments are always 16 MiB': byText({ size: () => 16 << 20 }),
    'the last 16 digits are one number': (names, redo, segmentSize) =>
      names.filter(
        (name) =>
          /^[0-9A-F]{24}(?:\.partial)?$/.test(name) &&
          BigInt(`0x${name.slice(8, 24)}`) < redo / BigInt(segmentSize),
      ),
    'through a floating-point number': (names, redo, segmentSize, timeline) =>
      removableSegments(names, BigInt(Number(redo)), segmentSize, timeline),
    'nothing ever': () => [],
  },
}
