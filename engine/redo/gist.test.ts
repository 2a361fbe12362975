// Every operation of a GiST index, on pages whose contents can be read at a glance.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { GIST_F, GIST_NO_RIGHTLINK, gistFlags, readGistOpaque } from '../format/gistPage.js'
import {
  gistxlogPageDelete,
  gistxlogPageReuse,
  gistxlogPageSplit,
  GIST_RECORD_SIZE,
  XLOG_GIST,
} from '../format/gistRecords.js'
import { pdLower, type Page } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { gist } from './gist.js'
import { testWorld } from './testing/context.js'
import {
  gistPage,
  gistRecord,
  gistTuple,
  keysOf,
  leafOf,
  outcomes,
  redoGist,
  splitData,
} from './testing/gistRedo.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32, packed, type BlockSpec } from './testing/records.js'

const OP = XLOG_GIST
const NONE = new Uint8Array(0)
/** Data of block 0: offsets to delete, tuples to add. */
const change = (offsets: number[], ...tuples: Uint8Array[]): Uint8Array =>
  concat(le16s(...offsets), ...tuples)
const update = (offsets: number[], tuples: Uint8Array[], ...more: BlockSpec[]): WalRecord =>
  gistRecord(
    OP.PAGE_UPDATE,
    le16s(offsets.length, tuples.length),
    { block: 5, data: change(offsets, ...tuples) },
    ...more,
  )

describe('PAGE_UPDATE', () => {
  test('tuples come: each behind the last item', () => {
    const redone = update([], [gistTuple(3), gistTuple(4)])
    const world = redoGist({ 5: leafOf(1, 2) }, redone)
    expect([keysOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      [1, 2, 3, 4],
      [8160, 8144, 8128, 8112],
    ])
    expect([world.lsnOf(5), world.page(5).dirty, gistFlags(world.page(5))]).toEqual([
      redone.endLsn,
      true,
      GIST_F.LEAF,
    ])
  })

  test('one for one: the new tuple takes the place of the old one, of another size too', () => {
    const world = redoGist({ 5: leafOf(1, 2, 3) }, update([2], [gistTuple(9, 24)]))
    expect([keysOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      [1, 9, 3],
      [8160, 8136, 8120],
    ])
    expect(gistFlags(world.page(5))).toBe(GIST_F.LEAF)
  })

  test('one for two: the old one goes, the new ones are last, and a leaf says that tuples were deleted', () => {
    const two = [gistTuple(8), gistTuple(9)]
    const leaf = redoGist({ 5: leafOf(1, 2, 3) }, update([2], two)).page(5)
    expect([keysOf(leaf), placesOf(leaf)]).toEqual([
      [1, 3, 8, 9],
      [8160, 8144, 8128, 8112],
    ])
    expect(gistFlags(leaf)).toBe(GIST_F.LEAF | GIST_F.TUPLES_DELETED)
    const inner = gistPage([gistTuple(1), gistTuple(2)], { flags: 0 })
    expect(gistFlags(redoGist({ 5: inner }, update([2], two)).page(5))).toBe(0)
  })

  test('only deletions, as VACUUM writes them', () => {
    const world = redoGist({ 5: leafOf(1, 2, 3, 4, 5) }, update([1, 3, 4], []))
    expect([keysOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      [2, 5],
      [8160, 8144],
    ])
    expect(gistFlags(world.page(5))).toBe(GIST_F.LEAF | GIST_F.TUPLES_DELETED)
  })

  test('a page that has the change keeps what it has; a missing one is skipped', () => {
    const redone = update([1], [gistTuple(7)])
    const world = testWorld()
    world.put(5, leafOf(1), { lsn: redone.endLsn })
    world.redo(gist, redone)
    expect([outcomes(world), keysOf(world.page(5)), world.page(5).dirty]).toEqual([['5 done'], [1], false])
    expect(outcomes(redoGist({}, redone))).toEqual(['5 notFound'])
  })

  test.each([
    [
      'more tuples than announced',
      le16s(0, 1),
      change([], gistTuple(1), gistTuple(2)),
      'announces 1 tuples and has 2',
    ],
    [
      'fewer offsets than announced',
      le16s(3, 0),
      le16s(1, 2),
      'expected 6 bytes of data for block 0, found 4',
    ],
    [
      'a tuple cut short',
      le16s(0, 1),
      gistTuple(1).subarray(0, 12),
      'an index tuple of 16 bytes does not end',
    ],
    ['a tuple of no size', le16s(0, 1), new Uint8Array(16), 'an index tuple of 0 bytes does not end'],
    ['an item that is not there', le16s(2, 0), le16s(1, 4), 'incorrect index offsets supplied'],
    ['a place that is not there', le16s(1, 1), change([4], gistTuple(1)), 'invalid index offnum: 4'],
    ['short main data', le16(1), le16s(1), 'expected 4 bytes of main data, found 2'],
  ])('%s: nonsense', (_, main, data, sentence) => {
    const redone = gistRecord(OP.PAGE_UPDATE, main, { block: 5, data })
    expect(() => redoGist({ 5: leafOf(1, 2, 3) }, redone)).toThrow(sentence)
    expect(() => redoGist({ 5: leafOf(1, 2, 3) }, redone)).toThrow(CorruptData)
  })

  test('no room, for a new tuple or for a longer one', () => {
    const full = gistPage(Array.from({ length: 33 }, (_, i) => gistTuple(i + 1, 240)))
    const sentence = /base\/5\/16384: block 5 .*failed to add item to GiST index page, size 240 bytes/
    expect(() => redoGist({ 5: full }, update([], [gistTuple(1, 240)]))).toThrow(sentence)
    const small = gistPage([
      ...Array.from({ length: 33 }, (_, i) => gistTuple(i + 1, 240)),
      gistTuple(34, 48),
    ])
    expect(() => redoGist({ 5: small }, update([34], [gistTuple(1, 240)]))).toThrow(sentence)
  })
})

