import { describe, expect, test } from 'vitest'
import { maskPage } from './masks.js'
import type { PageKind } from '../format/pageKind.js'
import { pageSize } from './pageBytes.js'
import { placeOn } from './places.js'

/** An empty page with a special space of this size. */
function page(special: number): Uint8Array {
  const bytes = new Uint8Array(pageSize)
  const view = new DataView(bytes.buffer)
  view.setUint16(12, 24, true)
  view.setUint16(14, pageSize - special, true)
  view.setUint16(16, pageSize - special, true)
  view.setUint16(18, 0x2004, true)
  return bytes
}

function put16(bytes: Uint8Array, at: number, value: number): Uint8Array {
  new DataView(bytes.buffer).setUint16(at, value, true)
  return bytes
}

/** Adds an item of `length` bytes, all 0x11, and its line pointer; returns where it lies. */
function addItem(bytes: Uint8Array, length: number, lp_flags = 1): number {
  const view = new DataView(bytes.buffer)
  const lower = view.getUint16(12, true)
  const at = view.getUint16(14, true) - Math.ceil(length / 8) * 8
  view.setUint32(lower, ((length << 17) | (lp_flags << 15) | at) >>> 0, true)
  view.setUint16(12, lower + 4, true)
  view.setUint16(14, at, true)
  bytes.fill(0x11, at, at + length)
  return at
}

/** A page with two 30-byte tuples and its offsets. */
function heapPage(): { bytes: Uint8Array; tuple: number } {
  const bytes = page(0)
  addItem(bytes, 30)
  return { bytes, tuple: addItem(bytes, 30) }
}

/** Whether the page still counts as the same after `change`. */
function survives(kind: PageKind, bytes: Uint8Array, change: (copy: Uint8Array) => void): boolean {
  const changed = bytes.slice()
  change(changed)
  expect(Buffer.compare(changed, bytes), 'the change changes nothing').not.toBe(0)
  return Buffer.compare(maskPage(kind, bytes, 7), maskPage(kind, changed, 7)) === 0
}

const flip =
  (at: number, bit = 1) =>
  (copy: Uint8Array) =>
    void (copy[at] ^= bit)

describe('every kind', () => {
  const kinds: PageKind[] = ['heap', 'btree', 'hash', 'gin', 'gist', 'spgist', 'brin', 'vm']
  test.each(kinds)('%s: pd_lsn, pd_checksum, pd_flags and pd_prune_xid may differ', (kind) => {
    const bytes = page(kind === 'heap' || kind === 'vm' ? 0 : 16)
    for (const at of [0, 7, 8, 9, 10, 20, 23]) expect(survives(kind, bytes, flip(at))).toBe(true)
  })
  test.each(kinds)('%s: pd_lower and the version may not', (kind) => {
    const bytes = page(kind === 'heap' || kind === 'vm' ? 0 : 16)
    addItem(bytes, 16)
    if (kind === 'hash') put16(bytes, 8176 + 12, 2)
    for (const at of [12, 18]) expect(survives(kind, bytes, flip(at, 8))).toBe(false)
  })
  test('free space may differ, but not on a visibility map, where it is the map', () => {
    for (const kind of ['heap', 'btree', 'gist', 'sequence', 'bloom', 'hash'] as const)
      expect(survives(kind, put16(page(16), 8188, 1), flip(4000)), kind).toBe(true)
    expect(survives('vm', page(0), flip(4000))).toBe(false)
  })
  test('a sequence keeps its flags', () => expect(survives('sequence', page(8), flip(10))).toBe(false))
  test('a page of no known kind is compared as it is', () =>
    expect(survives('unknown', page(24), flip(8))).toBe(false))
})

