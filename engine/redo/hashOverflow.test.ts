// Overflow pages: added, emptied, given back.

import { describe, expect, test } from 'vitest'
import {
  HASH_CONTENTS_AT,
  initHashBitmap,
  INVALID_BLOCK,
  INVALID_BUCKET,
  LH,
  readHashOpaque,
  spares,
} from '../format/hashPage.js'
import { XLOG_HASH, xl_hash_squeeze_page } from '../format/hashRecords.js'
import { maxOffset, pageOf, type Page } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { concat, le16, le16s, le32, packed, type BlockSpec } from './testing/records.js'
import {
  hashRecord,
  redoHash,
  outcomes,
  bucket,
  meta,
  overflow,
  readMeta,
  mapBlock,
  values,
  tuple,
} from './testing/hashRedo.js'

const OP = XLOG_HASH

describe('overflow pages', () => {
  const add = (found: number, ...blocks: BlockSpec[]): WalRecord =>
    hashRecord(
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
    const world = redoHash({ 0: meta(), 2: bucket([1]), 3: bitmap() }, redone)
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
    const world = redoHash(
      { 0: meta(), 2: bucket([1]), 3: bitmap() },
      add(0, { id: 2, block: 3, data: le32(0) }),
    )
    expect([spares(world.page(0), 1), readMeta(world.page(0)).hashm_nmaps]).toEqual([2, 0])
  })

  test('with a new bitmap page two are counted, and the bitmap is entered', () => {
    const world = redoHash({ 0: meta(), 2: bucket([1]) }, add(0, { id: 3, block: 8, willInit: true }))
    expect([
      spares(world.page(0), 1),
      readMeta(world.page(0)).hashm_nmaps,
      mapBlock(world.page(0), 0),
    ]).toEqual([3, 1, 8])
    expect(readHashOpaque(world.page(8)).hasho_flag).toBe(LH.BITMAP_PAGE)
  })

  test('a bit or a splitpoint that cannot be is nonsense', () => {
    const redone = add(1, { id: 2, block: 3, data: le32(8152 * 8) })
    expect(() => redoHash({ 0: meta(), 2: bucket([1]), 3: bitmap() }, redone)).toThrow(
      'a bitmap has no bit 65216',
    )
    const page = meta()
    page.view.setUint32(HASH_CONTENTS_AT + 36, 98, true)
    expect(() => redoHash({ 0: page, 2: bucket([1]) }, add(0))).toThrow('there is no splitpoint 98')
  })

  const moved = concat(le16s(1, 3), tuple(1), tuple(3))
  test.each([
    [0, [{ id: 0, block: 1 }], ['1 needsRedo', '5 needsRedo', '9 needsRedo']],
    [1, [], ['5 needsRedo', '9 needsRedo']],
  ])('MOVE_PAGE_CONTENTS, is_prim_bucket_same_wrt %i', (same, first, touched) => {
    const redone = hashRecord(
      OP.MOVE_PAGE_CONTENTS,
      concat(le16(2), Uint8Array.of(same)),
      ...first,
      { id: 1, block: 5, data: moved },
      { id: 2, block: 9, data: le16s(1, 2) },
    )
    const world = redoHash({ 1: bucket([]), 5: overflow([2]), 9: overflow([1, 3, 8]) }, redone)
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
    const redone = hashRecord(OP.MOVE_PAGE_CONTENTS, main, { id: 1, block: 5, data }, { id: 2, block: 9 })
    expect(() => redoHash({ 5: overflow([2]), 9: overflow([]) }, redone)).toThrow(sentence)
  })

  const squeeze = (over: Partial<xl_hash_squeeze_page>, ...blocks: BlockSpec[]): WalRecord => {
    const main = {
      prevblkno: 5,
      nextblkno: 11,
      ntups: 0,
      is_prim_bucket_same_wrt: false,
      is_prev_bucket_same_wrt: false,
    }
    return hashRecord(OP.SQUEEZE_PAGE, packed(xl_hash_squeeze_page, { ...main, ...over }), ...blocks)
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
    const world = redoHash(pages, redone)
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
    const world = redoHash(pages, redone)
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
    const world = redoHash(
      { 1: bucket([7]), 3: fullBitmap(), 5: overflow([2], { next: 9 }), 9: overflow([]) },
      redone,
    )
    expect([world.lsnOf(1), world.page(1).dirty]).toEqual([0x1000n, false])
    expect(readHashOpaque(world.page(5)).hasho_nextblkno).toBe(11)
  })

  test('SQUEEZE_PAGE: nothing to write, and not the page before it: block 1 is not asked for', () => {
    const redone = squeeze({}, { id: 0, block: 1 }, freed, { id: 3, block: 5 }, bit)
    const world = redoHash(
      { 1: bucket([7]), 3: fullBitmap(), 5: overflow([2], { next: 9 }), 9: overflow([]) },
      redone,
    )
    expect(outcomes(world)).toEqual(['1 needsRedo', '9 needsRedo', '5 needsRedo', '3 needsRedo'])
  })
})
