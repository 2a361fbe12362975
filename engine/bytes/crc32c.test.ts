import { expect, test } from 'vitest'
import { crc32c, crcFinish, crcUpdate, CRC_INIT } from './crc32c.js'

const ascii = (text: string): Uint8Array => new TextEncoder().encode(text)

test('CRC-32C gives the check values of RFC 3720, B.4', () => {
  expect(crc32c(ascii('123456789'))).toBe(0xe3069283)
  expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa)
  expect(crc32c(new Uint8Array(32).fill(0xff))).toBe(0x62a8ab43)
  expect(crc32c(Uint8Array.from({ length: 32 }, (_, i) => i))).toBe(0x46dd794e)
})

test('a CRC taken in pieces, at any cut, is the CRC of the whole', () => {
  const bytes = Uint8Array.from({ length: 100 }, (_, i) => (i * 37) & 0xff)
  for (let cut = 0; cut <= bytes.length; cut++)
    expect(crcFinish(crcUpdate(crcUpdate(CRC_INIT, bytes, 0, cut), bytes, cut, bytes.length))).toBe(
      crc32c(bytes),
    )
})
