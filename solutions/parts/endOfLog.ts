// 04-startup: end of the log, or damage?

import fc from 'fast-check'
import { viewOf } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { ending, endNote, logEnds, type EndOptions } from '../../exercises/parts/endOfLog.js'
import type { EndKind, LogEnd } from '../../exercises/parts/shortLog.js'
import type { Solution } from '../solution.js'

/** Whole records behind the break make it damage, whatever it looks like. Else the first check that fails says why. */
export function endOfLog(
  met: LogEnd,
): 'clean end' | 'torn tail' | 'recycled segment' | 'damage' | 'missing segment' {
  const { lsn, previous, page, header, recordsBehind } = met
  if (!page || !header) return recordsBehind ? 'missing segment' : 'clean end'
  if (recordsBehind) return 'damage'
  const [pageView, record] = [viewOf(page), viewOf(header)]
  if (pageView.getUint16(0, true) === 0) return 'clean end' // a page that was never written
  if (pageView.getBigUint64(8, true) !== lsn - (lsn % 8192n)) return 'recycled segment'
  if (record.getUint32(0, true) < 24) return 'clean end'
  if (record.getBigUint64(8, true) !== previous) return 'recycled segment'
  return 'torn tail'
}

const DEFAULTS = {
  noFile: ({ recordsBehind }: LogEnd): EndKind => (recordsBehind ? 'missing segment' : 'clean end'),
  behind: (_met: LogEnd): EndKind | undefined => 'damage',
  zeroPage: 'clean end' as EndKind | undefined,
  isOwn: (address: bigint, lsn: bigint): boolean => address === lsn - (lsn % 8192n),
  zeroes: 'clean end' as EndKind,
  links: (prev: bigint, { previous }: LogEnd): boolean => prev === previous,
  stale: 'recycled segment' as EndKind,
  /** The verdict on a record that belongs here. */
  last: (_met: LogEnd): EndKind => 'torn tail',
}

/** The checks with a piece exchanged. */
function variant(other: Partial<typeof DEFAULTS>): (met: LogEnd) => EndKind {
  const piece = { ...DEFAULTS, ...other }
  return (met) => {
    const { lsn, page, header, recordsBehind } = met
    if (!page || !header) return piece.noFile(met)
    const behind = recordsBehind ? piece.behind(met) : undefined
    if (behind) return behind
    if (viewOf(page).getUint16(0, true) === 0 && piece.zeroPage) return piece.zeroPage
    if (!piece.isOwn(viewOf(page).getBigUint64(8, true), lsn)) return piece.stale
    if (viewOf(header).getUint32(0, true) < 24) return piece.zeroes
    if (!piece.links(viewOf(header).getBigUint64(8, true), met)) return piece.stale
    return piece.last(met)
  }
}

const right = variant({})

/** All that speaks for a harmless end first, then the rest. */
function byTable(met: LogEnd): EndKind {
  const { lsn, previous, page, header, recordsBehind } = met
  const word = (bytes: Uint8Array, at: number, size: number): bigint =>
    bytes.subarray(at, at + size).reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n)
  const table: [boolean, EndKind][] = [
    [page === undefined, recordsBehind ? 'missing segment' : 'clean end'],
    [recordsBehind, 'damage'],
    [page !== undefined && word(page, 0, 2) === 0n, 'clean end'],
    [page !== undefined && word(page, 8, 8) >> 13n !== lsn >> 13n, 'recycled segment'],
    [header !== undefined && word(header, 0, 4) < 24n, 'clean end'],
    [header !== undefined && word(header, 8, 8) !== previous, 'recycled segment'],
  ]
  return table.find(([holds]) => holds)?.[1] ?? 'torn tail'
}

function rule(text: string, why: string, options: EndOptions): Check {
  return generated(ending, { rule: text, why, note: endNote, input: logEnds(options), runs: 30 })
}

const nothingBehind = { behind: fc.constant(false) }

