// Every operation of a hash index, redone on small pages.

import { describe, expect, test } from 'vitest'
import {
  HASH_CONTENTS_AT,
  HashMetaPageData,
  HASHM_MAPP_AT,
  initHashBitmap,
  initHashMeta,
  initHashPage,
  INVALID_BLOCK,
  INVALID_BUCKET,
  LH,
  readHashOpaque,
  setHashoFlag,
  setHashoNext,
  spares,
} from '../format/hashPage.js'
import { XLOG_HASH, xl_hash_init_meta_page, xl_hash_squeeze_page } from '../format/hashRecords.js'
import { addItem, maxOffset, pageOf, pdLower, type Page } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import type { WalRecord } from '../wal/record.js'
import { hash } from './hash.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { itemsOf, leafTuple, placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32, packed, walRecord, type BlockSpec } from './testing/records.js'

const OP = XLOG_HASH

function record(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 12, info, main, blocks, xid: 700 })
}

function redo(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(hash, redone)
  return world
}

const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** Leaf tuples serve: a hash tuple is a tid and a hash value. */
const tuple = (value: number): Uint8Array => leafTuple(value, [0, value])

function bucket(
  values: number[],
  { number = 0, flag = LH.BUCKET_PAGE as number, prev = 1, next = INVALID_BLOCK } = {},
): Page {
  const page = pageOf()
  initHashPage(page, prev, number, flag)
  setHashoNext(page, next)
  values.forEach((value, i) => addItem(page, tuple(value), 0, 16, i + 1, false))
  return page
}

const overflow = (values: number[], links: { prev?: number; next?: number } = {}): Page =>
  bucket(values, { flag: LH.OVERFLOW_PAGE, ...links })

function meta(tuples = 0): Page {
  const page = pageOf()
  initHashMeta(page, 0, 400, 307)
  page.view.setFloat64(HASH_CONTENTS_AT + 8, tuples, true)
  return page
}

const readMeta = (page: Page): HashMetaPageData => HashMetaPageData.readView(page.view, HASH_CONTENTS_AT)
const mapBlock = (page: Page, i: number): number =>
  page.view.getUint32(HASH_CONTENTS_AT + HASHM_MAPP_AT + i * 4, true)
const values = (page: Page): number[] => itemsOf(page).map((item) => Number(item.split(':')[0]))

describe('a new index', () => {
  const main = packed(xl_hash_init_meta_page, { num_tuples: 1000, procid: 400, ffactor: 307 }).subarray(0, 14)

  test('INIT_META_PAGE makes the meta page', () => {
    const redone = record(OP.INIT_META_PAGE, main, { block: 0, willInit: true })
    const world = redo({}, redone)
    expect(readMeta(world.page(0))).toMatchObject({
      hashm_maxbucket: 3,
      hashm_procid: 400,
      hashm_ovflpoint: 2,
    })
    expect(readHashOpaque(world.page(0))).toEqual({
      hasho_prevblkno: INVALID_BLOCK,
      hasho_nextblkno: INVALID_BLOCK,
      hasho_bucket: INVALID_BUCKET,
      hasho_flag: LH.META_PAGE,
      hasho_page_id: 0xff80,
    })
    expect(world.lsnOf(0)).toBe(redone.endLsn)
  })

  test('INIT_BITMAP_PAGE makes a bitmap of ones, and the meta page knows it', () => {
    const redone = record(OP.INIT_BITMAP_PAGE, le16(4096), { block: 3, willInit: true }, { block: 0 })
    const world = redo({ 0: meta() }, redone)
    const map = world.page(3)
    expect([pdLower(map), map.bytes[24], map.bytes[4119], map.bytes[4120]]).toEqual([4120, 255, 255, 0])
    expect(readHashOpaque(map).hasho_flag).toBe(LH.BITMAP_PAGE)
    expect([readMeta(world.page(0)).hashm_nmaps, mapBlock(world.page(0), 0)]).toEqual([1, 3])
  })

  test('an init fork is on disk at once: it is copied from there when recovery ends', () => {
    const redone = record(OP.INIT_META_PAGE, main, { block: 0, fork: FORK.INIT, willInit: true })
    const world = redo({}, redone)
    const bytes = world.disk.read('base/5/16384_init', HASH_CONTENTS_AT, 4)
    expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)).toBe(0x6440640)
  })

  test('a bitmap larger than a page, or a fill factor of nothing, is nonsense', () => {
    const blocks = [{ block: 3, willInit: true }, { block: 0 }]
    expect(() => redo({}, record(OP.INIT_BITMAP_PAGE, le16(8160), ...blocks))).toThrow(
      'a bitmap of 8160 bytes',
    )
    const zero = packed(xl_hash_init_meta_page, { num_tuples: 0, procid: 400, ffactor: 0 })
    expect(() => redo({}, record(OP.INIT_META_PAGE, zero, { block: 0, willInit: true }))).toThrow(
      '0 to a bucket',
    )
  })
})

