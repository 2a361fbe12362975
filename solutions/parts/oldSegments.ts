// 06-temp-cleanup: files of pg_xact that nobody needs any more.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { cutting, namesOf, oldNote, XACTS_A_FILE, type OldInput } from '../../exercises/parts/oldSegments.js'
import type { Solution } from '../solution.js'

/** Files stand in a circle of 4096; those in the half before the one that must stay are older. */
export function oldSegments(names: readonly string[], oldestXid: number): string[] {
  const kept = Math.floor(oldestXid / (32 * 32768))
  return names.filter((name) => {
    if (!/^[0-9A-F]{4,6}$/.test(name)) return false
    const before = (kept - parseInt(name, 16) + 4096) % 4096
    return before > 0 && before < 2048
  })
}

function rule(text: string, why: string, input: fc.Arbitrary<OldInput>): Check {
  return generated(cutting, { rule: text, why, note: oldNote, input, runs: 150 })
}

const CIRCLE = 4096
const within = fc.oneof(
  fc.constantFrom(0, 1, 32767, 32768, XACTS_A_FILE - 1),
  fc.nat({ max: XACTS_A_FILE - 1 }),
)
const xidIn = (file: number, offset: number): number => Math.max(3, file * XACTS_A_FILE + offset)

/** Files at these distances from the one with the oldest transaction, around the circle. */
const around = (kept: fc.Arbitrary<number>, distances: fc.Arbitrary<number[]>): fc.Arbitrary<OldInput> =>
  fc
    .tuple(kept, within, distances)
    .map(([file, offset, all]): OldInput => [
      namesOf(all.map((distance) => (file + distance + CIRCLE) % CIRCLE)),
      xidIn(file, offset),
    ])
const some = (min: number, max: number): fc.Arbitrary<number[]> =>
  fc.uniqueArray(fc.integer({ min, max }), { minLength: 1, maxLength: 6 })

/** The solution, for files that this says are older. */
const older =
  (isOlder: (file: number, kept: number, oldestXid: number) => boolean) =>
  (names: readonly string[], oldestXid: number): string[] => {
    const kept = Math.floor(oldestXid / XACTS_A_FILE)
    return names.filter((name) => /^[0-9A-F]{4}$/.test(name) && isOlder(parseInt(name, 16), kept, oldestXid))
  }
const circle = (distance: number): number => (distance + 2 * CIRCLE) % CIRCLE

