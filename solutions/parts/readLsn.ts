// 02-lsn: the text form of a position, read.

import fc from 'fast-check'
import { formatLsn } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition } from '../../exercises/checking/positions.js'
import { lsnReading, readLsnNote, type LsnTextInput } from '../../exercises/parts/readLsn.js'
import type { Solution } from '../solution.js'

/** One to eight digits, a slash, one to eight digits, and nothing else; the first half counts 4 GiB each. */
export function readLsn(text: string): bigint | undefined {
  const [, high, low] = /^([0-9A-Fa-f]{1,8})\/([0-9A-Fa-f]{1,8})$/.exec(text) ?? []
  if (high === undefined) return undefined
  return (BigInt(`0x${high}`) << 32n) + BigInt(`0x${low}`)
}

const half = fc.integer({ min: 0, max: 0xffffffff }).map((n) => n.toString(16).toUpperCase())
const texts = (text: fc.Arbitrary<string>): fc.Arbitrary<LsnTextInput> =>
  text.map((one): LsnTextInput => [one])

/** A good text, made bad by `spoil`. */
const spoilt = (...ways: readonly ((high: string, low: string) => string)[]): fc.Arbitrary<LsnTextInput> =>
  texts(fc.tuple(half, half, fc.constantFrom(...ways)).map(([high, low, spoil]) => spoil(high, low)))

const hex = (digits: string): bigint => BigInt(`0x${digits}`)
const halves = (text: string): [string, string] | undefined => {
  const [high, low, ...more] = text.split('/')
  return low === undefined || more.length > 0 ? undefined : [high, low]
}
/** Reads with another pattern, right otherwise. */
const byPattern =
  (pattern: RegExp) =>
  (text: string): bigint | undefined => {
    const [, high, low] = pattern.exec(text) ?? []
    return high === undefined ? undefined : (hex(high || '0') << 32n) + hex(low || '0')
  }

function digitByDigit(text: string): bigint | undefined {
  const values = [0n, 0n]
  const lengths = [0, 0]
  let part = 0
  for (const char of text) {
    const digit = '0123456789abcdef'.indexOf(char.toLowerCase())
    if (char === '/' && part === 0) part = 1
    else if (digit < 0 || ++lengths[part] > 8) return undefined
    else values[part] = values[part] * 16n + BigInt(digit)
  }
  return lengths[0] > 0 && lengths[1] > 0 ? values[0] * 4294967296n + values[1] : undefined
}

export const readLsnSolution: Solution<'readLsn'> = {
  name: 'readLsn',
  solution: readLsn,
  hidden: [
    generated(lsnReading, {
      rule: 'The half before the slash counts 4 GiB each, and the other is not padded.',
      why: 'Read without the slash, 1/A0 is byte 416 of the log instead of a place 4 GiB further.',
      note: readLsnNote,
      input: texts(fc.tuple(fc.integer({ min: 1, max: 99 }), half).map(([high, low]) => `${high}/${low}`)),
    }),
    generated(lsnReading, {
      rule: 'Positions are exact up to FFFFFFFF/FFFFFFFF.',
      why: 'Beyond 2^53 a number forgets the last bytes, and no record starts where it then looks.',
      note: readLsnNote,
      input: texts(highPosition.map((lsn) => formatLsn(lsn + 1n))),
    }),
    generated(lsnReading, {
      rule: 'Small letters and leading zeros are as good.',
      why: 'PostgreSQL prints neither and takes both; other tools print them.',
      note: readLsnNote,
      input: spoilt(
        (high, low) => `${high}/${low}`.toLowerCase(),
        (high, low) => `${high.padStart(8, '0')}/${low.padStart(8, '0')}`,
        (high, low) => `0${high.slice(0, 7)}/${low}`,
      ),
    }),
    generated(lsnReading, {
      rule: 'Each half has one to eight digits, and there is one slash.',
      why: 'A ninth digit is a slip of the hand; what it would mean, nobody knows.',
      note: readLsnNote,
      input: spoilt(
        (high) => `${high}/`,
        (_, low) => `/${low}`,
        (high, low) => high + low,
        (high, low) => `${high.padStart(9, '0')}/${low}`,
        (high, low) => `${high}/${low.padStart(9, '1')}`,
        (high, low) => `${high}/${low}/${low}`,
        (high, low) => `${high}//${low}`,
        () => '',
        () => '/',
      ),
    }),
    generated(lsnReading, {
      rule: 'No sign, no space, no line break, no 0x, no other character.',
      why: 'pg_lsn_in looks at every character, up to the last one.',
      note: readLsnNote,
      input: spoilt(
        (high, low) => ` ${high}/${low}`,
        (high, low) => `${high}/${low}\n`,
        (high, low) => `${high} / ${low}`,
        (high, low) => `-${high.slice(0, 7)}/${low}`,
        (high, low) => `${high}/+${low.slice(0, 7)}`,
        (high, low) => `0x${high.slice(0, 6)}/${low}`,
        (high, low) => `${high}/${low.slice(0, 7)}G`,
        (high, low) => `${high}/${low.slice(0, 3)}_${low.slice(0, 3)}`,
        (high, low) => `${high}\\${low}`,
      ),
    }),
  ],
  alsoRight: { 'digit by digit': digitByDigit },
  wrong: {
    'without the slash': (text) => (readLsn(text) === undefined ? undefined : hex(text.replace('/', ''))),
    'by way of a number': (text) => {
      const [high, low] = halves(text) ?? []
      if (readLsn(text) === undefined || high === undefined || low === undefined) return undefined
      return BigInt(parseInt(high, 16) * 2 ** 32 + parseInt(low, 16))
    },
    'shifted as a number': (text) => {
      const [high, low] = halves(text) ?? []
      if (readLsn(text) === undefined || high === undefined || low === undefined) return undefined
      return BigInt((parseInt(high, 16) << 32) | parseInt(low, 16))
    },
    'parseInt, which reads as far as it can': (text) => {
      const [high, low] = (halves(text) ?? []).map((digits) => parseInt(digits, 16))
      return Number.isInteger(high) && Number.isInteger(low) ? (BigInt(high) << 32n) + BigInt(low) : undefined
    },
    'any number of digits': byPattern(/^([0-9a-f]+)\/([0-9a-f]+)$/i),
    'no digits at all': byPattern(/^([0-9a-f]{0,8})\/([0-9a-f]{0,8})$/i),
    'large letters only': byPattern(/^([0-9A-F]{1,8})\/([0-9A-F]{1,8})$/),
    'eight digits behind the slash': byPattern(/^([0-9a-f]{1,8})\/([0-9a-f]{8})$/i),
    'somewhere in the text': byPattern(/([0-9a-f]{1,8})\/([0-9a-f]{1,8})/i),
    'the last line break does not count': byPattern(/^([0-9a-f]{1,8})\/([0-9a-f]{1,8})$/im),
    'spaces cut off first': (text) => readLsn(text.trim()),
    'decimal digits': (text) => {
      const [high, low] = halves(text) ?? []
      return high && low && /^\d+\/\d+$/.test(text) ? (BigInt(high) << 32n) + BigInt(low) : undefined
    },
    'the low half first': (text) => readLsn(text.split('/').reverse().join('/')),
    '0/0 for what is no LSN': (text) => readLsn(text) ?? 0n,
  },
}
