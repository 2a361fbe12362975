// A full page becomes two.

import { describe, expect, test } from 'vitest'
import {
  BTP,
  BTPageOpaqueData,
  btpoFlags,
  btpoLevel,
  btpoNext,
  btpoPrev,
  BTREE_SPECIAL_AT,
  setBtpoCycleid,
} from '../format/btreePage.js'
import { XLOG_BTREE } from '../format/btreeRecords.js'
import { pdLower, pdUpper } from '../format/page.js'
import { btreePage, itemsOf, leafTuple, pivot, placesOf } from './testing/indexPages.js'
import { concat, le16s, le32 } from './testing/records.js'
import { btreeRecord, redoBtree, outcomes, one, two } from './testing/btreeRedo.js'

const OP = XLOG_BTREE

const splitMain = (level: number, firstright: number, newitem: number, posting = 0): Uint8Array =>
  concat(le32(level), le16s(firstright, newitem, posting))

describe('splits', () => {
  const items = [1, 2, 4, 5].map((key) => leafTuple(key, [0, key]))
  const highKey = pivot(3, 0)
  /** The upper part of a page: its items, last one first. */
  const upperPart = (...all: Uint8Array[]): Uint8Array => concat(...all.reverse())
  const rightData = upperPart(pivot(9, 0), items[2], items[3])

  test('the new tuple goes left', () => {
    const redone = btreeRecord(
      OP.SPLIT_L,
      splitMain(0, 4, 3),
      { block: 1, data: concat(leafTuple(2, [7, 7]), highKey) },
      { block: 5, willInit: true, data: rightData },
      { block: 2 },
    )
    const old = btreePage([pivot(9, 0), ...items], { prev: 8, next: 2, flags: BTP.LEAF | BTP.SPLIT_END })
    setBtpoCycleid(old, 3)
    const world = redoBtree({ 1: old, 2: btreePage([one], { prev: 1 }) }, redone)
    const [left, right, next] = [world.page(1), world.page(5), world.page(2)]
    expect(itemsOf(left)).toEqual(['3 -> 0', '1: 0,1', '2: 7,7', '2: 0,2'])
    expect(placesOf(left)).toEqual([8160, 8144, 8128, 8112])
    expect(BTPageOpaqueData.read(left.bytes, BTREE_SPECIAL_AT)).toEqual({
      btpo_prev: 8,
      btpo_next: 5,
      btpo_level: 0,
      btpo_flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT,
      btpo_cycleid: 0,
    })
    expect(itemsOf(right)).toEqual(['9 -> 0', '4: 0,4', '5: 0,5'])
    expect(placesOf(right)).toEqual([8160, 8144, 8128])
    expect([pdLower(right), pdUpper(right)]).toEqual([36, 8128])
    expect([btpoPrev(right), btpoNext(right), btpoFlags(right), btpoLevel(right)]).toEqual([
      1,
      2,
      BTP.LEAF,
      0,
    ])
    expect(btpoPrev(next)).toBe(5)
    for (const block of [1, 2, 5]) expect(world.lsnOf(block)).toBe(redone.endLsn)
    expect(outcomes(world)).toEqual(['5 needsRedo', '1 needsRedo', '2 needsRedo'])
  })

  test('the new tuple goes to the very end of the left page', () => {
    const left = { block: 1, data: concat(leafTuple(2, [7, 7]), highKey) }
    const right = { block: 5, willInit: true, data: upperPart(items[2], items[3]) }
    const world = redoBtree({ 1: btreePage(items) }, btreeRecord(OP.SPLIT_L, splitMain(0, 3, 3), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2', '2: 7,7'])
    expect(btpoNext(world.page(5))).toBe(0)
  })

  test('the new tuple goes right: it is among the right page items', () => {
    const right = { block: 5, willInit: true, data: upperPart(items[2], leafTuple(4, [7, 7]), items[3]) }
    const redone = btreeRecord(OP.SPLIT_R, splitMain(0, 3, 4), { block: 1, data: highKey }, right)
    const world = redoBtree({ 1: btreePage(items) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2'])
    expect(itemsOf(world.page(5))).toEqual(['4: 0,4', '4: 7,7', '5: 0,5'])
  })

  test('the new tuple goes left, through a posting list', () => {
    const old = btreePage([one, leafTuple(2, [0, 2], [0, 8]), ...items.slice(2)])
    const left = { block: 1, data: concat(leafTuple(2, [0, 5]), highKey) }
    const right = { block: 5, willInit: true, data: upperPart(items[2], items[3]) }
    const world = redoBtree({ 1: old }, btreeRecord(OP.SPLIT_L, splitMain(0, 3, 3, 1), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2 0,5', '2: 0,8'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144, 8112, 8096])
  })

  test('the new tuple goes right, but out of a posting list that stays left', () => {
    const old = btreePage([one, leafTuple(2, [0, 2], [0, 8]), ...items.slice(2)])
    const left = { block: 1, data: concat(leafTuple(2, [0, 5]), highKey) }
    const right = { block: 5, willInit: true, data: upperPart(leafTuple(2, [0, 8]), items[2], items[3]) }
    const world = redoBtree({ 1: old }, btreeRecord(OP.SPLIT_R, splitMain(0, 3, 3, 1), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2 0,5'])
    expect(itemsOf(world.page(5))).toEqual(['2: 0,8', '4: 0,4', '5: 0,5'])
  })

  test('an inner page: the child below is complete, the pages are no leaves', () => {
    const pivots = [1, 2, 3, 4].map((key) => pivot(key, key + 10))
    const redone = btreeRecord(
      OP.SPLIT_R,
      splitMain(1, 3, 4),
      { block: 1, data: highKey },
      { block: 5, willInit: true, data: upperPart(pivots[2], pivots[3]) },
      { id: 3, block: 12 },
    )
    const child = btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT })
    const world = redoBtree({ 1: btreePage(pivots, { level: 1 }), 12: child }, redone)
    expect(btpoFlags(world.page(12))).toBe(BTP.LEAF)
    expect([btpoFlags(world.page(1)), btpoFlags(world.page(5))]).toEqual([BTP.INCOMPLETE_SPLIT, 0])
    expect([btpoLevel(world.page(1)), btpoLevel(world.page(5))]).toEqual([1, 1])
  })

  test('a left page that is gone or done does not stop the others', () => {
    const left = { block: 1, data: highKey }
    const right = { block: 5, willInit: true, data: rightData }
    const redone = btreeRecord(OP.SPLIT_R, splitMain(0, 3, 4), left, right, { block: 2 })
    const world = redoBtree({ 2: btreePage([one], { prev: 1 }) }, redone)
    expect(outcomes(world)).toEqual(['5 needsRedo', '1 notFound', '2 needsRedo'])
    expect(btpoPrev(world.page(2))).toBe(5)
  })

  test.each([
    ['more left items than there are', splitMain(0, 9, 3), concat(one, highKey), 'it has no item 5'],
    ['data after the high key', splitMain(0, 3, 3), concat(one, highKey, two), 'the data of block 0 goes on'],
    ['no high key', splitMain(0, 3, 3), one, 'does not end with the data around it'],
  ])('%s is nonsense', (_, main, data, sentence) => {
    const right = { block: 5, willInit: true, data: upperPart(items[2], items[3]) }
    expect(() =>
      redoBtree({ 1: btreePage(items) }, btreeRecord(OP.SPLIT_L, main, { block: 1, data }, right)),
    ).toThrow(sentence)
  })

  test('right page items that end in the middle of one are nonsense', () => {
    const right = { block: 5, willInit: true, data: rightData.subarray(0, 40) }
    expect(() =>
      redoBtree({}, btreeRecord(OP.SPLIT_R, splitMain(0, 3, 4), { block: 1, data: highKey }, right)),
    ).toThrow('an index tuple of 16 bytes does not end with the data around it')
  })
})