describe('heap tuples', () => {
  const { bytes, tuple } = heapPage()
  test('hint bits, command id and padding may differ', () => {
    for (const at of [tuple + 8, tuple + 21, tuple + 31]) expect(survives('heap', bytes, flip(at))).toBe(true)
    expect(survives('heap', bytes, flip(tuple + 20, 0x10))).toBe(true)
  })
  test('data, xmin, xmax, ctid, the other infomask bits and line pointers may not', () => {
    for (const at of [tuple, tuple + 4, tuple + 12, tuple + 18, tuple + 20, tuple + 29, 28])
      expect(survives('heap', bytes, flip(at)), `byte ${at}`).toBe(false)
  })
  test('once xmin is frozen, only the hints about xmax may', () => {
    const frozen = put16(bytes.slice(), tuple + 20, 0x0300)
    expect(survives('heap', frozen, flip(tuple + 21, 0x04))).toBe(true)
    expect(survives('heap', frozen, flip(tuple + 21, 0x08))).toBe(true)
    expect(survives('heap', frozen, flip(tuple + 21, 0x40))).toBe(false)
    expect(survives('heap', frozen, flip(tuple + 21, 0x01))).toBe(false)
  })
  test('a speculative ctid counts as the tuple itself', () => {
    const itself = bytes.slice()
    put16(put16(put16(itself, tuple + 12, 0), tuple + 14, 7), tuple + 16, 2)
    const speculative = put16(put16(itself.slice(), tuple + 14, 99), tuple + 16, 0xfffe)
    expect(Buffer.compare(maskPage('heap', itself, 7), maskPage('heap', speculative, 7))).toBe(0)
  })
})

describe('indexes', () => {
  const leaf = put16(page(16), 8176 + 12, 1)
  const inner = page(16)
  for (const bytes of [leaf, inner]) addItem(bytes, 16)
  const dead = flip(25, 0x80)

  test('btree: LP_DEAD on a leaf, garbage, split end and cycle id may differ', () => {
    expect(survives('btree', leaf, (copy) => (dead(copy), flip(26)(copy)))).toBe(true)
    for (const change of [flip(8188, 0x20), flip(8188, 0x40), flip(8190)])
      expect(survives('btree', leaf, change)).toBe(true)
  })
  test('btree: a pointer on an inner page, a sibling, a level, another flag may not', () => {
    expect(survives('btree', inner, dead)).toBe(false)
    for (const change of [flip(8176), flip(8180), flip(8184), flip(8188, 0x80)])
      expect(survives('btree', leaf, change)).toBe(false)
  })
  test('gist: nsn, follow right and garbage may differ, deletion may not', () => {
    for (const change of [flip(8176), flip(8188, 8), flip(8188, 0x10), dead])
      expect(survives('gist', leaf, change)).toBe(true)
    expect(survives('gist', leaf, flip(8188, 2))).toBe(false)
  })
  test('hash: nothing counts on an unused page; entries on a bucket page do', () => {
    const bucket = put16(leaf.slice(), 8176 + 12, 2)
    const unused = put16(leaf.slice(), 8176 + 12, 0)
    expect(survives('hash', unused, flip(8170))).toBe(true)
    expect(survives('hash', bucket, flip(8170))).toBe(false)
    expect(survives('hash', bucket, dead)).toBe(true)
    expect(survives('hash', bucket, flip(8188, 0x80))).toBe(true)
  })
  test('gin: nothing counts on a deleted page', () => {
    const live = page(8)
    addItem(live, 16)
    expect(survives('gin', live, flip(8180))).toBe(false)
    expect(survives('gin', put16(live.slice(), 8190, 4), flip(8180))).toBe(true)
  })
  test('brin: the map counts in full, evacuation does not', () => {
    const map = put16(page(8), 8190, 0xf092)
    expect(survives('brin', map, flip(4000))).toBe(false)
    expect(survives('brin', put16(page(8), 8190, 0xf093), flip(4000))).toBe(true)
    expect(survives('brin', map, flip(8188))).toBe(true)
  })
})

test('places have the names that PostgreSQL gives them', () => {
  const { bytes, tuple } = heapPage()
  const at = (offset: number): string => placeOn('heap', bytes, offset)
  expect([13, 28, 100, tuple + 5, tuple + 20, tuple + 25, tuple + 31].map(at)).toEqual([
    'pd_lower',
    'line pointer 2',
    'free space',
    'tuple 2, t_xmax',
    'tuple 2, t_infomask',
    'tuple 2, data',
    'between tuples',
  ])
  expect(placeOn('btree', page(16), 8190)).toBe('special space')
})
