// Bytes in rows, with the fields they belong to; and two runs of bytes row under row, with what differs marked.
//
//     16 │ 00 01 00 00 │ e1 ee eb c4 │ …          expected   22 00 00 00
//          xl_info …     xl_crc                    your part  22 00 00 01
//                                                                      ^^

import { levelsOf, placeLabels, svg } from 'pgcrash'
import { COLUMNS, cut, fit, type Panel } from './drawing.js'

/** Some bytes that mean something together. `at` counts as the strip's own bytes do. */
export interface Field {
  readonly at: number
  readonly size: number
  readonly name: string
  /** `bad` and `accent` are pointed at in the text too. */
  readonly kind?: svg.Kind
}

export interface Strip {
  readonly title: string
  readonly bytes: Uint8Array
  /** Number of the first byte. */
  readonly at?: number
  readonly fields?: readonly Field[]
  /** Letters in place of digits, 32 a row. */
  readonly letters?: boolean
  /** Letters as wide as two digits are. */
  readonly wide?: boolean
}

const { COLOUR, coloursOf, path, rect, text, textWidth, WIDTH } = svg
const LEFT = 84
const ROOM = WIDTH - LEFT - 12
const CELL_HEIGHT = 22
const NAME = { size: 11.5 } as const
const DIGIT = { size: 12.5, mono: true } as const
const MOST_ROWS = 6
const LABEL = 15

/** Draws a run of bytes; of a long one, the rows around its marked fields. */
export function strip({ title, bytes, at = 0, fields = [], letters = false, wide = !letters }: Strip): Panel {
  const perRow = wide ? 16 : 32
  const rows = shownRows(bytes.length, perRow, fields, at).map((row) => {
    const from = row * perRow
    const inRow = fields.flatMap((field) => pieceIn(field, at + from, Math.min(perRow, bytes.length - from)))
    return {
      at: at + from,
      bytes: bytes.subarray(from, from + perRow),
      fields: inRow,
      ...placed(inRow, at + from, ROOM / perRow),
    }
  })
  const heights = rows.map(({ levels }) => CELL_HEIGHT + levels * LABEL + 6)
  const more = bytes.length - rows.reduce((sum, row) => sum + row.bytes.length, 0)
  const heading = `${title}${more > 0 ? ` (${more} bytes not shown)` : ''}`
  return {
    height: 20 + heights.reduce((sum, height) => sum + height, 0),
    draw: (top) => {
      const drawn = [
        text(12, top + 12, fit(heading, WIDTH - 24, { size: 13, weight: 600 }), { size: 13, weight: 600 }),
      ]
      let y = top + 20
      rows.forEach((row, i) => {
        drawn.push(...drawRow(row, y, ROOM / perRow, letters))
        y += heights[i]
      })
      return drawn
    },
    lines: [cut(heading, COLUMNS), ...rows.flatMap((row) => rowLines(row, letters))],
  }
}

interface Row {
  readonly at: number
  readonly bytes: Uint8Array
  readonly fields: readonly Field[]
  readonly labels: readonly { readonly centre: number; readonly level: number }[]
  readonly levels: number
}

const isMarked = ({ kind }: Field): boolean => kind === 'bad' || kind === 'accent'

/** All rows, or the first one and those around the first field that is marked. */
function shownRows(length: number, perRow: number, fields: readonly Field[], at: number): number[] {
  const count = Math.max(1, Math.ceil(length / perRow))
  const all = Array.from({ length: count }, (_, row) => row)
  if (count <= MOST_ROWS) return all
  const marked = fields.find((field) => field.kind === 'bad') ?? fields.find(isMarked)
  const centre = marked ? Math.floor((marked.at - at) / perRow) : 0
  return all.filter((row) => row === 0 || Math.abs(row - centre) <= 2).slice(0, MOST_ROWS)
}

function pieceIn(field: Field, at: number, size: number): Field[] {
  const from = Math.max(field.at, at)
  const length = Math.min(field.at + field.size, at + size) - from
  return length > 0 ? [{ ...field, at: from, size: length }] : []
}

