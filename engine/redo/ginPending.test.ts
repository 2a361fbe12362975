// The pending list: its pages, its tuples, its end and its beginning in the meta page.

import { describe, expect, test } from 'vitest'
import { GIN, GIN_NO_PAGE, ginMaxoff, readGinOpaque } from '../format/ginPage.js'
import {
  ginxlogDeleteListPages,
  ginxlogInsertListPage,
  ginxlogUpdateMeta,
  XLOG_GIN,
} from '../format/ginRecords.js'
import { maxOffset, pdLower, type Page } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { gin } from './gin.js'
import { testWorld } from './testing/context.js'
import {
  ginRecord,
  metaContents,
  metaPage,
  outcomes,
  readMeta,
  redoGin,
  tuplePage,
} from './testing/ginRedo.js'
import { itemsOf, leafTuple, placesOf } from './testing/indexPages.js'
import { concat, le16, le32, packed, type BlockSpec } from './testing/records.js'

const OP = XLOG_GIN
const one = leafTuple(1, [0, 1])
const two = leafTuple(2, [0, 2])
const three = leafTuple(3, [0, 3])
const FULL = GIN.LIST | GIN.LIST_FULLROW
const tail = (...tuples: Uint8Array[]): Page => tuplePage(FULL, tuples, { maxoff: 4 })

