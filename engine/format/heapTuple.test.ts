import { expect, test } from 'vitest'
import {
  HEAP,
  HEAP2,
  HEAP_XMAX_BITS,
  HeapTupleHeaderData,
  infomaskNames,
  isLockedOnly,
  MOVED_PARTITIONS_BLOCK,
  MOVED_PARTITIONS_OFFSET,
  pointedBlock,
  readHeapTuple,
  readHeapTuples,
  setItemPointer,
} from './heapTuple.js'
import { addItem, initPage, LP, pageOf, setItemId } from './page.js'
import {
  HEAPBLOCKS_PER_PAGE,
  mapBlock,
  mapByte,
  mapShift,
  VISIBILITYMAP,
  visibilityOf,
} from './visibilityMap.js'

const hex = (digits: string): Uint8Array => Uint8Array.from(Buffer.from(digits, 'hex'))

// The row of pg_extension as PostgreSQL 18.3 wrote it: plpgsql, with the last two of eight columns null.
const PLPGSQL =
  'c10200000000000000000000000000000100080003 0b18 3f'.replaceAll(' ', '') +
  'e3310000706c706773716c' +
  '00'.repeat(57) +
  '0a0000000b0000000009312e30'

function pageWith(tuple: Uint8Array): ReturnType<typeof pageOf> {
  const page = pageOf()
  initPage(page, 0)
  addItem(page, tuple, 0, tuple.length, 1, true)
  return page
}

test('a row as it lies on the page', () => {
  const page = pageWith(hex(PLPGSQL))
  const tuple = readHeapTuple(page, 1)
  expect(tuple).toMatchObject({
    offnum: 1,
    t_xmin: 0x2c1,
    t_xmax: 0,
    t_cid: 0,
    t_ctid: { block: 0, offnum: 1 },
    natts: 8,
    t_hoff: 24,
    nulls: [false, false, false, false, false, false, true, true],
  })
  expect(infomaskNames(tuple?.t_infomask ?? 0, tuple?.t_infomask2 ?? 0)).toEqual([
    'HEAP_HASNULL',
    'HEAP_HASVARWIDTH',
    'HEAP_XMIN_FROZEN',
    'HEAP_XMAX_INVALID',
  ])
  expect(Buffer.from(tuple?.data.subarray(4, 11) ?? []).toString()).toBe('plpgsql')
  expect(tuple?.data.length).toBe(hex(PLPGSQL).length - 24)
  expect(readHeapTuples(page)).toEqual([tuple])
})

test('no tuple where the line pointer leads to none, or out of the page', () => {
  const page = pageWith(hex(PLPGSQL))
  for (const flags of [LP.UNUSED, LP.DEAD, LP.REDIRECT]) {
    setItemId(page, 1, 8000, flags, 80)
    expect(readHeapTuple(page, 1)).toBeUndefined()
  }
  setItemId(page, 1, 8180, LP.NORMAL, 80)
  expect(readHeapTuple(page, 1)).toBeUndefined()
  setItemId(page, 1, 8000, LP.NORMAL, 22)
  expect(readHeapTuple(page, 1)).toBeUndefined()
  expect(readHeapTuple(page, 0)).toBeUndefined()
  expect(readHeapTuple(page, 2)).toBeUndefined()
  expect(readHeapTuples(page)).toEqual([])
})

test('a block number is kept as two halves, the high one first', () => {
  const page = pageWith(hex(PLPGSQL))
  const at = readHeapTuple(page, 1)?.at ?? 0
  setItemPointer(page.view, at + HeapTupleHeaderData.at.t_ctid, 0x00012345, 7)
  expect([...page.bytes.subarray(at + 12, at + 18)]).toEqual([1, 0, 0x45, 0x23, 7, 0])
  expect(readHeapTuple(page, 1)?.t_ctid).toEqual({ block: 0x12345, offnum: 7 })
  setItemPointer(page.view, at + 12, MOVED_PARTITIONS_BLOCK, MOVED_PARTITIONS_OFFSET)
  expect(readHeapTuple(page, 1)?.t_ctid).toEqual({ block: 0xffffffff, offnum: 0xfffd })
  expect(pointedBlock({ bi_hi: 0xffff, bi_lo: 0xfffe, ip_posid: 0 })).toBe(0xfffffffe)
})

test('locked, or ended?', () => {
  expect(isLockedOnly(HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_KEYSHR_LOCK)).toBe(true)
  expect(isLockedOnly(HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_IS_MULTI)).toBe(true)
  expect(isLockedOnly(HEAP.XMAX_EXCL_LOCK), 'as before 9.3').toBe(true)
  expect(isLockedOnly(HEAP.XMAX_EXCL_LOCK | HEAP.XMAX_IS_MULTI)).toBe(false)
  expect(isLockedOnly(HEAP.XMAX_EXCL_LOCK | HEAP.XMAX_KEYSHR_LOCK)).toBe(false)
  expect(isLockedOnly(HEAP.UPDATED)).toBe(false)
})

test('names of the bits; two bits that mean one thing give one name', () => {
  expect(HEAP_XMAX_BITS).toBe(0x1cd0)
  expect(
    infomaskNames(HEAP.XMAX_EXCL_LOCK | HEAP.XMAX_KEYSHR_LOCK | HEAP.XMIN_COMMITTED, HEAP2.ONLY_TUPLE | 3),
  ).toEqual(['HEAP_XMAX_SHR_LOCK', 'HEAP_XMIN_COMMITTED', 'HEAP_ONLY_TUPLE'])
  expect(
    infomaskNames(HEAP.XMAX_EXCL_LOCK | HEAP.XMIN_INVALID, HEAP2.HOT_UPDATED | HEAP2.KEYS_UPDATED),
  ).toEqual(['HEAP_XMAX_EXCL_LOCK', 'HEAP_XMIN_INVALID', 'HEAP_KEYS_UPDATED', 'HEAP_HOT_UPDATED'])
  expect(infomaskNames(0xc000, 0)).toEqual(['HEAP_MOVED'])
})

test('where the visibility map keeps a table page’s bits', () => {
  expect(HEAPBLOCKS_PER_PAGE).toBe(32672)
  expect(
    [0, 1, 3, 4, 32671, 32672].map((block) => [mapBlock(block), mapByte(block), mapShift(block)]),
  ).toEqual([
    [0, 24, 0],
    [0, 24, 2],
    [0, 24, 6],
    [0, 25, 0],
    [0, 8191, 6],
    [1, 24, 0],
  ])
  expect(mapBlock(0xfffffffe)).toBe(Math.floor(0xfffffffe / 32672))
  const map = pageOf()
  map.bytes[25] = 0b11_00_01_00
  expect([4, 5, 6, 7].map((block) => visibilityOf(map, block))).toEqual([
    0,
    VISIBILITYMAP.ALL_VISIBLE,
    0,
    VISIBILITYMAP.ALL_VISIBLE | VISIBILITYMAP.ALL_FROZEN,
  ])
})