function placed(fields: readonly Field[], at: number, cell: number): Pick<Row, 'labels' | 'levels'> {
  const wanted = fields.map(({ at: from, size, name }) => ({
    at: LEFT + (from - at + size / 2) * cell,
    width: textWidth(name, NAME),
  }))
  const labels = placeLabels(wanted, LEFT - 60, WIDTH - 6)
  return { labels, levels: levelsOf(labels) }
}

function drawRow(row: Row, y: number, cell: number, letters: boolean): string[] {
  const { at, bytes, fields, labels } = row
  const drawn = [
    text(LEFT - 8, y + 15, String(at), { size: 11.5, mono: true, anchor: 'end', fill: COLOUR.muted }),
    rect(LEFT, y, Math.max(1, bytes.length) * cell, CELL_HEIGHT, coloursOf('plain')),
    ...fields.map((field) =>
      rect(LEFT + (field.at - at) * cell, y, field.size * cell, CELL_HEIGHT, {
        ...coloursOf(field.kind ?? 'plain'),
        'stroke-width': field.kind === 'bad' ? 2 : 1,
      }),
    ),
    ...Array.from(bytes, (byte, i) =>
      text(LEFT + (i + 0.5) * cell, y + 15.5, cellText(byte, letters), { ...DIGIT, anchor: 'middle' }),
    ),
  ]
  fields.forEach((field, i) => {
    const middle = LEFT + (field.at - at + field.size / 2) * cell
    const { centre, level } = labels[i]
    const base = y + CELL_HEIGHT + (level + 1) * LABEL - 3
    if (level > 0 || Math.abs(centre - middle) > 10)
      drawn.push(path(`M${middle} ${y + CELL_HEIGHT}L${centre} ${base - 10}`, { stroke: COLOUR.rule }))
    const { kind = 'plain' } = field
    const fill = kind === 'plain' ? COLOUR.muted : COLOUR[kind]
    drawn.push(
      text(centre, base, field.name, {
        ...NAME,
        anchor: 'middle',
        fill,
        weight: isMarked(field) ? 600 : undefined,
      }),
    )
  })
  return drawn
}

function cellText(byte: number, letters: boolean): string {
  if (!letters) return byte.toString(16).padStart(2, '0')
  return byte > 32 && byte < 127 ? String.fromCharCode(byte) : byte === 32 ? '␣' : '·'
}

function rowLines({ at, bytes, fields }: Row, letters: boolean): string[] {
  const width = letters ? 1 : 3
  const cells = Array.from(bytes, (byte) => cellText(byte, letters)).join(letters ? '' : ' ')
  const lines = [`${String(at).padStart(6)}  ${cells}`]
  const whole = ({ size }: Field): boolean => size >= bytes.length
  for (const field of fields.filter((marked) => isMarked(marked) && !whole(marked))) {
    const lead = ' '.repeat(8 + (field.at - at) * width)
    const carets = '^'.repeat(field.size * width - (letters ? 0 : 1))
    const line = `${lead}${carets} ${field.name}`
    const name = cut(field.name, COLUMNS - 8)
    if (line.length <= COLUMNS) lines.push(line)
    else lines.push(lead + carets, name.padStart(Math.min(COLUMNS, lead.length + carets.length)))
  }
  return lines
}

/** What a byte belongs to, to be named where two runs differ first. */
export interface ComparedBytes {
  readonly expected: Uint8Array
  readonly got: Uint8Array | undefined
  readonly fieldAt?: (at: number) => string
  /** Where the first difference that counts is; found when not given. */
  readonly from?: number
  readonly letters?: boolean
}

