// 01-wal: up to where must the log be on disk before these pages are written?

import fc from 'fast-check'
import { formatLsn } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition, position } from '../../exercises/checking/positions.js'
import {
  cachedPage,
  flushing,
  flushNote,
  type CachedPage,
  type FlushInput,
} from '../../exercises/parts/flushBeforeWrite.js'
import type { Solution } from '../solution.js'

/** Only dirty pages are written, only logged ones wait for the log, and the newest of them decides. */
export function flushBeforeWrite(pages: readonly CachedPage[], flushedTo: bigint): bigint | undefined {
  let target = flushedTo
  for (const { pageLSN, dirty, permanent } of pages)
    if (dirty && permanent && pageLSN > target) target = pageLSN
  return target > flushedTo ? target : undefined
}

function rule(text: string, why: string, input: fc.Arbitrary<FlushInput>): Check {
  return generated(flushing, { rule: text, why, input, runs: 40, note: flushNote })
}

/** Pages around the end of the log on disk. */
const around = (page: (middle: bigint) => fc.Arbitrary<CachedPage>, most = 5): fc.Arbitrary<FlushInput> =>
  position(0x2000000n, 0x40000000n).chain((flushedTo) =>
    fc.array(page(flushedTo), { maxLength: most }).map((pages): FlushInput => [pages, flushedTo]),
  )
const dirtyPage = (middle: bigint): fc.Arbitrary<CachedPage> =>
  cachedPage(middle).map((page) => ({ ...page, dirty: true }))

const toWrite = (pageLSN: bigint): CachedPage => ({ pageLSN, dirty: true, permanent: true })
/** Pages close to the end of the log on disk and far from it, where positions are large. */
const highOnes = fc
  .tuple(
    fc.oneof(highPosition, fc.constantFrom(0x10000000n, 0x10_0000_0000n, 0x1000_0000_0000n)),
    fc.integer({ min: -3, max: 3 }),
    highPosition,
  )
  .map(([flushedTo, n, other]): FlushInput => {
    const near = BigInt.asUintN(64, flushedTo + BigInt(8 * n))
    return [[near, other].map(toWrite), flushedTo]
  })
/** The page's LSN is larger by one digit, and the first of its digits smaller. */
const oneDigitMore = fc
  .tuple(fc.integer({ min: 0, max: 6 }), fc.integer({ min: 2, max: 15 }), fc.nat(0xffff))
  .map(([digits, first, more]): FlushInput => {
    const power = 1n << BigInt(32 + 4 * digits)
    return [[toWrite(16n * power + BigInt(8 * more))], BigInt(first) * power]
  })

const candidates = (pages: readonly CachedPage[]): bigint[] =>
  pages.filter(({ dirty, permanent }) => dirty && permanent).map(({ pageLSN }) => pageLSN)
const highest = (lsns: readonly bigint[]): bigint => lsns.reduce((max, lsn) => (lsn > max ? lsn : max), 0n)
const ifAhead = (lsn: bigint, flushedTo: bigint): bigint | undefined => (lsn > flushedTo ? lsn : undefined)

export const flushBeforeWriteSolution: Solution<'flushBeforeWrite'> = {
  name: 'flushBeforeWrite',
  solution: flushBeforeWrite,
  hidden: [
    rule(
      'The newest page that is to be written decides, wherever it stands in the list.',
      'One flush serves all pages that are behind it.',
      around(dirtyPage),
    ),
    rule(
      'A page whose LSN is exactly where the log on disk ends needs no flush.',
      'A page LSN is the end of a record: up to there, all is on disk already.',
      position().chain((flushedTo) =>
        fc
          .array(
            fc.integer({ min: -9, max: 0 }).map((n) => ({
              pageLSN: flushedTo + BigInt(8 * n),
              dirty: true,
              permanent: true,
            })),
            { minLength: 1, maxLength: 3 },
          )
          .map((pages): FlushInput => [pages, flushedTo]),
      ),
    ),
    rule(
      'Clean pages are not written, and so nothing waits for the log because of them.',
      'Their change is on disk, and its log was there before it.',
      around((middle) => cachedPage(middle)),
    ),
    rule(
      'A page of an unlogged table does not wait for the log (BM_PERMANENT).',
      'It is empty after a crash anyway; and where its LSN is an invented one, as in a GiST index, the log may not go that far at all.',
      around((middle) => cachedPage(middle, true)),
    ),
    rule(
      'Positions are numbers of 64 bits, and exact.',
      'Past 4 GiB of log the low half starts from zero again; past 2^53 a number forgets the last bytes; and as text 0/F0000000 would be more than 10/0.',
      fc.oneof({ weight: 2, arbitrary: highOnes }, { weight: 1, arbitrary: oneDigitMore }),
    ),
  ],
  alsoRight: {
    'filter, sort, last': (pages, flushedTo) => {
      const ahead = candidates(pages).filter((lsn) => lsn > flushedTo)
      return ahead.sort((a, b) => (a < b ? -1 : a > b ? 1 : 0)).at(-1)
    },
    'the highest of all, then one comparison': (pages, flushedTo) =>
      ifAhead(highest(candidates(pages)), flushedTo),
  },
  wrong: {
    'the first page decides': (pages, flushedTo) => ifAhead(candidates(pages)[0] ?? 0n, flushedTo),
    'the last page decides': (pages, flushedTo) => ifAhead(candidates(pages).at(-1) ?? 0n, flushedTo),
    'the oldest page that is ahead': (pages, flushedTo) =>
      candidates(pages)
        .filter((lsn) => lsn > flushedTo)
        .sort((a, b) => (a < b ? -1 : 1))[0],
    'clean pages too': (pages, flushedTo) =>
      flushBeforeWrite(
        pages.map((page) => ({ ...page, dirty: true })),
        flushedTo,
      ),
    'unlogged pages too': (pages, flushedTo) =>
      flushBeforeWrite(
        pages.map((page) => ({ ...page, permanent: true })),
        flushedTo,
      ),
    '>= for >': (pages, flushedTo) => {
      const lsn = highest(candidates(pages))
      return candidates(pages).length > 0 && lsn >= flushedTo ? lsn : undefined
    },
    'the position itself when nothing is missing': (pages, flushedTo) =>
      flushBeforeWrite(pages, flushedTo) ?? flushedTo,
    'always up to the newest page': (pages) =>
      candidates(pages).length > 0 ? highest(candidates(pages)) : undefined,
    'up to the byte before the page LSN': (pages, flushedTo) => {
      const lsn = flushBeforeWrite(pages, flushedTo)
      return lsn === undefined ? undefined : lsn - 1n
    },
    'low halves compared': (pages, flushedTo) => {
      const low = (lsn: bigint): bigint => lsn & 0xffffffffn
      const newest = candidates(pages)
        .sort((a, b) => (low(a) < low(b) ? -1 : 1))
        .at(-1)
      return newest !== undefined && low(newest) > low(flushedTo) ? newest : undefined
    },
    'as floating-point numbers': (pages, flushedTo) => {
      const newest = Math.max(...candidates(pages).map(Number))
      return newest > Number(flushedTo) ? BigInt(newest) : undefined
    },
    'as text': (pages, flushedTo) => {
      const newest = candidates(pages)
        .sort((a, b) => (formatLsn(a) < formatLsn(b) ? -1 : 1))
        .at(-1)
      return newest !== undefined && formatLsn(newest) > formatLsn(flushedTo) ? newest : undefined
    },
    'no flush: the commit has done it': () => undefined,
  },
}
