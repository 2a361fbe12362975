// Every operation of a BRIN index, on pages whose contents can be read at a glance.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { BRIN_PAGETYPE, brinPageType, readBrinMeta } from '../format/brinPage.js'
import { XLOG_BRIN, XLOG_BRIN_INIT_PAGE } from '../format/brinRecords.js'
import { initPage, pageOf, pdLower } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import type { WalRecord } from '../wal/record.js'
import { brin } from './brin.js'
import {
  brinRecord,
  mapPage,
  metaPage,
  outcomes,
  redoBrin,
  regularPage,
  summaries,
  summary,
  tids,
} from './testing/brinRedo.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16, le32, type BlockSpec } from './testing/records.js'

const OP = XLOG_BRIN
const NONE = new Uint8Array(0)

/** xl_brin_insert for ranges of one table page. */
const insertOf = (heapBlk: number, offnum: number, pagesPerRange = 1): Uint8Array =>
  concat(le32(heapBlk), le32(pagesPerRange), le16(offnum))
/** Block 5 gets the summary of range `range` at `offnum`, block 1 is the map. */
const inserted = (range: number, offnum: number, block: Partial<BlockSpec> = {}, info = 0): WalRecord =>
  brinRecord(
    OP.INSERT | info,
    insertOf(range, offnum),
    { block: 5, data: summary(range), ...block },
    { block: 1 },
  )

describe('a new index', () => {
  const main = concat(le32(128), le16(1))

  test('CREATE_INDEX makes the meta page', () => {
    const redone = brinRecord(OP.CREATE_INDEX, main, { block: 0, willInit: true })
    const world = redoBrin({}, redone)
    expect(readBrinMeta(world.page(0))).toMatchObject({
      brinVersion: 1,
      pagesPerRange: 128,
      lastRevmapPage: 0,
    })
    expect(world.lsnOf(0)).toBe(redone.endLsn)
  })

  test('an init fork is on disk at once: it is copied from there when recovery ends', () => {
    const redone = brinRecord(OP.CREATE_INDEX, main, { block: 0, fork: FORK.INIT, willInit: true })
    expect([...redoBrin({}, redone).disk.read('base/5/16384_init', 24, 4)]).toEqual([0xfa, 0x9c, 0x10, 0xa8])
  })
})

