// 04-startup: the redo gate.

import fc from 'fast-check'
import { formatLsn } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { FIRST_RECORD, highPosition, paddedLength, position } from '../../exercises/checking/positions.js'
import { gate, gateNote, type GateInput } from '../../exercises/parts/needsRedo.js'
import type { Solution } from '../solution.js'

/** A page carries the end of the last record applied to it: it misses every record that ends later. */
export function needsRedo(pageLSN: bigint, recordEnd: bigint): boolean {
  return pageLSN < recordEnd
}

/** A log of some records, and the page as one of them left it: before which record does the page stand? */
const somewhereInALog = fc
  .tuple(
    position(FIRST_RECORD, 0x7fffffffn),
    fc.array(paddedLength, { minLength: 2, maxLength: 8 }),
    fc.nat(),
    fc.nat(),
  )
  .map(([start, lengths, k, n]): GateInput => {
    const ends: bigint[] = [start]
    for (const length of lengths) ends.push(ends[ends.length - 1] + length)
    const record = 1 + (k % lengths.length)
    return [ends[n % ends.length], ends[record], ends[record - 1]]
  })

const halfOf = (lsn: bigint): bigint => lsn & 0xffffffffn

export const needsRedoSolution: Solution<'needsRedo'> = {
  name: 'needsRedo',
  solution: needsRedo,
  hidden: [
    generated(gate, {
      rule: 'A page that carries the end of this record has it; a page that an earlier record left does not.',
      why: 'Recovery can be interrupted and begun again: replaying a record a second time must change nothing.',
      note: gateNote,
      input: fc
        .tuple(position(), paddedLength, fc.constantFrom('this record', 'an earlier one'), paddedLength)
        .map(([start, length, left, distance]): GateInput => {
          const pageLSN =
            left === 'this record' ? start + length : start - (distance > start ? start : distance)
          return [pageLSN, start + length, start]
        }),
    }),
    generated(gate, {
      rule: 'Two records in a row change the same page: the second one is still to be applied.',
      why: 'The page carries the end of the first record, and that is where the second one starts.',
      note: gateNote,
      input: fc
        .tuple(position(), paddedLength, fc.boolean())
        .map(([start, length, applied]): GateInput => [
          applied ? start + length : start,
          start + length,
          start,
        ]),
    }),
    generated(gate, {
      rule: 'Any page before any record of a log.',
      why: 'Each page on disk stopped at a record of its own; the log is replayed for all of them at once.',
      note: gateNote,
      input: somewhereInALog,
    }),
    generated(gate, {
      rule: 'Past 4 GiB of WAL the high half of the positions decides.',
      why: 'A cluster passes 4 GiB of WAL within hours; its low half then starts from zero again.',
      note: (answer, pageLSN, recordEnd) =>
        `${gateNote(answer)} (${formatLsn(pageLSN)} lies ${pageLSN < recordEnd ? 'before' : 'behind'} ${formatLsn(recordEnd)}.)`,
      input: fc
        .tuple(highPosition, paddedLength, highPosition)
        .map(([start, length, page]): GateInput => [page, start + length, start])
        .filter(([page, end]) => halfOf(page) < halfOf(end) !== page < end),
    }),
    generated(gate, {
      rule: 'Positions are exact to the last byte, however large they are.',
      why: 'As floating-point numbers, positions beyond 2^53 that are different become equal.',
      note: gateNote,
      input: fc
        .tuple(position(1n << 60n, (1n << 64n) - 8n), paddedLength, fc.boolean())
        .map(([end, length, applied]): GateInput => [applied ? end : end - 8n, end, end - length]),
    }),
    generated(gate, {
      rule: 'The end of the record decides, wherever the page stands.',
      why: 'PostgreSQL stamps a page with the end of the record it applied, so the end is what there is to compare with.',
      note: gateNote,
      input: fc
        .tuple(position(), fc.bigInt({ min: 3n, max: 12n }), fc.bigInt({ min: 0n, max: 28n }))
        .map(([start, length, n]): GateInput => [start + (n - 8n) * 8n, start + length * 8n, start]),
    }),
  ],
  alsoRight: {
    'distance instead of comparison': (pageLSN, recordEnd) => recordEnd - pageLSN > 0n,
    'both halves, the high one first': (pageLSN, recordEnd) =>
      pageLSN >> 32n === recordEnd >> 32n
        ? halfOf(pageLSN) < halfOf(recordEnd)
        : pageLSN >> 32n < recordEnd >> 32n,
  },
  wrong: {
    '<= for <': (pageLSN, recordEnd) => pageLSN <= recordEnd,
    'start of the record for its end': (pageLSN, _end, recordStart) => pageLSN < recordStart,
    'start of the record, with <=': (pageLSN, _end, recordStart) => pageLSN <= recordStart,
    'low half only': (pageLSN, recordEnd) => halfOf(pageLSN) < halfOf(recordEnd),
    'as floating-point numbers': (pageLSN, recordEnd) => Number(pageLSN) < Number(recordEnd),
    'signed 64-bit': (pageLSN, recordEnd) => BigInt.asIntN(64, pageLSN) < BigInt.asIntN(64, recordEnd),
    'signed 32-bit': (pageLSN, recordEnd) =>
      Number(BigInt.asIntN(32, pageLSN)) < Number(BigInt.asIntN(32, recordEnd)),
    'as text': (pageLSN, recordEnd) => formatLsn(pageLSN) < formatLsn(recordEnd),
    'always replay': () => true,
    'never replay': () => false,
    'newer pages instead of older ones': (pageLSN, recordEnd) => pageLSN > recordEnd,
    'different is enough': (pageLSN, recordEnd) => pageLSN !== recordEnd,
  },
}
