// 06-temp-cleanup: where recovery finds a page of a status table.

import fc from 'fast-check'
import type { StatusPagePlace } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  finding,
  nameOf,
  PAGE,
  pageNote,
  PAGES_A_FILE,
  table,
  type PageInput,
  type Sizes,
} from '../../exercises/parts/readStatusPage.js'
import type { Solution } from '../solution.js'

/** A file that is not there may have been cut off since; one that is there has all of the page, or is damaged. */
export function readStatusPage(
  directory: string,
  pageno: number,
  sizes: Readonly<Record<string, number>>,
): { file: string; offset: number; found: 'disk' | 'zeroes' | 'too short' } {
  const number = Math.floor(pageno / 32)
  const file = `${directory}/${number.toString(16).toUpperCase().padStart(4, '0')}`
  const offset = (pageno % 32) * 8192
  const size = sizes[file]
  if (size === undefined) return { file, offset, found: 'zeroes' }
  return { file, offset, found: size < offset + 8192 ? 'too short' : 'disk' }
}

function rule(text: string, why: string, input: fc.Arbitrary<PageInput>): Check {
  return generated(finding, { rule: text, why, note: pageNote, input, runs: 150 })
}

const WHOLE = PAGES_A_FILE * PAGE
const page = fc.nat({ max: PAGES_A_FILE - 1 })
const asked = (directory: string, file: number, within: number, sizes: Sizes): PageInput => [
  directory,
  file * PAGES_A_FILE + within,
  sizes,
]

/** A file with some pages more or less than what is asked for, give or take some bytes. */
const nearTheEnd = fc
  .tuple(table, fc.nat({ max: 3 }), page, fc.integer({ min: -2, max: 2 }), fc.constantFrom(0, 0, -1, 1, 4096))
  .map(([directory, file, within, pages, bytes]) => {
    const size = Math.min(WHOLE, Math.max(0, (within + pages) * PAGE + bytes))
    return asked(directory, file, within, { [nameOf(directory, file)]: size })
  })

/** The solution with one of its fields changed. */
const but =
  (change: (place: StatusPagePlace, ...input: PageInput) => Partial<StatusPagePlace>) =>
  (...input: PageInput): StatusPagePlace => {
    const place = readStatusPage(...input)
    return { ...place, ...change(place, ...input) }
  }

/** Files by another name; what is found there is what its size says. */
const named = (name: (number: number) => string): ((...input: PageInput) => StatusPagePlace) =>
  but(({ offset }, directory, pageno, sizes) => {
    const file = `${directory}/${name(Math.floor(pageno / PAGES_A_FILE))}`
    const size = sizes[file]
    return { file, found: size === undefined ? 'zeroes' : size < offset + PAGE ? 'too short' : 'disk' }
  })

