// A chain of leaf tuples becomes an inner tuple and the chains below it.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import type { Page } from '../format/page.js'
import { readSpgistOpaque, SPGIST } from '../format/spgistPage.js'
import { spgxlogPickSplit, XLOG_SPGIST } from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { spgist } from './spgist.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16s, packed, type BlockSpec } from './testing/records.js'
import {
  counted,
  innerPage,
  innerTuple,
  leafPage,
  leafTuple,
  outcomes,
  PLACEHOLDER,
  redoSpgist,
  spgistPage,
  spgistRecord,
  tuples,
} from './testing/spgistRedo.js'

const nothing: spgxlogPickSplit = {
  isRootSplit: false,
  nDelete: 0,
  nInsert: 0,
  initSrc: false,
  initDest: false,
  offnumInner: 1,
  initInner: false,
  storesNulls: false,
  innerIsParent: false,
  offnumParent: 1,
  nodeI: 0,
  stateSrc: { redirectXid: 700, isBuild: false },
}
/** Each insert: offset number, 0 for block 0 and 1 for block 1, leaf tuple. */
type Insert = [number, number, Uint8Array]

function split(
  values: Partial<spgxlogPickSplit>,
  deletes: number[],
  inner: Uint8Array,
  inserts: Insert[],
  ...blocks: BlockSpec[]
): WalRecord {
  const main = concat(
    packed(spgxlogPickSplit, { ...nothing, ...values, nDelete: deletes.length, nInsert: inserts.length }),
    le16s(...deletes),
    le16s(...inserts.map(([offnum]) => offnum)),
    Uint8Array.from(inserts.map(([, page]) => page)),
    inner,
    ...inserts.map(([, , tuple]) => tuple),
  )
  return spgistRecord(XLOG_SPGIST.PICKSPLIT, main, ...blocks)
}

// Chain 3 > 1 of page 5 is parted: tuple 1 stays on page 5, tuple 3 and the new 9 go to page 6, the inner tuple to
// page 2, its parent is on page 4.
const blocks: BlockSpec[] = [
  { id: 0, block: 5 },
  { id: 1, block: 6 },
  { id: 2, block: 2 },
  { id: 3, block: 4 },
]
const INNER = innerTuple(50, [5, 1], [6, 2])
const inserts: Insert[] = [
  [1, 0, leafTuple(1)],
  [1, 1, leafTuple(3)],
  [2, 1, leafTuple(9, 1)],
]
const pages = (): Record<number, Page> => ({
  2: innerPage(innerTuple(40)),
  4: innerPage(innerTuple(30, [5, 3])),
  5: leafPage(leafTuple(1), leafTuple(2), leafTuple(3, 1)),
  6: leafPage(PLACEHOLDER),
})
const parted = (values: Partial<spgxlogPickSplit> = {}, ...where: BlockSpec[]): WalRecord =>
  split({ offnumInner: 2, ...values }, [3, 1], INNER, inserts, ...(where.length > 0 ? where : blocks))

