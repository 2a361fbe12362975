// Both trees of a GIN index: what comes, splits and goes, on pages whose contents can be read at a glance.

import { describe, expect, test } from 'vitest'
import { GIN, GIN_DATA_AT, ginFlags, readGinOpaque, setGinFlags, setGinRightlink } from '../format/ginPage.js'
import { GIN_INSERT, ginxlogDeletePage, ginxlogSplit, XLOG_GIN } from '../format/ginRecords.js'
import { pdLower, pruneXid, type Page } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { gin } from './gin.js'
import { testWorld } from './testing/context.js'
import {
  dataInner,
  dataLeaf,
  ginRecord,
  outcomes,
  postingItem,
  postingItemsOf,
  redoGin,
  segment,
  segmentsOf,
  tuplePage,
} from './testing/ginRedo.js'
import { itemsOf, leafTuple, placesOf, tid } from './testing/indexPages.js'
import { concat, le16, le32, packed, type BlockSpec } from './testing/records.js'

const OP = XLOG_GIN
const NONE = new Uint8Array(0)
const key = (n: number): Uint8Array => leafTuple(n, [0, n])
const entryLeaf = (...keys: number[]): Page => tuplePage(GIN.LEAF, keys.map(key))
/** Data of block 0: where, whether in the place of what is there, the tuple. */
const entry = (offset: number, replaces: boolean, tuple: Uint8Array): Uint8Array =>
  concat(le16(offset), Uint8Array.of(replaces ? 1 : 0, 0), tuple)
/** Main data of an insertion on an inner page, which completes the split of `left` into itself and `right`. */
const children = (flags: number, left: number, right: number): Uint8Array =>
  concat(le16(flags), tid(left, 0).subarray(0, 4), tid(right, 0).subarray(0, 4))

