// Insertion, new roots and the meta page, on pages whose contents can be read at a glance.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { BTP, btpoFlags, btpoLevel, readBtreeMeta, setBtpoFlags } from '../format/btreePage.js'
import { XLOG_BTREE } from '../format/btreeRecords.js'
import { pdLower } from '../format/page.js'
import { btree } from './btree.js'
import { testWorld } from './testing/context.js'
import { btreePage, itemsOf, pivot, placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32 } from './testing/records.js'
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

describe('insertion', () => {
  const insertTwo = btreeRecord(OP.INSERT_LEAF, le16(2), { block: 1, data: two })

  test('a leaf takes the tuple at its offset; later line pointers move up, tuples stay', () => {
    const world = redoBtree({ 1: btreePage([one, three]) }, insertTwo)
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
    const world = redoBtree({}, insertTwo)
    expect(outcomes(world)).toEqual(['1 notFound'])
    expect(world.context.missingBlocks.size).toBe(1)
  })

  test('a full-page image is the result, nothing is added to it', () => {
    const image = btreePage([one, two, three])
    const world = redoBtree(
      { 1: btreePage([one]) },
      btreeRecord(OP.INSERT_LEAF, le16(2), { block: 1, image: image.bytes, data: two }),
    )
    expect(outcomes(world)).toEqual(['1 restored'])
    expect(itemsOf(world.page(1))).toEqual(['1: 0,1', '2: 0,2', '3: 0,3'])
  })

  test('an inner page takes the downlink, and the child is not half split any more', () => {
    const redone = btreeRecord(OP.INSERT_UPPER, le16(2), { block: 3, data: pivot(10, 2) }, { block: 1 })
    const child = btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT })
    const world = redoBtree({ 3: btreePage([pivot(0, 1)], { level: 1 }), 1: child }, redone)
    expect(itemsOf(world.page(3))).toEqual(['0 -> 1', '10 -> 2'])
    expect(btpoFlags(world.page(1))).toBe(BTP.LEAF)
    expect([world.lsnOf(1), world.lsnOf(3)]).toEqual([redone.endLsn, redone.endLsn])
    expect(outcomes(world)).toEqual(['1 needsRedo', '3 needsRedo'])
  })

  test('INSERT_META also rebuilds the meta page', () => {
    const redone = btreeRecord(
      OP.INSERT_META,
      le16(1),
      { block: 3, data: pivot(10, 2) },
      { block: 1 },
      metaBlock(2),
    )
    const world = redoBtree({ 3: btreePage([], { level: 1 }), 1: btreePage([one]) }, redone)
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
      redoBtree(
        { 1: btreePage([one, three]) },
        btreeRecord(OP.INSERT_LEAF, le16(offnum), { block: 1, data: two }),
      )
    expect(run).toThrow(CorruptData)
    expect(run).toThrow(sentence)
  })

  test('a full page is nonsense, and so is an operation nobody knows', () => {
    const full = btreePage([new Uint8Array(8000)])
    full.view.setUint16(14, pdLower(full) + 8, true)
    expect(() =>
      redoBtree({ 1: full }, btreeRecord(OP.INSERT_LEAF, le16(2), { block: 1, data: two })),
    ).toThrow(CorruptData)
    expect(() => redoBtree({}, btreeRecord(0xf0, le16(1)))).toThrow('btree_redo: unknown op code 240')
  })
})

describe('new roots and the meta page', () => {
  test('an empty index gets a leaf as its root', () => {
    const redone = btreeRecord(
      OP.NEWROOT,
      concat(le32(1), le32(0)),
      { id: 0, block: 1, willInit: true },
      metaBlock(2),
    )
    const world = redoBtree({}, redone)
    expect([btpoFlags(world.page(1)), itemsOf(world.page(1))]).toEqual([BTP.ROOT | BTP.LEAF, []])
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
    expect([world.lsnOf(0), world.lsnOf(1)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('a split root gets a parent with two downlinks', () => {
    const redone = btreeRecord(
      OP.NEWROOT,
      concat(le32(3), le32(1)),
      { block: 3, willInit: true, data: concat(pivot(10, 2), pivot(0, 1)) },
      { block: 1 },
      metaBlock(2),
    )
    const world = redoBtree({ 1: btreePage([one], { flags: BTP.LEAF | BTP.INCOMPLETE_SPLIT }) }, redone)
    expect(itemsOf(world.page(3))).toEqual(['0 -> 1', '10 -> 2'])
    expect([btpoFlags(world.page(3)), btpoLevel(world.page(3)), btpoFlags(world.page(1))]).toEqual([
      BTP.ROOT,
      1,
      BTP.LEAF,
    ])
  })

  test('META_CLEANUP rebuilds the meta page, REUSE_PAGE changes nothing', () => {
    const world = redoBtree({}, btreeRecord(OP.META_CLEANUP, new Uint8Array(0), metaBlock(0)))
    expect(readBtreeMeta(world.page(0))).toEqual(metaRead)
    expect(outcomes(redoBtree({}, btreeRecord(OP.REUSE_PAGE, new Uint8Array(25))))).toEqual([])
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
  expect(() =>
    redoBtree({ 1: page }, btreeRecord(OP.VACUUM, le16s(1, 0), { block: 1, data: le16(1) })),
  ).toThrow('not a page of a btree index')
})
