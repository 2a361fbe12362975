// 01-wal: a record that is cut by the ends of pages.

import fc from 'fast-check'
import { viewOf, XLogPageHeader, XLP } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  cut,
  joinInput,
  joining,
  joinNote,
  pagesWith,
  type JoinInput,
  type Lie,
} from '../../exercises/parts/joinRecord.js'
import type { Solution } from '../solution.js'

/** What is left on a page is taken; then the next page must say that it goes on, and with how many bytes. */
export function joinRecord(pages: readonly Uint8Array[], start: number): Uint8Array | undefined {
  const number = (page: Uint8Array, at: number): number =>
    new DataView(page.buffer, page.byteOffset).getUint32(at, true)
  const record = new Uint8Array(number(pages[0], start)) // xl_tot_len is never cut: records start at multiples of 8
  let from = start
  let done = 0
  for (const page of pages) {
    if (done > 0) {
      const flags = page[2]
      if (!(flags & 0x01) || number(page, 16) !== record.length - done) return undefined
      from = flags & 0x02 ? 40 : 24
    }
    const part = page.subarray(from, from + record.length - done)
    record.set(part, done)
    done += part.length
    if (done === record.length) return record
  }
  return undefined
}

const eights = fc.integer({ min: 4, max: 60 })
const elsewhere = fc.integer({ min: 1, max: 9 })
const bytes = fc.integer({ min: 1, max: 500 })
/** The last page of a segment: the next one is the first of another, with the longer header. */
const LAST = 127

function rule(text: string, why: string, input: fc.Arbitrary<JoinInput>, runs = 12): Check {
  return generated(joining, { rule: text, why, input, runs, note: joinNote })
}

/** A cut record with its second page changed. */
const spoilt = (
  lie: fc.Arbitrary<Lie>,
  spoil: (second: Uint8Array, n: number) => void,
): fc.Arbitrary<JoinInput> =>
  fc.tuple(lie, fc.integer({ min: 1, max: 7 })).map(([whole, n]): JoinInput => {
    const pages = pagesWith(whole)
    spoil(pages[1], n)
    return [pages, whole.start]
  })
/** Cut at the end of a segment of any size, or of a mebibyte within a larger one: there the header is the short one. */
const atBorder: fc.Arbitrary<Lie> = fc
  .tuple(cut(fc.constant(LAST), eights, bytes), fc.constantFrom(1, 2, 16, 64, 1024), fc.boolean())
  .map(([lie, mebibytes, within]) => {
    const segmentSize = mebibytes << 20
    return { ...lie, page: within ? LAST : segmentSize / 8192 - 1, segmentSize }
  })
const oneCut = cut(elsewhere, eights, bytes)

interface Quirks {
  header?: (page: Uint8Array) => number
  /** Is the record to go on here? `missing` bytes are still to come. */
  goesOn?: (page: Uint8Array, missing: number) => boolean
  /** What comes back when there is no further page. */
  atEnd?: (gathered: Uint8Array) => Uint8Array | undefined
  /** The whole length, as read from the first page's bytes at the record's start. */
  lengthOf?: (pages: readonly Uint8Array[], start: number) => number
}

const remaining = (page: Uint8Array): number => viewOf(page).getUint32(XLogPageHeader.at.xlp_rem_len, true)
const isContinued = (page: Uint8Array): boolean => (page[2] & XLP.FIRST_IS_CONTRECORD) !== 0
const headerOf = (page: Uint8Array): number => (page[2] & XLP.LONG_HEADER ? 40 : 24)

/** The pieces of a record, gathered with everything that can go wrong as a setting. */
function gathering(quirks: Quirks): Solution<'joinRecord'>['solution'] {
  const {
    header = headerOf,
    goesOn = (page, missing) => isContinued(page) && remaining(page) === missing,
    atEnd = () => undefined,
    lengthOf = (pages, start) => viewOf(pages[0]).getUint32(start, true),
  } = quirks
  return (pages, start) => {
    const total = lengthOf(pages, start)
    const gathered: number[] = [...pages[0].subarray(start, start + total)]
    for (const page of pages.slice(1)) {
      if (gathered.length >= total) break
      if (!goesOn(page, total - gathered.length)) return undefined
      const from = header(page)
      gathered.push(...page.subarray(from, from + total - gathered.length))
    }
    const bytes = Uint8Array.from(gathered)
    return bytes.length < total ? atEnd(bytes) : bytes
  }
}