describe('INSERT into the entry tree', () => {
  const insert = (offset: number, replaces: boolean, tuple: Uint8Array): WalRecord =>
    ginRecord(OP.INSERT, le16(GIN_INSERT.ISLEAF), { block: 5, data: entry(offset, replaces, tuple) })

  test('a key more on a leaf', () => {
    const redone = insert(2, false, key(2))
    const world = redoGin({ 5: entryLeaf(1, 3) }, redone)
    expect([itemsOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['1: 0,1', '2: 0,2', '3: 0,3'],
      [8168, 8136, 8152],
    ])
    expect([world.lsnOf(5), world.page(5).dirty]).toEqual([redone.endLsn, true])
  })

  test('a tuple with more rows takes the place of the one with fewer', () => {
    const longer = concat(tid(0, 9), le16(24), le32(2), le32(0), new Uint8Array(8).fill(7))
    const world = redoGin({ 5: entryLeaf(1, 2, 3) }, insert(2, true, longer))
    expect([itemsOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['1: 0,1', '2: 0,9', '3: 0,3'],
      [8168, 8128, 8152],
    ])
  })

  test('on an inner page the key that was there leads to the right half, the new one to the left', () => {
    const main = children(0, 2, 0x10009)
    const redone = ginRecord(OP.INSERT, main, { block: 5, data: entry(2, false, key(2)) }, { block: 2 })
    const child = tuplePage(GIN.LEAF | GIN.INCOMPLETE_SPLIT, [key(1)])
    const world = redoGin({ 5: tuplePage(0, [key(1), key(3)]), 2: child }, redone)
    expect(itemsOf(world.page(5))).toEqual(['1: 0,1', '2: 0,2', `3: ${0x10009},0`])
    expect(ginFlags(world.page(2))).toBe(GIN.LEAF)
    expect([outcomes(world), world.lsnOf(2)]).toEqual([['2 needsRedo', '5 needsRedo'], redone.endLsn])
  })

  test("the left half's flag is cleared before its image is taken: a restored page stays as it came", () => {
    for (const flags of [GIN.LEAF, GIN.LEAF | GIN.INCOMPLETE_SPLIT]) {
      const image = tuplePage(flags, [key(1)]).bytes
      const main = children(0, 2, 9)
      const redone = ginRecord(
        OP.INSERT,
        main,
        { block: 5, data: entry(1, false, key(2)) },
        { block: 2, image },
      )
      const world = redoGin({ 5: tuplePage(0, [key(3)]), 2: entryLeaf() }, redone)
      expect([outcomes(world), ginFlags(world.page(2))]).toEqual([['2 restored', '5 needsRedo'], flags])
    }
  })

  test('a left half that is newer may have split again: its flag stays', () => {
    const redone = ginRecord(OP.INSERT, children(0, 2, 9), { block: 5 }, { block: 2 })
    const world = testWorld()
    world.put(2, tuplePage(GIN.LEAF | GIN.INCOMPLETE_SPLIT, []), { lsn: redone.endLsn })
    world.redo(gin, redone)
    expect([outcomes(world)[0], ginFlags(world.page(2))]).toEqual(['2 done', GIN.LEAF | GIN.INCOMPLETE_SPLIT])
  })

  test('each page for itself: done, gone, restored', () => {
    const redone = insert(1, false, key(1))
    const world = testWorld()
    world.put(5, entryLeaf(7), { lsn: redone.endLsn })
    world.redo(gin, redone)
    expect([outcomes(world), itemsOf(world.page(5))]).toEqual([['5 done'], ['7: 0,7']])
    expect(outcomes(redoGin({}, redone))).toEqual(['5 notFound'])
    const main = children(0, 2, 9)
    const half = ginRecord(OP.INSERT, main, { block: 5, image: entryLeaf(4).bytes }, { block: 2 })
    const late = redoGin({ 2: tuplePage(GIN.LEAF | GIN.INCOMPLETE_SPLIT, []) }, half)
    expect([itemsOf(late.page(5)), ginFlags(late.page(2))]).toEqual([['4: 0,4'], GIN.LEAF])
  })

  test.each<[string, Page, WalRecord, string]>([
    [
      'an offset past the items',
      entryLeaf(1),
      insert(3, false, key(2)),
      'failed to add item to index page, size 16 bytes',
    ],
    [
      'an item to be replaced that is not there',
      entryLeaf(1),
      insert(2, true, key(2)),
      'invalid index offnum: 2',
    ],
    [
      'a tuple cut short',
      entryLeaf(1),
      insert(1, false, key(2).subarray(0, 9)),
      'an index tuple of 16 bytes does not end',
    ],
    [
      'no tuple',
      entryLeaf(1),
      ginRecord(OP.INSERT, le16(2), { block: 5, data: le16(1) }),
      'expected 4 bytes of data',
    ],
    [
      'no flags',
      entryLeaf(1),
      ginRecord(OP.INSERT, Uint8Array.of(2), { block: 5 }),
      'expected 2 bytes of main data',
    ],
    ['a leaf of the other tree', dataLeaf(), insert(1, false, key(2)), 'not a leaf of the entry tree'],
    ['an inner page', tuplePage(0, []), insert(1, false, key(2)), 'not a leaf of the entry tree'],
  ])('%s: nonsense', (_, page, redone, sentence) => {
    expect(() => redoGin({ 5: page }, redone)).toThrow(sentence)
  })

  test('a downlink that is not there is nonsense', () => {
    const redone = ginRecord(
      OP.INSERT,
      children(0, 2, 9),
      { block: 5, data: entry(2, false, key(2)) },
      { block: 2 },
    )
    expect(() => redoGin({ 5: tuplePage(0, [key(1)]), 2: entryLeaf() }, redone)).toThrow('it has no item 2')
    const short = ginRecord(OP.INSERT, le16(0), { block: 5 }, { block: 2 })
    expect(() => redoGin({ 5: tuplePage(0, []) }, short)).toThrow('expected 10 bytes of main data, found 2')
  })
})