describe('tuples', () => {
  const insert = record(OP.INSERT, le16(2), { block: 1, data: tuple(2) }, { block: 0 })

  test('INSERT adds the tuple and counts it', () => {
    const world = redo({ 0: meta(2), 1: bucket([1, 3]) }, insert)
    expect([values(world.page(1)), readMeta(world.page(0)).hashm_ntuples]).toEqual([[1, 2, 3], 3])
    expect([world.lsnOf(0), world.lsnOf(1)]).toEqual([insert.endLsn, insert.endLsn])
  })

  test('a bucket that has it, or is gone, does not stop the count; and the other way round', () => {
    const world = testWorld()
    world.put(0, meta(2))
    world.put(1, bucket([1, 2, 3]), { lsn: insert.endLsn })
    world.redo(hash, insert)
    expect([values(world.page(1)), readMeta(world.page(0)).hashm_ntuples]).toEqual([[1, 2, 3], 3])
    world.put(1, bucket([1, 3]))
    world.redo(hash, insert)
    expect([values(world.page(1)), readMeta(world.page(0)).hashm_ntuples]).toEqual([[1, 2, 3], 3])
    expect(outcomes(redo({ 0: meta() }, insert))).toEqual(['1 notFound', '0 needsRedo'])
  })

  test('an offset past the items is nonsense', () => {
    expect(() => redo({ 0: meta(), 1: bucket([]) }, insert)).toThrow('hash_xlog_insert: failed to add item')
  })

  test.each([
    [0, LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES],
    [1, LH.BUCKET_PAGE],
  ])('DELETE, clear_dead_marking %i', (clear, flag) => {
    const redone = record(OP.DELETE, Uint8Array.of(clear, 1), { id: 1, block: 1, data: le16s(1, 2, 4) })
    const page = bucket([1, 2, 3, 4, 5], { flag: LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES })
    const world = redo({ 1: page }, redone)
    expect([values(world.page(1)), placesOf(world.page(1))]).toEqual([
      [3, 5],
      [8160, 8144],
    ])
    expect(readHashOpaque(world.page(1)).hasho_flag).toBe(flag)
    expect(outcomes(world)).toEqual(['1 needsRedo'])
  })

  test('DELETE on an overflow page leaves the bucket as it is', () => {
    const redone = record(OP.DELETE, Uint8Array.of(0, 0), { block: 1 }, { block: 9, data: le16(1) })
    const world = redo({ 1: bucket([1]), 9: overflow([6, 7]) }, redone)
    expect([values(world.page(1)), values(world.page(9))]).toEqual([[1], [7]])
    expect(world.lsnOf(1)).toBe(0x1000n)
  })

  test('VACUUM_ONE_PAGE deletes, clears the mark and counts off', () => {
    const main = concat(le32(690), le16s(2, 0), le16s(1, 3))
    const redone = record(OP.VACUUM_ONE_PAGE, main, { block: 1 }, { block: 0 })
    const page = bucket([1, 2, 3], { flag: LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES })
    const world = redo({ 0: meta(10), 1: page }, redone)
    expect([values(world.page(1)), readMeta(world.page(0)).hashm_ntuples]).toEqual([[2], 8])
    expect(readHashOpaque(world.page(1)).hasho_flag).toBe(LH.BUCKET_PAGE)
    const short = record(OP.VACUUM_ONE_PAGE, main.subarray(0, 10), { block: 1 }, { block: 0 })
    expect(() => redo({ 0: meta(10), 1: page }, short)).toThrow('expected 12 bytes of main data, found 10')
  })

  test('UPDATE_META_PAGE sets the count, SPLIT_CLEANUP clears its flag', () => {
    const count = new Uint8Array(new Float64Array([12345]).buffer)
    const world = redo({ 0: meta(1) }, record(OP.UPDATE_META_PAGE, count, { block: 0 }))
    expect(readMeta(world.page(0)).hashm_ntuples).toBe(12345)
    const flag = LH.BUCKET_PAGE | LH.BUCKET_NEEDS_SPLIT_CLEANUP
    const cleaned = redo(
      { 1: bucket([1], { flag }) },
      record(OP.SPLIT_CLEANUP, new Uint8Array(0), { block: 1 }),
    )
    expect(readHashOpaque(cleaned.page(1)).hasho_flag).toBe(LH.BUCKET_PAGE)
  })
})

