// 01-wal: the CRC of a record.

import fc from 'fast-check'
import { reference } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { checksumming, crcNote, recordOf, type RecordInput } from '../../exercises/parts/recordCrc.js'
import type { Solution } from '../solution.js'

const XL_CRC = 20
const HEADER = 24

/** One byte further, bits reflected. The exercise gives it. */
function crcStep(crc: number, byte: number, polynomial = 0x82f63b78): number {
  crc ^= byte
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1
  return crc
}

/** The payload first, then the header up to xl_crc: the header is complete only when the record is inserted. */
export function recordCrc(record: Uint8Array): number {
  let crc = -1 // all bits set
  for (let at = 24; at < record.length; at++) crc = crcStep(crc, record[at])
  for (let at = 0; at < 20; at++) crc = crcStep(crc, record[at])
  return ~crc >>> 0 // all bits turned around, as an unsigned number
}

/** A CRC over pieces of a record, with everything that can go wrong as a setting. */
function over(
  pieces: (record: Uint8Array) => readonly Uint8Array[],
  { init = -1, final = -1, polynomial = 0x82f63b78 } = {},
): (record: Uint8Array) => number {
  return (record) => {
    let crc = init
    for (const piece of pieces(record)) for (const byte of piece) crc = crcStep(crc, byte, polynomial)
    return (crc ^ final) >>> 0
  }
}

/** A long record that is quick to make: its bytes count on from `first`. */
function longRecord([length, first]: [number, number]): RecordInput {
  return [Uint8Array.from({ length }, (_, at) => (first + at * 31) & 255)]
}

const payload = (record: Uint8Array): Uint8Array => record.subarray(HEADER)
const header = (record: Uint8Array): Uint8Array => record.subarray(0, XL_CRC)
const right = (record: Uint8Array): readonly Uint8Array[] => [payload(record), header(record)]

/** Two half-bytes at a time, from a table of sixteen. */
function byTable(record: Uint8Array): number {
  const table = Array.from({ length: 16 }, (_, nibble) => {
    let crc = nibble
    for (let bit = 0; bit < 4; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1
    return crc
  })
  let crc = 0xffffffff
  for (const byte of [...payload(record), ...header(record)]) {
    crc = table[(crc ^ byte) & 15] ^ (crc >>> 4)
    crc = table[(crc ^ (byte >>> 4)) & 15] ^ (crc >>> 4)
  }
  return (crc ^ 0xffffffff) >>> 0
}

export const recordCrcSolution: Solution<'recordCrc'> = {
  name: 'recordCrc',
  solution: recordCrc,
  hidden: [
    generated(checksumming, {
      rule: 'The payload comes first, then the header.',
      why: "PostgreSQL computes the payload's part before it knows where the record will stand, and xl_prev with it.",
      note: crcNote,
      input: recordOf(1, 64),
    }),
    generated(checksumming, {
      rule: 'A record that is all header: its first 20 bytes count, and xl_crc does not.',
      why: 'XLOG_SWITCH, which ends a segment early, is such a record.',
      note: crcNote,
      input: recordOf(0, 0),
    }),
    generated(checksumming, {
      rule: 'The CRC is an unsigned number: half of all CRCs have their highest bit set.',
      why: 'xl_crc is read from the log as an unsigned number, and a negative one never equals it.',
      note: crcNote,
      input: recordOf(1, 40).filter(([record]) => reference.recordCrc(record) >= 0x80000000),
    }),
    generated(checksumming, {
      rule: 'Every byte of the payload counts, whatever its length.',
      why: 'Records end at any length; what follows them up to the next multiple of eight is padding and does not count.',
      note: crcNote,
      input: fc.integer({ min: 1, max: 7 }).chain((odd) => recordOf(8 + odd, 8 + odd)),
    }),
    generated(checksumming, {
      rule: 'A long record: with a page image, some thousand bytes.',
      why: 'xl_tot_len has 32 bits, and images make most of the log.',
      note: crcNote,
      runs: 10,
      input: fc.tuple(fc.integer({ min: 2000, max: 9000 }), fc.nat({ max: 255 })).map(longRecord),
    }),
  ],
  alsoRight: {
    'a table of half-bytes over one joined array': byTable,
    'pieces, with settings': over(right),
  },
  wrong: {
    'header before payload': over((record) => [header(record), payload(record)]),
    'the whole record, front to back': over((record) => [record]),
    'xl_crc included': over((record) => [payload(record), record.subarray(0, HEADER)]),
    'payload from byte 20 on': over((record) => [record.subarray(XL_CRC), header(record)]),
    'payload only': over((record) => [payload(record)]),
    'last step forgotten': over(right, { final: 0 }),
    'starts from zero': over(right, { init: 0 }),
    'the polynomial of zip': over(right, { polynomial: 0xedb88320 }),
    'a signed number': (record) => recordCrc(record) | 0,
    'padded to a multiple of eight': over((record) => [
      payload(record),
      new Uint8Array((8 - (record.length % 8)) % 8),
      header(record),
    ]),
    'whole words only': over((record) => [
      payload(record).subarray(0, (record.length - HEADER) & ~3),
      header(record),
    ]),
    'the buffer behind the bytes, from its start': (record) =>
      recordCrc(new Uint8Array(record.buffer, 0, record.length)),
    'the two checksums added up': (record) =>
      (over((all) => [payload(all)])(record) + over((all) => [header(all)])(record)) >>> 0,
  },
}
