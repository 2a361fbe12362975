// Rows that share a key: lists that are split and made.

import { describe, expect, test } from 'vitest'
import { BTP, btpoFlags, btpoNext } from '../format/btreePage.js'
import { XLOG_BTREE } from '../format/btreeRecords.js'
import { itemId, LP, lpFlags, lpOffset, pdUpper, setItemId } from '../format/page.js'
import { btreePage, itemsOf, leafTuple, pivot, placesOf } from './testing/indexPages.js'
import { concat, le16, le16s } from './testing/records.js'
import { btreeRecord, redoBtree, one, two, three } from './testing/btreeRedo.js'

const OP = XLOG_BTREE

describe('posting lists', () => {
  const list = leafTuple(5, [0, 1], [0, 3], [0, 7], [1, 2])

  test('a row that belongs in the middle of a list pushes its last row out', () => {
    const data = concat(le16(2), leafTuple(5, [0, 5]))
    const redone = btreeRecord(OP.INSERT_POST, le16(2), { block: 1, data })
    const world = redoBtree({ 1: btreePage([list, leafTuple(9, [4, 4])]) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['5: 0,1 0,3 0,5 0,7', '5: 1,2', '9: 4,4'])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test.each([0, 4])('place %i of four rows is not in the middle', (place) => {
    const data = concat(le16(place), leafTuple(5, [0, 5]))
    expect(() =>
      redoBtree({ 1: btreePage([list]) }, btreeRecord(OP.INSERT_POST, le16(2), { block: 1, data })),
    ).toThrow(`posting list tuple with 4 items cannot be split at offset ${place}`)
  })

  test('a plain tuple has no list to go through', () => {
    const data = concat(le16(1), leafTuple(5, [0, 5]))
    expect(() =>
      redoBtree({ 1: btreePage([one]) }, btreeRecord(OP.INSERT_POST, le16(2), { block: 1, data })),
    ).toThrow('item 1 has no sound posting list')
  })

  test('DEDUP makes one tuple of each interval, keeps the rest in order, and forgets the garbage flag', () => {
    const page = btreePage(
      [
        pivot(9, 0),
        leafTuple(1, [0, 1]),
        leafTuple(1, [0, 2]),
        leafTuple(1, [0, 4], [0, 6]),
        two,
        three,
        leafTuple(3, [1, 1]),
      ],
      { next: 8, flags: BTP.LEAF | BTP.HAS_GARBAGE },
    )
    setItemId(page, 5, lpOffset(itemId(page, 5)), LP.DEAD, 16)
    const data = concat(le16s(2, 3), le16s(6, 2))
    const redone = btreeRecord(OP.DEDUP, le16(2), { block: 1, data })
    const world = redoBtree({ 1: page }, redone)
    expect(itemsOf(world.page(1))).toEqual(['9 -> 0', '1: 0,1 0,2 0,4 0,6', '2: 0,2', '3: 0,3 1,1'])
    expect(placesOf(world.page(1))).toEqual([8160, 8120, 8104, 8072])
    expect(lpFlags(itemId(world.page(1), 3))).toBe(LP.NORMAL)
    expect([btpoFlags(world.page(1)), btpoNext(world.page(1)), pdUpper(world.page(1))]).toEqual([
      BTP.LEAF,
      8,
      8072,
    ])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test('DEDUP of the last page on its level starts with its first item', () => {
    const redone = btreeRecord(OP.DEDUP, le16(1), { block: 1, data: le16s(1, 2) })
    const world = redoBtree({ 1: btreePage([one, leafTuple(1, [5, 5]), two]) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1 5,5', '2: 0,2'])
  })

  test('an interval that the page has no items for is nonsense', () => {
    const run = (data: Uint8Array, n: number): unknown =>
      redoBtree({ 1: btreePage([one, two]) }, btreeRecord(OP.DEDUP, le16(n), { block: 1, data }))
    expect(() => run(le16s(7, 2), 1)).toThrow('it has items for 0 of 1 intervals')
    expect(() => run(le16s(1, 3), 1)).toThrow('it has no item 3')
    expect(() => run(le16s(1, 1), 1)).toThrow('an interval of 1 items')
    expect(() => run(le16s(1, 2), 2)).toThrow('expected 8 bytes of data for block 0, found 4')
  })
})
