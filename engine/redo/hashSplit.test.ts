// A bucket more.

import { describe, expect, test } from 'vitest'
import { INVALID_BLOCK, LH, readHashOpaque, setHashoFlag, spares } from '../format/hashPage.js'
import { XLOG_HASH } from '../format/hashRecords.js'
import type { WalRecord } from '../wal/record.js'
import { hash } from './hash.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { concat, le16s, le32, type BlockSpec } from './testing/records.js'
import { hashRecord, redoHash, outcomes, bucket, meta, readMeta, values } from './testing/hashRedo.js'

const OP = XLOG_HASH

describe('a bucket is split', () => {
  const allocate = (flags: number, data: Uint8Array, oldBucket: BlockSpec = { block: 1 }): WalRecord =>
    hashRecord(
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
    const world = redoHash({ 0: meta(), 1: bucket([1]) }, redone)
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
    const world = redoHash({ 0: meta() }, redone)
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
    const world = redoHash({ 0: meta(), 1: bucket([1]) }, allocate(flags, data))
    expect(readMeta(world.page(0))).toMatchObject(expected)
    expect(spares(world.page(0), 2)).toBe(pages)
  })

  test('masks that are announced but missing are nonsense', () => {
    expect(() => redoHash({ 0: meta(), 1: bucket([1]) }, allocate(3, concat(le32(3), le32(7))))).toThrow(
      'expected 12 bytes of data for block 2, found 8',
    )
  })

  test('SPLIT_PAGE is an image, or it is nonsense', () => {
    const world = redoHash(
      {},
      hashRecord(OP.SPLIT_PAGE, new Uint8Array(0), { block: 6, image: bucket([4, 5]).bytes }),
    )
    expect(values(world.page(6))).toEqual([4, 5])
    const without = hashRecord(OP.SPLIT_PAGE, new Uint8Array(0), { block: 6 })
    expect(() => redoHash({ 6: bucket([]) }, without)).toThrow(
      'Hash split record did not contain a full-page image',
    )
  })

  test('SPLIT_COMPLETE sets both flags, also on a restored page, not on a done one', () => {
    const main = le16s(LH.BUCKET_PAGE | LH.BUCKET_NEEDS_SPLIT_CLEANUP, LH.BUCKET_PAGE)
    const populated = bucket([2], { flag: LH.BUCKET_PAGE | LH.BUCKET_BEING_POPULATED })
    const redone = hashRecord(OP.SPLIT_COMPLETE, main, { block: 1 }, { block: 6, image: populated.bytes })
    const world = redoHash({ 1: bucket([1]) }, redone)
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
