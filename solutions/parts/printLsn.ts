// 02-lsn: the text form of a position, written.

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition } from '../../exercises/checking/positions.js'
import { lsnPrinting, printLsnNote, type LsnInput } from '../../exercises/parts/printLsn.js'
import type { Solution } from '../solution.js'

/** Each half as the hexadecimal number it is, in large letters, with no zeros in front. */
export function printLsn(lsn: bigint): string {
  const hex = (half: bigint): string => half.toString(16).toUpperCase()
  return `${hex(lsn >> 32n)}/${hex(lsn & 0xffffffffn)}`
}

const half = fc.bigInt({ min: 0n, max: 0xffffffffn })
const lsnOf = (high: bigint, low: bigint): LsnInput => [(high << 32n) | low]
const digits = (n: bigint | number): string => n.toString(16).toUpperCase()

export const printLsnSolution: Solution<'printLsn'> = {
  name: 'printLsn',
  solution: printLsn,
  hidden: [
    generated(lsnPrinting, {
      rule: 'A low half with few digits is not padded: 1/28, not 1/00000028.',
      why: 'PostgreSQL 18 prints %X/%X. It is no fraction, and texts of positions cannot be sorted.',
      note: printLsnNote,
      input: fc.tuple(half, fc.bigInt({ min: 0n, max: 0xffffn })).map(([high, low]) => lsnOf(high, low)),
    }),
    generated(lsnPrinting, {
      rule: 'Digits above nine are large letters.',
      why: 'The same position is looked for as text, in logs and in file names, which have large letters as well.',
      note: printLsnNote,
      input: fc
        .tuple(half, fc.constantFrom(0xabcn, 0xdef0n, 0xcafe8n))
        .map(([high, low]) => lsnOf(high, low)),
    }),
    generated(lsnPrinting, {
      rule: 'Both halves are unsigned: the low one goes up to FFFFFFFF.',
      why: 'Between 2 and 4 GiB a signed half would be negative; every second segment lies there.',
      note: printLsnNote,
      input: fc
        .tuple(fc.constantFrom(0n, 1n, 0x16n, 0xffffffffn), fc.bigInt({ min: 0x80000000n, max: 0xffffffffn }))
        .map(([high, low]) => lsnOf(high, low)),
    }),
    generated(lsnPrinting, {
      rule: 'Positions are exact up to the largest one.',
      why: 'As a number, a position beyond 2^53 loses its last digits.',
      note: printLsnNote,
      input: highPosition.map((lsn): LsnInput => [lsn + 1n]),
    }),
    generated(lsnPrinting, {
      rule: 'A half that is zero is one 0.',
      why: '0/0 means "nowhere": pg_controldata prints it for the positions of a backup when there is none.',
      note: printLsnNote,
      input: fc
        .tuple(half, fc.constantFrom('high', 'low', 'both'))
        .map(([n, zero]) => lsnOf(zero === 'low' ? n : 0n, zero === 'high' ? n : 0n)),
    }),
  ],
  alsoRight: {
    'sixteen digits, cut in two': (lsn) => {
      const text = digits(lsn).padStart(16, '0')
      const strip = (part: string): string => part.replace(/^0{1,7}/, '')
      return `${strip(text.slice(0, 8))}/${strip(text.slice(8))}`
    },
    'divided, not shifted': (lsn) => `${digits(lsn / 4294967296n)}/${digits(lsn % 4294967296n)}`,
  },
  wrong: {
    'low half padded, as later versions do': (lsn) =>
      `${digits(lsn >> 32n)}/${digits(lsn & 0xffffffffn).padStart(8, '0')}`,
    'both halves padded': (lsn) =>
      printLsn(lsn)
        .split('/')
        .map((part) => part.padStart(8, '0'))
        .join('/'),
    'small letters': (lsn) => printLsn(lsn).toLowerCase(),
    'one number': (lsn) => digits(lsn),
    'a slash before the last eight digits': (lsn) =>
      `${digits(lsn).slice(0, -8) || '0'}/${digits(lsn).slice(-8)}`,
    decimal: (lsn) => `${lsn >> 32n}/${lsn & 0xffffffffn}`,
    'by way of a number': (lsn) => {
      const n = Number(lsn)
      return `${digits(Math.floor(n / 2 ** 32))}/${digits(n % 2 ** 32)}`
    },
    'a signed low half': (lsn) => `${digits(lsn >> 32n)}/${digits(Number(lsn & 0xffffffffn) | 0)}`,
    'signed 64-bit': (lsn) => printLsn(BigInt.asIntN(64, lsn)),
    'the low half first': (lsn) => printLsn(lsn).split('/').reverse().join('/'),
    'with 0x': (lsn) =>
      printLsn(lsn)
        .split('/')
        .map((part) => `0x${part}`)
        .join('/'),
    'no zero before the slash': (lsn) => printLsn(lsn).replace(/^0\//, '/'),
  },
}
