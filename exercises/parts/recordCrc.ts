// The checksum of a WAL record: everything but the checksum itself, payload first.

import fc from 'fast-check'
import { reference } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { dump } from '../checking/dump.js'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { comparedBytes, strip, type Field } from '../drawing/bytes.js'

export type RecordInput = [record: Uint8Array]

const hex = (n: number): string => (n >>> 0).toString(16).toUpperCase().padStart(8, '0')

export const checksumming: Contract<RecordInput, number> = {
  name: 'recordCrc',
  draw: drawRecordOrder,
  reference: (record) => reference.recordCrc(record),
  show: (record) => `a record of ${record.length} bytes:\n${dump(record)}`,
  showAnswer: (answer) => (typeof answer === 'number' ? `${answer} (${signed(answer)}h)` : String(answer)),
}

const signed = (n: number): string => (n < 0 ? `-${hex(-n)}` : hex(n))

/** Names the usual slip when an answer shows it. */
export function crcNote(answer: Plain, record: Uint8Array): string {
  if (typeof answer !== 'number') return 'The CRC is a number.'
  const right = reference.recordCrc(record)
  if (answer === (right | 0))
    return 'The bits are right, the sign is not: the CRC is an unsigned 32-bit number.'
  if (answer === ~right >>> 0 || answer === ~right)
    return 'All bits are turned around: the last step is missing.'
  return ''
}

/** A record with any contents: a header of 24 bytes and `min` to `max` bytes more. */
export function recordOf(min: number, max: number): fc.Arbitrary<RecordInput> {
  return fc
    .uint8Array({ minLength: 24 + min, maxLength: 24 + max })
    .map((bytes): RecordInput => [
      bytesOf([...bytes].map((byte) => byte.toString(16).padStart(2, '0')).join('')),
    ])
}

// From the log of scene bank, as PostgreSQL wrote them: a commit, a row locked, the transactions running at the
// checkpoint. Bytes 20 to 23 hold the CRC that PostgreSQL computed.
const realRecords: readonly string[] = [
  '22000000fa020000b0e88e000000000000010000e1eeebc4ff0858306223be030300',
  '36000000fa02000078c08e0000000000600a00000ae1127b000000007f060000050000003f40000000000000ff08fa02000001000a00',
  '3200000000000000206b8e00000000001008000004678542ff18000000000000000000f5006bfa020000fa020000f9020000',
]

/** The record in the two pieces that the checksum takes, and the checksum as it stands at byte 20. */
function drawRecordOrder(answer: Answer, record: Uint8Array): Picture {
  const crc = (value: unknown): Uint8Array | undefined =>
    typeof value === 'number'
      ? bytesOf(hex(value).match(/../g)?.reverse().join('').toLowerCase() ?? '')
      : undefined
  const fields: Field[] = [
    { at: 0, size: 20, name: 'second: the header up to xl_crc', kind: 'wal' },
    { at: 20, size: 4, name: 'not counted', kind: 'plain' },
    { at: 24, size: record.length - 24, name: 'first: all that follows the header', kind: 'accent' },
  ]
  return {
    title: `A record of ${record.length} bytes: its checksum takes those from 24 on, then the first 20.`,
    panels: [
      strip({ title: 'the record, in the order in which its bytes count', bytes: record, fields }),
      comparedBytes({
        expected: crc(reference.recordCrc(record)) ?? new Uint8Array(4),
        got: crc(answer?.value),
        fieldAt: () => 'xl_crc, the lowest byte first',
      }),
    ],
  }
}

export const recordCrc: Exercise = {
  name: 'recordCrc',
  notebook: '01-wal',
  visible: [
    examples(checksumming, {
      rule: 'Three records that PostgreSQL wrote have the CRC that they carry.',
      why: 'A record whose CRC differs is not replayed: for recovery the log ends before it.',
      note: crcNote,
      inputs: realRecords.map((record): RecordInput => [bytesOf(record)]),
    }),
    generated(checksumming, {
      rule: 'A record of any length and contents.',
      why: 'One record with a wrong CRC hides everything that was committed after it.',
      note: crcNote,
      input: recordOf(1, 40),
    }),
  ],
  onScene(scene) {
    const inputs = recordsOf(scene).map(({ raw }): RecordInput => [raw])
    const why = 'The log goes exactly as far as its CRCs are right.'
    return examples(checksumming, {
      rule: `All ${inputs.length} records in the log of scene ${scene.name}.`,
      why,
      note: crcNote,
      inputs,
    })
  },
}
