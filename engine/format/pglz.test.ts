import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decompressPglz } from './pglz.js'
import { compressPglz } from './testing/compressors.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const text = (data: Uint8Array | undefined): string | undefined =>
  data && Buffer.from(data).toString('latin1')

test('eight literals, then a control byte for the ninth', () => {
  const source = bytes(0, ...Buffer.from('abcdefgh'), 0, 0x69)
  expect(text(decompressPglz(source, 9))).toBe('abcdefghi')
})

test('a copy: length 3 to 17 in the low half of its first byte, offset in the rest', () => {
  // control 00001000b: three literals, then a copy of 3 bytes from 3 back
  expect(text(decompressPglz(bytes(0x08, 0x61, 0x62, 0x63, 0x00, 0x03), 6))).toBe('abcabc')
  // 17 bytes from 2 back: the copy reads what it has just written
  expect(text(decompressPglz(bytes(0x04, 0x61, 0x62, 0x0e, 0x02), 19))).toBe('ab'.repeat(9) + 'a')
})

test('length nibble 15 means one more byte: 18 to 273', () => {
  expect(text(decompressPglz(bytes(0x02, 0x61, 0x0f, 0x01, 0x00), 19))).toBe('a'.repeat(19))
  expect(text(decompressPglz(bytes(0x02, 0x61, 0x0f, 0x01, 0xff), 274))).toBe('a'.repeat(274))
})

test('an offset has twelve bits, the upper four in the first byte', () => {
  const far = 0x0abc
  const literals: number[] = []
  const plain = Uint8Array.from({ length: far }, (_, i) => (i * 7 + (i >>> 8)) & 0xff)
  for (let at = 0; at < far; at += 8) literals.push(0, ...plain.subarray(at, at + 8))
  // 0xabc is a multiple of 4, not of 8: its last control byte has four items left for the copy
  const lastControl = literals.length - 5
  literals[lastControl] = 0x10
  const target = decompressPglz(bytes(...literals, 0xa1, 0xbc), far + 4)
  expect(target?.subarray(far)).toEqual(plain.subarray(0, 4))
})

test('damaged data gives undefined, not bytes', () => {
  const good = bytes(0x08, 0x61, 0x62, 0x63, 0x00, 0x03)
  expect(decompressPglz(good, 7), 'too little for the length asked').toBeUndefined()
  expect(decompressPglz(good, 5), 'a copy is cut at the length, but then all must be used').toHaveLength(5)
  expect(decompressPglz(bytes(...good, 0), 6), 'something left over').toBeUndefined()
  expect(decompressPglz(good.subarray(0, 5), 6), 'half a tag').toBeUndefined()
  expect(decompressPglz(bytes(0x02, 0x61, 0x0f, 0x01), 19), 'the length byte is missing').toBeUndefined()
  expect(decompressPglz(bytes(0x02, 0x61, 0x00, 0x02), 4), 'from before the beginning').toBeUndefined()
  expect(decompressPglz(bytes(0x02, 0x61, 0x00, 0x00), 4), 'from nowhere').toBeUndefined()
  expect(decompressPglz(bytes(), 0)).toHaveLength(0)
})

test('what a compressor makes comes back', () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 30,
    })
    .map((runs) =>
      Uint8Array.from(runs.flatMap(([run, times]) => Array.from({ length: times }, () => [...run]).flat())),
    )
  fc.assert(
    fc.property(repetitive, (plain) => {
      expect(decompressPglz(compressPglz(plain), plain.length)).toEqual(plain)
    }),
    { numRuns: 60 },
  )
})

test('no bytes make it read or write out of bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 600 }), (source, length) => {
      const result = decompressPglz(source, length)
      expect(result === undefined || result.length === length).toBe(true)
    }),
  )
})
