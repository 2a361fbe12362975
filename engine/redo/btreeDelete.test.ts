// Tuples go, and at last whole pages.

import { describe, expect, test } from 'vitest'
import {
  BTP,
  BTPageOpaqueData,
  btpoCycleid,
  btpoFlags,
  btpoLevel,
  btpoNext,
  btpoPrev,
  BTREE_SPECIAL_AT,
  readBtreeMeta,
  setBtpoCycleid,
} from '../format/btreePage.js'
import { XLOG_BTREE, xl_btree_unlink_page } from '../format/btreeRecords.js'
import { itemId, lpLength, lpOffset, pdLower, pdUpper, type Page } from '../format/page.js'
import { btree } from './btree.js'
import { testWorld } from './testing/context.js'
import { btreePage, itemsOf, leafTuple, pivot, placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32, packed } from './testing/records.js'
import {
  btreeRecord,
  redoBtree,
  outcomes,
  metaRead,
  metaBlock,
  one,
  two,
  three,
} from './testing/btreeRedo.js'

const OP = XLOG_BTREE

describe('deletion', () => {
  const deleteMain = (deleted: number, updated: number): Uint8Array =>
    concat(le32(690), le16s(deleted, updated), Uint8Array.of(0))

  test('one or two items: the tuples below slide up', () => {
    const redone = btreeRecord(OP.DELETE, deleteMain(1, 0), { block: 1, data: le16(2) })
    const page = btreePage([one, two, three], { flags: BTP.LEAF | BTP.HAS_GARBAGE })
    setBtpoCycleid(page, 5)
    const world = redoBtree({ 1: page }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '3: 0,3'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144])
    expect([btpoFlags(world.page(1)), btpoCycleid(world.page(1))]).toEqual([BTP.LEAF, 5])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test('more items: the page is packed in the order of its line pointers', () => {
    const all = [1, 2, 3, 4, 5, 6].map((key) => leafTuple(key, [0, key]))
    const page = btreePage([all[5]])
    for (const item of all.slice(0, 5).reverse()) {
      const grown = redoBtree({ 1: page }, btreeRecord(OP.INSERT_LEAF, le16(1), { block: 1, data: item }))
      page.bytes.set(grown.page(1).bytes)
    }
    expect(placesOf(page)).toEqual([8080, 8096, 8112, 8128, 8144, 8160])
    const world = redoBtree(
      { 1: page },
      btreeRecord(OP.VACUUM, le16s(3, 0), { block: 1, data: le16s(1, 3, 5) }),
    )
    expect(itemsOf(world.page(1))).toEqual(['2: 0,2', '4: 0,4', '6: 0,6'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144, 8128])
  })

  test('two items: those that stay keep their order in the page, whatever their line pointers say', () => {
    const page = btreePage([two, leafTuple(9, [0, 9]), leafTuple(8, [0, 8])])
    const grown = redoBtree({ 1: page }, btreeRecord(OP.INSERT_LEAF, le16(1), { block: 1, data: one }))
    const redone = btreeRecord(OP.VACUUM, le16s(2, 0), { block: 2, data: le16s(3, 4) })
    const world = redoBtree({ 2: grown.page(1) }, redone)
    expect([itemsOf(world.page(2)), placesOf(world.page(2))]).toEqual([
      ['1: 0,1', '2: 0,2'],
      [8144, 8160],
    ])
  })

  test('what fills a tuple up to eight bytes is zero', () => {
    const rows = (n: number): Array<[number, number]> =>
      Array.from({ length: n }, (_, i) => [0xffff, i + 257])
    const long = leafTuple(1, ...rows(12))
    const keep = leafTuple(2, ...rows(4))
    const padding = (page: Page, off: number): number[] => {
      const id = itemId(page, off)
      const end = lpOffset(id) + lpLength(id)
      return [...page.bytes.subarray(end - 4, end)]
    }
    const data = concat(le16s(1, 2), le16s(1, 0), le16s(2, 0, 1))
    const shortened = redoBtree(
      { 1: btreePage([long, keep]) },
      btreeRecord(OP.VACUUM, le16s(0, 2), { block: 1, data }),
    )
    expect(padding(shortened.page(1), 2)).toEqual([0, 0, 0, 0])
    const merged = redoBtree(
      { 1: btreePage([long, one, leafTuple(3, [1, 1]), leafTuple(3, [0xffff, 1])]) },
      btreeRecord(OP.DEDUP, le16(2), { block: 1, data: le16s(1, 2, 3, 2) }),
    )
    expect(padding(merged.page(1), 2)).toEqual([0, 0, 0, 0])
  })

  test('rows leave posting lists; with one row left the tuple is plain again; vacuum forgets its cycle', () => {
    const lists = [leafTuple(1, [0, 1], [0, 2], [0, 3]), leafTuple(2, [1, 1], [1, 2]), three]
    const page = btreePage(lists, { flags: BTP.LEAF | BTP.HAS_GARBAGE })
    setBtpoCycleid(page, 5)
    const data = concat(le16(3), le16s(1, 2), le16s(1, 1), le16s(1, 0))
    const redone = btreeRecord(OP.VACUUM, le16s(1, 2), { block: 1, data })
    const world = redoBtree({ 1: page }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1 0,3', '2: 1,2'])
    expect(placesOf(world.page(1))).toEqual([8144, 8128])
    expect([1, 2].map((off) => lpLength(itemId(world.page(1), off)))).toEqual([32, 16])
    expect([btpoFlags(world.page(1)), btpoCycleid(world.page(1))]).toEqual([BTP.LEAF, 0])
  })

  test('DELETE shortens lists too', () => {
    const page = btreePage([leafTuple(1, [0, 1], [0, 2], [0, 3], [0, 4], [0, 5])])
    const data = concat(le16(1), le16s(3, 0, 2, 4))
    const world = redoBtree({ 1: page }, btreeRecord(OP.DELETE, deleteMain(0, 1), { block: 1, data }))
    expect(itemsOf(world.page(1))).toEqual(['1: 0,2 0,4'])
  })

  test.each([
    ['a missing item', le16s(1, 0), le16(9), 'incorrect index offsets supplied'],
    ['items out of order', le16s(2, 0), le16s(2, 1), 'incorrect index offsets supplied'],
    [
      'a list that would be empty',
      le16s(0, 1),
      concat(le16(1), le16s(2, 0, 1)),
      'item 1 has 2 rows, of which 2',
    ],
    [
      'a row that is not in the list',
      le16s(0, 1),
      concat(le16(1), le16s(1, 7)),
      'failed to update partially dead',
    ],
    ['updates past the data', le16s(0, 1), concat(le16(1), le16s(3, 0)), 'its updates go past the data'],
    ['fewer offsets than announced', le16s(4, 0), le16(1), 'expected 8 bytes of data for block 0, found 2'],
  ])('%s is nonsense', (_, main, data, sentence) => {
    const page = btreePage([leafTuple(1, [0, 1], [0, 2]), two])
    expect(() => redoBtree({ 1: page }, btreeRecord(OP.VACUUM, main, { block: 1, data }))).toThrow(sentence)
  })
})

describe('a page leaves the tree', () => {
  test('first its parent forgets it, and the leaf remembers the top of the branch', () => {
    const redone = btreeRecord(
      OP.MARK_PAGE_HALFDEAD,
      concat(le16s(2, 0), le32(5), le32(4), le32(6), le32(0xffffffff)),
      { block: 5, willInit: true },
      { block: 3 },
    )
    const parent = btreePage([pivot(0, 4), pivot(10, 5), pivot(20, 6), pivot(30, 7)], { level: 1 })
    const world = redoBtree({ 3: parent, 5: btreePage([one, two]) }, redone)
    expect(itemsOf(world.page(3))).toEqual(['0 -> 4', '10 -> 6', '30 -> 7'])
    expect(placesOf(world.page(3))).toEqual([8160, 8144, 8128])
    expect(itemsOf(world.page(5))).toEqual(['-> 4294967295'])
    expect(BTPageOpaqueData.read(world.page(5).bytes, BTREE_SPECIAL_AT)).toEqual({
      btpo_prev: 4,
      btpo_next: 6,
      btpo_level: 0,
      btpo_flags: BTP.HALF_DEAD | BTP.LEAF,
      btpo_cycleid: 0,
    })
    expect([world.lsnOf(3), world.lsnOf(5)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('a parent without a right neighbour for it is nonsense', () => {
    const main = concat(le16s(2, 0), le32(5), le32(4), le32(6), le32(0xffffffff))
    const redone = btreeRecord(OP.MARK_PAGE_HALFDEAD, main, { block: 5, willInit: true }, { block: 3 })
    expect(() => redoBtree({ 3: btreePage([pivot(0, 4), pivot(10, 5)], { level: 1 }) }, redone)).toThrow(
      'it has no item 3',
    )
  })

  const unlink = (over: Partial<Parameters<typeof xl_btree_unlink_page.write>[2]>): Uint8Array =>
    packed(xl_btree_unlink_page, {
      leftsib: 4,
      rightsib: 6,
      level: 0,
      safexid: 0x1_0000_02bcn,
      leafleftsib: 4,
      leafrightsib: 6,
      leaftopparent: 0xffffffff,
      ...over,
    }).subarray(0, 36)

  test('then its neighbours are linked past it, and a tombstone stays', () => {
    const redone = btreeRecord(
      OP.UNLINK_PAGE,
      unlink({}),
      { block: 5, willInit: true },
      { block: 4 },
      { block: 6 },
    )
    const world = redoBtree({ 4: btreePage([one], { next: 5 }), 6: btreePage([three], { prev: 5 }) }, redone)
    expect([btpoNext(world.page(4)), btpoPrev(world.page(6))]).toEqual([6, 4])
    const gone = world.page(5)
    expect(btpoFlags(gone)).toBe(BTP.DELETED | BTP.HAS_FULLXID | BTP.LEAF)
    expect([pdLower(gone), pdUpper(gone), gone.view.getBigUint64(24, true)]).toEqual([
      32,
      8176,
      0x1_0000_02bcn,
    ])
    expect([btpoPrev(gone), btpoNext(gone)]).toEqual([4, 6])
    expect(outcomes(world)).toEqual(['4 needsRedo', '5 needsRedo', '6 needsRedo'])
    for (const block of [4, 5, 6]) expect(world.lsnOf(block)).toBe(redone.endLsn)
  })

  test('the leftmost page, an inner one, with the leaf it hung over and the meta page', () => {
    const main = unlink({ leftsib: 0, level: 2, leafleftsib: 8, leafrightsib: 9, leaftopparent: 7 })
    const redone = btreeRecord(
      OP.UNLINK_PAGE_META,
      main,
      { id: 0, block: 5, willInit: true },
      { id: 2, block: 6 },
      { id: 3, block: 11, willInit: true },
      metaBlock(4),
    )
    const world = redoBtree({ 6: btreePage([pivot(0, 1)], { prev: 5, level: 2 }) }, redone)
    expect([btpoFlags(world.page(5)), btpoLevel(world.page(5))]).toEqual([BTP.DELETED | BTP.HAS_FULLXID, 2])
    expect(btpoPrev(world.page(6))).toBe(0)
    expect(itemsOf(world.page(11))).toEqual(['-> 7'])
    expect([btpoPrev(world.page(11)), btpoNext(world.page(11))]).toEqual([8, 9])
    expect(btpoFlags(world.page(11))).toBe(BTP.HALF_DEAD | BTP.LEAF)
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
  })

  test('siblings that are gone or done are left alone', () => {
    const redone = btreeRecord(
      OP.UNLINK_PAGE,
      unlink({}),
      { block: 5, willInit: true },
      { block: 4 },
      { block: 6 },
    )
    const world = testWorld()
    world.put(4, btreePage([one], { next: 5 }), { lsn: redone.endLsn })
    world.redo(btree, redone)
    expect(outcomes(world)).toEqual(['4 done', '5 needsRedo', '6 notFound'])
    expect(btpoNext(world.page(4))).toBe(5)
  })
})