describe('overflow pages', () => {
  const add = (found: number, ...blocks: BlockSpec[]): WalRecord =>
    record(
      OP.ADD_OVFL_PAGE,
      concat(le16(4096), Uint8Array.of(found)),
      { id: 0, block: 7, willInit: true, data: le32(1) },
      { id: 1, block: 2 },
      ...blocks,
      { id: 4, block: 0, data: le32(5) },
    )
  function bitmap(): Page {
    const page = pageOf()
    initHashBitmap(page, 4096)
    page.bytes.fill(0, HASH_CONTENTS_AT, HASH_CONTENTS_AT + 8)
    return page
  }

  test('a free one is taken again: its bit is set, nothing else is counted', () => {
    const redone = add(1, { id: 2, block: 3, data: le32(37) })
    const world = redo({ 0: meta(), 2: bucket([1]), 3: bitmap() }, redone)
    expect(readHashOpaque(world.page(7))).toEqual({
      hasho_prevblkno: 2,
      hasho_nextblkno: INVALID_BLOCK,
      hasho_bucket: 1,
      hasho_flag: LH.OVERFLOW_PAGE,
      hasho_page_id: 0xff80,
    })
    expect(readHashOpaque(world.page(2)).hasho_nextblkno).toBe(7)
    expect([...world.page(3).bytes.subarray(24, 32)]).toEqual([0, 0, 0, 0, 32, 0, 0, 0])
    expect([readMeta(world.page(0)).hashm_firstfree, spares(world.page(0), 1)]).toEqual([5, 1])
    for (const block of [0, 2, 3, 7]) expect(world.lsnOf(block)).toBe(redone.endLsn)
  })

  test('one more at the end is counted', () => {
    const world = redo({ 0: meta(), 2: bucket([1]), 3: bitmap() }, add(0, { id: 2, block: 3, data: le32(0) }))
    expect([spares(world.page(0), 1), readMeta(world.page(0)).hashm_nmaps]).toEqual([2, 0])
  })

  test('with a new bitmap page two are counted, and the bitmap is entered', () => {
    const world = redo({ 0: meta(), 2: bucket([1]) }, add(0, { id: 3, block: 8, willInit: true }))
    expect([
      spares(world.page(0), 1),
      readMeta(world.page(0)).hashm_nmaps,
      mapBlock(world.page(0), 0),
    ]).toEqual([3, 1, 8])
    expect(readHashOpaque(world.page(8)).hasho_flag).toBe(LH.BITMAP_PAGE)
  })

  test('a bit or a splitpoint that cannot be is nonsense', () => {
    const redone = add(1, { id: 2, block: 3, data: le32(8152 * 8) })
    expect(() => redo({ 0: meta(), 2: bucket([1]), 3: bitmap() }, redone)).toThrow(
      'a bitmap has no bit 65216',
    )
    const page = meta()
    page.view.setUint32(HASH_CONTENTS_AT + 36, 98, true)
    expect(() => redo({ 0: page, 2: bucket([1]) }, add(0))).toThrow('there is no splitpoint 98')
  })

  const moved = concat(le16s(1, 3), tuple(1), tuple(3))
  test.each([
    [0, [{ id: 0, block: 1 }], ['1 needsRedo', '5 needsRedo', '9 needsRedo']],
    [1, [], ['5 needsRedo', '9 needsRedo']],
  ])('MOVE_PAGE_CONTENTS, is_prim_bucket_same_wrt %i', (same, first, touched) => {
    const redone = record(
      OP.MOVE_PAGE_CONTENTS,
      concat(le16(2), Uint8Array.of(same)),
      ...first,
      { id: 1, block: 5, data: moved },
      { id: 2, block: 9, data: le16s(1, 2) },
    )
    const world = redo({ 1: bucket([]), 5: overflow([2]), 9: overflow([1, 3, 8]) }, redone)
    expect([values(world.page(5)), values(world.page(9))]).toEqual([[1, 2, 3], [8]])
    expect(outcomes(world)).toEqual(touched)
    expect(world.lsnOf(9)).toBe(redone.endLsn)
  })

  test.each([
    ['fewer tuples than announced', concat(le16s(1, 3), tuple(1)), 'it has fewer than 2 tuples for block 1'],
    ['more tuples than announced', concat(moved, tuple(9)), 'it has more than 2 tuples for block 1'],
    [
      'an offset past the items',
      concat(le16s(1, 9), tuple(1), tuple(3)),
      'failed to add item to hash index page',
    ],
  ])('%s: nonsense', (_, data, sentence) => {
    const main = concat(le16(2), Uint8Array.of(1))
    const redone = record(OP.MOVE_PAGE_CONTENTS, main, { id: 1, block: 5, data }, { id: 2, block: 9 })
    expect(() => redo({ 5: overflow([2]), 9: overflow([]) }, redone)).toThrow(sentence)
  })

  const squeeze = (over: Partial<xl_hash_squeeze_page>, ...blocks: BlockSpec[]): WalRecord => {
    const main = {
      prevblkno: 5,
      nextblkno: 11,
      ntups: 0,
      is_prim_bucket_same_wrt: false,
      is_prev_bucket_same_wrt: false,
    }
    return record(OP.SQUEEZE_PAGE, packed(xl_hash_squeeze_page, { ...main, ...over }), ...blocks)
  }
  const freed = { id: 2, block: 9 }
  const bit = { id: 5, block: 3, data: le32(1) }
  function fullBitmap(): Page {
    const page = pageOf()
    initHashBitmap(page, 4096)
    return page
  }

  test('SQUEEZE_PAGE: tuples to the bucket, the chain closes, the bit is cleared, the meta page told', () => {
    const redone = squeeze(
      { ntups: 2, is_prim_bucket_same_wrt: true },
      { id: 1, block: 1, data: moved },
      freed,
      { id: 3, block: 5 },
      { id: 4, block: 11 },
      bit,
      { id: 6, block: 0, data: le32(1) },
    )
    const pages = {
      0: meta(),
      1: bucket([2], { next: 5 }),
      3: fullBitmap(),
      5: overflow([4], { prev: 1, next: 9 }),
      9: overflow([1, 3], { prev: 5, next: 11 }),
      11: overflow([], { prev: 9 }),
    }
    const world = redo(pages, redone)
    expect(values(world.page(1))).toEqual([1, 2, 3])
    expect(readHashOpaque(world.page(1)).hasho_nextblkno).toBe(5)
    expect([
      readHashOpaque(world.page(5)).hasho_nextblkno,
      readHashOpaque(world.page(11)).hasho_prevblkno,
    ]).toEqual([11, 5])
    expect([maxOffset(world.page(9)), readHashOpaque(world.page(9))]).toEqual([
      0,
      {
        hasho_prevblkno: INVALID_BLOCK,
        hasho_nextblkno: INVALID_BLOCK,
        hasho_bucket: INVALID_BUCKET,
        hasho_flag: LH.UNUSED_PAGE,
        hasho_page_id: 0xff80,
      },
    ])
    expect([world.page(3).bytes[24], readMeta(world.page(0)).hashm_firstfree]).toEqual([0xfd, 1])
    for (const block of [0, 1, 3, 5, 9, 11]) expect(world.lsnOf(block)).toBe(redone.endLsn)
  })

  test('SQUEEZE_PAGE: the page written to is the one before the freed page', () => {
    const redone = squeeze(
      { ntups: 2, is_prev_bucket_same_wrt: true, nextblkno: INVALID_BLOCK },
      { id: 0, block: 1 },
      { id: 1, block: 5, data: moved },
      freed,
      bit,
    )
    const pages = {
      1: bucket([7]),
      3: fullBitmap(),
      5: overflow([2], { prev: 1, next: 9 }),
      9: overflow([1, 3]),
    }
    const world = redo(pages, redone)
    expect([values(world.page(5)), readHashOpaque(world.page(5)).hasho_nextblkno]).toEqual([
      [1, 2, 3],
      INVALID_BLOCK,
    ])
    expect(world.lsnOf(1)).toBe(0x1000n)
    expect(outcomes(world)).toEqual(['1 needsRedo', '5 needsRedo', '9 needsRedo', '3 needsRedo'])
  })

  test('SQUEEZE_PAGE: an empty page is freed; the bucket, only read, keeps its LSN', () => {
    const redone = squeeze(
      { is_prim_bucket_same_wrt: true },
      { id: 1, block: 1 },
      freed,
      { id: 3, block: 5 },
      bit,
    )
    const world = redo(
      { 1: bucket([7]), 3: fullBitmap(), 5: overflow([2], { next: 9 }), 9: overflow([]) },
      redone,
    )
    expect([world.lsnOf(1), world.page(1).dirty]).toEqual([0x1000n, false])
    expect(readHashOpaque(world.page(5)).hasho_nextblkno).toBe(11)
  })

  test('SQUEEZE_PAGE: nothing to write, and not the page before it: block 1 is not asked for', () => {
    const redone = squeeze({}, { id: 0, block: 1 }, freed, { id: 3, block: 5 }, bit)
    const world = redo(
      { 1: bucket([7]), 3: fullBitmap(), 5: overflow([2], { next: 9 }), 9: overflow([]) },
      redone,
    )
    expect(outcomes(world)).toEqual(['1 needsRedo', '9 needsRedo', '5 needsRedo', '3 needsRedo'])
  })
})