export const endOfLogSolution: Solution<'endOfLog'> = {
  name: 'endOfLog',
  solution: endOfLog,
  hidden: [
    rule(
      'A length of 0 is the clean end; a page of nothing but zeroes is one too.',
      'PostgreSQL fills a page with zeroes before it writes records there, and a new segment as well.',
      { endings: ['zeroes', 'zero page'], ...nothingBehind },
    ),
    rule(
      'A page with another address is of a recycled segment, whatever stands on it.',
      'Old segments are renamed, not emptied: their pages keep the addresses that they had.',
      { endings: ['stale page', 'zeroes'], ...nothingBehind },
    ),
    rule(
      'A record that does not point back to the one before is of another time, even when its CRC is right.',
      'Of a page that was being written some sectors are new and some old, and an old record may begin just where one ends.',
      { endings: ['stale record', 'wrong CRC'], ...nothingBehind },
    ),
    rule(
      'A record that belongs here and is not whole is the torn tail: its CRC is wrong, or the rest of it is missing.',
      'Its transaction has not been told that it committed: for that, all of the record must be on disk.',
      { endings: ['wrong CRC', 'cut off'], ...nothingBehind },
    ),
    rule(
      'Whole records behind it make it damage, whatever the place itself looks like.',
      'A log is written front to back. What stands behind the break has been there, and may have been committed.',
      {
        endings: ['zeroes', 'zero page', 'stale page', 'stale record', 'wrong CRC', 'cut off'],
        behind: fc.constant(true),
      },
    ),
    rule(
      'Where no file holds the next byte, a later file of this log says that one is missing.',
      'It was removed by hand, or never copied, and putting it back is all that is needed.',
      { endings: ['no file', 'cut off'] },
    ),
    rule(
      'Addresses and links have 64 bits.',
      'A segment that is used again after 4 GiB of WAL holds positions with the same low half.',
      {
        endings: ['stale page', 'stale record', 'wrong CRC'],
        ...nothingBehind,
        from: 1n << 34n,
        ages: fc.constantFrom(4096n, 8192n),
      },
    ),
  ],
  alsoRight: {
    'as a table': byTable,
    'piece by piece': right,
  },
  wrong: {
    'nobody looks at what is behind': variant({ behind: () => undefined }),
    'only a wrong CRC can be damage': variant({
      behind: ({ crc }) => (crc === 'wrong' ? 'damage' : undefined),
    }),
    'zeroes are harmless in any case': (met) =>
      met.header && viewOf(met.header).getUint32(0, true) === 0 ? 'clean end' : right(met),
    'a missing file is the clean end': variant({ noFile: () => 'clean end' }),
    'a missing file is always missed': variant({ noFile: () => 'missing segment' }),
    'a missing file is damage': variant({
      noFile: ({ recordsBehind }) => (recordsBehind ? 'damage' : 'clean end'),
    }),
    'a page of zeroes is a recycled one': variant({ zeroPage: undefined }),
    'zeroes are a torn tail': variant({ zeroes: 'torn tail' }),
    'the address of the page is not looked at': variant({ isOwn: () => true }),
    'the address is compared with the position itself': variant({ isOwn: (address, lsn) => address === lsn }),
    'xl_prev is not looked at': variant({ links: () => true }),
    'xl_prev is anything earlier': variant({ links: (prev, { lsn }) => prev < lsn }),
    'the CRC before xl_prev': (met) =>
      met.header && !met.recordsBehind && met.crc === 'wrong' ? 'torn tail' : right(met),
    'a record with the right CRC is no old one': variant({
      links: (prev, { previous, crc }) => prev === previous || crc === 'right',
    }),
    'a record that is cut off is a clean end': variant({
      last: ({ crc }) => (crc === 'wrong' ? 'torn tail' : 'clean end'),
    }),
    'stale is damage': variant({ stale: 'damage' }),
    'the low half only': variant({
      isOwn: (address, lsn) => (address & 0xffffffffn) === ((lsn - (lsn % 8192n)) & 0xffffffffn),
      links: (prev, { previous }) => (prev & 0xffffffffn) === (previous & 0xffffffffn),
    }),
  },
}