describe('INSERT into an inner page of a posting tree', () => {
  const insert = (offset: number): WalRecord =>
    ginRecord(
      OP.INSERT,
      children(GIN_INSERT.ISDATA, 3, 9),
      { block: 5, data: concat(le16(offset), postingItem(3, 15)) },
      { block: 3 },
    )

  test('the item that was there leads to the right half, the new one to the left', () => {
    const child = dataLeaf(segment(1.01))
    setGinFlags(child, ginFlags(child) | GIN.INCOMPLETE_SPLIT)
    const redone = insert(2)
    const page = dataInner(postingItem(2, 10), postingItem(3, 20), postingItem(4, 30))
    const world = redoGin({ 5: page, 3: child }, redone)
    expect(postingItemsOf(world.page(5))).toEqual(['2: 10', '3: 15', '9: 20', '4: 30'])
    expect(ginFlags(world.page(3))).toBe(GIN.DATA | GIN.LEAF | GIN.COMPRESSED)
    expect([world.lsnOf(3), world.lsnOf(5)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('an item that is not there is nonsense, and so is half of one', () => {
    const pages = { 5: dataInner(postingItem(2, 10)), 3: dataLeaf() }
    expect(() => redoGin(pages, insert(2))).toThrow('failed to add a posting item at offset 2')
    const main = children(GIN_INSERT.ISDATA, 3, 9)
    const short = ginRecord(OP.INSERT, main, { block: 5, data: le16(1) }, { block: 3 })
    expect(() => redoGin(pages, short)).toThrow('expected 12 bytes of data for block 0, found 2')
    expect(() => redoGin({ 5: dataLeaf(), 3: dataLeaf() }, insert(1))).toThrow(
      'not an inner page of a posting tree',
    )
  })
})

test('CREATE_PTREE makes a leaf from the posting lists in the record', () => {
  const lists = concat(segment(1.01, 1.02), segment(5.05))
  const redone = ginRecord(OP.CREATE_PTREE, concat(le32(lists.length), lists), { block: 6, willInit: true })
  const world = redoGin({ 6: entryLeaf(1, 2, 3) }, redone)
  const page = world.page(6)
  expect(segmentsOf(page)).toEqual([[1.01, 1.02], [5.05]])
  expect([readGinOpaque(page), world.lsnOf(6)]).toEqual([
    { rightlink: 0xffffffff, maxoff: 0, flags: GIN.DATA | GIN.LEAF | GIN.COMPRESSED },
    redone.endLsn,
  ])
  const long = ginRecord(OP.CREATE_PTREE, le32(8153), { block: 6, willInit: true })
  expect(() => redoGin({}, long)).toThrow('8153 bytes of posting lists for one page')
  const short = ginRecord(OP.CREATE_PTREE, concat(le32(lists.length), lists.subarray(1)), {
    block: 6,
    willInit: true,
  })
  expect(() => redoGin({}, short)).toThrow(`expected ${lists.length + 4} bytes of main data`)
})

describe('SPLIT', () => {
  const main = (flags: number): Uint8Array =>
    packed(ginxlogSplit, {
      spcOid: 1663,
      dbOid: 5,
      relNumber: 16384,
      rrlink: 0xffffffff,
      leftChildBlkno: 2,
      rightChildBlkno: 9,
      flags,
    })
  const images = (...blocks: number[]): BlockSpec[] =>
    blocks.map((block) => ({ block, image: entryLeaf(block).bytes }))

  test('both halves are images', () => {
    const world = redoGin(
      { 5: entryLeaf(1, 2) },
      ginRecord(OP.SPLIT, main(GIN_INSERT.ISLEAF), ...images(5, 8)),
    )
    expect([itemsOf(world.page(5)), itemsOf(world.page(8))]).toEqual([['5: 0,5'], ['8: 0,8']])
    expect(outcomes(world)).toEqual(['5 restored', '8 restored'])
  })

  test('and a new root; an inner page completes the split below it', () => {
    const redone = ginRecord(OP.SPLIT, main(GIN_INSERT.SPLIT_ROOT), ...images(5, 8, 1), { id: 3, block: 2 })
    const world = redoGin({ 2: tuplePage(GIN.LEAF | GIN.INCOMPLETE_SPLIT, []) }, redone)
    expect(outcomes(world)).toEqual(['2 needsRedo', '5 restored', '8 restored', '1 restored'])
    expect([ginFlags(world.page(2)), world.lsnOf(2)]).toEqual([GIN.LEAF, redone.endLsn])
  })

  test.each([
    ['left', [{ block: 5 }, ...images(8).map((b) => ({ ...b, id: 1 }))], GIN_INSERT.ISLEAF],
    ['right', [...images(5), { block: 8 }], GIN_INSERT.ISLEAF],
    ['root', [...images(5, 8), { block: 1 }], GIN_INSERT.ISLEAF | GIN_INSERT.SPLIT_ROOT],
  ])('without an image of the %s page it is nonsense', (which, blocks, flags) => {
    const pages = { 1: entryLeaf(), 5: entryLeaf(), 8: entryLeaf() }
    expect(() => redoGin(pages, ginRecord(OP.SPLIT, main(flags), ...blocks))).toThrow(
      `GIN split record did not contain a full-page image of ${which} page`,
    )
  })
})

test('VACUUM_PAGE is an image of a page of the entry tree', () => {
  const image = entryLeaf(2).bytes
  const world = redoGin({ 5: entryLeaf(1, 2, 3) }, ginRecord(OP.VACUUM_PAGE, NONE, { block: 5, image }))
  expect(itemsOf(world.page(5))).toEqual(['2: 0,2'])
  expect(() => redoGin({ 5: entryLeaf(1) }, ginRecord(OP.VACUUM_PAGE, NONE, { block: 5 }))).toThrow(
    'replay of gin entry tree page vacuum did not restore the page',
  )
})

describe('DELETE_PAGE', () => {
  const main = packed(ginxlogDeletePage, { parentOffset: 2, rightLink: 8, deleteXid: 0xabcdef })
  const redone = ginRecord(OP.DELETE_PAGE, main, { block: 7 }, { block: 5 }, { block: 6 })
  const pages = (): Record<number, Page> => {
    const [left, page] = [dataLeaf(segment(1.01)), dataLeaf()]
    setGinRightlink(left, 7)
    setGinRightlink(page, 8)
    return { 5: dataInner(postingItem(6, 10), postingItem(7, 20), postingItem(8, 30)), 6: left, 7: page }
  }

  test('the neighbour is linked past it, the parent forgets it, it keeps its link and the xid', () => {
    const world = redoGin(pages(), redone)
    expect([readGinOpaque(world.page(6)).rightlink, postingItemsOf(world.page(5))]).toEqual([
      8,
      ['6: 10', '8: 30'],
    ])
    expect(pdLower(world.page(5))).toBe(GIN_DATA_AT + 20)
    const flags = GIN.DATA | GIN.LEAF | GIN.COMPRESSED | GIN.DELETED
    expect([readGinOpaque(world.page(7)), pruneXid(world.page(7))]).toEqual([
      { rightlink: 8, maxoff: 0, flags },
      0xabcdef,
    ])
    for (const block of [5, 6, 7]) expect(world.lsnOf(block)).toBe(redone.endLsn)
    expect(outcomes(world)).toEqual(['6 needsRedo', '7 needsRedo', '5 needsRedo'])
  })

  test('each page for itself', () => {
    for (const done of [5, 6, 7]) {
      const world = testWorld()
      const before = pages()
      for (const [block, page] of Object.entries(before))
        world.put(Number(block), page, { lsn: Number(block) === done ? redone.endLsn : 0x1000n })
      world.redo(gin, redone)
      const changed = [5, 6, 7].filter((block) => world.page(block).dirty)
      expect(changed).toEqual([5, 6, 7].filter((block) => block !== done))
    }
    expect(outcomes(redoGin({}, redone))).toEqual(['6 notFound', '7 notFound', '5 notFound'])
  })

  test('a parent without that posting item is nonsense', () => {
    expect(() => redoGin({ ...pages(), 5: dataInner(postingItem(7, 20)) }, redone)).toThrow(
      'it has no posting item 2',
    )
    expect(() => redoGin({ ...pages(), 5: dataLeaf() }, redone)).toThrow(
      'not an inner page of a posting tree',
    )
  })
})

test('operations have the names pg_waldump prints; others are refused', () => {
  expect(Array.from({ length: 10 }, (_, i) => gin.identify(i * 16))).toEqual([
    ...[undefined, 'CREATE_PTREE', 'INSERT', 'SPLIT', 'VACUUM_PAGE', 'DELETE_PAGE', 'UPDATE_META_PAGE'],
    ...['INSERT_LISTPAGE', 'DELETE_LISTPAGE', 'VACUUM_DATA_LEAF_PAGE'],
  ])
  expect(() => redoGin({}, ginRecord(0, NONE))).toThrow('gin_redo: unknown op code 0')
})

test('a page of another kind is not taken for one of a GIN index', () => {
  const page = entryLeaf(1)
  page.view.setUint16(16, 8176, true)
  const insert = ginRecord(OP.INSERT, le16(GIN_INSERT.ISLEAF), { block: 5, data: entry(1, false, key(1)) })
  expect(() => redoGin({ 5: page }, insert)).toThrow('not a page of a GIN index')
})