describe('the left half of a split learns that its parent knows', () => {
  const child = (): Page => gistPage([gistTuple(1)], { flags: GIST_F.LEAF | GIST_F.FOLLOW_RIGHT, nsn: 5 })
  const told = (page: Page, redone: WalRecord): void => {
    const { nsn_high, nsn_low, flags } = readGistOpaque(page)
    expect([nsn_high, nsn_low, flags]).toEqual([redone.endHigh, redone.endLow, GIST_F.LEAF])
  }

  test('a page that is older than the record', () => {
    const redone = update([], [gistTuple(3)], { block: 6 })
    const world = redoGist({ 5: gistPage([], { flags: 0 }), 6: child() }, redone)
    told(world.page(6), redone)
    expect([world.lsnOf(6), outcomes(world)]).toEqual([redone.endLsn, ['5 needsRedo', '6 needsRedo']])
  })

  test("a page that the record's own image has just restored: the image was taken before", () => {
    const redone = update([], [gistTuple(3)], { block: 6, image: child().bytes })
    const world = redoGist({ 5: gistPage([], { flags: 0 }), 6: leafOf(99) }, redone)
    told(world.page(6), redone)
    expect([keysOf(world.page(6)), world.lsnOf(6)]).toEqual([[1], redone.endLsn])
  })

  test('not a page that has it already, or is gone; and though the parent is gone', () => {
    const redone = update([], [gistTuple(3)], { block: 6 })
    const world = testWorld()
    world.put(6, child(), { lsn: redone.endLsn })
    world.redo(gist, redone)
    expect([outcomes(world), readGistOpaque(world.page(6)).nsn_low]).toEqual([['5 notFound', '6 done'], 5])
    const late = redoGist({ 6: child() }, redone)
    told(late.page(6), redone)
    expect(outcomes(redoGist({ 5: leafOf() }, redone))).toEqual(['5 needsRedo', '6 notFound'])
  })
})