describe('PICKSPLIT', () => {
  test('over four pages: a redirect leads to the inner tuple, and so does the parent', () => {
    const redone = parted()
    const world = redoSpgist(pages(), redone)
    expect([2, 4, 5, 6].map((block) => tuples(world.page(block)))).toEqual([
      ['40: ', '50: 5,1 6,2'],
      ['30: 2,2'],
      ['1', '2', 'REDIRECT 2,2 of 700'],
      ['3', '9 > 1'],
    ])
    expect([counted(world.page(5)), counted(world.page(6))]).toEqual([
      [1, 0],
      [0, 0],
    ])
    expect(placesOf(world.page(5))).toEqual([8120, 8160, 8144])
    expect([2, 4, 5, 6].map((block) => world.lsnOf(block))).toEqual(Array(4).fill(redone.endLsn))
    expect(outcomes(world)).toEqual(['5 needsRedo', '6 needsRedo', '2 needsRedo', '4 needsRedo'])
  })

  test('new pages on all sides; in the tree of nulls they say so', () => {
    const fresh = blocks.map((block) => ({ ...block, willInit: block.id !== 3 }))
    const init = { initSrc: true, initDest: true, initInner: true, storesNulls: true, offnumInner: 1 }
    const world = redoSpgist(
      { 4: pages()[4], 5: leafPage(leafTuple(7)) },
      split(init, [], INNER, inserts, ...fresh),
    )
    expect([2, 4, 5, 6].map((block) => tuples(world.page(block)))).toEqual([
      ['50: 5,1 6,2'],
      ['30: 2,1'],
      ['1'],
      ['3', '9 > 1'],
    ])
    const flags = [2, 5, 6].map((block) => readSpgistOpaque(world.page(block)).flags)
    expect(flags).toEqual([SPGIST.NULLS, SPGIST.LEAF | SPGIST.NULLS, SPGIST.LEAF | SPGIST.NULLS])
  })

  test('the root, a leaf until now, becomes the inner page: there is no page to delete from', () => {
    const root = { ...nothing, isRootSplit: true, initInner: true, initDest: true }
    const redone = split(
      root,
      [],
      INNER,
      [
        [1, 1, leafTuple(1)],
        [2, 1, leafTuple(2)],
      ],
      { id: 1, block: 6, willInit: true },
      { id: 2, block: 1, willInit: true },
    )
    const world = redoSpgist({ 1: leafPage(leafTuple(1), leafTuple(2)) }, redone)
    expect([tuples(world.page(1)), tuples(world.page(6))]).toEqual([['50: 5,1 6,2'], ['1', '2']])
    expect([readSpgistOpaque(world.page(1)).flags, outcomes(world)]).toEqual([
      0,
      ['6 needsRedo', '1 needsRedo'],
    ])
  })

  test('the parent is on the inner page; all parts fit on the old leaf page', () => {
    const where = [
      { id: 0, block: 5 },
      { id: 2, block: 2 },
    ]
    const redone = split(
      { innerIsParent: true, offnumInner: 2, offnumParent: 1, nodeI: 1 },
      [3, 1],
      INNER,
      [[1, 0, leafTuple(1)]],
      ...where,
    )
    const world = redoSpgist({ 2: innerPage(innerTuple(40, [8, 8], [5, 3])), 5: pages()[5] }, redone)
    expect([tuples(world.page(2)), tuples(world.page(5))]).toEqual([
      ['40: 8,8 2,2', '50: 5,1 6,2'],
      ['1', '2', 'REDIRECT 2,2 of 700'],
    ])
  })

  test('during a build placeholders will do', () => {
    const world = redoSpgist(pages(), parted({ stateSrc: { redirectXid: 0, isBuild: true } }))
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['1', '2', 'PLACEHOLDER'],
      [0, 1],
    ])
  })

  test('each page is changed by itself: tuples for one that is not to be changed are passed over', () => {
    const redone = parted()
    for (const done of [5, 6, 2, 4]) {
      const world = testWorld()
      const before = pages()
      for (const [block, page] of Object.entries(before))
        world.put(Number(block), page, { lsn: Number(block) === done ? redone.endLsn : undefined })
      world.redo(spgist, redone)
      const all = redoSpgist(pages(), redone)
      for (const block of [2, 4, 5, 6])
        expect(tuples(world.page(block)), `page ${block}, page ${done} done`).toEqual(
          block === done ? tuples(before[block]) : tuples(all.page(block)),
        )
    }
    const whole = blocks.map((block) => (block.id === 0 ? { ...block, image: pages()[5].bytes } : block))
    const world = redoSpgist(pages(), parted({}, ...whole))
    expect([outcomes(world)[0], tuples(world.page(5))]).toEqual(['5 restored', ['1', '2', '3 > 1']])
    expect(outcomes(redoSpgist({}, redone))).toEqual(['5 notFound', '6 notFound', '2 notFound', '4 notFound'])
  })

  test.each<[string, Record<number, Page>, WalRecord, string]>([
    [
      'a tuple fewer than announced',
      pages(),
      split({ offnumInner: 2 }, [3, 1], INNER, [...inserts, [3, 1, new Uint8Array(0)]], ...blocks),
      'a leaf tuple of 0 bytes',
    ],
    [
      'its fixed part cut short',
      pages(),
      spgistRecord(XLOG_SPGIST.PICKSPLIT, le16s(0, 0), ...blocks),
      'expected 28 bytes of main data, found 4',
    ],
    [
      'its arrays cut short',
      pages(),
      spgistRecord(
        XLOG_SPGIST.PICKSPLIT,
        packed(spgxlogPickSplit, { ...nothing, nDelete: 2, nInsert: 3 }),
        ...blocks,
      ),
      'expected 41 bytes of main data, found 28',
    ],
    [
      'the inner tuple’s place is taken',
      pages(),
      parted({ offnumInner: 1 }),
      'SPGiST tuple to be replaced is not a placeholder',
    ],
    [
      'a tuple that is not there',
      { ...pages(), 5: leafPage(leafTuple(1)) },
      parted(),
      'incorrect index offsets supplied',
    ],
    [
      'another kind of page',
      { ...pages(), 6: spgistPageOfGin() },
      parted(),
      'not a page of an SP-GiST index',
    ],
  ])('%s: nonsense', (_, before, redone, sentence) => {
    expect(() => redoSpgist(before, redone)).toThrow(sentence)
    expect(() => redoSpgist(before, redone)).toThrow(CorruptData)
  })
})

/** The same special space, but another name at its end. */
function spgistPageOfGin(): Page {
  const page = spgistPage(SPGIST.LEAF)
  page.view.setUint16(8190, 2, true)
  return page
}