describe('the map grows', () => {
  const extend = (target: number, ...blocks: BlockSpec[]): WalRecord =>
    brinRecord(OP.REVMAP_EXTEND, le32(target), ...blocks)
  const blocks = [{ block: 0 }, { block: 2, willInit: true }]

  test('REVMAP_EXTEND makes a page of it, whatever was there, and the meta page knows', () => {
    const redone = extend(2, ...blocks)
    const meta = metaPage(1)
    meta.view.setUint16(12, 24, true) // pd_lower as before PostgreSQL 11
    const world = redoBrin({ 0: meta, 2: regularPage(7) }, redone)
    expect([readBrinMeta(world.page(0)).lastRevmapPage, pdLower(world.page(0))]).toEqual([2, 40])
    expect([brinPageType(world.page(2)), tids(world.page(2), 2)]).toEqual([
      BRIN_PAGETYPE.REVMAP,
      ['0,0', '0,0'],
    ])
    expect(
      world
        .page(2)
        .bytes.subarray(24, 8184)
        .every((byte) => byte === 0),
    ).toBe(true)
    expect([world.lsnOf(0), world.lsnOf(2)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('a meta page that knows already, or is gone, does not keep the page from being made', () => {
    const redone = extend(2, ...blocks)
    const world = testWorld()
    world.put(0, metaPage(2), { lsn: redone.endLsn })
    world.redo(brin, redone)
    expect([outcomes(world), brinPageType(world.page(2))]).toEqual([
      ['0 done', '2 needsRedo'],
      BRIN_PAGETYPE.REVMAP,
    ])
    expect(outcomes(redoBrin({}, redone))).toEqual(['0 notFound', '2 needsRedo'])
  })

  test('nonsense: a page out of turn, a meta page that is none, two names for one page', () => {
    expect(() => redoBrin({ 0: metaPage(3) }, extend(2, ...blocks))).toThrow(
      'map page 2 is to follow map page 3',
    )
    expect(() => redoBrin({ 0: mapPage() }, extend(2, ...blocks))).toThrow(
      'not the meta page of a BRIN index, its type is f092',
    )
    expect(() => redoBrin({ 0: metaPage(1) }, extend(9, ...blocks))).toThrow(
      'block 2 becomes a map page, but it names block 9',
    )
  })
})

describe('a summary is new', () => {
  test('INSERT puts it on its page, and the map says where', () => {
    const redone = inserted(2, 3)
    const world = redoBrin({ 1: mapPage([5, 1], [5, 2]), 5: regularPage(0, 1) }, redone)
    expect([summaries(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['0', '1', '2'],
      [8168, 8152, 8136],
    ])
    expect(tids(world.page(1), 4)).toEqual(['5,1', '5,2', '5,3', '0,0'])
    expect([world.lsnOf(1), world.lsnOf(5)]).toEqual([redone.endLsn, redone.endLsn])
  })

  test('… in an unused line pointer, the others keep theirs', () => {
    const world = redoBrin({ 1: mapPage(), 5: regularPage(0, undefined, 2) }, inserted(1, 2))
    expect([summaries(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['0', '1', '2'],
      [8168, 8136, 8152],
    ])
  })

  test('INSERT+INIT makes the page, whatever was there', () => {
    const world = redoBrin(
      { 1: mapPage(), 5: regularPage(8, 9) },
      inserted(2, 1, { willInit: true }, XLOG_BRIN_INIT_PAGE),
    )
    expect([summaries(world.page(5)), tids(world.page(1), 3)]).toEqual([['2'], ['0,0', '0,0', '5,1']])
    expect(outcomes(world)).toEqual(['5 needsRedo', '1 needsRedo'])
  })

  test('a page that has it, came whole or is gone does not keep the map from knowing; nor the other way round', () => {
    const redone = inserted(1, 2)
    const world = testWorld()
    world.put(1, mapPage())
    world.put(5, regularPage(0, 1), { lsn: redone.endLsn })
    world.redo(brin, redone)
    expect([summaries(world.page(5)), tids(world.page(1), 2)]).toEqual([
      ['0', '1'],
      ['0,0', '5,2'],
    ])
    world.put(1, mapPage(), { lsn: redone.endLsn })
    world.put(5, regularPage(0))
    world.redo(brin, redone)
    expect([summaries(world.page(5)), tids(world.page(1), 2)]).toEqual([
      ['0', '1'],
      ['0,0', '0,0'],
    ])
    const whole = redoBrin({ 1: mapPage() }, inserted(1, 2, { image: regularPage(0, 1).bytes }))
    expect([outcomes(whole), tids(whole.page(1), 2)]).toEqual([
      ['5 restored', '1 needsRedo'],
      ['0,0', '5,2'],
    ])
    const gone = redoBrin({ 1: mapPage() }, redone)
    expect([outcomes(gone), tids(gone.page(1), 2)]).toEqual([
      ['5 notFound', '1 needsRedo'],
      ['0,0', '5,2'],
    ])
  })

  test('ranges of many table pages share a place in the map', () => {
    const redone = brinRecord(
      OP.INSERT,
      insertOf(128 * 1361, 1, 128),
      { block: 5, data: summary(128 * 1361) },
      { block: 1 },
    )
    expect(tids(redoBrin({ 1: mapPage(), 5: regularPage() }, redone).page(1), 3)).toEqual([
      '0,0',
      '5,1',
      '0,0',
    ])
  })

  test.each([
    ['a used line pointer', regularPage(0, 1), inserted(1, 2), 'failed to add tuple'],
    ['a gap before it', regularPage(0), inserted(1, 3), 'failed to add tuple'],
    ['no summary', regularPage(0), inserted(1, 2, { data: NONE }), 'failed to add tuple'],
    [
      'a map page where a regular one should be',
      mapPage(),
      inserted(1, 1),
      'not a regular page of a BRIN index',
    ],
    [
      'ranges of no page',
      regularPage(0),
      brinRecord(OP.INSERT, insertOf(1, 2, 0), { block: 5, data: summary(1) }, { block: 1 }),
      'ranges of 0 table pages',
    ],
    [
      'short main data',
      regularPage(0),
      brinRecord(OP.INSERT, insertOf(1, 2).subarray(0, 8), { block: 5, data: summary(1) }, { block: 1 }),
      'expected 10 bytes of main data, found 8',
    ],
  ])('%s: nonsense', (_, page, redone, sentence) => {
    const run = (): unknown => redoBrin({ 1: mapPage(), 5: page }, redone)
    expect(run).toThrow(sentence)
    expect(run).toThrow(CorruptData)
  })
})

describe('a summary changes', () => {
  const replaced = (offnum: number, size: number, block: Partial<BlockSpec> = {}): WalRecord =>
    brinRecord(OP.SAMEPAGE_UPDATE, le16(offnum), { block: 5, data: summary(9, size), ...block })

  test('SAMEPAGE_UPDATE replaces it where it is; its size may change', () => {
    const world = redoBrin({ 5: regularPage(0, 1, undefined, 3) }, replaced(2, 24))
    expect([summaries(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['0', '9 of 24 bytes', '-', '3'],
      [8168, 8144, 0, 8128],
    ])
  })

  test('… not when the page has it, is gone or came whole', () => {
    const redone = replaced(1, 16)
    const world = testWorld()
    world.put(5, regularPage(1), { lsn: redone.endLsn })
    world.redo(brin, redone)
    expect([summaries(world.page(5)), world.page(5).dirty]).toEqual([['1'], false])
    expect(outcomes(redoBrin({}, redone))).toEqual(['5 notFound'])
    expect(summaries(redoBrin({}, replaced(1, 16, { image: regularPage(4).bytes })).page(5))).toEqual(['4'])
  })

  test('SAMEPAGE_UPDATE without room, without a summary, on another kind of page: nonsense', () => {
    const page = regularPage(0, 1)
    expect(() => redoBrin({ 5: page }, replaced(2, 8160))).toThrow('failed to replace tuple')
    expect(() => redoBrin({ 5: page }, replaced(2, 16, { data: NONE }))).toThrow('failed to replace tuple')
    expect(() => redoBrin({ 5: page }, replaced(3, 16))).toThrow('invalid index offnum: 3')
    const short = brinRecord(OP.SAMEPAGE_UPDATE, Uint8Array.of(2), { block: 5, data: summary(9) })
    expect(() => redoBrin({ 5: page }, short)).toThrow('expected 2 bytes of main data, found 1')
    const heap = pageOf()
    initPage(heap, 0)
    expect(() => redoBrin({ 5: heap }, replaced(1, 16))).toThrow('its type is 0')
  })

  /** Range 1 goes from line `from` of block 4 to line `to` of block 5. */
  const moved = (from: number, to: number, info = 0, more: Partial<BlockSpec> = {}): WalRecord =>
    brinRecord(
      OP.UPDATE | info,
      concat(le16(from), le16(0), insertOf(1, to)),
      { block: 5, data: summary(1, 32), ...more },
      { block: 1 },
      { block: 4 },
    )

  test('UPDATE takes it from one page, puts it on another and tells the map', () => {
    const redone = moved(2, 2)
    const world = redoBrin({ 1: mapPage([4, 1], [4, 2]), 4: regularPage(0, 1, 2), 5: regularPage(7) }, redone)
    expect([summaries(world.page(4)), summaries(world.page(5)), tids(world.page(1), 2)]).toEqual([
      ['0', '-', '2'],
      ['7', '1 of 32 bytes'],
      ['4,1', '5,2'],
    ])
    expect([1, 4, 5].map((block) => world.lsnOf(block))).toEqual(Array(3).fill(redone.endLsn))
    expect(outcomes(world)).toEqual(['4 needsRedo', '5 needsRedo', '1 needsRedo'])
  })

  test('UPDATE+INIT to a new page; the last line pointer of the old one goes', () => {
    const world = redoBrin(
      { 1: mapPage([4, 1], [4, 2]), 4: regularPage(0, 1) },
      moved(2, 1, XLOG_BRIN_INIT_PAGE, { willInit: true }),
    )
    expect([summaries(world.page(4)), summaries(world.page(5))]).toEqual([['0'], ['1 of 32 bytes']])
  })

  test('each of the three pages is changed by itself', () => {
    const redone = moved(2, 1)
    const world = testWorld()
    world.put(4, regularPage(0, undefined), { lsn: redone.endLsn })
    world.put(5, regularPage())
    world.redo(brin, redone)
    expect([outcomes(world), summaries(world.page(5))]).toEqual([
      ['4 done', '5 needsRedo', '1 notFound'],
      ['1 of 32 bytes'],
    ])
  })
})

describe('a summary is dropped', () => {
  const dropped = brinRecord(OP.DESUMMARIZE, concat(le32(1), le32(1), le16(2)), { block: 1 }, { block: 5 })

  test('DESUMMARIZE: the map forgets it, its line pointer is unused', () => {
    const world = redoBrin({ 1: mapPage([5, 1], [5, 2]), 5: regularPage(0, 1, 2) }, dropped)
    expect([tids(world.page(1), 2), summaries(world.page(5)), placesOf(world.page(5))]).toEqual([
      ['5,1', '4294967295,0'],
      ['0', '-', '2'],
      [8168, 0, 8152],
    ])
    expect([world.lsnOf(1), world.lsnOf(5)]).toEqual([dropped.endLsn, dropped.endLsn])
  })

  test('either page may have it already', () => {
    const world = testWorld()
    world.put(1, mapPage([5, 1], [5, 2]), { lsn: dropped.endLsn })
    world.put(5, regularPage(0, 1))
    world.redo(brin, dropped)
    expect([tids(world.page(1), 2), summaries(world.page(5))]).toEqual([['5,1', '5,2'], ['0']])
    expect(outcomes(redoBrin({ 1: mapPage() }, dropped))).toEqual(['1 needsRedo', '5 notFound'])
  })

  test('what is not there cannot go', () => {
    expect(() => redoBrin({ 5: regularPage(0) }, dropped)).toThrow('invalid index offnum: 2')
    expect(() => redoBrin({ 5: regularPage(0, undefined, 2) }, dropped)).toThrow('corrupted line pointer')
    expect(() => redoBrin({ 1: regularPage(0) }, dropped)).toThrow('not a map page of a BRIN index')
    expect(() => redoBrin({ 5: mapPage() }, dropped)).toThrow('not a regular page of a BRIN index')
  })
})

test('operations have the names pg_waldump prints; others are refused', () => {
  const names = ['CREATE_INDEX', 'INSERT', 'UPDATE', 'SAMEPAGE_UPDATE', 'REVMAP_EXTEND', 'DESUMMARIZE']
  expect(names.map((_, i) => brin.identify(i * 16))).toEqual(names)
  expect([0x90, 0xa0, 0x80, 0xb0, 0x60].map((info) => brin.identify(info))).toEqual([
    'INSERT+INIT',
    'UPDATE+INIT',
    undefined,
    undefined,
    undefined,
  ])
  expect(() => redoBrin({}, brinRecord(0x60, le16(1)))).toThrow('brin_redo: unknown op code 96')
})
