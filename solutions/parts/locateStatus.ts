// 05-abort: where a transaction's two bits are.

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import { locating, placeNote, type StatusPlace, type XidInput } from '../../exercises/parts/locateStatus.js'
import type { Solution } from '../solution.js'

/** The file by its number, the byte in the file, the bits in the byte: only division and its remainders. */
export function locateStatus(xid: number): { file: string; offset: number; shift: number } {
  const perFile = 32 * 8192 * 4
  const number = Math.floor(xid / perFile)
  const file = `pg_xact/${number.toString(16).toUpperCase().padStart(4, '0')}`
  return { file, offset: Math.floor((xid % perFile) / 4), shift: (xid % 4) * 2 }
}

const PER_FILE = 32 * 8192 * 4
const inputs = (xid: fc.Arbitrary<number>): fc.Arbitrary<XidInput> => xid.map((id): XidInput => [id])
const inFile = (file: fc.Arbitrary<number>): fc.Arbitrary<XidInput> =>
  inputs(
    fc
      .tuple(file, fc.oneof(fc.nat({ max: PER_FILE - 1 }), fc.nat({ max: 40 })))
      .map(([number, within]) => number * PER_FILE + within),
  )

/** The solution with one of its fields changed. */
const but =
  (change: (place: StatusPlace, xid: number) => Partial<StatusPlace>) =>
  (xid: number): StatusPlace => {
    const place = locateStatus(xid)
    return { ...place, ...change(place, xid) }
  }
const named = (name: (number: number) => string): ((xid: number) => StatusPlace) =>
  but((_, xid) => ({ file: `pg_xact/${name(Math.floor(xid / PER_FILE))}` }))

export const locateStatusSolution: Solution<'locateStatus'> = {
  name: 'locateStatus',
  solution: locateStatus,
  hidden: [
    generated(locating, {
      rule: 'Four transactions share a byte; the first of them has the lowest bits.',
      why: 'TransactionIdToBIndex (clog.c): bits counted from the other end are the fate of a neighbour.',
      note: placeNote,
      input: inputs(fc.integer({ min: 3, max: 4000 })),
    }),
    generated(locating, {
      rule: 'Pages follow each other in the file, with nothing between them.',
      why: 'These pages have no header: no LSN, no checksum, 8192 bytes of statuses (slru.c).',
      note: placeNote,
      input: inputs(
        fc
          .tuple(fc.integer({ min: 1, max: 31 }), fc.nat({ max: 32767 }))
          .map(([page, within]) => page * 32768 + within),
      ),
    }),
    generated(locating, {
      rule: 'Of the status pages thirty-two lie in each file, from page 0 on.',
      why: 'SLRU_PAGES_PER_SEGMENT: old transactions are forgotten file by file.',
      note: placeNote,
      input: inFile(fc.integer({ min: 1, max: 9 })),
    }),
    generated(locating, {
      rule: "A file's name is its number in hexadecimal, in capitals, at least four digits of it.",
      why: 'SlruFileName prints %04X: another name is another file, and a missing file reads as zeroes.',
      note: placeNote,
      input: inFile(fc.integer({ min: 10, max: 2047 })),
    }),
    generated(locating, {
      rule: 'Transaction ids go up to 4,294,967,295.',
      why: 'A busy cluster is past 2,147,483,647 within months; as signed numbers such ids are negative.',
      note: placeNote,
      input: inFile(fc.integer({ min: 2048, max: 4095 })),
    }),
  ],
  alsoRight: {
    'bit by bit': (xid) => ({
      file: `pg_xact/${(xid >>> 20).toString(16).toUpperCase().padStart(4, '0')}`,
      offset: (xid & 0xfffff) >>> 2,
      shift: (xid & 3) << 1,
    }),
    'page by page': (xid) => {
      const page = Math.floor(xid / 32768)
      const digits = `000${Math.floor(page / 32).toString(16)}`.slice(-4).toUpperCase()
      const within = xid - page * 32768
      return {
        file: `pg_xact/${digits}`,
        offset: (page % 32) * 8192 + (within - (within % 4)) / 4,
        shift: 2 * (within % 4),
      }
    },
  },
  wrong: {
    'high bits first': but(({ shift }) => ({ shift: 6 - shift })),
    'shifted by one bit each': but(({ shift }) => ({ shift: shift / 2 })),
    'two transactions a byte': but((_, xid) => ({
      offset: Math.floor((xid % PER_FILE) / 2),
      shift: (xid % 2) * 4,
    })),
    'the byte in the page': but(({ offset }) => ({ offset: offset % 8192 })),
    'the byte from the start of the first file': but((_, xid) => ({ offset: Math.floor(xid / 4) })),
    'after a page header': but(({ offset }) => ({ offset: offset + 24 * (1 + Math.floor(offset / 8192)) })),
    'a file a page': but((_, xid) => ({
      file: `pg_xact/${Math.floor(xid / 32768)
        .toString(16)
        .toUpperCase()
        .padStart(4, '0')}`,
      offset: Math.floor((xid % 32768) / 4),
    })),
    'always the first file': but(() => ({ file: 'pg_xact/0000' })),
    'decimal names': named((number) => String(number).padStart(4, '0')),
    'small letters': named((number) => number.toString(16).padStart(4, '0')),
    'names without zeroes': named((number) => number.toString(16).toUpperCase()),
    'names as long as those of WAL': named((number) => number.toString(16).toUpperCase().padStart(8, '0')),
    'the name without its directory': but(({ file }) => ({ file: file.slice('pg_xact/'.length) })),
    signed: (xid) => ({
      file: `pg_xact/${(xid >> 20).toString(16).toUpperCase().padStart(4, '0')}`,
      offset: (xid & 0xfffff) >> 2,
      shift: (xid & 3) * 2,
    }),
    'not rounded down': but((_, xid) => ({ offset: (xid % PER_FILE) / 4 })),
  },
}
