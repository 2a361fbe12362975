// Inner tuples of an SP-GiST index: a node more, a prefix cut in two.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import type { Page } from '../format/page.js'
import { readSpgistOpaque } from '../format/spgistPage.js'
import { SPGIST_PARENT, spgxlogAddNode, spgxlogSplitTuple, XLOG_SPGIST } from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { spgist } from './spgist.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, packed, type BlockSpec } from './testing/records.js'
import {
  counted,
  innerPage,
  innerTuple,
  outcomes,
  PLACEHOLDER,
  redoSpgist,
  spgistRecord,
  tuples,
} from './testing/spgistRedo.js'

const OP = XLOG_SPGIST

describe('ADD_NODE', () => {
  const GROWN = innerTuple(2, [7, 1], [7, 2])
  const added = (values: Partial<spgxlogAddNode>, ...blocks: BlockSpec[]): WalRecord =>
    spgistRecord(
      OP.ADD_NODE,
      concat(
        packed(spgxlogAddNode, {
          offnum: 2,
          offnumNew: 0,
          newPage: false,
          parentBlk: SPGIST_PARENT.NONE,
          offnumParent: 0,
          nodeI: 0,
          stateSrc: { redirectXid: 700, isBuild: false },
          ...values,
        }),
        GROWN,
      ),
      ...blocks,
    )
  /** Tuple 1 leads to tuple 2, which is to grow. */
  const old = (): Page => innerPage(innerTuple(1, [5, 2]), innerTuple(2, [7, 1]), innerTuple(3))

  test('the tuple grows where it is', () => {
    const redone = added({}, { block: 5 })
    const world = redoSpgist({ 5: old() }, redone)
    expect([tuples(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['1: 5,2', '2: 7,1 7,2', '3: '],
      [8160, 8112, 8144],
    ])
    expect(world.lsnOf(5)).toBe(redone.endLsn)
    const done = testWorld()
    done.put(5, old(), { lsn: redone.endLsn })
    done.redo(spgist, redone)
    expect(tuples(done.page(5))[1]).toBe('2: 7,1')
  })

  test('it moves; the parent, on a third page, learns where', () => {
    const redone = added(
      { offnumNew: 2, parentBlk: SPGIST_PARENT.ELSEWHERE, offnumParent: 1, nodeI: 1 },
      { block: 5 },
      { block: 6 },
      { block: 3 },
    )
    const parent = innerPage(innerTuple(9, [1, 1], [5, 2]))
    const world = redoSpgist({ 3: parent, 5: old(), 6: innerPage(innerTuple(8), PLACEHOLDER) }, redone)
    expect([3, 5, 6].map((block) => tuples(world.page(block)))).toEqual([
      ['9: 1,1 6,2'],
      ['1: 5,2', 'REDIRECT 6,2 of 700', '3: '],
      ['8: ', '2: 7,1 7,2'],
    ])
    expect([counted(world.page(5)), counted(world.page(6))]).toEqual([
      [1, 0],
      [0, 0],
    ])
    expect(outcomes(world)).toEqual(['6 needsRedo', '5 needsRedo', '3 needsRedo'])
    expect([3, 5, 6].map((block) => world.lsnOf(block))).toEqual(Array(3).fill(redone.endLsn))
  })

  test('the parent is on the old page, or on the new one', () => {
    const onOld = added(
      { offnumNew: 1, newPage: true, parentBlk: SPGIST_PARENT.ON_OLD, offnumParent: 1 },
      { block: 5 },
      { block: 6, willInit: true },
    )
    const world = redoSpgist({ 5: old() }, onOld)
    expect([tuples(world.page(5)), tuples(world.page(6))]).toEqual([
      ['1: 6,1', 'REDIRECT 6,1 of 700', '3: '],
      ['2: 7,1 7,2'],
    ])
    expect(readSpgistOpaque(world.page(6)).flags).toBe(0)
    const onNew = added(
      { offnumNew: 2, parentBlk: SPGIST_PARENT.ON_NEW, offnumParent: 1 },
      { block: 5 },
      { block: 6 },
    )
    const other = redoSpgist({ 5: old(), 6: innerPage(innerTuple(4, [5, 2])) }, onNew)
    expect([tuples(other.page(5))[0], tuples(other.page(6))]).toEqual(['1: 5,2', ['4: 6,2', '2: 7,1 7,2']])
  })

  test('during a build a placeholder will do', () => {
    const redone = added(
      { offnumNew: 1, stateSrc: { redirectXid: 0, isBuild: true } },
      { block: 5 },
      { block: 6 },
    )
    const world = redoSpgist({ 5: old(), 6: innerPage() }, redone)
    expect([tuples(world.page(5))[1], counted(world.page(5))]).toEqual(['PLACEHOLDER', [0, 1]])
  })

  test('nonsense: a place that is taken, a parent without the node, a tuple cut short', () => {
    const blocks = [{ block: 5 }, { block: 6 }]
    const pages = (): Record<number, Page> => ({ 5: old(), 6: innerPage(innerTuple(4)) })
    expect(() => redoSpgist(pages(), added({ offnumNew: 1 }, ...blocks))).toThrow('is not a placeholder')
    const lost = added({ offnumNew: 2, parentBlk: SPGIST_PARENT.ON_OLD, offnumParent: 3 }, ...blocks)
    expect(() => redoSpgist(pages(), lost)).toThrow('failed to find requested node 0')
    const gone = added({ offnum: 4 }, { block: 5 })
    expect(() => redoSpgist(pages(), gone)).toThrow('invalid index offnum: 4')
    const short = spgistRecord(OP.ADD_NODE, concat(new Uint8Array(20), GROWN.subarray(0, 24)), { block: 5 })
    expect(() => redoSpgist(pages(), short)).toThrow(
      'an inner tuple of 32 bytes does not end with the main data',
    )
    expect(() => redoSpgist(pages(), short)).toThrow(CorruptData)
    const shorter = spgistRecord(OP.ADD_NODE, new Uint8Array(8), { block: 5 })
    expect(() => redoSpgist(pages(), shorter)).toThrow('expected 20 bytes of main data, found 8')
  })
})

describe('SPLIT_TUPLE', () => {
  const split = (values: Partial<spgxlogSplitTuple>, ...blocks: BlockSpec[]): WalRecord =>
    spgistRecord(
      OP.SPLIT_TUPLE,
      concat(
        packed(spgxlogSplitTuple, {
          offnumPrefix: 1,
          offnumPostfix: 2,
          newPage: false,
          postfixBlkSame: false,
          ...values,
        }),
        innerTuple(12, [6, 2]),
        innerTuple(34, [7, 1], [7, 2], [7, 3]),
      ),
      ...blocks,
    )
  const old = (): Page => innerPage(innerTuple(1234, [7, 1], [7, 2], [7, 3]), innerTuple(3), PLACEHOLDER)

  test('the postfix tuple goes to another page, the prefix tuple takes the old place', () => {
    const redone = split({}, { block: 5 }, { block: 6 })
    const world = redoSpgist({ 5: old(), 6: innerPage(innerTuple(8)) }, redone)
    expect([tuples(world.page(5)), tuples(world.page(6))]).toEqual([
      ['12: 6,2', '3: ', 'PLACEHOLDER'],
      ['8: ', '34: 7,1 7,2 7,3'],
    ])
    expect(placesOf(world.page(5))).toEqual([8128, 8168, 8152])
    expect([outcomes(world), world.lsnOf(5), world.lsnOf(6)]).toEqual([
      ['6 needsRedo', '5 needsRedo'],
      redone.endLsn,
      redone.endLsn,
    ])
  })

  test('… to a new page', () => {
    const redone = split({ offnumPostfix: 1, newPage: true }, { block: 5 }, { block: 6, willInit: true })
    const world = redoSpgist({ 5: old() }, redone)
    expect([tuples(world.page(6)), readSpgistOpaque(world.page(6)).flags]).toEqual([['34: 7,1 7,2 7,3'], 0])
  })

  test('… or stays, here in a placeholder’s place', () => {
    const world = redoSpgist({ 5: old() }, split({ offnumPostfix: 3, postfixBlkSame: true }, { block: 5 }))
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['12: 6,2', '3: ', '34: 7,1 7,2 7,3'],
      [0, 0],
    ])
    expect(outcomes(world)).toEqual(['5 needsRedo'])
  })

  test('each page is changed by itself', () => {
    const redone = split({}, { block: 5 }, { block: 6 })
    const world = testWorld()
    world.put(5, old(), { lsn: redone.endLsn })
    world.put(6, innerPage(innerTuple(8)))
    world.redo(spgist, redone)
    expect([tuples(world.page(5))[0], tuples(world.page(6))[1]]).toEqual([
      '1234: 7,1 7,2 7,3',
      '34: 7,1 7,2 7,3',
    ])
    expect(outcomes(redoSpgist({ 5: old() }, redone))).toEqual(['6 notFound', '5 needsRedo'])
  })

  test('one tuple only: nonsense', () => {
    const main = concat(
      packed(spgxlogSplitTuple, { offnumPrefix: 1, offnumPostfix: 2, newPage: false, postfixBlkSame: true }),
      innerTuple(12),
    )
    expect(() => redoSpgist({ 5: old() }, spgistRecord(OP.SPLIT_TUPLE, main, { block: 5 }))).toThrow(
      'an inner tuple of 0 bytes',
    )
  })
})