export const readStatusPageSolution: Solution<'readStatusPage'> = {
  name: 'readStatusPage',
  solution: readStatusPage,
  hidden: [
    rule(
      'Thirty-two pages make a file; the next page is the first of the next one.',
      'SLRU_PAGES_PER_SEGMENT, slru.h: a page that is read from the wrong place holds the fates of others.',
      fc.tuple(table, fc.integer({ min: 0, max: 9 }), page).map(([directory, file, within]) => {
        const sizes = Object.fromEntries(
          [file - 1, file, file + 1].filter((n) => n >= 0).map((n) => [nameOf(directory, n), WHOLE]),
        )
        return asked(directory, file, within, sizes)
      }),
    ),
    rule(
      "A file's name is its number in capital hexadecimal digits, four of them or more.",
      'pg_multixact/members goes on up to 14078: SlruFileName prints %04X, which cuts nothing off.',
      fc
        .tuple(
          table,
          fc.oneof(fc.integer({ min: 10, max: 0xfff }), fc.integer({ min: 0x10000, max: 0x14078 })),
          page,
        )
        .map(([directory, file, within]) =>
          asked(directory, file, within, {
            [nameOf(directory, file)]: WHOLE,
            [nameOf(directory, file % 0x1000)]: WHOLE,
          }),
        ),
    ),
    rule(
      'A file that is missing reads as zeroes, whatever else is there.',
      'It may have been cut off by a record that replay has not come to yet (SlruPhysicalReadPage).',
      fc
        .tuple(table, fc.integer({ min: 1, max: 20 }), page, fc.subarray([0, 21, 22]))
        .map(([directory, file, within, there]) =>
          asked(directory, file, within, Object.fromEntries(there.map((n) => [nameOf(directory, n), WHOLE]))),
        ),
    ),
    rule(
      'A file that ends before the page does is damaged: "read too few bytes".',
      'Cutting off takes whole files. Zeroes in place of what is missing would take back commits without a word.',
      nearTheEnd,
    ),
    rule(
      'An empty file is there: it is too short, not missing.',
      'The directory entry came to the disk, and the bytes did not; PostgreSQL stops, and so must recovery.',
      fc
        .tuple(table, fc.nat({ max: 9 }), page, fc.boolean())
        .map(([directory, file, within, there]) =>
          asked(directory, file, within, there ? { [nameOf(directory, file)]: 0 } : {}),
        ),
    ),
    rule(
      'Each table has files of its own.',
      'pg_xact/0000 and pg_multixact/offsets/0000 have nothing to do with each other.',
      fc
        .tuple(
          table,
          fc.nat({ max: 5 }),
          page,
          fc.subarray(['pg_xact', 'pg_multixact/offsets', 'pg_commit_ts']),
        )
        .map(([directory, file, within, there]) =>
          asked(
            directory,
            file,
            within,
            Object.fromEntries(there.map((other) => [nameOf(other, file), WHOLE])),
          ),
        ),
    ),
  ],
  alsoRight: {
    'bit by bit': (directory, pageno, sizes) => {
      const digits = (pageno >>> 5).toString(16).toUpperCase()
      const file = [directory, digits.length < 4 ? `000${digits}`.slice(-4) : digits].join('/')
      const offset = (pageno & 31) << 13
      const left = file in sizes ? sizes[file] - offset : NaN
      return { file, offset, found: left >= 8192 ? 'disk' : left < 8192 ? 'too short' : 'zeroes' }
    },
  },
  wrong: {
    'a missing file is an error': but(({ found }) => ({ found: found === 'zeroes' ? 'too short' : found })),
    'what is missing reads as zeroes': but(({ found }) => ({
      found: found === 'too short' ? 'zeroes' : found,
    })),
    'an empty file is missing': but(({ file, found }, _directory, _pageno, sizes) => ({
      found: sizes[file] ? found : 'zeroes',
    })),
    'the start of the page is enough': but(({ file, offset, found }, _directory, _pageno, sizes) => ({
      found: found === 'too short' && sizes[file] > offset ? 'disk' : found,
    })),
    'a page that ends with its file is too short': but(
      ({ file, offset, found }, _directory, _pageno, sizes) => ({
        found: sizes[file] === offset + PAGE ? 'too short' : found,
      }),
    ),
    'not looked at': but(() => ({ found: 'disk' })),
    'one file': but((_, directory, pageno) => ({ file: nameOf(directory, 0), offset: pageno * PAGE })),
    'a file a page': but((_, directory, pageno) => ({ file: nameOf(directory, pageno), offset: 0 })),
    'the page of the whole table': but((_, _directory, pageno) => ({ offset: pageno * PAGE })),
    'after a header of 24 bytes': but(({ offset }) => ({ offset: offset + 24 })),
    'pages counted from 1': but(({ offset }) => ({ offset: offset + PAGE })),
    'decimal names': named((number) => String(number).padStart(4, '0')),
    'small letters': named((number) => number.toString(16).padStart(4, '0')),
    'no more than four digits': named((number) => `000${number.toString(16).toUpperCase()}`.slice(-4)),
    'always pg_xact': (_, pageno, sizes) => readStatusPage('pg_xact', pageno, sizes),
  },
}