/** Draws the rows in which two runs of bytes differ first, one under the other. */
export function comparedBytes({ expected, got, fieldAt, letters = false, ...given }: ComparedBytes): Panel {
  const perRow = letters ? 32 : 16
  const from = given.from ?? firstDifference(expected, got ?? expected)
  const longest = Math.max(expected.length, got?.length ?? 0)
  const end = Math.max(0, Math.ceil(longest / perRow) - 1)
  const first = Math.max(0, Math.min(Math.floor(from / perRow), end) - 1)
  const sameRow = (row: number): boolean =>
    got !== undefined &&
    firstDifference(bytesOfRow(expected, row, perRow), bytesOfRow(got, row, perRow)) === perRow
  // The row before the first difference, its own, and the next one when that differs too.
  const next = first + 2
  const last = Math.min(end, from >= perRow && got && next <= end && sameRow(next) ? first + 1 : next)
  const field = from < longest ? fieldAt?.(from) : undefined
  const title = `from byte ${first * perRow} on${field === undefined ? '' : `; the first difference is in ${field}`}`
  const rows = Array.from({ length: last - first + 1 }, (_, i) => (first + i) * perRow)
  const pair = got === undefined ? [expected] : [expected, got]
  return {
    height: 20 + rows.length * (pair.length * CELL_HEIGHT + 8),
    draw: (top) => [
      text(12, top + 12, fit(title, WIDTH - 24, { size: 12.5 }), { size: 12.5, fill: COLOUR.muted }),
      ...rows.flatMap((at, i) => drawPair(pair, at, top + 20 + i * (pair.length * CELL_HEIGHT + 8), letters)),
    ],
    lines: [cut(title, COLUMNS), ...rows.flatMap((at) => pairLines(pair, at, letters))],
  }
}

/** A row, filled up: two rows that end alike are equal. */
function bytesOfRow(bytes: Uint8Array, row: number, perRow: number): Uint8Array {
  const filled = new Uint8Array(perRow)
  filled.set(bytes.subarray(row * perRow, (row + 1) * perRow))
  return filled
}

/** Index of the first byte in which two runs differ; the length of the longer one when they do not. */
export function firstDifference(a: Uint8Array, b: Uint8Array): number {
  const length = Math.max(a.length, b.length)
  for (let i = 0; i < length; i++) if (a[i] !== b[i]) return i
  return length
}

function drawPair(pair: readonly Uint8Array[], at: number, y: number, letters: boolean): string[] {
  const perRow = letters ? 32 : 16
  const cell = ROOM / perRow
  return pair.flatMap((bytes, side) => {
    const top = y + side * CELL_HEIGHT
    const row = bytes.subarray(at, at + perRow)
    const other = pair[1 - side]
    const kind = side === 0 ? 'ok' : 'bad'
    const style = { size: 11.5, anchor: 'end', fill: COLOUR[kind], weight: 600 } as const
    return [
      text(LEFT - 8, top + 15, side === 0 ? 'expected' : 'your part', style),
      ...Array.from(row, (byte, i) => {
        const differs = other !== undefined && other[at + i] !== byte
        return (
          rect(LEFT + i * cell, top, cell, CELL_HEIGHT, coloursOf(differs ? kind : 'plain')) +
          text(LEFT + (i + 0.5) * cell, top + 15.5, cellText(byte, letters), { ...DIGIT, anchor: 'middle' })
        )
      }),
      ...(row.length === 0
        ? [text(LEFT + 4, top + 15, 'nothing more', { size: 12, fill: COLOUR.muted })]
        : []),
    ]
  })
}

function pairLines(pair: readonly Uint8Array[], at: number, letters: boolean): string[] {
  const perRow = letters ? 32 : 16
  const lines = pair.map((bytes, side) => {
    const row = Array.from(bytes.subarray(at, at + perRow), (byte) => cellText(byte, letters))
    const lead = side === 0 ? String(at).padStart(6) : '      '
    return `${lead}  ${side === 0 ? 'expected ' : 'your part'}  ${row.join(letters ? '' : ' ')}`.trimEnd()
  })
  const [a, b] = pair
  if (b === undefined) return lines
  const length = Math.min(perRow, Math.max(a.length, b.length) - at)
  const marks = Array.from({ length: Math.max(0, length) }, (_, i) => (a[at + i] === b[at + i] ? ' ' : '^'))
  const carets = marks.map((mark) => (letters ? mark : mark.repeat(2))).join(letters ? '' : ' ')
  return carets.trim() === '' ? lines : [...lines, `${' '.repeat(19)}${carets}`.trimEnd()]
}

/** The lowest 64 bits of a number, the highest byte first. */
export function bigEndian(value: bigint): Uint8Array {
  const bytes = new Uint8Array(8)
  new DataView(bytes.buffer).setBigUint64(0, BigInt.asUintN(64, value))
  return bytes
}

/** Of the eight bytes of an LSN, the highest first. */
export const halfOf = (at: number): string => (at < 4 ? 'the high half' : 'the low half')
