import fc from 'fast-check'
import { expect, test } from 'vitest'
import { decompressLz4 } from './lz4.js'
import { compressLz4 } from './testing/compressors.js'

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values)
const text = (data: Uint8Array | undefined): string | undefined =>
  data && Buffer.from(data).toString('latin1')
const base64 = (encoded: string): Uint8Array => Uint8Array.from(Buffer.from(encoded, 'base64'))

test('literals, a match, and the literals that end a block', () => {
  // 3 literals, match of 4 + 2 from 3 back; then 1 literal
  expect(text(decompressLz4(bytes(0x32, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x21), 10))).toBe('abcabcabc!')
})

test('lengths of 15 and more go on in bytes of 255', () => {
  const literals = Uint8Array.from({ length: 15 + 255 + 7 }, (_, i) => i & 0xff)
  expect(decompressLz4(bytes(0xf0, 255, 7, ...literals), literals.length)).toEqual(literals)
  expect(text(decompressLz4(bytes(0x1f, 0x61, 1, 0, 255, 0, 0x10, 0x62), 276))).toBe('a'.repeat(275) + 'b')
})

test('an offset has two bytes, the low one first', () => {
  const literals = Uint8Array.from({ length: 15 + 255 + 30 }, (_, i) => (i * 7 + (i >>> 5)) & 0xff)
  const block = bytes(0xf0, 255, 30, ...literals, 0x2c, 0x01, 0x10, 0x21)
  expect(decompressLz4(block, 305)?.subarray(300)).toEqual(bytes(...literals.subarray(0, 4), 0x21))
})

test('blocks that the lz4 program made', () => {
  const long = 'H3gBAP//////////////////////////////////////////B1B4eHh4eA=='
  expect(text(decompressLz4(base64(long), 8192))).toBe('x'.repeat(8192))
  // lz4 -9 of "one fish, two fish, red fish, blue fish; " five times
  const fish = '029uZSBmaXNoLCB0d28KADNyZWQKADJibHUfAC87ICkAjFBpc2g7IA=='
  expect(text(decompressLz4(base64(fish), 205))).toBe('one fish, two fish, red fish, blue fish; '.repeat(5))
})

test('damaged data gives undefined, not bytes', () => {
  const good = bytes(0x32, 0x61, 0x62, 0x63, 3, 0, 0x10, 0x21)
  expect(decompressLz4(good, 10)).toHaveLength(10)
  expect(decompressLz4(good, 9), 'more than there is room for').toBeUndefined()
  expect(decompressLz4(good, 11), 'less than asked').toBeUndefined()
  for (const cut of [1, 3, 5, 7])
    expect(decompressLz4(good.subarray(0, cut), 10), `cut at ${cut}`).toBeUndefined()
  expect(
    decompressLz4(bytes(0x32, 0x61, 0x62, 0x63, 4, 0, 0x10, 0x21), 10),
    'before the beginning',
  ).toBeUndefined()
  expect(decompressLz4(bytes(0x32, 0x61, 0x62, 0x63, 0, 0, 0x10, 0x21), 10), 'from nowhere').toBeUndefined()
  expect(decompressLz4(bytes(0xf0, 255, 255), 600), 'a length that never ends').toBeUndefined()
})

test('what a compressor makes comes back', () => {
  const repetitive = fc
    .array(fc.tuple(fc.uint8Array({ minLength: 1, maxLength: 6 }), fc.integer({ min: 1, max: 60 })), {
      maxLength: 20,
    })
    .map((runs) =>
      Uint8Array.from(runs.flatMap(([run, times]) => Array.from({ length: times }, () => [...run]).flat())),
    )
  fc.assert(
    fc.property(repetitive, (plain) => {
      expect(decompressLz4(compressLz4(plain), plain.length)).toEqual(plain)
    }),
    { numRuns: 60 },
  )
})

test('no bytes make it read or write out of bounds', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.integer({ min: 0, max: 600 }), (source, length) => {
      const result = decompressLz4(source, length)
      expect(result === undefined || result.length === length).toBe(true)
    }),
  )
})
