// Every operation of a btree, redone on a small page whose contents can be read at a glance.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
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
  setBtpoFlags,
} from '../format/btreePage.js'
import { XLOG_BTREE, xl_btree_metadata, xl_btree_unlink_page } from '../format/btreeRecords.js'
import {
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  pdLower,
  pdUpper,
  setItemId,
  type Page,
} from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { btree } from './btree.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { btreePage, itemsOf, leafTuple, pivot, placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32, packed, walRecord, type BlockSpec } from './testing/records.js'

const OP = XLOG_BTREE

function record(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 11, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
function redo(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(btree, redone)
  return world
}

const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

const splitMain = (level: number, firstright: number, newitem: number, posting = 0): Uint8Array =>
  concat(le32(level), le16s(firstright, newitem, posting))

const metadata = packed(xl_btree_metadata, {
  version: 4,
  root: 3,
  level: 1,
  fastroot: 3,
  fastlevel: 1,
  last_cleanup_num_delpages: 2,
  allequalimage: true,
})
const metaRead = {
  btm_magic: 0x53162,
  btm_version: 4,
  btm_root: 3,
  btm_level: 1,
  btm_fastroot: 3,
  btm_fastlevel: 1,
  btm_last_cleanup_num_delpages: 2,
  btm_last_cleanup_num_heap_tuples: -1,
  btm_allequalimage: true,
}
const metaBlock = (id: number): BlockSpec => ({ id, block: 0, willInit: true, data: metadata })

const one = leafTuple(1, [0, 1])
const two = leafTuple(2, [0, 2])
const three = leafTuple(3, [0, 3])

describe('insertion', () => {
  const insertTwo = record(OP.INSERT_LEAF, le16(2), { block: 1, data: two })

  test('a leaf takes the tuple at its offset; later line pointers move up, tuples stay', () => {
    const world = redo({ 1: btreePage([one, three]) }, insertTwo)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '2: 0,2', '3: 0,3'])
    expect(placesOf(world.page(1))).toEqual([8160, 8128, 8144])
    expect(world.lsnOf(1)).toBe(insertTwo.endLsn)
    expect(world.page(1).dirty).toBe(true)
  })

  test('a page that carries the end of the record has it already', () => {
    const world = testWorld()
    world.put(1, btreePage([one, two, three]), { lsn: insertTwo.endLsn })
    world.redo(btree, insertTwo)
    expect(outcomes(world)).toEqual(['1 done'])
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '2: 0,2', '3: 0,3'])
  })

  test('no page: nothing to do, but it is remembered', () => {
    const world = redo({}, insertTwo)
    expect(outcomes(world)).toEqual(['1 notFound'])
    expect(world.context.missingBlocks.size).toBe(1)
  })

  test('a full-page image is the result, nothing is added to it', () => {
    const image = btreePage([one, two, three])
    const world = redo(
      { 1: btreePage([one]) },
      record(OP.INSERT_LEAF, le16(2), { block: 1, image: image.bytes, data: two }),
    )
    expect(outcomes(world)).toEqual(['1 restored'])
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '2: 0,2', '3: 0,3'])
  })

  test('an inner page takes the downlink, and the child is not half split any more', () => {
    const redone = record(OP.INSERT_UPPER, le16(2), { block: 3, data: pivot(10, 2) }, { block: 1 })
    const child = btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT })
    const world = redo({ 3: btreePage([pivot(0, 1)], { level: 1 }), 1: child }, redone)
    expect(itemsOf(world.page(3))).toEqual(['0 -> 1', '10 -> 2'])
    expect(btpoFlags(world.page(1))).toBe(BTP.LEAF)
    expect([world.lsnOf(1), world.lsnOf(3)]).toEqual([redone.endLsn, redone.endLsn])
    expect(outcomes(world)).toEqual(['1 needsRedo', '3 needsRedo'])
  })

  test('INSERT_META also rebuilds the meta page', () => {
    const redone = record(
      OP.INSERT_META,
      le16(1),
      { block: 3, data: pivot(10, 2) },
      { block: 1 },
      metaBlock(2),
    )
    const world = redo({ 3: btreePage([], { level: 1 }), 1: btreePage([one]) }, redone)
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
    expect(pdLower(world.page(0))).toBe(72)
    expect(btpoFlags(world.page(0))).toBe(BTP.META)
    expect(world.lsnOf(0)).toBe(redone.endLsn)
  })

  test.each([
    [0, 'block 1 does not fit the WAL record at 0/2000028: failed to add an item of 16 bytes at offset 0'],
    [4, 'failed to add an item of 16 bytes at offset 4: 2 items, 8112 bytes free'],
  ])('offset %i is nonsense', (offnum, sentence) => {
    const run = (): unknown =>
      redo({ 1: btreePage([one, three]) }, record(OP.INSERT_LEAF, le16(offnum), { block: 1, data: two }))
    expect(run).toThrow(CorruptData)
    expect(run).toThrow(sentence)
  })

  test('a full page is nonsense, and so is an operation nobody knows', () => {
    const full = btreePage([new Uint8Array(8000)])
    full.view.setUint16(14, pdLower(full) + 8, true)
    expect(() => redo({ 1: full }, record(OP.INSERT_LEAF, le16(2), { block: 1, data: two }))).toThrow(
      CorruptData,
    )
    expect(() => redo({}, record(0xf0, le16(1)))).toThrow('btree_redo: unknown op code 240')
  })
})