describe('a bucket is split', () => {
  const allocate = (flags: number, data: Uint8Array, oldBucket: BlockSpec = { block: 1 }): WalRecord =>
    record(
      OP.SPLIT_ALLOCATE_PAGE,
      concat(
        le32(2),
        le16s(LH.BUCKET_PAGE | LH.BUCKET_BEING_SPLIT, LH.BUCKET_PAGE | LH.BUCKET_BEING_POPULATED),
        Uint8Array.of(flags),
      ),
      oldBucket,
      { block: 6, willInit: true },
      { block: 0, data },
    )
  const flagged = { hasho_flag: LH.BUCKET_PAGE | LH.BUCKET_BEING_SPLIT, hasho_prevblkno: 2 }

  test('SPLIT_ALLOCATE_PAGE flags the old bucket, makes the new one, tells the meta page', () => {
    const redone = allocate(0, new Uint8Array(0))
    const world = redo({ 0: meta(), 1: bucket([1]) }, redone)
    expect(readHashOpaque(world.page(1))).toMatchObject(flagged)
    expect(readHashOpaque(world.page(6))).toEqual({
      hasho_prevblkno: 2,
      hasho_nextblkno: INVALID_BLOCK,
      hasho_bucket: 2,
      hasho_flag: LH.BUCKET_PAGE | LH.BUCKET_BEING_POPULATED,
      hasho_page_id: 0xff80,
    })
    expect(readMeta(world.page(0))).toMatchObject({
      hashm_maxbucket: 2,
      hashm_lowmask: 1,
      hashm_highmask: 3,
      hashm_ovflpoint: 1,
    })
    for (const block of [0, 1, 6]) expect(world.lsnOf(block)).toBe(redone.endLsn)
  })

  test('the old bucket is flagged even when its image has just been restored', () => {
    const redone = allocate(0, new Uint8Array(0), { block: 1, image: bucket([1, 2]).bytes })
    const world = redo({ 0: meta() }, redone)
    expect(outcomes(world)).toEqual(['1 restored', '6 needsRedo', '0 needsRedo'])
    expect(readHashOpaque(world.page(1))).toMatchObject(flagged)
    expect(values(world.page(1))).toEqual([1, 2])
  })

  test('… but not when it is done', () => {
    const redone = allocate(0, new Uint8Array(0))
    const world = testWorld()
    world.put(0, meta())
    world.put(1, bucket([1]), { lsn: redone.endLsn })
    world.redo(hash, redone)
    expect(readHashOpaque(world.page(1)).hasho_flag).toBe(LH.BUCKET_PAGE)
  })

  test.each([
    [1, concat(le32(3), le32(7)), { hashm_lowmask: 3, hashm_highmask: 7, hashm_ovflpoint: 1 }, 0],
    [2, concat(le32(2), le32(9)), { hashm_lowmask: 1, hashm_highmask: 3, hashm_ovflpoint: 2 }, 9],
    [
      3,
      concat(le32(3), le32(7), le32(2), le32(9)),
      { hashm_lowmask: 3, hashm_highmask: 7, hashm_ovflpoint: 2 },
      9,
    ],
  ])('meta page, flags %i', (flags, data, expected, pages) => {
    const world = redo({ 0: meta(), 1: bucket([1]) }, allocate(flags, data))
    expect(readMeta(world.page(0))).toMatchObject(expected)
    expect(spares(world.page(0), 2)).toBe(pages)
  })

  test('masks that are announced but missing are nonsense', () => {
    expect(() => redo({ 0: meta(), 1: bucket([1]) }, allocate(3, concat(le32(3), le32(7))))).toThrow(
      'expected 12 bytes of data for block 2, found 8',
    )
  })

  test('SPLIT_PAGE is an image, or it is nonsense', () => {
    const world = redo(
      {},
      record(OP.SPLIT_PAGE, new Uint8Array(0), { block: 6, image: bucket([4, 5]).bytes }),
    )
    expect(values(world.page(6))).toEqual([4, 5])
    const without = record(OP.SPLIT_PAGE, new Uint8Array(0), { block: 6 })
    expect(() => redo({ 6: bucket([]) }, without)).toThrow(
      'Hash split record did not contain a full-page image',
    )
  })

  test('SPLIT_COMPLETE sets both flags, also on a restored page, not on a done one', () => {
    const main = le16s(LH.BUCKET_PAGE | LH.BUCKET_NEEDS_SPLIT_CLEANUP, LH.BUCKET_PAGE)
    const populated = bucket([2], { flag: LH.BUCKET_PAGE | LH.BUCKET_BEING_POPULATED })
    const redone = record(OP.SPLIT_COMPLETE, main, { block: 1 }, { block: 6, image: populated.bytes })
    const world = redo({ 1: bucket([1]) }, redone)
    const flags = (at: TestWorld): number[] =>
      [1, 6].map((block) => readHashOpaque(at.page(block)).hasho_flag)
    expect(outcomes(world)).toEqual(['1 needsRedo', '6 restored'])
    expect(flags(world)).toEqual([LH.BUCKET_PAGE | LH.BUCKET_NEEDS_SPLIT_CLEANUP, LH.BUCKET_PAGE])
    setHashoFlag(populated, LH.BUCKET_PAGE | LH.BUCKET_BEING_SPLIT)
    world.put(1, populated, { lsn: redone.endLsn })
    world.redo(hash, redone)
    expect(flags(world)[0]).toBe(LH.BUCKET_PAGE | LH.BUCKET_BEING_SPLIT)
  })
})

test('operations have the names pg_waldump prints; others are refused', () => {
  expect(Array.from({ length: 13 }, (_, i) => hash.identify(i * 16))).toEqual(
    `INIT_META_PAGE INIT_BITMAP_PAGE INSERT ADD_OVFL_PAGE SPLIT_ALLOCATE_PAGE SPLIT_PAGE SPLIT_COMPLETE
     MOVE_PAGE_CONTENTS SQUEEZE_PAGE DELETE SPLIT_CLEANUP UPDATE_META_PAGE VACUUM_ONE_PAGE`.split(/\s+/),
  )
  expect(hash.identify(0xd0)).toBeUndefined()
  expect(() => redo({}, record(0xd0, le16(1)))).toThrow('hash_redo: unknown op code 208')
})

test('a page of another kind is not taken for one of a hash index', () => {
  const page = bucket([1])
  page.view.setUint16(16, 8184, true)
  const redone = record(OP.SPLIT_CLEANUP, new Uint8Array(0), { block: 1 })
  expect(() => redo({ 1: page }, redone)).toThrow('not a page of a hash index')
})
