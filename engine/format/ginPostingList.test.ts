// Posting lists of a GIN index: known bytes, both ways and any rows.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  decodeSegment,
  encodeSegment,
  mergeRows,
  readRows,
  rowNumber,
  segmentSize,
  writeRow,
} from './ginPostingList.js'
import { pageOf } from './page.js'

/** [block, offset number] as a number. */
const row = (block: number, offnum: number): number => block * 2048 + offnum
const rowsOf = (...numbers: number[]): Float64Array => Float64Array.from(numbers)

function encode(rows: readonly number[], maxSize = 8192): { bytes: number[]; packed: number } {
  const page = pageOf(new Uint8Array(8192).fill(0xaa))
  const packed = encodeSegment(rowsOf(...rows), rows.length, page, 16, maxSize)
  return { bytes: [...page.bytes.subarray(16, 16 + segmentSize(page.view, 16))], packed }
}

function decode(bytes: readonly number[], at = 0): number[] | 'unsound' {
  const page = pageOf(Uint8Array.from([...new Array<number>(at).fill(0), ...bytes, 0, 0]))
  const rows = new Float64Array(8192)
  const count = decodeSegment(page, at, rows)
  return count < 0 ? 'unsound' : [...rows.subarray(0, count)]
}

const header = (blockLow: number, offnum: number, nbytes: number): number[] => [
  ...[0, 0, blockLow, 0, offnum, 0],
  ...[nbytes, 0],
]

test.each([
  ['one row', [row(5, 3)], [...header(5, 3, 0)]],
  [
    'its neighbours, a byte each, and a zero to make the length even',
    [row(5, 3), row(5, 4), row(5, 9)],
    [...header(5, 3, 2), 1, 5],
  ],
  ['an odd number of bytes is padded', [row(5, 3), row(5, 4)], [...header(5, 3, 1), 1, 0]],
  ['127 is the longest distance of one byte', [row(0, 1), row(0, 128)], [...header(0, 1, 1), 127, 0]],
  ['128 takes two, low group first', [row(0, 1), row(0, 129)], [...header(0, 1, 2), 0x80, 1]],
  ['the next block', [row(0, 1), row(1, 1)], [...header(0, 1, 2), 0x80, 0x10]],
  [
    '2^31, which is more than 31 bits',
    [row(0, 1), row(0x100000, 1)],
    [...header(0, 1, 5), 0x80, 0x80, 0x80, 0x80, 8, 0],
  ],
  [
    'from the first block to the last one: seven groups, 43 bits',
    [row(0, 1), row(0xfffffffe, 2047)],
    [...header(0, 1, 7), 0xfe, 0xef, 0xff, 0xff, 0xff, 0xff, 1, 0],
  ],
])('%s', (_, rows, bytes) => {
  expect(encode(rows)).toEqual({ bytes, packed: rows.length })
  expect(decode(bytes)).toEqual(rows)
})

test('rows go back and forth at any place; what is written ends where segmentSize says', () => {
  const anyRow = fc
    .tuple(fc.oneof(fc.nat(20), fc.nat(100_000), fc.nat(0xfffffffe)), fc.integer({ min: 1, max: 2047 }))
    .map(([block, offnum]) => row(block, offnum))
  const ascending = fc
    .uniqueArray(anyRow, { minLength: 1, maxLength: 400 })
    .map((list) => list.sort((a, b) => a - b))
  fc.assert(
    fc.property(ascending, fc.nat(7), (rows, at) => {
      const { bytes, packed } = encode(rows)
      expect([packed, bytes.length % 2]).toEqual([rows.length, 0])
      expect(decode(bytes, at)).toEqual(rows)
    }),
  )
})

test('a segment takes as many rows as it has room for, and never a part of a distance', () => {
  const near = Array.from({ length: 20 }, (_, i) => row(0, 1 + i))
  expect(encode(near, 8 + 12).packed).toBe(13)
  expect(encode(near, 8 + 13).packed).toBe(13) // an odd size would leave no room for the padding
  const far = Array.from({ length: 20 }, (_, i) => row(i, 1)) // two bytes each
  expect(encode(far, 8 + 12).packed).toBe(7)
  expect(encode([row(0, 1), row(0, 2), row(9, 1)], 8 + 2)).toEqual({
    bytes: [...header(0, 1, 1), 1, 0],
    packed: 2,
  })
})

describe('a segment that is not sound', () => {
  test.each([
    ['a number that goes on past the end', [...header(0, 1, 1), 0x81, 1]],
    ['a number of eight groups', [...header(0, 1, 8), 0x81, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0]],
    ['the same row twice', [...header(0, 1, 1), 0, 0]],
    ['an offset number of more than 11 bits', [0, 0, 0, 0, 0, 8, 0, 0]],
    ['a block past the last one', [...header(0, 1, 7), 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0]],
  ])('%s', (_, bytes) => expect(decode(bytes)).toBe('unsound'))
})

test('rows of six bytes are read in order only', () => {
  const view = new DataView(new ArrayBuffer(24))
  writeRow(view, 0, row(0x10002, 3))
  expect([...new Uint8Array(view.buffer, 0, 6)]).toEqual([1, 0, 2, 0, 3, 0]) // the block's high half first
  expect(rowNumber(view, 0)).toBe(row(0x10002, 3))
  writeRow(view, 6, row(0x10002, 4))
  const rows = new Float64Array(3)
  expect([readRows(view, 0, 2, rows), ...rows]).toEqual([true, row(0x10002, 3), row(0x10002, 4), 0])
  writeRow(view, 12, row(0x10002, 4))
  expect(readRows(view, 0, 3, rows)).toBe(false)
})

test('merging keeps a row that both lists have once, whatever lies where', () => {
  const merge = (a: number[], b: number[]): number[] => {
    const into = new Float64Array(a.length + b.length)
    return [...into.subarray(0, mergeRows(rowsOf(...a), a.length, rowsOf(...b), b.length, into))]
  }
  expect(merge([1, 3, 5], [2, 3, 9])).toEqual([1, 2, 3, 5, 9])
  expect([merge([], [4, 5]), merge([4, 5], []), merge([7], [1, 2]), merge([1], [2, 3])]).toEqual([
    [4, 5],
    [4, 5],
    [1, 2, 7],
    [1, 2, 3],
  ])
})
