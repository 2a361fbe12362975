// The header that every WAL record begins with: 24 bytes, six numbers, two bytes of nothing.

import fc from 'fast-check'
import { formatLsn, XLogRecord } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { hexBytes } from '../checking/dump.js'
import { literal } from '../checking/literal.js'
import { bytesOf, encode, type Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { recordsOf } from '../scene/contents.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { strip } from '../drawing/bytes.js'
import { columns, fields, sides } from '../drawing/columns.js'

export type HeaderInput = [record: Uint8Array]

export const headerReading: Contract<HeaderInput, XLogRecord> = {
  name: 'readRecordHeader',
  draw: drawHeader,
  reference: (record) => XLogRecord.read(record),
  show: ruler,
  showAnswer: inOrder,
}

/** The fields in the order of the struct; whatever else there is comes last. */
function inOrder(answer: Plain): string {
  if (typeof answer !== 'object' || answer === null || Array.isArray(answer)) return literal(answer)
  const names = XLogRecord.fields.map(({ name }) => name)
  const place = (name: string): number => (names.includes(name) ? names.indexOf(name) : names.length)
  const fields = Object.entries(answer).sort(([a], [b]) => place(a) - place(b))
  return `{ ${fields.map(([name, value]) => `${name}: ${literal(value)}`).join(', ')} }`
}

/** The header in groups as the fields lie, and where each group starts. */
function ruler(record: Uint8Array): string {
  const starts = [0, 4, 8, 16, 20]
  const groups = starts.map((from, i) => hexBytes(record.subarray(from, starts[i + 1] ?? 24)))
  const places = starts.map((from, i) => String(from).padEnd(groups[i].length))
  const rest = record.length > 24 ? `\nand ${record.length - 24} bytes more` : ''
  return `${groups.join('  ')}\n${places.join('  ').trimEnd()}${rest}`
}

const WIDTHS: Readonly<Record<string, string>> = { 1: 'one byte', 4: 'four bytes', 8: 'eight bytes' }

/** Names the first field that is wrong, and where it stands. */
export function headerNote(answer: Plain, record: Uint8Array): string {
  if (typeof answer !== 'object' || answer === null) return 'The answer is an object with six fields.'
  const given = answer as Readonly<Record<string, Plain>>
  const right = XLogRecord.read(record) as unknown as Readonly<Record<string, Plain>>
  for (const { name, offset, size } of XLogRecord.fields) {
    if (encode(given[name]) === encode(right[name])) continue
    if (given[name] === undefined) return `${name} is missing.`
    if (typeof given[name] !== typeof right[name])
      return `${name} is a ${typeof right[name]}${size === 8 ? ': a number would not hold 64 bits' : ''}.`
    const value = name === 'xl_prev' ? ` (${formatLsn(right[name] as bigint)})` : ''
    return `${name} is wrong: it is ${WIDTHS[size]} at ${offset}${size > 1 ? ', the lowest byte first' : ''}${value}.`
  }
  return 'There are six fields, and no more.'
}

/** A header with these numbers and any CRC, and `more` bytes behind it, as a view into a larger buffer. */
export function headerWith(header: Omit<XLogRecord, 'xl_tot_len'>, more: number): HeaderInput {
  const record = bytesOf('5a'.repeat(24 + more))
  record.fill(0, 18, 20) // padding, which PostgreSQL keeps zero
  XLogRecord.write(record, 0, { ...header, xl_tot_len: record.length })
  return [record]
}

export const anyHeader: fc.Arbitrary<Omit<XLogRecord, 'xl_tot_len'>> = fc.record({
  xl_xid: fc.integer({ min: 0, max: 0x7fffffff }),
  xl_prev: position(),
  xl_info: fc.constantFrom(0x00, 0x10, 0x80, 0xa0, 0xe0),
  xl_rmid: fc.integer({ min: 0, max: 21 }),
  xl_crc: fc.integer({ min: 0, max: 0x7fffffff }),
})

// The commit of the rent, a checkpoint's redo record and the lock on an account, as scene bank's log has them.
const realRecords: readonly string[] = [
  '22000000fa020000b0e88e000000000000010000e1eeebc4ff0858306223be030300',
  '36000000fa02000078c08e0000000000600a00000ae1127b000000007f060000050000003f40000000000000ff08fa02000001000a00',
  '3200000000000000206b8e00000000001008000004678542ff18000000000000000000f5006bfa020000fa020000f9020000',
]

/** The 24 bytes with the fields on them, those that were read wrongly marked, and the six answers. */
function drawHeader(answer: Answer, record: Uint8Array): Picture {
  const right = XLogRecord.read(record)
  const print = (value: unknown, name: string): string =>
    name === 'xl_prev' && typeof value === 'bigint' && value >= 0n && value < 1n << 64n
      ? formatLsn(value)
      : literal(value)
  const rows = fields({ ...right }, answer, print)
  const wrong = rows.filter(({ expected, got }) => answer && expected !== got).map(({ name }) => name)
  return {
    title: `The header of a record and its six fields${wrong.length > 0 ? `; ${wrong.join(', ')} read wrongly` : ''}.`,
    panels: [
      strip({
        title: 'the header of the record',
        bytes: record.subarray(0, 24),
        fields: XLogRecord.fields.map(({ name, offset, size }) => ({
          ...{ at: offset, size, name },
          kind: wrong.includes(name) ? ('bad' as const) : ('wal' as const),
        })),
      }),
      columns(rows, { head: 'field', ...sides(answer) }),
    ],
  }
}

export const readRecordHeader: Exercise = {
  name: 'readRecordHeader',
  notebook: '01-wal',
  visible: [
    examples(headerReading, {
      rule: 'A commit, a locked row, and the transactions that were running: three records of scene bank.',
      why: 'Recovery reads this header before it knows anything else of a record.',
      note: headerNote,
      inputs: realRecords.map((record): HeaderInput => [bytesOf(record)]),
    }),
    generated(headerReading, {
      rule: 'Any record of a small log.',
      why: 'The length says where the record ends, and so where the next one is.',
      note: headerNote,
      input: fc.tuple(anyHeader, fc.nat({ max: 60 })).map(([header, more]) => headerWith(header, more)),
    }),
  ],
  onScene(scene) {
    const inputs = recordsOf(scene).map(({ raw }): HeaderInput => [raw.subarray(0, 24)])
    const why = 'Each xl_prev is the position of the record before: read them all, and the log is a chain.'
    return examples(headerReading, {
      rule: `The headers of all ${inputs.length} records in the log of scene ${scene.name}.`,
      why,
      note: headerNote,
      inputs,
    })
  },
}