export const oldSegmentsSolution: Solution<'oldSegments'> = {
  name: 'oldSegments',
  solution: oldSegments,
  hidden: [
    rule(
      'A file goes only if its last transaction, too, comes before the oldest that counts.',
      'The file with the oldest transaction stays whole, even if only one of a million is needed (SlruMayDeleteSegment).',
      around(fc.integer({ min: 8, max: 300 }), some(-8, 3)),
    ),
    rule(
      'Names are numbers in hexadecimal.',
      '0010 is the sixteenth file after 0000: read as decimal, files go too early.',
      around(fc.integer({ min: 9, max: 0x7f0 }), some(-9, 9)),
    ),
    rule(
      'Behind 4,294,967,295 comes 3: the file behind 0FFF is 0000.',
      'A cluster that has gone round has old files with high numbers and new ones with low numbers.',
      around(
        fc.integer({ min: -20, max: 20 }).map((n) => (n + CIRCLE) % CIRCLE),
        some(-40, 40),
      ),
    ),
    rule(
      'Half of the circle is older, the other half is newer.',
      'Ids are compared modulo 2^32 (CLOGPagePrecedes); a file just opposite is kept, for part of it may be either.',
      around(
        fc.integer({ min: 0, max: CIRCLE - 1 }),
        fc.uniqueArray(
          fc.oneof(
            fc.integer({ min: 2044, max: 2052 }),
            fc.integer({ min: -3, max: 3 }),
            fc.integer({ min: -2047, max: 2047 }),
          ),
          { minLength: 1, maxLength: 6 },
        ),
      ),
    ),
    rule(
      'Transaction ids go up to 4,294,967,295.',
      'As signed numbers the upper half is negative, and every file would be newer, or older.',
      around(fc.integer({ min: 2048, max: CIRCLE - 1 }), some(-6, 6)),
    ),
    rule(
      'What is no segment stays.',
      'SlruScanDirectory looks only at names of capital hexadecimal digits, four to six of them.',
      fc
        .tuple(
          fc.integer({ min: 16, max: 2000 }),
          within,
          some(-8, 1),
          fc.subarray(['README', '000', '0001.bak', '000a', 'G000', '0x01', '00 1', '0001~', '-001', '1.00']),
        )
        .map(([file, offset, distances, others]): OldInput => [
          [...namesOf(distances.map((distance) => file + distance)), ...others],
          xidIn(file, offset),
        ]),
    ),
  ],
  alsoRight: {
    'page by page, as PostgreSQL does': (names, oldestXid) => {
      const precedes = (a: number, b: number): boolean => ((a - b) | 0) < 0
      const pagePrecedes = (page1: number, page2: number): boolean => {
        const [xid1, xid2] = [page1 * 32768 + 4, page2 * 32768 + 4]
        return precedes(xid1, xid2) && precedes(xid1, xid2 + 32767)
      }
      const cutoff = Math.floor(oldestXid / 32768)
      return names.filter((name) => {
        const first = Number(`0x${name}`) * 32
        const isSegment = name.length >= 4 && name.length <= 6 && !/[^0-9A-F]/.test(name)
        return isSegment && pagePrecedes(first, cutoff) && pagePrecedes(first + 31, cutoff)
      })
    },
  },
  wrong: {
    'lower numbers': older((file, kept) => file < kept),
    'the file itself, too': older((file, kept) => circle(kept - file) < CIRCLE / 2),
    'the one before is kept': older((file, kept) => {
      const before = circle(kept - file)
      return before > 1 && before < CIRCLE / 2
    }),
    'as soon as its first transaction is older': older((file, _kept, oldestXid) => {
      const distance = oldestXid - file * XACTS_A_FILE
      return (distance | 0) > 0
    }),
    'a file a page': older((file, _kept, oldestXid) => {
      const before = (Math.floor(oldestXid / 32768) - file + 131072) % 131072
      return before > 0 && before < 65536
    }),
    'decimal names': (names, oldestXid) => {
      const kept = Math.floor(oldestXid / XACTS_A_FILE)
      return names.filter((name) => {
        const before = circle(kept - parseInt(name, 10))
        return /^[0-9A-F]{4}$/.test(name) && before > 0 && before < CIRCLE / 2
      })
    },
    'compared as text': (names, oldestXid) => {
      const [kept] = namesOf([Math.floor(oldestXid / XACTS_A_FILE)])
      return names.filter((name) => /^[0-9A-F]{4}$/.test(name) && name < kept)
    },
    signed: (names, oldestXid) => {
      const kept = oldestXid >> 20
      return names.filter((name) => /^[0-9A-F]{4}$/.test(name) && parseInt(name, 16) < kept)
    },
    'all but the newer half': older((file, kept) => {
      const before = circle(kept - file)
      return before > 0 && before <= CIRCLE / 2
    }),
    'whatever is not needed now': older((file, kept) => file !== kept),
    'whatever can be read as a number': (names, oldestXid) => {
      const kept = Math.floor(oldestXid / XACTS_A_FILE)
      return names.filter((name) => {
        const before = circle(kept - parseInt(name, 16))
        return before > 0 && before < CIRCLE / 2
      })
    },
    'small letters as well': (names, oldestXid) => {
      const kept = Math.floor(oldestXid / XACTS_A_FILE)
      return names.filter((name) => {
        const before = circle(kept - parseInt(name, 16))
        return /^[0-9A-F]{4}$/i.test(name) && before > 0 && before < CIRCLE / 2
      })
    },
    'numbers of a circle of 65536': older((file, kept) => ((kept - file + 65536) % 65536) - 1 < 32767),
    'nothing: space is cheap': () => [],
  },
}