describe('posting lists', () => {
  const list = leafTuple(5, [0, 1], [0, 3], [0, 7], [1, 2])

  test('a row that belongs in the middle of a list pushes its last row out', () => {
    const data = concat(le16(2), leafTuple(5, [0, 5]))
    const redone = record(OP.INSERT_POST, le16(2), { block: 1, data })
    const world = redo({ 1: btreePage([list, leafTuple(9, [4, 4])]) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['5: 0,1 0,3 0,5 0,7', '5: 1,2', '9: 4,4'])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test.each([0, 4])('place %i of four rows is not in the middle', (place) => {
    const data = concat(le16(place), leafTuple(5, [0, 5]))
    expect(() => redo({ 1: btreePage([list]) }, record(OP.INSERT_POST, le16(2), { block: 1, data }))).toThrow(
      `posting list tuple with 4 items cannot be split at offset ${place}`,
    )
  })

  test('a plain tuple has no list to go through', () => {
    const data = concat(le16(1), leafTuple(5, [0, 5]))
    expect(() => redo({ 1: btreePage([one]) }, record(OP.INSERT_POST, le16(2), { block: 1, data }))).toThrow(
      'item 1 has no sound posting list',
    )
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
    const redone = record(OP.DEDUP, le16(2), { block: 1, data })
    const world = redo({ 1: page }, redone)
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
    const redone = record(OP.DEDUP, le16(1), { block: 1, data: le16s(1, 2) })
    const world = redo({ 1: btreePage([one, leafTuple(1, [5, 5]), two]) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1 5,5', '2: 0,2'])
  })

  test('an interval that the page has no items for is nonsense', () => {
    const run = (data: Uint8Array, n: number): unknown =>
      redo({ 1: btreePage([one, two]) }, record(OP.DEDUP, le16(n), { block: 1, data }))
    expect(() => run(le16s(7, 2), 1)).toThrow('it has items for 0 of 1 intervals')
    expect(() => run(le16s(1, 3), 1)).toThrow('it has no item 3')
    expect(() => run(le16s(1, 1), 1)).toThrow('an interval of 1 items')
    expect(() => run(le16s(1, 2), 2)).toThrow('expected 8 bytes of data for block 0, found 4')
  })
})

describe('deletion', () => {
  const deleteMain = (deleted: number, updated: number): Uint8Array =>
    concat(le32(690), le16s(deleted, updated), Uint8Array.of(0))

  test('one or two items: the tuples below slide up', () => {
    const redone = record(OP.DELETE, deleteMain(1, 0), { block: 1, data: le16(2) })
    const page = btreePage([one, two, three], { flags: BTP.LEAF | BTP.HAS_GARBAGE })
    setBtpoCycleid(page, 5)
    const world = redo({ 1: page }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '3: 0,3'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144])
    expect([btpoFlags(world.page(1)), btpoCycleid(world.page(1))]).toEqual([BTP.LEAF, 5])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test('more items: the page is packed in the order of its line pointers', () => {
    const all = [1, 2, 3, 4, 5, 6].map((key) => leafTuple(key, [0, key]))
    const page = btreePage([all[5]])
    for (const item of all.slice(0, 5).reverse()) {
      const grown = redo({ 1: page }, record(OP.INSERT_LEAF, le16(1), { block: 1, data: item }))
      page.bytes.set(grown.page(1).bytes)
    }
    expect(placesOf(page)).toEqual([8080, 8096, 8112, 8128, 8144, 8160])
    const world = redo({ 1: page }, record(OP.VACUUM, le16s(3, 0), { block: 1, data: le16s(1, 3, 5) }))
    expect(itemsOf(world.page(1))).toEqual(['2: 0,2', '4: 0,4', '6: 0,6'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144, 8128])
  })

  test('two items: those that stay keep their order in the page, whatever their line pointers say', () => {
    const page = btreePage([two, leafTuple(9, [0, 9]), leafTuple(8, [0, 8])])
    const grown = redo({ 1: page }, record(OP.INSERT_LEAF, le16(1), { block: 1, data: one }))
    const redone = record(OP.VACUUM, le16s(2, 0), { block: 2, data: le16s(3, 4) })
    const world = redo({ 2: grown.page(1) }, redone)
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
    const shortened = redo({ 1: btreePage([long, keep]) }, record(OP.VACUUM, le16s(0, 2), { block: 1, data }))
    expect(padding(shortened.page(1), 2)).toEqual([0, 0, 0, 0])
    const merged = redo(
      { 1: btreePage([long, one, leafTuple(3, [1, 1]), leafTuple(3, [0xffff, 1])]) },
      record(OP.DEDUP, le16(2), { block: 1, data: le16s(1, 2, 3, 2) }),
    )
    expect(padding(merged.page(1), 2)).toEqual([0, 0, 0, 0])
  })

  test('rows leave posting lists; with one row left the tuple is plain again; vacuum forgets its cycle', () => {
    const lists = [leafTuple(1, [0, 1], [0, 2], [0, 3]), leafTuple(2, [1, 1], [1, 2]), three]
    const page = btreePage(lists, { flags: BTP.LEAF | BTP.HAS_GARBAGE })
    setBtpoCycleid(page, 5)
    const data = concat(le16(3), le16s(1, 2), le16s(1, 1), le16s(1, 0))
    const redone = record(OP.VACUUM, le16s(1, 2), { block: 1, data })
    const world = redo({ 1: page }, redone)
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1 0,3', '2: 1,2'])
    expect(placesOf(world.page(1))).toEqual([8144, 8128])
    expect([1, 2].map((off) => lpLength(itemId(world.page(1), off)))).toEqual([32, 16])
    expect([btpoFlags(world.page(1)), btpoCycleid(world.page(1))]).toEqual([BTP.LEAF, 0])
  })

  test('DELETE shortens lists too', () => {
    const page = btreePage([leafTuple(1, [0, 1], [0, 2], [0, 3], [0, 4], [0, 5])])
    const data = concat(le16(1), le16s(3, 0, 2, 4))
    const world = redo({ 1: page }, record(OP.DELETE, deleteMain(0, 1), { block: 1, data }))
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
    expect(() => redo({ 1: page }, record(OP.VACUUM, main, { block: 1, data }))).toThrow(sentence)
  })
})

describe('splits', () => {
  const items = [1, 2, 4, 5].map((key) => leafTuple(key, [0, key]))
  const highKey = pivot(3, 0)
  /** The upper part of a page: its items, last one first. */
  const upperPart = (...all: Uint8Array[]): Uint8Array => concat(...all.reverse())
  const rightData = upperPart(pivot(9, 0), items[2], items[3])

  test('the new tuple goes left', () => {
    const redone = record(
      OP.SPLIT_L,
      splitMain(0, 4, 3),
      { block: 1, data: concat(leafTuple(2, [7, 7]), highKey) },
      { block: 5, willInit: true, data: rightData },
      { block: 2 },
    )
    const old = btreePage([pivot(9, 0), ...items], { prev: 8, next: 2, flags: BTP.LEAF | BTP.SPLIT_END })
    setBtpoCycleid(old, 3)
    const world = redo({ 1: old, 2: btreePage([one], { prev: 1 }) }, redone)
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
    const world = redo({ 1: btreePage(items) }, record(OP.SPLIT_L, splitMain(0, 3, 3), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2', '2: 7,7'])
    expect(btpoNext(world.page(5))).toBe(0)
  })

  test('the new tuple goes right: it is among the right page items', () => {
    const right = { block: 5, willInit: true, data: upperPart(items[2], leafTuple(4, [7, 7]), items[3]) }
    const redone = record(OP.SPLIT_R, splitMain(0, 3, 4), { block: 1, data: highKey }, right)
    const world = redo({ 1: btreePage(items) }, redone)
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2'])
    expect(itemsOf(world.page(5))).toEqual(['4: 0,4', '4: 7,7', '5: 0,5'])
  })

  test('the new tuple goes left, through a posting list', () => {
    const old = btreePage([one, leafTuple(2, [0, 2], [0, 8]), ...items.slice(2)])
    const left = { block: 1, data: concat(leafTuple(2, [0, 5]), highKey) }
    const right = { block: 5, willInit: true, data: upperPart(items[2], items[3]) }
    const world = redo({ 1: old }, record(OP.SPLIT_L, splitMain(0, 3, 3, 1), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2 0,5', '2: 0,8'])
    expect(placesOf(world.page(1))).toEqual([8160, 8144, 8112, 8096])
  })

  test('the new tuple goes right, but out of a posting list that stays left', () => {
    const old = btreePage([one, leafTuple(2, [0, 2], [0, 8]), ...items.slice(2)])
    const left = { block: 1, data: concat(leafTuple(2, [0, 5]), highKey) }
    const right = { block: 5, willInit: true, data: upperPart(leafTuple(2, [0, 8]), items[2], items[3]) }
    const world = redo({ 1: old }, record(OP.SPLIT_R, splitMain(0, 3, 3, 1), left, right))
    expect(itemsOf(world.page(1))).toEqual(['3 -> 0', '1: 0,1', '2: 0,2 0,5'])
    expect(itemsOf(world.page(5))).toEqual(['2: 0,8', '4: 0,4', '5: 0,5'])
  })

  test('an inner page: the child below is complete, the pages are no leaves', () => {
    const pivots = [1, 2, 3, 4].map((key) => pivot(key, key + 10))
    const redone = record(
      OP.SPLIT_R,
      splitMain(1, 3, 4),
      { block: 1, data: highKey },
      { block: 5, willInit: true, data: upperPart(pivots[2], pivots[3]) },
      { id: 3, block: 12 },
    )
    const child = btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT })
    const world = redo({ 1: btreePage(pivots, { level: 1 }), 12: child }, redone)
    expect(btpoFlags(world.page(12))).toBe(BTP.LEAF)
    expect([btpoFlags(world.page(1)), btpoFlags(world.page(5))]).toEqual([BTP.INCOMPLETE_SPLIT, 0])
    expect([btpoLevel(world.page(1)), btpoLevel(world.page(5))]).toEqual([1, 1])
  })

  test('a left page that is gone or done does not stop the others', () => {
    const left = { block: 1, data: highKey }
    const right = { block: 5, willInit: true, data: rightData }
    const redone = record(OP.SPLIT_R, splitMain(0, 3, 4), left, right, { block: 2 })
    const world = redo({ 2: btreePage([one], { prev: 1 }) }, redone)
    expect(outcomes(world)).toEqual(['5 needsRedo', '1 notFound', '2 needsRedo'])
    expect(btpoPrev(world.page(2))).toBe(5)
  })

  test.each([
    ['more left items than there are', splitMain(0, 9, 3), concat(one, highKey), 'it has no item 5'],
    ['data after the high key', splitMain(0, 3, 3), concat(one, highKey, two), 'the data of block 0 goes on'],
    ['no high key', splitMain(0, 3, 3), one, 'does not end with the data around it'],
  ])('%s is nonsense', (_, main, data, sentence) => {
    const right = { block: 5, willInit: true, data: upperPart(items[2], items[3]) }
    expect(() => redo({ 1: btreePage(items) }, record(OP.SPLIT_L, main, { block: 1, data }, right))).toThrow(
      sentence,
    )
  })

  test('right page items that end in the middle of one are nonsense', () => {
    const right = { block: 5, willInit: true, data: rightData.subarray(0, 40) }
    expect(() =>
      redo({}, record(OP.SPLIT_R, splitMain(0, 3, 4), { block: 1, data: highKey }, right)),
    ).toThrow('an index tuple of 16 bytes does not end with the data around it')
  })
})

describe('new roots and the meta page', () => {
  test('an empty index gets a leaf as its root', () => {
    const redone = record(
      OP.NEWROOT,
      concat(le32(1), le32(0)),
      { id: 0, block: 1, willInit: true },
      metaBlock(2),
    )
    const world = redo({}, redone)
    expect([btpoFlags(world.page(1)), itemsOf(world.page(1))]).toEqual([BTP.ROOT | BTP.LEAF, []])
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
    expect([world.lsnOf(0), world.lsnOf(1)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('a split root gets a parent with two downlinks', () => {
    const redone = record(
      OP.NEWROOT,
      concat(le32(3), le32(1)),
      { block: 3, willInit: true, data: concat(pivot(10, 2), pivot(0, 1)) },
      { block: 1 },
      metaBlock(2),
    )
    const world = redo({ 1: btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT }) }, redone)
    expect(itemsOf(world.page(3))).toEqual(['0 -> 1', '10 -> 2'])
    expect([btpoFlags(world.page(3)), btpoLevel(world.page(3)), btpoFlags(world.page(1))]).toEqual([
      BTP.ROOT,
      1,
      BTP.LEAF,
    ])
  })

  test('META_CLEANUP rebuilds the meta page, REUSE_PAGE changes nothing', () => {
    const world = redo({}, record(OP.META_CLEANUP, new Uint8Array(0), metaBlock(0)))
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
    expect(outcomes(redo({}, record(OP.REUSE_PAGE, new Uint8Array(25))))).toEqual([])
  })
})

describe('a page leaves the tree', () => {
  test('first its parent forgets it, and the leaf remembers the top of the branch', () => {
    const redone = record(
      OP.MARK_PAGE_HALFDEAD,
      concat(le16s(2, 0), le32(5), le32(4), le32(6), le32(0xffffffff)),
      { block: 5, willInit: true },
      { block: 3 },
    )
    const parent = btreePage([pivot(0, 4), pivot(10, 5), pivot(20, 6), pivot(30, 7)], { level: 1 })
    const world = redo({ 3: parent, 5: btreePage([one, two]) }, redone)
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
    const redone = record(OP.MARK_PAGE_HALFDEAD, main, { block: 5, willInit: true }, { block: 3 })
    expect(() => redo({ 3: btreePage([pivot(0, 4), pivot(10, 5)], { level: 1 }) }, redone)).toThrow(
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
    const redone = record(
      OP.UNLINK_PAGE,
      unlink({}),
      { block: 5, willInit: true },
      { block: 4 },
      { block: 6 },
    )
    const world = redo({ 4: btreePage([one], { next: 5 }), 6: btreePage([three], { prev: 5 }) }, redone)
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
    const redone = record(
      OP.UNLINK_PAGE_META,
      main,
      { id: 0, block: 5, willInit: true },
      { id: 2, block: 6 },
      { id: 3, block: 11, willInit: true },
      metaBlock(4),
    )
    const world = redo({ 6: btreePage([pivot(0, 1)], { prev: 5, level: 2 }) }, redone)
    expect([btpoFlags(world.page(5)), btpoLevel(world.page(5))]).toEqual([BTP.DELETED | BTP.HAS_FULLXID, 2])
    expect(btpoPrev(world.page(6))).toBe(0)
    expect(itemsOf(world.page(11))).toEqual(['-> 7'])
    expect([btpoPrev(world.page(11)), btpoNext(world.page(11))]).toEqual([8, 9])
    expect(btpoFlags(world.page(11))).toBe(BTP.HALF_DEAD | BTP.LEAF)
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
  })

  test('siblings that are gone or done are left alone', () => {
    const redone = record(
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

test('operations have the names pg_waldump prints', () => {
  const names = Array.from({ length: 16 }, (_, i) => btree.identify(i * 16))
  expect(names).toEqual(
    `INSERT_LEAF INSERT_UPPER INSERT_META SPLIT_L SPLIT_R INSERT_POST DEDUP DELETE UNLINK_PAGE UNLINK_PAGE_META
     NEWROOT MARK_PAGE_HALFDEAD VACUUM REUSE_PAGE META_CLEANUP`
      .split(/\s+/)
      .concat([undefined as unknown as string]),
  )
})

test('a page of another kind is not taken for one of a btree', () => {
  const page = btreePage([one])
  page.view.setUint16(16, 8184, true)
  setBtpoFlags(page, BTP.LEAF)
  expect(() => redo({ 1: page }, record(OP.VACUUM, le16s(1, 0), { block: 1, data: le16(1) }))).toThrow(
    'not a page of a btree index',
  )
})
