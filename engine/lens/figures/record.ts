// A WAL record as a strip of its bytes: what pg_waldump prints as one line, here byte by byte.
//
//   ▇▇▁▁▁▁▁▁▁▁▁▁▁▁▁▁  the whole record to scale
//   Header      │64 00 00 00│fb 02 00 00│…
//                xl_tot_len  xl_xid
//   Announced   │00│20│29 00│…
//   Data        │08 00 02 08 18 … │

import { formatLsn } from '../../format/lsn.js'
import { operationName, resourceManagerName } from '../../format/recordNames.js'
import type { WalRecord } from '../../wal/record.js'
import { levelsOf, placeLabels } from './labels.js'
import { partsOf, type ByteField, type PayloadStructs, type RecordPart } from './recordFields.js'
import { COLOUR, coloursOf, drawing, path, rect, text, textWidth, WIDTH, type Kind } from './svg.js'

const PER_ROW = 24
const CELL = 28
const LEFT = 44
/** Longer payloads show their first and last rows. */
const MAX_ROWS = 5
const NAME = { size: 12, mono: true } as const
const VALUE = { size: 12 } as const
const LABEL_HEIGHT = 30
const SHORTEST_WORD = 4
const PAYLOADS: ReadonlySet<RecordPart['kind']> = new Set<RecordPart['kind']>(['image', 'data', 'main'])

const KINDS: Readonly<Record<RecordPart['kind'], Kind>> = {
  header: 'wal',
  announcement: 'accent',
  image: 'page',
  data: 'page',
  main: 'plain',
}

/** Draws a record: every header byte with its field's name and value; payloads with the text they hold. */
export function drawRecord(record: WalRecord, structs: PayloadStructs = {}): string {
  const parts = partsOf(record, structs)
  const drawn: string[] = [overview(parts, record.xl_tot_len)]
  let y = 44
  for (const part of parts) {
    drawn.push(text(LEFT, y + 14, `${part.title}: ${count(part.size)}`, { size: 13, weight: 600 }))
    const rows = drawRows(record, part, y + 22)
    drawn.push(...rows.drawn)
    y = rows.bottom + 10
  }
  const what = `${resourceManagerName(record.xl_rmid)} ${operationName(record.xl_rmid, record.xl_info)}`
  return drawing({
    title: `The WAL record ${what} at ${formatLsn(record.lsn)}, ${count(record.xl_tot_len)}, byte by byte.`,
    description: `${what} at ${formatLsn(record.lsn)}: ${count(record.xl_tot_len)}. The strip on top shows the same parts to scale.`,
    height: y + 4,
    parts: drawn,
  })
}

/** One thin strip: which part of the record takes how much of it. */
function overview(parts: readonly RecordPart[], total: number): string {
  const scale = (PER_ROW * CELL) / total
  return parts
    .map(({ kind, at, size }) =>
      rect(LEFT + at * scale, 12, size * scale, 16, { ...coloursOf(KINDS[kind]), 'stroke-width': 1 }),
    )
    .join('')
}

function drawRows(record: WalRecord, part: RecordPart, top: number): { drawn: string[]; bottom: number } {
  const drawn: string[] = []
  const rows = Math.ceil(part.size / PER_ROW)
  const words = wordsIn(record, part)
  let y = top
  for (let row = 0; row < rows; row++) {
    if (rows > MAX_ROWS && row === 2) {
      const left = (rows - 3) * PER_ROW
      drawn.push(text(LEFT, y + 16, `⋯ ${count(left)} more ⋯`, { size: 13, fill: COLOUR.muted }))
      y += 26
      row = rows - 1
    }
    const from = row * PER_ROW
    const size = Math.min(PER_ROW, part.size - from)
    const cells = drawCells(record, part, part.at + from, size, y, words.slice(from, from + size))
    drawn.push(...cells.drawn)
    y += cells.height + 4
    const labels = drawLabels(fieldsWithin(part.fields, part.at + from, size), part.at + from, y)
    drawn.push(...labels.drawn)
    y = labels.bottom
  }
  return { drawn, bottom: y }
}

