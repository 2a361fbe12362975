// Pages that PostgreSQL 18.3 wrote, all but zeroes left out, with the checksums that it gave them.

import { expect, test } from 'vitest'
import { pageFault, pageOf, type Page } from './page.js'
import { pageChecksum } from './pageChecksum.js'

type Piece = readonly [offset: number, hex: string]

function pageFrom(pieces: readonly Piece[]): Page {
  const page = pageOf()
  for (const [offset, hex] of pieces) page.bytes.set(Buffer.from(hex, 'hex'), offset)
  return page
}

const EXTENSIONS: readonly Piece[] = [
  [4, '38fb7a00416704001c00901f0020042000000000909fd2'],
  [8080, 'c102'],
  [8096, '01000800030b183fe3310000706c706773716c'],
  [8172, '0a0000000b0000000009312e30'],
]
const LEAF: readonly Piece[] = [
  [4, '78685100a0d800001c00e01ff01f042000000000e09f20'],
  [8164, '01001000e331'],
  [8188, '03'],
]
const FREE_SPACE: readonly Piece[] = [[4, '480ab200703300001800002000200420000000000d']]
const VISIBILITY: readonly Piece[] = [[4, 'c03694002dad00001800002000200420']]

test.each([
  ['heap', 'pg_extension, its one row', EXTENSIONS, 0, 26433],
  ['btree', 'pg_extension_oid_index, its leaf', LEAF, 1, 55456],
  ['free space map', 'of pg_depend, its third page', FREE_SPACE, 2, 13168],
  ['visibility map', 'of pg_am', VISIBILITY, 0, 44333],
] as const)('%s: %s', (_, __, pieces, block, checksum) => {
  const page = pageFrom(pieces)
  expect(page.view.getUint16(8, true), 'what the page says').toBe(checksum)
  expect(pageChecksum(page.bytes, block)).toBe(checksum)
  expect(pageFault(page, block, true)).toBeUndefined()
})

test('the stored checksum does not count, and stays as it is', () => {
  const page = pageFrom(EXTENSIONS)
  page.view.setUint16(8, 0xffff, true)
  expect(pageChecksum(page.bytes, 0)).toBe(26433)
  expect(page.view.getUint16(8, true)).toBe(0xffff)
})

test('any other bit counts, and so does the block number', () => {
  const page = pageFrom(EXTENSIONS)
  for (const at of [0, 10, 11, 12, 100, 4095, 4096, 8191]) {
    page.bytes[at] ^= 0x10
    expect(pageChecksum(page.bytes, 0), `byte ${at}`).not.toBe(26433)
    page.bytes[at] ^= 0x10
  }
  expect(pageChecksum(page.bytes, 1)).not.toBe(26433)
  expect(pageChecksum(page.bytes, 131072)).not.toBe(26433)
})

test('it is never 0: a 0 in the header means that nobody computed it', () => {
  const page = pageFrom(LEAF)
  let [lowest, highest] = [65536, 0]
  for (let block = 0; block < 3000; block++) {
    const sum = pageChecksum(page.bytes, block)
    lowest = Math.min(lowest, sum)
    highest = Math.max(highest, sum)
  }
  expect(lowest).toBeGreaterThan(0)
  expect(highest).toBeLessThan(65536)
})

test('a page that was read is believed only when checksum and header agree with themselves', () => {
  const zeroes = pageOf()
  expect(pageFault(zeroes, 7, true), 'zeroes').toBeUndefined()
  zeroes.bytes[5000] = 1
  expect(pageFault(zeroes, 7, true)).toMatchObject({ what: 'the page is new' })

  const page = pageFrom(EXTENSIONS)
  expect(pageFault(page, 1, true)).toMatchObject({ what: 'page verification failed', found: '26433' })
  expect(pageFault(page, 1, false), 'without checksums').toBeUndefined()
  const broken: Array<[string, number, number]> = [
    ['an unknown flag', 10, 8],
    ['lower above upper', 12, 8100],
    ['upper above special', 14, 8200],
    ['special past the end', 16, 8200],
    ['special not aligned', 16, 8188],
  ]
  for (const [what, at, value] of broken) {
    const bad = pageFrom(EXTENSIONS)
    bad.view.setUint16(at, value, true)
    expect(pageFault(bad, 0, false), what).toMatchObject({ what: 'the page header contradicts itself' })
  }
})