test('DELETE takes dead tuples away, with the mark that there are some', () => {
  const redone = gistRecord(OP.DELETE, concat(le32(690), le16s(2, 0), le16s(1, 3)), { block: 5 })
  const page = gistPage([gistTuple(1), gistTuple(2), gistTuple(3)], {
    flags: GIST_F.LEAF | GIST_F.HAS_GARBAGE,
  })
  const world = redoGist({ 5: page }, redone)
  expect([keysOf(world.page(5)), gistFlags(world.page(5)), world.lsnOf(5)]).toEqual([
    [2],
    GIST_F.LEAF | GIST_F.TUPLES_DELETED,
    redone.endLsn,
  ])
  const short = gistRecord(OP.DELETE, concat(le32(690), le16s(3, 0), le16s(1, 3)), { block: 5 })
  expect(() => redoGist({ 5: page }, short)).toThrow('expected 14 bytes of main data, found 12')
})

describe('PAGE_SPLIT', () => {
  const main = (over: Partial<gistxlogPageSplit>): Uint8Array =>
    packed(gistxlogPageSplit, {
      origrlink: 77,
      orignsn: 0x100002000n,
      origleaf: true,
      npage: 3,
      markfollowright: true,
      ...over,
    })
  const made = (id: number, block: number, ...keys: number[]): BlockSpec => ({
    id,
    block,
    willInit: true,
    data: splitData(...keys),
  })

  test('the pages are built from the record, whatever they were; rightlinks chain them', () => {
    const redone = gistRecord(OP.PAGE_SPLIT, main({}), made(1, 5, 1, 2), made(2, 8, 3), made(3, 9, 4, 5))
    const world = redoGist({ 5: leafOf(9, 9, 9) }, redone)
    expect([5, 8, 9].map((block) => keysOf(world.page(block)))).toEqual([[1, 2], [3], [4, 5]])
    expect(placesOf(world.page(5))).toEqual([8160, 8144])
    const follow = GIST_F.LEAF | GIST_F.FOLLOW_RIGHT
    const special = { nsn_high: 1, nsn_low: 0x2000, gist_page_id: 0xff81 }
    expect([5, 8, 9].map((block) => readGistOpaque(world.page(block)))).toEqual([
      { ...special, rightlink: 8, flags: follow },
      { ...special, rightlink: 9, flags: follow },
      { ...special, rightlink: 77, flags: GIST_F.LEAF },
    ])
    for (const block of [5, 8, 9]) expect(world.lsnOf(block)).toBe(redone.endLsn)
  })

  test('inner pages are no leaves; while an index is built nobody needs to follow', () => {
    const over = { origleaf: false, markfollowright: false, npage: 2 }
    const world = redoGist({}, gistRecord(OP.PAGE_SPLIT, main(over), made(1, 5, 1), made(2, 8, 3)))
    expect([5, 8].map((block) => gistFlags(world.page(block)))).toEqual([0, 0])
  })

  test('the root stays the root: it is the parent of the others, and nobody needs to follow', () => {
    const redone = gistRecord(OP.PAGE_SPLIT, main({}), made(1, 0, 1, 2), made(2, 8, 3), made(3, 9, 4, 5))
    const world = redoGist({ 0: leafOf(9) }, redone)
    expect([0, 8, 9].map((block) => readGistOpaque(world.page(block)))).toMatchObject([
      { nsn_high: 1, nsn_low: 0x2000, rightlink: GIST_NO_RIGHTLINK, flags: 0 },
      { nsn_high: 1, nsn_low: 0x2000, rightlink: 9, flags: GIST_F.LEAF },
      { nsn_high: 1, nsn_low: 0x2000, rightlink: 77, flags: GIST_F.LEAF },
    ])
  })

  test('it may complete a split further down: block 0', () => {
    const child = gistPage([gistTuple(1)], { flags: GIST_F.LEAF | GIST_F.FOLLOW_RIGHT })
    const over = { origleaf: false, npage: 2 }
    const blocks = [{ id: 0, block: 4, image: child.bytes }, made(1, 5, 1), made(2, 8, 3)]
    const redone = gistRecord(OP.PAGE_SPLIT, main(over), ...blocks)
    const world = redoGist({ 4: leafOf(9) }, redone)
    expect(readGistOpaque(world.page(4))).toMatchObject({ nsn_low: redone.endLow, flags: GIST_F.LEAF })
    expect(outcomes(world)).toEqual(['5 needsRedo', '8 needsRedo', '4 restored'])
  })

  test.each([
    ['a page less than announced', [made(1, 5, 1), made(2, 8, 3)], 'backup block with ID 3'],
    [
      'a tuple less',
      [made(1, 5, 1), made(2, 8, 3), { ...made(3, 9), data: le32(1) }],
      'announces 1 tuples for block 3 and has 0',
    ],
    [
      'no number of tuples',
      [made(1, 5, 1), made(2, 8, 3), { ...made(3, 9), data: le16(1) }],
      'expected 4 bytes of data',
    ],
  ])('%s: nonsense', (_, blocks, sentence) => {
    expect(() => redoGist({}, gistRecord(OP.PAGE_SPLIT, main({}), ...blocks))).toThrow(sentence)
  })
})

