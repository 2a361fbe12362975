// 01-wal: the header of a record.

import fc from 'fast-check'
import { type XLogRecord } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition } from '../../exercises/checking/positions.js'
import {
  anyHeader,
  headerNote,
  headerReading,
  headerWith,
  type HeaderInput,
} from '../../exercises/parts/readRecordHeader.js'
import type { Solution } from '../solution.js'

/** Six numbers at fixed places, each with its lowest byte first; bytes 18 and 19 only fill up to a multiple of four. */
export function readRecordHeader(record: Uint8Array): XLogRecord {
  const view = new DataView(record.buffer, record.byteOffset) // a record may lie anywhere in its buffer
  return {
    xl_tot_len: view.getUint32(0, true),
    xl_xid: view.getUint32(4, true),
    xl_prev: view.getBigUint64(8, true),
    xl_info: view.getUint8(16),
    xl_rmid: view.getUint8(17),
    xl_crc: view.getUint32(20, true),
  }
}

/** Headers in which some numbers are made by `special`. */
function headers(special: Partial<{ [Field in keyof XLogRecord]: fc.Arbitrary<XLogRecord[Field]> }>) {
  return fc
    .tuple(anyHeader, fc.record(special), fc.nat({ max: 30 }))
    .map(([header, own, more]): HeaderInput => headerWith({ ...header, ...own }, more))
}

const upperHalf = fc.integer({ min: 0x80000000, max: 0xffffffff })
const word = (record: Uint8Array, at: number): number =>
  record[at] | (record[at + 1] << 8) | (record[at + 2] << 16) | (record[at + 3] << 24)
const viewOf = (record: Uint8Array): DataView => new DataView(record.buffer, record.byteOffset)

export const readRecordHeaderSolution: Solution<'readRecordHeader'> = {
  name: 'readRecordHeader',
  solution: readRecordHeader,
  hidden: [
    generated(headerReading, {
      rule: 'Every number has its lowest byte first.',
      why: 'PostgreSQL writes numbers as the machine has them in memory; a directory belongs to one kind of machine.',
      note: headerNote,
      input: headers({ xl_xid: fc.integer({ min: 3, max: 0xffffff }) }),
    }),
    generated(headerReading, {
      rule: 'xl_crc begins at byte 20: the two bytes before it are padding.',
      why: 'A C struct puts a four-byte number at a multiple of four; the CRC read from the padding is never right.',
      note: headerNote,
      input: headers({ xl_crc: fc.integer({ min: 0x10000, max: 0x7fffffff }) }),
    }),
    generated(headerReading, {
      rule: 'Transaction ids and CRCs use all 32 bits and have no sign.',
      why: 'Ids go up to 4,294,967,295 and start again at 3: in half of a long life they would read as negative.',
      note: headerNote,
      input: headers({ xl_xid: upperHalf, xl_crc: upperHalf }),
    }),
    generated(headerReading, {
      rule: 'xl_prev is a 64-bit position, exact to the last byte.',
      why: 'Recovery compares it with the position of the record before; one byte off, and the log ends here.',
      note: headerNote,
      input: headers({ xl_prev: highPosition }),
    }),
    generated(headerReading, {
      rule: 'xl_info comes before xl_rmid, and each is one byte.',
      why: 'xl_rmid says whose redo routine gets the record, and xl_info what it is asked to do.',
      note: headerNote,
      input: headers({
        xl_info: fc.constantFrom(0x20, 0x40, 0x70, 0xf0),
        xl_rmid: fc.integer({ min: 0, max: 255 }),
      }),
    }),
  ],
  alsoRight: {
    'byte by byte': (record) => {
      const number = (at: number): number => word(record, at) >>> 0
      return {
        xl_tot_len: number(0),
        xl_xid: number(4),
        xl_prev: (BigInt(number(12)) << 32n) + BigInt(number(8)),
        xl_info: record[16],
        xl_rmid: record[17],
        xl_crc: number(20),
      }
    },
  },
  wrong: {
    'the highest byte first': (record) => {
      const view = viewOf(record)
      return {
        ...readRecordHeader(record),
        xl_tot_len: view.getUint32(0),
        xl_xid: view.getUint32(4),
        xl_prev: view.getBigUint64(8),
        xl_crc: view.getUint32(20),
      }
    },
    'padding forgotten': (record) => ({
      ...readRecordHeader(record),
      xl_crc: viewOf(record).getUint32(18, true),
    }),
    'signed numbers': (record) => ({
      ...readRecordHeader(record),
      xl_xid: viewOf(record).getInt32(4, true),
      xl_crc: viewOf(record).getInt32(20, true),
    }),
    'put together with <<': (record) => ({
      ...readRecordHeader(record),
      xl_tot_len: word(record, 0),
      xl_xid: word(record, 4),
      xl_crc: word(record, 20),
    }),
    'the low half of xl_prev': (record) => ({
      ...readRecordHeader(record),
      xl_prev: BigInt(viewOf(record).getUint32(8, true)),
    }),
    'xl_prev with its high half first, as on a page': (record) => ({
      ...readRecordHeader(record),
      xl_prev:
        (BigInt(viewOf(record).getUint32(8, true)) << 32n) | BigInt(viewOf(record).getUint32(12, true)),
    }),
    'xl_prev by way of a floating-point number': (record) => ({
      ...readRecordHeader(record),
      xl_prev: BigInt(viewOf(record).getUint32(12, true) * 4294967296 + viewOf(record).getUint32(8, true)),
    }),
    'xl_prev as a number': (record) => ({
      ...readRecordHeader(record),
      xl_prev: Number(viewOf(record).getBigUint64(8, true)) as unknown as bigint,
    }),
    'info and rmid swapped': (record) => ({
      ...readRecordHeader(record),
      xl_info: record[17],
      xl_rmid: record[16],
    }),
    'only the operation of xl_info': (record) => ({
      ...readRecordHeader(record),
      xl_info: record[16] & 0x70,
    }),
    'the buffer behind the bytes, from its start': (record) =>
      readRecordHeader(new Uint8Array(record.buffer, 0, 24)),
    'the length of what was handed in': (record) => ({
      ...readRecordHeader(record),
      xl_tot_len: record.length & ~7,
    }),
  },
}
