// Rows as values, rows as bytes (heaptuple.c, heap_fill_tuple, heap_deform_tuple).
//
//   header 23 │ null bitmap │ pad to 8 │ id 4 │ pad │ balance 8 │ 1+n name          columns in order, each aligned
//                                                                 └ short texts carry their length in one odd byte
//
// Numbers are aligned to their size; a text of up to 126 bytes is not aligned at all, a longer one to 4.

import { CorruptData, Unsupported } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { HEAP, HEAP_TUPLE_HEADER_SIZE, type HeapTuple } from '../format/heapTuple.js'
import { maxAlign } from '../format/lsn.js'
import { decompressPglz } from '../format/pglz.js'

export type ColumnType = 'integer' | 'bigint' | 'boolean' | 'text' | 'timestamptz'

export interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** integer: number; bigint: bigint; timestamptz: bigint, microseconds since 2000-01-01 UTC; null for SQL's null. */
export type Value = number | bigint | boolean | string | null

/** What a new row's record and page need: the header's bits, and all bytes that follow the header's 23. */
export interface EncodedRow {
  t_infomask: number
  natts: number
  t_hoff: number
  /** Null bitmap, padding, columns. */
  body: Uint8Array
}

/** Longest row that PostgreSQL stores as it is; beyond, columns go to TOAST (TOAST_TUPLE_THRESHOLD). */
const LONGEST_ROW = 2032
const SHORT_TEXT = 126
const SIZES: Readonly<Record<Exclude<ColumnType, 'text'>, number>> = {
  integer: 4,
  bigint: 8,
  boolean: 1,
  timestamptz: 8,
}

const align = (at: number, to: number): number => Math.ceil(at / to) * to

/**
 * The bytes of a row. @throws TypeError for a value of another type than its column; Unsupported for a row that
 * PostgreSQL would send to TOAST.
 */
export function encodeRow(columns: readonly Column[], values: readonly Value[]): EncodedRow {
  if (values.length !== columns.length)
    throw new TypeError(`the table has ${columns.length} columns, the row has ${values.length} values`)
  const hasNull = values.includes(null)
  const bitmap = hasNull ? Math.ceil(columns.length / 8) : 0
  const t_hoff = maxAlign(HEAP_TUPLE_HEADER_SIZE + bitmap)
  const encoded = values.map((value, i) => encodeValue(columns[i], value))
  let size = 0
  for (const [i, piece] of encoded.entries())
    if (piece) size = startOf(columns[i], piece, size) + piece.length
  if (t_hoff + size > LONGEST_ROW)
    throw new Unsupported(
      `a row of ${t_hoff + size} bytes would go to TOAST, which is not written here; the longest is ${LONGEST_ROW}`,
    )
  const body = new Uint8Array(t_hoff - HEAP_TUPLE_HEADER_SIZE + size)
  const from = t_hoff - HEAP_TUPLE_HEADER_SIZE
  let at = 0
  for (const [i, piece] of encoded.entries()) {
    if (!piece) continue
    if (hasNull) body[i >>> 3] |= 1 << (i & 7)
    at = startOf(columns[i], piece, at)
    body.set(piece, from + at)
    at += piece.length
  }
  const hasText = columns.some(({ type }, i) => type === 'text' && values[i] !== null)
  const t_infomask = (hasNull ? HEAP.HASNULL : 0) | (hasText ? HEAP.HASVARWIDTH : 0)
  return { t_infomask, natts: columns.length, t_hoff, body }
}

function startOf({ type }: Column, piece: Uint8Array, at: number): number {
  if (type !== 'text') return align(at, SIZES[type])
  return (piece[0] & 1) === 1 ? at : align(at, 4)
}

function encodeValue({ name, type }: Column, value: Value): Uint8Array | undefined {
  if (value === null) return undefined
  const wrong = (expected: string): TypeError =>
    new TypeError(`column ${name} is ${type}: expected ${expected}, found ${typeof value} ${String(value)}`)
  if (type === 'text') {
    if (typeof value !== 'string' || value.includes('\0')) throw wrong('a string without NUL')
    return encodeText(value)
  }
  const bytes = new Uint8Array(SIZES[type])
  const view = viewOf(bytes)
  if (type === 'boolean') {
    if (typeof value !== 'boolean') throw wrong('true or false')
    bytes[0] = value ? 1 : 0
  } else if (type === 'integer') {
    if (typeof value !== 'number' || (value | 0) !== value) throw wrong('a whole number of 32 bits')
    view.setInt32(0, value, true)
  } else {
    if (typeof value !== 'bigint' || BigInt.asIntN(64, value) !== value) throw wrong('a bigint of 64 bits')
    view.setBigInt64(0, value, true)
  }
  return bytes
}

/** One odd byte of length for short texts, else four bytes, the length shifted by two (varatt.h). */
function encodeText(text: string): Uint8Array {
  const utf8 = new TextEncoder().encode(text)
  const header = utf8.length <= SHORT_TEXT ? 1 : 4
  const bytes = new Uint8Array(header + utf8.length)
  if (header === 1) bytes[0] = ((utf8.length + 1) << 1) | 1
  else viewOf(bytes).setUint32(0, (utf8.length + 4) << 2, true)
  bytes.set(utf8, header)
  return bytes
}

/** The values of a row; columns that were added after it was written are null. @throws Unsupported for TOAST */
export function decodeRow(columns: readonly Column[], tuple: HeapTuple): Value[] {
  const { data, nulls, natts } = tuple
  const view = viewOf(data)
  let at = 0
  return columns.map(({ name, type }, i) => {
    if (i >= natts || nulls[i]) return null
    if (type === 'text') {
      const { value, end } = decodeText(name, data, at)
      at = end
      return value
    }
    at = align(at, SIZES[type])
    if (at + SIZES[type] > data.length) throw cutOff(name, data.length)
    const from = at
    at += SIZES[type]
    if (type === 'boolean') return data[from] !== 0
    return type === 'integer' ? view.getInt32(from, true) : view.getBigInt64(from, true)
  })
}

function cutOff(column: string, length: number): CorruptData {
  return new CorruptData({
    file: 'heap page',
    what: `column ${column} ends behind the row's ${length} bytes`,
  })
}

function decodeText(column: string, data: Uint8Array, from: number): { value: string; end: number } {
  let at = from
  // A padding byte is zero, a length never is: so a short text is told from an aligned one.
  if (data[at] === 0) at = align(at, 4)
  if (at >= data.length) throw cutOff(column, data.length)
  if (data[at] === 1) throw new Unsupported(`column ${column} is in TOAST, which is not read here`)
  const decode = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
  if ((data[at] & 1) === 1) {
    const end = at + (data[at] >>> 1)
    return { value: decode(data.subarray(at + 1, end)), end }
  }
  const view = viewOf(data)
  const end = at + (view.getUint32(at, true) >>> 2)
  if (end > data.length) throw cutOff(column, data.length)
  if ((data[at] & 3) === 0) return { value: decode(data.subarray(at + 4, end)), end }
  const rawSize = view.getUint32(at + 4, true)
  const raw =
    rawSize >>> 30 === 0 ? decompressPglz(data.subarray(at + 8, end), rawSize & 0x3fffffff) : undefined
  if (!raw) throw new Unsupported(`column ${column} is compressed in a way that is not read here`)
  return { value: decode(raw), end }
}
