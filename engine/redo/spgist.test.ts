// Leaf tuples of an SP-GiST index: they arrive, and they move.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { pageOf, type Page } from '../format/page.js'
import { readSpgistOpaque, SPGIST } from '../format/spgistPage.js'
import { spgxlogAddLeaf, spgxlogMoveLeafs, type spgxlogState, XLOG_SPGIST } from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { spgist } from './spgist.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, packed, type BlockSpec } from './testing/records.js'
import {
  counted,
  DEAD,
  innerPage,
  innerTuple,
  leafPage,
  leafTuple,
  outcomes,
  PLACEHOLDER,
  redirect,
  redoSpgist,
  spgistRecord,
  tuples,
} from './testing/spgistRedo.js'

const OP = XLOG_SPGIST
const stateSrc: spgxlogState = { redirectXid: 700, isBuild: false }

describe('ADD_LEAF', () => {
  const noParent = { newPage: false, storesNulls: false, offnumHeadLeaf: 0, offnumParent: 0, nodeI: 0 }
  const added = (
    values: Partial<spgxlogAddLeaf> & { offnumLeaf: number },
    tuple: Uint8Array,
    ...blocks: BlockSpec[]
  ): WalRecord =>
    spgistRecord(
      OP.ADD_LEAF,
      concat(packed(spgxlogAddLeaf, { ...noParent, ...values }), tuple),
      ...(blocks.length > 0 ? blocks : [{ block: 5 }]),
    )

  test('behind the last tuple, the second of its chain: the head leads to it', () => {
    const redone = added({ offnumLeaf: 3, offnumHeadLeaf: 1 }, leafTuple(3, 2))
    const world = redoSpgist({ 5: leafPage(leafTuple(1, 2), leafTuple(2)) }, redone)
    expect([tuples(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['1 > 3', '2', '3 > 2'],
      [8160, 8136, 8112],
    ])
    expect([world.lsnOf(5), outcomes(world)]).toEqual([redone.endLsn, ['5 needsRedo']])
  })

  test('in a placeholder’s place, which is counted off; it may be larger', () => {
    const world = redoSpgist(
      { 5: leafPage(leafTuple(1), PLACEHOLDER, leafTuple(2), PLACEHOLDER) },
      added({ offnumLeaf: 2, offnumHeadLeaf: 1 }, leafTuple(3, 0, 40)),
    )
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['1 > 2', '3', '2', 'PLACEHOLDER'],
      [0, 1],
    ])
    expect(placesOf(world.page(5))).toEqual([8160, 8080, 8136, 8120])
  })

  test('a null is the smallest tuple there is: 16 bytes, so that a dead one can replace it', () => {
    const world = redoSpgist({ 5: leafPage() }, added({ offnumLeaf: 1 }, leafTuple(1, 0, 16)))
    expect(placesOf(world.page(5))).toEqual([8168])
    expect(() => redoSpgist({ 5: leafPage() }, added({ offnumLeaf: 1 }, leafTuple(1, 0, 15)))).toThrow(
      'a leaf tuple of 0 bytes',
    )
  })

  test('in a dead head’s place', () => {
    const world = redoSpgist(
      { 5: leafPage(leafTuple(1), DEAD, leafTuple(2)) },
      added({ offnumLeaf: 2, offnumHeadLeaf: 2 }, leafTuple(9)),
    )
    expect([tuples(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['1', '9', '2'],
      [8160, 8112, 8136],
    ])
  })

  test('the first of a new page: the parent’s node leads to it', () => {
    const parent = innerPage(innerTuple(4), innerTuple(6, [0, 0], [7, 7], [8, 8]))
    const redone = added(
      { newPage: true, storesNulls: true, offnumLeaf: 1, offnumParent: 2, nodeI: 1 },
      leafTuple(9),
      { block: 5, willInit: true },
      { block: 3 },
    )
    const world = redoSpgist({ 3: parent, 5: leafPage(leafTuple(1)) }, redone)
    expect([tuples(world.page(5)), tuples(world.page(3))]).toEqual([['9'], ['4: ', '6: 0,0 5,1 8,8']])
    expect(readSpgistOpaque(world.page(5)).flags).toBe(SPGIST.LEAF | SPGIST.NULLS)
    expect([world.lsnOf(3), world.lsnOf(5)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('the parent is told though the leaf has the tuple, came whole or is gone; and the other way round', () => {
    const blocks: BlockSpec[] = [{ block: 5 }, { block: 3 }]
    const values = { offnumLeaf: 1, offnumParent: 1 }
    const redone = added(values, leafTuple(9), ...blocks)
    const parent = innerPage(innerTuple(6, [0, 0]))
    const world = testWorld()
    world.put(3, parent)
    world.put(5, leafPage(leafTuple(9)), { lsn: redone.endLsn })
    world.redo(spgist, redone)
    expect([outcomes(world), tuples(world.page(5)), tuples(world.page(3))]).toEqual([
      ['5 done', '3 needsRedo'],
      ['9'],
      ['6: 5,1'],
    ])
    world.put(3, parent, { lsn: redone.endLsn })
    world.put(5, leafPage())
    world.redo(spgist, redone)
    expect([tuples(world.page(5)), tuples(world.page(3))]).toEqual([['9'], ['6: 0,0']])
    const image = leafPage(leafTuple(9)).bytes
    const whole = redoSpgist({ 3: parent }, added(values, leafTuple(9), { block: 5, image }, { block: 3 }))
    expect([outcomes(whole), tuples(whole.page(3))]).toEqual([['5 restored', '3 needsRedo'], ['6: 5,1']])
    expect(outcomes(redoSpgist({}, redone))).toEqual(['5 notFound', '3 notFound'])
  })

  test.each<[string, Page, WalRecord, string]>([
    [
      'a live tuple is in its place',
      leafPage(leafTuple(1)),
      added({ offnumLeaf: 1 }, leafTuple(2)),
      'SPGiST tuple to be replaced is not a placeholder',
    ],
    ['a gap before it', leafPage(), added({ offnumLeaf: 2 }, leafTuple(2)), 'failed to add item of size 24'],
    [
      'no room',
      leafPage(leafTuple(1, 0, 8120)),
      added({ offnumLeaf: 2 }, leafTuple(2, 0, 48)),
      'failed to add item of size 48 to SPGiST index page',
    ],
    [
      'its head is not there',
      leafPage(leafTuple(1)),
      added({ offnumLeaf: 2, offnumHeadLeaf: 7 }, leafTuple(2)),
      'it has no tuple 7',
    ],
    [
      'the tuple is cut short',
      leafPage(),
      added({ offnumLeaf: 1 }, leafTuple(2).subarray(0, 20)),
      'a leaf tuple of 24 bytes does not end with the main data',
    ],
    [
      'the tuple is missing',
      leafPage(),
      added({ offnumLeaf: 1 }, new Uint8Array(0)),
      'a leaf tuple of 0 bytes',
    ],
    [
      'main data too short',
      leafPage(),
      spgistRecord(OP.ADD_LEAF, le16(0), { block: 5 }),
      'expected 10 bytes',
    ],
    [
      'another kind of page',
      pageOf(new Uint8Array(8192).fill(1)),
      added({ offnumLeaf: 1 }, leafTuple(1)),
      'not a page',
    ],
  ])('%s: nonsense', (_, page, redone, sentence) => {
    const run = (): unknown => redoSpgist({ 5: page }, redone)
    expect(run).toThrow(sentence)
    expect(run).toThrow(CorruptData)
  })

  test('a parent without that node, or that is not there: nonsense', () => {
    const told = (offnumParent: number, nodeI: number): WalRecord =>
      added({ offnumLeaf: 1, offnumParent, nodeI }, leafTuple(9), { block: 5 }, { block: 3 })
    const pages = (): Record<number, Page> => ({ 3: innerPage(innerTuple(6, [0, 0])), 5: leafPage() })
    expect(() => redoSpgist(pages(), told(1, 1))).toThrow(
      'failed to find requested node 1 in SPGiST inner tuple',
    )
    expect(() => redoSpgist(pages(), told(2, 0))).toThrow('it has no tuple 2')
  })
})

describe('MOVE_LEAFS', () => {
  const values = {
    newPage: false,
    replaceDead: false,
    storesNulls: false,
    offnumParent: 1,
    nodeI: 0,
    stateSrc,
  }
  /** Chain 4 > 2 of block 5, said in this order, goes to block 6, where it gets a new head 9. */
  const moved = (more: Partial<spgxlogMoveLeafs> = {}, target: Partial<BlockSpec> = {}): WalRecord =>
    spgistRecord(
      OP.MOVE_LEAFS,
      concat(
        packed(spgxlogMoveLeafs, { nMoves: 2, ...values, ...more }),
        le16s(4, 2),
        le16s(2, 3, 4),
        leafTuple(4, 0),
        leafTuple(2, 2, 32),
        leafTuple(9, 3),
      ),
      { block: 5 },
      { block: 6, ...target },
      { block: 3 },
    )
  const pages = (): Record<number, Page> => ({
    3: innerPage(innerTuple(1, [5, 4])),
    5: leafPage(leafTuple(1), leafTuple(2), leafTuple(3), leafTuple(4, 2), leafTuple(5)),
    6: leafPage(leafTuple(7), PLACEHOLDER),
  })

  test('the chain goes, a redirect and a placeholder stay; the parent leads to the new head', () => {
    const redone = moved()
    const world = redoSpgist(pages(), redone)
    expect(tuples(world.page(6))).toEqual(['7', '4', '2 > 2', '9 > 3'])
    expect(tuples(world.page(5))).toEqual(['1', 'PLACEHOLDER', '3', 'REDIRECT 6,4 of 700', '5'])
    expect(tuples(world.page(3))).toEqual(['1: 6,4'])
    expect([counted(world.page(5)), counted(world.page(6))]).toEqual([
      [1, 1],
      [0, 0],
    ])
    expect(placesOf(world.page(5)), 'packed, then the two of 16 bytes').toEqual([
      8160, 8096, 8136, 8080, 8112,
    ])
    expect([3, 5, 6].map((block) => world.lsnOf(block))).toEqual(Array(3).fill(redone.endLsn))
    expect(outcomes(world)).toEqual(['6 needsRedo', '5 needsRedo', '3 needsRedo'])
  })

  test('to a new page; during a build no redirect is needed', () => {
    const main = concat(
      packed(spgxlogMoveLeafs, {
        nMoves: 1,
        ...values,
        newPage: true,
        stateSrc: { redirectXid: 0, isBuild: true },
      }),
      le16(2),
      le16s(1, 2),
      leafTuple(2),
      leafTuple(9, 1),
    )
    const blocks = [{ block: 5 }, { block: 6, willInit: true }, { block: 3 }]
    const world = redoSpgist(pages(), spgistRecord(OP.MOVE_LEAFS, main, ...blocks))
    expect([tuples(world.page(6)), counted(world.page(5))]).toEqual([
      ['2', '9 > 1'],
      [0, 1],
    ])
    expect(tuples(world.page(5))[1]).toBe('PLACEHOLDER')
  })

  test('a dead head does not move: only the new tuple arrives', () => {
    const main = concat(
      packed(spgxlogMoveLeafs, { nMoves: 1, ...values, replaceDead: true }),
      le16(1),
      le16(2),
      leafTuple(9),
    )
    const from = leafPage(DEAD, leafTuple(2))
    const redone = spgistRecord(OP.MOVE_LEAFS, main, { block: 5 }, { block: 6 }, { block: 3 })
    const world = redoSpgist({ ...pages(), 5: from }, redone)
    expect([tuples(world.page(6)), tuples(world.page(5)), tuples(world.page(3))]).toEqual([
      ['7', '9'],
      ['REDIRECT 6,2 of 700', '2'],
      ['1: 6,2'],
    ])
  })

  test('each of the three pages is changed by itself', () => {
    const redone = moved()
    const world = testWorld()
    const { 3: parent, 5: from } = pages()
    world.put(3, parent)
    world.put(5, from, { lsn: redone.endLsn })
    world.redo(spgist, redone)
    expect([outcomes(world), tuples(world.page(3))]).toEqual([
      ['6 notFound', '5 done', '3 needsRedo'],
      ['1: 6,4'],
    ])
    expect(tuples(world.page(5))[3]).toBe('4 > 2')
  })

  test('a tuple named twice, or one the page lacks: nonsense', () => {
    const naming = (...offnums: number[]): WalRecord =>
      spgistRecord(
        OP.MOVE_LEAFS,
        concat(
          packed(spgxlogMoveLeafs, { nMoves: 2, ...values }),
          le16s(...offnums),
          le16s(3, 4, 5),
          leafTuple(1),
          leafTuple(2),
          leafTuple(3),
        ),
        { block: 5 },
        { block: 6 },
        { block: 3 },
      )
    for (const wrong of [naming(2, 2), naming(2, 6), naming(0, 2)])
      expect(() => redoSpgist({ 5: pages()[5] }, wrong)).toThrow('incorrect index offsets supplied')
    const short = spgistRecord(
      OP.MOVE_LEAFS,
      packed(spgxlogMoveLeafs, { nMoves: 2, ...values }),
      { block: 5 },
      { block: 6 },
    )
    expect(() => redoSpgist(pages(), short)).toThrow('expected 30 bytes of main data, found 20')
    const shorter = spgistRecord(OP.MOVE_LEAFS, le16s(2, 0), { block: 5 }, { block: 6 })
    expect(() => redoSpgist(pages(), shorter)).toThrow('expected 20 bytes of main data, found 4')
  })
})

test('a tuple of the record may not take a redirect’s place', () => {
  const main = concat(
    packed(spgxlogAddLeaf, {
      newPage: false,
      storesNulls: false,
      offnumLeaf: 1,
      offnumHeadLeaf: 0,
      offnumParent: 0,
      nodeI: 0,
    }),
    leafTuple(1),
  )
  expect(() =>
    redoSpgist({ 5: leafPage(redirect(9, 1)) }, spgistRecord(OP.ADD_LEAF, main, { block: 5 })),
  ).toThrow('not a placeholder')
})

test('operations have the names pg_waldump prints; others are refused', () => {
  expect(Array.from({ length: 10 }, (_, i) => spgist.identify(i * 16))).toEqual([
    undefined, // CREATE_INDEX until PostgreSQL 11
    'ADD_LEAF',
    'MOVE_LEAFS',
    'ADD_NODE',
    'SPLIT_TUPLE',
    'PICKSPLIT',
    'VACUUM_LEAF',
    'VACUUM_ROOT',
    'VACUUM_REDIRECT',
    undefined,
  ])
  expect(() => redoSpgist({}, spgistRecord(0, le16(1)))).toThrow('spg_redo: unknown op code 0')
})
