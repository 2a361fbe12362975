// VACUUM on an SP-GiST index: rows go, chains are joined again, what was left behind goes.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { pdLower } from '../format/page.js'
import {
  spgxlogVacuumLeaf,
  spgxlogVacuumRedirect,
  spgxlogVacuumRoot,
  XLOG_SPGIST,
} from '../format/spgistRecords.js'
import type { WalRecord } from '../wal/record.js'
import { spgist } from './spgist.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16s, packed } from './testing/records.js'
import {
  counted,
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
const stateSrc = { redirectXid: 700, isBuild: false }

interface LeafVacuum {
  dead?: number[]
  placeholders?: number[]
  /** From, to. */
  moves?: Array<[number, number]>
  /** Tuple, its next. */
  links?: Array<[number, number]>
}

describe('VACUUM_LEAF', () => {
  function vacuumed({ dead = [], placeholders = [], moves = [], links = [] }: LeafVacuum): WalRecord {
    const counts = {
      nDead: dead.length,
      nPlaceholder: placeholders.length,
      nMove: moves.length,
      nChain: links.length,
    }
    const columns = [moves, links].flatMap((pairs) =>
      [0, 1].flatMap((column) => pairs.map((pair) => pair[column])),
    )
    const main = concat(
      packed(spgxlogVacuumLeaf, { ...counts, stateSrc }),
      le16s(...dead, ...placeholders, ...columns),
    )
    return spgistRecord(OP.VACUUM_LEAF, main, { block: 5 })
  }

  test('a whole chain: its head stays as a dead tuple, the others as placeholders', () => {
    const page = leafPage(leafTuple(1, 3), leafTuple(2), leafTuple(3, 4), leafTuple(4))
    const redone = vacuumed({ dead: [1], placeholders: [4, 3] })
    const world = redoSpgist({ 5: page }, redone)
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['DEAD', '2', 'PLACEHOLDER', 'PLACEHOLDER'],
      [0, 2],
    ])
    expect(placesOf(world.page(5))).toEqual([8144, 8160, 8128, 8112])
    expect([world.lsnOf(5), outcomes(world)]).toEqual([redone.endLsn, ['5 needsRedo']])
  })

  test('a head goes, the next of its chain takes its place', () => {
    const page = leafPage(leafTuple(1, 2), leafTuple(2, 4), leafTuple(3), leafTuple(4))
    const world = redoSpgist({ 5: page }, vacuumed({ moves: [[2, 1]] }))
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['2 > 4', 'PLACEHOLDER', '3', '4'],
      [0, 1],
    ])
  })

  test('one in the middle of a chain goes, the chain is joined', () => {
    const page = leafPage(leafTuple(1, 2), leafTuple(2, 3), leafTuple(3))
    const world = redoSpgist({ 5: page }, vacuumed({ placeholders: [2], links: [[1, 3]] }))
    expect(tuples(world.page(5))).toEqual(['1 > 3', 'PLACEHOLDER', '3'])
  })

  test('all of it at once, moves out of order', () => {
    const page = leafPage(...[2, 3, 0, 5, 0, 0, 8, 0].map((next, i) => leafTuple(i + 1, next)))
    const changes: LeafVacuum = {
      dead: [6],
      placeholders: [3],
      moves: [
        [8, 7],
        [5, 4],
      ],
      links: [
        [2, 0],
        [1, 2],
      ],
    }
    const world = redoSpgist({ 5: page }, vacuumed(changes))
    expect(tuples(world.page(5))).toEqual([
      '1 > 2',
      '2',
      'PLACEHOLDER',
      '5',
      'PLACEHOLDER',
      'DEAD',
      '8',
      'PLACEHOLDER',
    ])
    expect(counted(world.page(5))).toEqual([0, 3])
  })

  test('a page that is done stays as it is; a missing one is skipped', () => {
    const redone = vacuumed({ dead: [1] })
    const world = testWorld()
    world.put(5, leafPage(leafTuple(1)), { lsn: redone.endLsn })
    world.redo(spgist, redone)
    expect([tuples(world.page(5)), world.page(5).dirty]).toEqual([['1'], false])
    expect(outcomes(redoSpgist({}, redone))).toEqual(['5 notFound'])
  })

  test('nonsense: tuples that are not there, arrays cut short', () => {
    const page = leafPage(leafTuple(1), leafTuple(2))
    expect(() => redoSpgist({ 5: page }, vacuumed({ dead: [3] }))).toThrow('incorrect index offsets supplied')
    expect(() => redoSpgist({ 5: page }, vacuumed({ moves: [[1, 3]] }))).toThrow('it has no tuple 3')
    expect(() => redoSpgist({ 5: page }, vacuumed({ links: [[9, 1]] }))).toThrow('it has no tuple 9')
    const main = packed(spgxlogVacuumLeaf, { nDead: 1, nPlaceholder: 1, nMove: 1, nChain: 1, stateSrc })
    const short = spgistRecord(OP.VACUUM_LEAF, main, { block: 5 })
    expect(() => redoSpgist({ 5: page }, short)).toThrow('expected 28 bytes of main data, found 16')
    expect(() => redoSpgist({ 5: page }, short)).toThrow(CorruptData)
  })
})

