// New hash indexes; tuples that come and go.

import { describe, expect, test } from 'vitest'
import { HASH_CONTENTS_AT, INVALID_BLOCK, INVALID_BUCKET, LH, readHashOpaque } from '../format/hashPage.js'
import { XLOG_HASH, xl_hash_init_meta_page } from '../format/hashRecords.js'
import { pdLower } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { hash } from './hash.js'
import { testWorld } from './testing/context.js'
import { placesOf } from './testing/indexPages.js'
import { concat, le16, le16s, le32, packed } from './testing/records.js'
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

describe('a new index', () => {
  const main = packed(xl_hash_init_meta_page, { num_tuples: 1000, procid: 400, ffactor: 307 }).subarray(0, 14)

  test('INIT_META_PAGE makes the meta page', () => {
    const redone = hashRecord(OP.INIT_META_PAGE, main, { block: 0, willInit: true })
    const world = redoHash({}, redone)
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
    const redone = hashRecord(OP.INIT_BITMAP_PAGE, le16(4096), { block: 3, willInit: true }, { block: 0 })
    const world = redoHash({ 0: meta() }, redone)
    const map = world.page(3)
    expect([pdLower(map), map.bytes[24], map.bytes[4119], map.bytes[4120]]).toEqual([4120, 255, 255, 0])
    expect(readHashOpaque(map).hasho_flag).toBe(LH.BITMAP_PAGE)
    expect([readMeta(world.page(0)).hashm_nmaps, mapBlock(world.page(0), 0)]).toEqual([1, 3])
  })

  test('an init fork is on disk at once: it is copied from there when recovery ends', () => {
    const redone = hashRecord(OP.INIT_META_PAGE, main, { block: 0, fork: FORK.INIT, willInit: true })
    const world = redoHash({}, redone)
    const bytes = world.disk.read('base/5/16384_init', HASH_CONTENTS_AT, 4)
    expect(new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true)).toBe(0x6440640)
  })

  test('a bitmap larger than a page, or a fill factor of nothing, is nonsense', () => {
    const blocks = [{ block: 3, willInit: true }, { block: 0 }]
    expect(() => redoHash({}, hashRecord(OP.INIT_BITMAP_PAGE, le16(8160), ...blocks))).toThrow(
      'a bitmap of 8160 bytes',
    )
    const zero = packed(xl_hash_init_meta_page, { num_tuples: 0, procid: 400, ffactor: 0 })
    expect(() => redoHash({}, hashRecord(OP.INIT_META_PAGE, zero, { block: 0, willInit: true }))).toThrow(
      '0 to a bucket',
    )
  })
})

describe('tuples', () => {
  const insert = hashRecord(OP.INSERT, le16(2), { block: 1, data: tuple(2) }, { block: 0 })

  test('INSERT adds the tuple and counts it', () => {
    const world = redoHash({ 0: meta(2), 1: bucket([1, 3]) }, insert)
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
    expect(outcomes(redoHash({ 0: meta() }, insert))).toEqual(['1 notFound', '0 needsRedo'])
  })

  test('an offset past the items is nonsense', () => {
    expect(() => redoHash({ 0: meta(), 1: bucket([]) }, insert)).toThrow(
      'hash_xlog_insert: failed to add item',
    )
  })

  test.each([
    [0, LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES],
    [1, LH.BUCKET_PAGE],
  ])('DELETE, clear_dead_marking %i', (clear, flag) => {
    const redone = hashRecord(OP.DELETE, Uint8Array.of(clear, 1), { id: 1, block: 1, data: le16s(1, 2, 4) })
    const page = bucket([1, 2, 3, 4, 5], { flag: LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES })
    const world = redoHash({ 1: page }, redone)
    expect([values(world.page(1)), placesOf(world.page(1))]).toEqual([
      [3, 5],
      [8160, 8144],
    ])
    expect(readHashOpaque(world.page(1)).hasho_flag).toBe(flag)
    expect(outcomes(world)).toEqual(['1 needsRedo'])
  })

  test('DELETE on an overflow page leaves the bucket as it is', () => {
    const redone = hashRecord(OP.DELETE, Uint8Array.of(0, 0), { block: 1 }, { block: 9, data: le16(1) })
    const world = redoHash({ 1: bucket([1]), 9: overflow([6, 7]) }, redone)
    expect([values(world.page(1)), values(world.page(9))]).toEqual([[1], [7]])
    expect(world.lsnOf(1)).toBe(0x1000n)
  })

  test('VACUUM_ONE_PAGE deletes, clears the mark and counts off', () => {
    const main = concat(le32(690), le16s(2, 0), le16s(1, 3))
    const redone = hashRecord(OP.VACUUM_ONE_PAGE, main, { block: 1 }, { block: 0 })
    const page = bucket([1, 2, 3], { flag: LH.BUCKET_PAGE | LH.PAGE_HAS_DEAD_TUPLES })
    const world = redoHash({ 0: meta(10), 1: page }, redone)
    expect([values(world.page(1)), readMeta(world.page(0)).hashm_ntuples]).toEqual([[2], 8])
    expect(readHashOpaque(world.page(1)).hasho_flag).toBe(LH.BUCKET_PAGE)
    const short = hashRecord(OP.VACUUM_ONE_PAGE, main.subarray(0, 10), { block: 1 }, { block: 0 })
    expect(() => redoHash({ 0: meta(10), 1: page }, short)).toThrow(
      'expected 12 bytes of main data, found 10',
    )
  })

  test('UPDATE_META_PAGE sets the count, SPLIT_CLEANUP clears its flag', () => {
    const count = new Uint8Array(new Float64Array([12345]).buffer)
    const world = redoHash({ 0: meta(1) }, hashRecord(OP.UPDATE_META_PAGE, count, { block: 0 }))
    expect(readMeta(world.page(0)).hashm_ntuples).toBe(12345)
    const flag = LH.BUCKET_PAGE | LH.BUCKET_NEEDS_SPLIT_CLEANUP
    const cleaned = redoHash(
      { 1: bucket([1], { flag }) },
      hashRecord(OP.SPLIT_CLEANUP, new Uint8Array(0), { block: 1 }),
    )
    expect(readHashOpaque(cleaned.page(1)).hasho_flag).toBe(LH.BUCKET_PAGE)
  })
})

test('operations have the names pg_waldump prints; others are refused', () => {
  expect(Array.from({ length: 13 }, (_, i) => hash.identify(i * 16))).toEqual(
    `INIT_META_PAGE INIT_BITMAP_PAGE INSERT ADD_OVFL_PAGE SPLIT_ALLOCATE_PAGE SPLIT_PAGE SPLIT_COMPLETE
     MOVE_PAGE_CONTENTS SQUEEZE_PAGE DELETE SPLIT_CLEANUP UPDATE_META_PAGE VACUUM_ONE_PAGE`.split(/\s+/),
  )
  expect(hash.identify(0xd0)).toBeUndefined()
  expect(() => redoHash({}, hashRecord(0xd0, le16(1)))).toThrow('hash_redo: unknown op code 208')
})

test('a page of another kind is not taken for one of a hash index', () => {
  const page = bucket([1])
  page.view.setUint16(16, 8184, true)
  const redone = hashRecord(OP.SPLIT_CLEANUP, new Uint8Array(0), { block: 1 })
  expect(() => redoHash({ 1: page }, redone)).toThrow('not a page of a hash index')
})