/** Which bytes of a payload are text: letters in a row, not a number that happens to look like one. */
function wordsIn(record: WalRecord, { kind, at, size }: RecordPart): boolean[] {
  if (!PAYLOADS.has(kind)) return []
  const letters = Array.from(record.raw.subarray(at, at + size), (byte) => byte >= 32 && byte < 127)
  let from = 0
  return letters.map((isLetter, i) => {
    if (!isLetter || i === 0 || !letters[i - 1]) from = i
    if (!isLetter) return false
    const to = letters.indexOf(false, i)
    return (to < 0 ? letters.length : to) - from >= SHORTEST_WORD
  })
}

/** A row of bytes, boxed field by field; bytes of a payload that are text have their letters beneath them. */
function drawCells(
  record: WalRecord,
  part: RecordPart,
  at: number,
  size: number,
  y: number,
  words: readonly boolean[],
): { drawn: string[]; height: number } {
  const bytes = record.raw.subarray(at, at + size)
  const height = words.includes(true) ? 38 : 24
  const colours = coloursOf(KINDS[part.kind])
  const drawn = [
    text(LEFT - 8, y + 16, String(at), { size: 12, mono: true, anchor: 'end', fill: COLOUR.muted }),
    rect(LEFT, y, size * CELL, height, { ...colours, 'stroke-width': 1 }),
  ]
  for (const field of part.fields) {
    const x = LEFT + (field.at - at) * CELL
    if (field.at > at && field.at < at + size)
      drawn.push(path(`M${x} ${y}v${height}`, { stroke: colours.stroke }))
    const end = field.at + field.size
    if (end > at && end < at + size)
      drawn.push(path(`M${LEFT + (end - at) * CELL} ${y}v${height}`, { stroke: colours.stroke }))
  }
  bytes.forEach((byte, i) => {
    const centre = LEFT + (i + 0.5) * CELL
    drawn.push(text(centre, y + 16.5, byte.toString(16).padStart(2, '0'), { mono: true, anchor: 'middle' }))
    const letter = words[i] ? String.fromCharCode(byte).trim() : ''
    if (letter) drawn.push(text(centre, y + 32, letter, { mono: true, anchor: 'middle', fill: COLOUR.muted }))
  })
  return { drawn, height }
}

/** The piece of each field that lies in this row; a field cut by the row's end is labelled where most of it is. */
function fieldsWithin(fields: readonly ByteField[], at: number, size: number): ByteField[] {
  return fields.flatMap((field) => {
    const from = Math.max(field.at, at)
    const length = Math.min(field.at + field.size, at + size) - from
    return length > 0 && length * 2 >= field.size ? [{ ...field, at: from, size: length }] : []
  })
}

function drawLabels(
  fields: readonly ByteField[],
  at: number,
  top: number,
): { drawn: string[]; bottom: number } {
  const places = fields.map(({ at: from, size }) => LEFT + (from - at + size / 2) * CELL)
  const widths = fields.map(({ name, value }) => Math.max(textWidth(name, NAME), textWidth(value, VALUE)))
  const placed = placeLabels(
    places.map((place, i) => ({ at: place, width: widths[i] })),
    LEFT,
    WIDTH - 4,
  )
  const drawn = placed.flatMap(({ centre, level }, i) => {
    const y = top + level * LABEL_HEIGHT
    const leader = level > 0 || Math.abs(centre - places[i]) > 8
    return [
      leader
        ? path(`M${places[i]} ${top - 3}L${places[i]} ${y - 1}L${centre} ${y + 2}`, { stroke: COLOUR.rule })
        : '',
      text(centre, y + 11, fields[i].name, { ...NAME, anchor: 'middle' }),
      text(centre, y + 24, fields[i].value, { ...VALUE, anchor: 'middle', fill: COLOUR.muted }),
    ]
  })
  return {
    drawn: drawn.filter(Boolean),
    bottom: top + levelsOf(placed) * LABEL_HEIGHT + (placed.length > 0 ? 4 : 0),
  }
}

const count = (bytes: number): string => (bytes === 1 ? '1 byte' : `${bytes.toLocaleString('en-US')} bytes`)
