import { expect, test } from 'vitest'
import { isNewPage, pageOf, pdLower, pdSpecial, pdUpper } from './page.js'
import { restoreImage } from './pageImage.js'
import { BKPIMAGE } from './walRecord.js'

const { HAS_HOLE, APPLY, COMPRESS_PGLZ, COMPRESS_LZ4, COMPRESS_ZSTD } = BKPIMAGE
const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))
const base64 = (encoded: string): Uint8Array => Uint8Array.from(Buffer.from(encoded, 'base64'))
const dirty = (): Uint8Array => new Uint8Array(8192).fill(0xee)

test('a whole page is copied', () => {
  const image = Uint8Array.from({ length: 8192 }, (_, i) => i & 0xff)
  const page = dirty()
  expect(restoreImage({ hole_offset: 0, hole_length: 0, bimg_info: APPLY }, image, page)).toBe(true)
  expect(page).toEqual(image)
})

test('a hole becomes zeroes, whatever was there', () => {
  const image = Uint8Array.from({ length: 42 }, (_, i) => i + 1)
  const page = dirty()
  expect(restoreImage({ hole_offset: 30, hole_length: 8150, bimg_info: HAS_HOLE | APPLY }, image, page)).toBe(
    true,
  )
  expect(page.subarray(0, 30)).toEqual(image.subarray(0, 30))
  expect(page.subarray(30, 8180).every((b) => b === 0)).toBe(true)
  expect(page.subarray(8180)).toEqual(image.subarray(30))
})

test('an empty GIN page, as PostgreSQL 18.3 compressed it with pglz', () => {
  const stored = hex('020008011800f81ff81f140420010c04021282ff')
  const page = pageOf(dirty())
  const image = { hole_offset: 24, hole_length: 8160, bimg_info: HAS_HOLE | APPLY | COMPRESS_PGLZ }
  expect(restoreImage(image, stored, page.bytes)).toBe(true)
  expect(isNewPage(page)).toBe(false)
  expect([pdLower(page), pdUpper(page), pdSpecial(page)]).toEqual([24, 8184, 8184])
  expect(page.view.getUint16(18, true)).toBe(0x2004)
})

const fish = Buffer.from('one fish, two fish, red fish, blue fish; '.repeat(5))
const LZ4_FISH = '029uZSBmaXNoLCB0d28KADNyZWQKADJibHUfAC87ICkAjFBpc2g7IA=='
const ZSTD_FISH = 'KLUv/QBYHQEAqG9uZSBmaXNoLCB0d29yZWRibHU7IAQAIaYoFmoMkIdm5Qs='
const holeFor = (length: number): { hole_offset: number; hole_length: number } => ({
  hole_offset: 24,
  hole_length: 8192 - length,
})

test.each([
  ['lz4', COMPRESS_LZ4, LZ4_FISH],
  ['zstd', COMPRESS_ZSTD, ZSTD_FISH],
] as const)('bytes that the %s program compressed', (_, method, encoded) => {
  const page = dirty()
  const image = { ...holeFor(fish.length), bimg_info: HAS_HOLE | APPLY | method }
  expect(restoreImage(image, base64(encoded), page)).toBe(true)
  expect(page.subarray(0, 24)).toEqual(Uint8Array.from(fish.subarray(0, 24)))
  expect(page.subarray(24 + 8192 - fish.length)).toEqual(Uint8Array.from(fish.subarray(24)))
})

test('damaged bytes are refused and the page is left alone', () => {
  const page = dirty()
  const refuse = (bimg_info: number, stored: Uint8Array, length = fish.length): void => {
    expect(restoreImage({ ...holeFor(length), bimg_info }, stored, page)).toBe(false)
    expect(page).toEqual(dirty())
  }
  refuse(HAS_HOLE | COMPRESS_LZ4, base64(LZ4_FISH).subarray(1))
  refuse(HAS_HOLE | COMPRESS_LZ4, base64(LZ4_FISH), fish.length + 1)
  refuse(HAS_HOLE | COMPRESS_ZSTD, base64(ZSTD_FISH).subarray(0, 20))
  refuse(HAS_HOLE | COMPRESS_ZSTD, base64(ZSTD_FISH).subarray(1))
  refuse(HAS_HOLE | COMPRESS_ZSTD, base64(ZSTD_FISH), fish.length - 1)
  refuse(HAS_HOLE | COMPRESS_ZSTD, base64(ZSTD_FISH), fish.length + 1)
  refuse(HAS_HOLE | COMPRESS_PGLZ, hex('020008011800f81ff81f140420010c04021282'), 32)
  refuse(HAS_HOLE, new Uint8Array(100), 101)
  const beyond = { hole_offset: 8000, hole_length: 8192 - fish.length, bimg_info: HAS_HOLE }
  expect(restoreImage(beyond, fish, page), 'a hole that leaves the page').toBe(false)
  expect(restoreImage({ hole_offset: 30, hole_length: 0xfce0, bimg_info: HAS_HOLE }, fish, page)).toBe(false)
  expect(page).toEqual(dirty())
})