describe('UPDATE_META_PAGE', () => {
  function update(over: Partial<ginxlogUpdateMeta>, ...blocks: BlockSpec[]): WalRecord {
    const main = packed(ginxlogUpdateMeta, {
      spcOid: 1663,
      dbOid: 5,
      relNumber: 16384,
      metadata: readMeta(metaPage(7, 9)),
      prevTail: GIN_NO_PAGE,
      newRightlink: GIN_NO_PAGE,
      ntuples: 0,
      ...over,
    })
    return ginRecord(OP.UPDATE_META_PAGE, main, { block: 0, willInit: true }, ...blocks)
  }

  test('the meta page is written anew, whatever was there; it may be all that changes', () => {
    const redone = update({})
    const world = testWorld()
    world.put(0, metaPage(1, 2), { lsn: redone.endLsn + 8n })
    world.redo(gin, redone)
    expect(readMeta(world.page(0))).toEqual(readMeta(metaPage(7, 9)))
    expect([readGinOpaque(world.page(0)).flags, pdLower(world.page(0)), world.lsnOf(0)]).toEqual([
      GIN.META,
      80,
      redone.endLsn,
    ])
    expect(outcomes(world)).toEqual(['0 needsRedo'])
  })

  test('tuples of one more row on the last page', () => {
    const redone = update({ ntuples: 2 }, { block: 9, data: concat(two, three) })
    const world = redoGin({ 9: tail(one) }, redone)
    expect([itemsOf(world.page(9)), placesOf(world.page(9)), ginMaxoff(world.page(9))]).toEqual([
      ['1: 0,1', '2: 0,2', '3: 0,3'],
      [8168, 8152, 8136],
      5,
    ])
    expect([world.lsnOf(0), world.lsnOf(9)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('or a new page behind it', () => {
    const redone = update({ prevTail: 9, newRightlink: 12 }, { block: 9 })
    const world = redoGin({ 9: tail(one) }, redone)
    expect([readGinOpaque(world.page(9)), world.lsnOf(9)]).toEqual([
      { rightlink: 12, maxoff: 4, flags: FULL },
      redone.endLsn,
    ])
  })

  test('a last page that has it, or came with the record, or is gone', () => {
    const redone = update({ ntuples: 1 }, { block: 9, data: two })
    const world = testWorld()
    world.put(9, tail(one), { lsn: redone.endLsn })
    world.redo(gin, redone)
    expect([outcomes(world), maxOffset(world.page(9))]).toEqual([['0 needsRedo', '9 done'], 1])
    const restored = redoGin({}, update({ ntuples: 1 }, { block: 9, data: two, image: tail(one, two).bytes }))
    expect([outcomes(restored)[1], maxOffset(restored.page(9))]).toEqual(['9 restored', 2])
    expect(outcomes(redoGin({}, redone))).toEqual(['0 needsRedo', '9 notFound'])
  })

  test.each([
    [
      'a tuple less than announced',
      update({ ntuples: 2 }, { block: 9, data: two }),
      'it announces 2 tuples for block 1 and has 1',
    ],
    [
      'a tuple cut short',
      update({ ntuples: 1 }, { block: 9, data: two.subarray(0, 15) }),
      'an index tuple of 16 bytes does not end',
    ],
    [
      'short main data',
      ginRecord(OP.UPDATE_META_PAGE, le32(1), { block: 0, willInit: true }),
      'expected 88 bytes of main data, found 4',
    ],
    [
      'another page than the meta page',
      ginRecord(OP.UPDATE_META_PAGE, new Uint8Array(88), { block: 3, willInit: true }),
      'block 3 is no meta page of a GIN index',
    ],
  ])('%s: nonsense', (_, redone, sentence) => {
    expect(() => redoGin({ 9: tail(one) }, redone)).toThrow(sentence)
  })

  test('a last page without room', () => {
    const full = tuplePage(
      FULL,
      Array.from({ length: 408 }, (_, i) => leafTuple(i, [0, 1])),
    )
    const redone = update({ ntuples: 1 }, { block: 9, data: two })
    expect(() => redoGin({ 9: full }, redone)).toThrow(
      /block 9 .*failed to add item to index page, size 16 bytes/,
    )
  })
})

describe('INSERT_LISTPAGE', () => {
  const insert = (rightlink: number, ...tuples: Uint8Array[]): WalRecord =>
    ginRecord(OP.INSERT_LISTPAGE, packed(ginxlogInsertListPage, { rightlink, ntuples: tuples.length }), {
      block: 8,
      willInit: true,
      data: concat(...tuples),
    })

  test('a page that another one follows', () => {
    const redone = insert(9, one, two)
    const world = redoGin({ 8: tail(three, three, three) }, redone)
    expect([itemsOf(world.page(8)), placesOf(world.page(8))]).toEqual([
      ['1: 0,1', '2: 0,2'],
      [8168, 8152],
    ])
    expect(readGinOpaque(world.page(8))).toEqual({ rightlink: 9, maxoff: 0, flags: GIN.LIST })
    expect(world.lsnOf(8)).toBe(redone.endLsn)
  })

  test('the last one, which ends a row', () => {
    const world = redoGin({}, insert(GIN_NO_PAGE, one))
    expect(readGinOpaque(world.page(8))).toEqual({ rightlink: GIN_NO_PAGE, maxoff: 1, flags: FULL })
  })

  test('more tuples than announced: nonsense', () => {
    const main = packed(ginxlogInsertListPage, { rightlink: 9, ntuples: 1 })
    const redone = ginRecord(OP.INSERT_LISTPAGE, main, { block: 8, willInit: true, data: concat(one, two) })
    expect(() => redoGin({}, redone)).toThrow('it announces 1 tuples for block 0 and has 2')
  })
})

describe('DELETE_LISTPAGE', () => {
  const main = (ndeleted: number): Uint8Array =>
    packed(ginxlogDeleteListPages, { metadata: readMeta(metaPage(9, 9)), ndeleted })
  const init = (id: number, block: number): BlockSpec => ({ id, block, willInit: true })

  test('pages leave at the head: empty, deleted, leading nowhere', () => {
    const redone = ginRecord(OP.DELETE_LISTPAGE, main(2), init(0, 0), init(1, 7), init(2, 8))
    const world = redoGin({ 7: tuplePage(GIN.LIST, [one], { rightlink: 8 }), 8: tail(two) }, redone)
    for (const block of [7, 8]) {
      const page = world.page(block)
      expect([maxOffset(page), readGinOpaque(page), world.lsnOf(block)]).toEqual([
        0,
        { rightlink: GIN_NO_PAGE, maxoff: 0, flags: GIN.DELETED },
        redone.endLsn,
      ])
    }
    expect([...world.page(0).bytes.subarray(24, 80)]).toEqual([...metaContents(9, 9)])
  })

  test('a page less than announced: nonsense', () => {
    const redone = ginRecord(OP.DELETE_LISTPAGE, main(2), init(0, 0), init(1, 7))
    expect(() => redoGin({}, redone)).toThrow('failed to locate backup block with ID 2')
    expect(() => redoGin({}, ginRecord(OP.DELETE_LISTPAGE, le16(1), init(0, 0)))).toThrow('expected 64 bytes')
  })
})
