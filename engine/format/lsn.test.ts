import fc from 'fast-check'
import { expect, test } from 'vitest'
import { formatLsn, locateLsn, maxAlign, parseLsn, parseSegmentFileName, segmentFileName } from './lsn.js'

const MiB = 1 << 20

test('an LSN prints as PostgreSQL prints it, and reads back', () => {
  expect(formatLsn(0x1a2b3c8n)).toBe('0/1A2B3C8')
  expect(formatLsn(0x2000000000000an)).toBe('200000/A')
  expect(parseLsn('16/b374d848')).toBe(0x16b374d848n)
  for (const wrong of ['', '1', '0/', '0/G', '123456789/0', '0/123456789', ' 0/1', '0/1 '])
    expect(parseLsn(wrong)).toBeUndefined()
  fc.assert(
    fc.property(fc.bigInt({ min: 0n, max: (1n << 64n) - 1n }), (lsn) => parseLsn(formatLsn(lsn)) === lsn),
  )
})

test('a position is a segment and a byte in it, exactly, for any 64-bit LSN', () => {
  expect(locateLsn(0x1a2b3c8n, 16 * MiB)).toEqual({ segment: 1n, offset: 0xa2b3c8 })
  expect(locateLsn(0x1000000n, 16 * MiB)).toEqual({ segment: 1n, offset: 0 })
  expect(locateLsn((1n << 63n) + 5n, MiB)).toEqual({ segment: 1n << 43n, offset: 5 })
})

test('a segment file is named by timeline and two halves of its number', () => {
  expect(segmentFileName(1, 1n, 16 * MiB)).toBe('000000010000000000000001')
  expect(segmentFileName(1, 255n, 16 * MiB)).toBe('0000000100000000000000FF')
  expect(segmentFileName(1, 256n, 16 * MiB)).toBe('000000010000000100000000')
  expect(segmentFileName(10, 4097n, MiB)).toBe('0000000A0000000100000001')
  expect(parseSegmentFileName('000000010000000000000100', 16 * MiB)).toBeUndefined() // third part ends at FF
  expect(parseSegmentFileName('000000010000000000000001.partial', 16 * MiB)).toBeUndefined()
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 10 }),
      fc.bigInt({ min: 0n, max: (1n << 34n) - 1n }),
      (log, segment) => {
        const size = MiB << log
        expect(parseSegmentFileName(segmentFileName(3, segment, size), size)).toEqual({
          timeline: 3,
          segment,
        })
      },
    ),
  )
})

test('alignment goes up to eights', () => {
  expect([0, 1, 8, 9, 2 ** 40 + 1].map(maxAlign)).toEqual([0, 8, 8, 16, 2 ** 40 + 8])
})