describe('PAGE_DELETE', () => {
  const main = packed(gistxlogPageDelete, { deleteXid: 0x300000abcn, downlinkOffset: 2 }).subarray(0, 10)
  const redone = gistRecord(OP.PAGE_DELETE, main, { block: 7 }, { block: 5 })
  const parent = (): Page => gistPage([gistTuple(1), gistTuple(2), gistTuple(3)], { flags: 0 })

  test('the leaf keeps its links and the xid after which it may be used again; the downlink goes', () => {
    const world = redoGist({ 7: gistPage([], { rightlink: 8 }), 5: parent() }, redone)
    const leaf = world.page(7)
    expect(readGistOpaque(leaf)).toMatchObject({ rightlink: 8, flags: GIST_F.LEAF | GIST_F.DELETED })
    expect([pdLower(leaf), leaf.view.getBigUint64(24, true)]).toEqual([32, 0x300000abcn])
    expect([keysOf(world.page(5)), placesOf(world.page(5))]).toEqual([
      [1, 3],
      [8160, 8144],
    ])
    expect([world.lsnOf(5), world.lsnOf(7)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('each page for itself', () => {
    const world = testWorld()
    world.put(7, leafOf(), { lsn: redone.endLsn })
    world.put(5, parent())
    world.redo(gist, redone)
    expect([outcomes(world), keysOf(world.page(5))]).toEqual([
      ['7 done', '5 needsRedo'],
      [1, 3],
    ])
    expect(outcomes(redoGist({ 7: leafOf() }, redone))).toEqual(['7 needsRedo', '5 notFound'])
  })

  test('a leaf with tuples, or a parent without that downlink, is nonsense', () => {
    expect(() => redoGist({ 7: leafOf(1), 5: parent() }, redone)).toThrow(
      'it is to be deleted, but is not empty',
    )
    expect(() => redoGist({ 7: leafOf(), 5: leafOf(1) }, redone)).toThrow('invalid index offnum: 2')
  })
})

test('PAGE_REUSE and ASSIGN_LSN change nothing', () => {
  const main = packed(gistxlogPageReuse, {
    spcOid: 1663,
    dbOid: 5,
    relNumber: 16384,
    block: 7,
    snapshotConflictHorizon: 0x300000abcn,
    isCatalogRel: false,
  }).subarray(0, GIST_RECORD_SIZE.pageReuse)
  for (const redone of [gistRecord(OP.PAGE_REUSE, main), gistRecord(OP.ASSIGN_LSN, le32(0))])
    expect(outcomes(redoGist({ 7: leafOf(1) }, redone))).toEqual([])
})

test('operations have the names pg_waldump prints; others are refused', () => {
  expect(Array.from({ length: 8 }, (_, i) => gist.identify(i * 16))).toEqual([
    ...[
      'PAGE_UPDATE',
      'DELETE',
      'PAGE_REUSE',
      'PAGE_SPLIT',
      undefined,
      undefined,
      'PAGE_DELETE',
      'ASSIGN_LSN',
    ],
  ])
  expect(() => redoGist({}, gistRecord(0x40, NONE))).toThrow('gist_redo: unknown op code 64')
})

test('a page of another kind is not taken for one of a GiST index', () => {
  const page = leafOf(1)
  page.view.setUint16(16, 8184, true)
  expect(() => redoGist({ 5: page }, update([1], []))).toThrow('not a page of a GiST index')
})