describe('VACUUM_ROOT', () => {
  const vacuumed = (nDelete: number, ...offnums: number[]): WalRecord =>
    spgistRecord(
      OP.VACUUM_ROOT,
      concat(packed(spgxlogVacuumRoot, { nDelete, stateSrc }), le16s(...offnums)),
      {
        block: 1,
      },
    )

  test('tuples go and leave nothing', () => {
    const redone = vacuumed(3, 1, 3, 4)
    const world = redoSpgist({ 1: leafPage(...[1, 2, 3, 4, 5].map((key) => leafTuple(key))) }, redone)
    expect([tuples(world.page(1)), placesOf(world.page(1))]).toEqual([
      ['2', '5'],
      [8160, 8136],
    ])
    expect(world.lsnOf(1)).toBe(redone.endLsn)
  })

  test('what is not there cannot go', () => {
    expect(() => redoSpgist({ 1: leafPage(leafTuple(1)) }, vacuumed(1, 2))).toThrow('incorrect index offsets')
    expect(() => redoSpgist({ 1: leafPage(leafTuple(1)) }, vacuumed(2, 1))).toThrow(
      'expected 16 bytes of main data, found 14',
    )
    expect(outcomes(redoSpgist({}, vacuumed(1, 1)))).toEqual(['1 notFound'])
  })
})

describe('VACUUM_REDIRECT', () => {
  function vacuumed(firstPlaceholder: number, ...offnums: number[]): WalRecord {
    const values = {
      nToPlaceholder: offnums.length,
      firstPlaceholder,
      snapshotConflictHorizon: 690,
      isCatalogRel: false,
    }
    const main = concat(packed(spgxlogVacuumRedirect, values).subarray(0, 10), le16s(...offnums))
    return spgistRecord(OP.VACUUM_REDIRECT, main, { block: 5 })
  }

  test('redirects become placeholders; those at the end of the page go, line pointers and all', () => {
    const page = leafPage(redirect(9, 1), leafTuple(2), redirect(9, 3), PLACEHOLDER, redirect(9, 5))
    const redone = vacuumed(3, 5, 3, 1)
    const world = redoSpgist({ 5: page }, redone)
    expect([tuples(world.page(5)), counted(world.page(5)), pdLower(world.page(5))]).toEqual([
      ['PLACEHOLDER', '2'],
      [0, 1],
      32,
    ])
    expect([placesOf(world.page(5)), world.lsnOf(5)]).toEqual([[8168, 8144], redone.endLsn])
  })

  test('only some redirects, and none at the end', () => {
    const page = innerPage(redirect(9, 1), redirect(9, 2), PLACEHOLDER, innerTuple(4))
    const world = redoSpgist({ 5: page }, vacuumed(0, 2))
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([
      ['REDIRECT 9,1 of 690', 'PLACEHOLDER', 'PLACEHOLDER', '4: '],
      [1, 2],
    ])
    // The transaction stays where it was: 12 bytes into the tuple, which is the page's second.
    expect(world.page(5).view.getUint32(placesOf(world.page(5))[1] + 12, true)).toBe(690)
  })

  test('only placeholders, as VACUUM finds them later', () => {
    const world = redoSpgist({ 5: leafPage(leafTuple(1), PLACEHOLDER, PLACEHOLDER) }, vacuumed(2))
    expect([tuples(world.page(5)), counted(world.page(5))]).toEqual([['1'], [0, 0]])
  })

  test('nonsense: what is no redirect, or no placeholder', () => {
    const page = leafPage(leafTuple(1), PLACEHOLDER)
    expect(() => redoSpgist({ 5: page }, vacuumed(0, 1))).toThrow('tuple 1 is not a redirect')
    expect(() => redoSpgist({ 5: page }, vacuumed(1))).toThrow('tuple 1 is not a placeholder')
    expect(() => redoSpgist({ 5: page }, vacuumed(0, 3))).toThrow('it has no tuple 3')
    expect(outcomes(redoSpgist({}, vacuumed(1)))).toEqual(['5 notFound'])
  })
})

test('a page of another kind is not taken for one of an SP-GiST index', () => {
  const stranger = leafPage(leafTuple(1))
  stranger.view.setUint16(8190, 0xf093, true) // a BRIN index's name at its end
  const records = [
    spgistRecord(
      OP.VACUUM_LEAF,
      packed(spgxlogVacuumLeaf, { nDead: 0, nPlaceholder: 0, nMove: 0, nChain: 0, stateSrc }),
      { block: 5 },
    ),
    spgistRecord(OP.VACUUM_ROOT, packed(spgxlogVacuumRoot, { nDelete: 0, stateSrc }), { block: 5 }),
    spgistRecord(OP.VACUUM_REDIRECT, new Uint8Array(10), { block: 5 }),
  ]
  for (const record of records)
    expect(() => redoSpgist({ 5: stranger }, record)).toThrow('not a page of an SP-GiST index')
})