export const joinRecordSolution: Solution<'joinRecord'> = {
  name: 'joinRecord',
  solution: joinRecord,
  hidden: [
    rule(
      'A record goes on behind the header of the next page, 24 bytes further.',
      'Taken along, the header would spoil the record, and its CRC would say so: the log would end here.',
      oneCut.map(joinInput),
    ),
    rule(
      'The first page of a segment has a header of 40 bytes; the flag XLP_LONG_HEADER says which page that is.',
      'Once in 16 MiB, or in whatever initdb was told, a record is cut by the end of a file as well.',
      atBorder.map(joinInput),
      40,
    ),
    rule(
      'The header of the record itself may be cut: only xl_tot_len is sure to be on the first page.',
      'Records start at multiples of eight, so eight bytes may be all the room that is left.',
      cut(fc.constantFrom(2, LAST), fc.integer({ min: 1, max: 2 }), fc.integer({ min: 20, max: 300 })).map(
        joinInput,
      ),
    ),
    rule(
      'A record longer than a page fills the pages in between.',
      'A commit that drops a thousand tables, a row with a long text, three page images: records have up to 1020 MiB.',
      cut(fc.constantFrom(4, LAST - 1), eights, fc.integer({ min: 8200, max: 17000 })).map(joinInput),
      6,
    ),
    rule(
      'A record that ends with the page is whole.',
      'The next page need not even be there: it may be in a file that has not been made.',
      fc
        .tuple(elsewhere, fc.integer({ min: 4, max: 60 }))
        .map(([page, n]) => joinInput({ page, start: 8192 - 8 * n, length: 8 * n })),
    ),
    rule(
      'Where the next page does not have XLP_FIRST_IS_CONTRECORD, the record was never finished.',
      'Whatever stands there belongs to something else: another record, or another year.',
      spoilt(oneCut, (second) => (second[2] &= ~XLP.FIRST_IS_CONTRECORD)),
    ),
    rule(
      "xlp_rem_len is exactly what is missing, or the page is another record's.",
      'A recycled file has pages that go on with something as well.',
      spoilt(oneCut, (second, n) => viewOf(second).setUint32(16, remaining(second) + n, true)),
    ),
    rule(
      'Where no further page is there, the record is not whole.',
      'What was still in memory when the server died is gone.',
      fc
        .tuple(cut(elsewhere, eights, fc.integer({ min: 1, max: 9000 })), fc.boolean())
        .map(([lie]): JoinInput => [pagesWith(lie).slice(0, -1), lie.start]),
    ),
  ],
  alsoRight: {
    'byte after byte into a list': gathering({}),
    'cut into parts first, then joined': (pages, start) => {
      const total = new DataView(pages[0].buffer, pages[0].byteOffset + start, 4).getUint32(0, true)
      const parts = pages.map((page, i) => page.subarray(i === 0 ? start : headerOf(page)))
      let left = total
      const used: Uint8Array[] = []
      for (const [i, part] of parts.entries()) {
        if (left === 0) break
        if (i > 0 && (!isContinued(pages[i]) || remaining(pages[i]) !== left)) return undefined
        used.push(part.subarray(0, left))
        left -= used[i].length
      }
      return left === 0 ? Uint8Array.from(used.flatMap((part) => [...part])) : undefined
    },
  },
  wrong: {
    'page headers taken along': gathering({ header: () => 0 }),
    'every header of 24 bytes': gathering({ header: () => 24 }),
    'every header of 40 bytes': gathering({ header: () => 40 }),
    'the long header at every mebibyte': gathering({
      header: (page) => (viewOf(page).getBigUint64(8, true) % (1n << 20n) === 0n ? 40 : 24),
    }),
    'the long header at every 16 MiB': gathering({
      header: (page) => (viewOf(page).getBigUint64(8, true) % (1n << 24n) === 0n ? 40 : 24),
    }),
    'continues wherever a page follows': gathering({ goesOn: () => true }),
    'the flag is enough': gathering({ goesOn: isContinued }),
    'xlp_rem_len is enough': gathering({ goesOn: (page, missing) => remaining(page) === missing }),
    'xlp_rem_len for the share of this page': gathering({
      goesOn: (page, missing) =>
        isContinued(page) && remaining(page) === Math.min(missing, 8192 - headerOf(page)),
    }),
    'flags compared as a whole': gathering({
      goesOn: (page, missing) =>
        page[2] === (XLP.FIRST_IS_CONTRECORD | XLP.BKP_REMOVABLE) && remaining(page) === missing,
    }),
    'what is there, if the rest is not': gathering({ atEnd: (gathered) => gathered }),
    'two pages and no more': (pages, start) => joinRecord(pages.slice(0, 2), start),
    'padded to a multiple of eight': (pages, start) => {
      const record = joinRecord(pages, start)
      if (!record) return undefined
      const padded = new Uint8Array((record.length + 7) & ~7)
      padded.set(record)
      return padded
    },
    'not whole when it ends with the page': (pages, start) => {
      const total = viewOf(pages[0]).getUint32(start, true)
      return start + total < 8192 || pages.length > 1 ? joinRecord(pages, start) : undefined
    },
    'a cut header is no header': (pages, start) => (8192 - start < 24 ? undefined : joinRecord(pages, start)),
  },
}
