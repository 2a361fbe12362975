// The gate: what is to be done with a block. Records come from the builder, pages from a pool over an empty disk.

import { describe, expect, test } from 'vitest'
import { initPage, isNewPage, pageLsn, pageOf, setPageLsn, type Page } from '../format/page.js'
import { forgetMissing, initBlockForRedo, readBlockForRedo, stamp } from './block.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { walRecord, type BlockSpec } from './testing/records.js'
import type { WalRecord } from '../wal/record.js'

const record = (block: Partial<BlockSpec> = {}, lsn = 0xffffffe0n): WalRecord =>
  walRecord({ rmid: 10, info: 0, lsn, blocks: [{ block: 0, ...block }] })
/** A page with one byte to tell it by. */
function page(mark = 1): Page {
  const made = pageOf()
  initPage(made, 8)
  made.bytes[8191] = mark
  return made
}
const withPage = (lsn: bigint): TestWorld => {
  const world = testWorld()
  world.put(0, page(), { lsn })
  return world
}

describe('the page’s LSN against the record’s end', () => {
  const { endLsn, lsn } = record() // ends at 1/18: its start and its end differ in both halves

  test.each([
    ['older by one', endLsn - 1n, 'needsRedo'],
    ['the record’s start', lsn, 'needsRedo'],
    ['the record’s end', endLsn, 'done'],
    ['newer by one', endLsn + 1n, 'done'],
    ['a smaller high half, a larger low half', 0xffffffffn, 'needsRedo'],
    ['a larger high half, a smaller low half', 0x200000000n, 'done'],
    ['both halves with their top bit set', 0xf0000000f0000000n, 'done'],
    ['none at all', 0n, 'needsRedo'],
  ] as const)('%s', (_, pageLSN, outcome) => {
    const world = withPage(pageLSN)
    expect(readBlockForRedo(world.context, record(), 0).outcome).toBe(outcome)
    expect(world.context.touched.map((touched) => touched.outcome)).toEqual([outcome])
    expect(world.page(0).dirty).toBe(false)
  })

  test('both sides of bit 31, in each half', () => {
    const high = record({}, 0x90000000_90000000n)
    const below = withPage(0x7fffffff_ffffffffn)
    const same = withPage(0x90000000_7fffffffn)
    expect(readBlockForRedo(below.context, high, 0).outcome).toBe('needsRedo')
    expect(readBlockForRedo(same.context, high, 0).outcome).toBe('needsRedo')
  })
})

test('stamp: the record’s end, and the page is dirty', () => {
  const world = withPage(1n)
  const block = readBlockForRedo(world.context, record(), 0)
  if (!block.page) throw new Error('the page is missing')
  stamp(world.context, record(), block.page)
  expect([world.lsnOf(0), world.page(0).dirty]).toEqual([record().endLsn, true])
})

describe('images', () => {
  test('put in place whatever the page’s LSN; the old page is not even read', () => {
    const world = testWorld()
    world.disk.write('base/5/16384', 0, new Uint8Array(8192).fill(0xaa)) // its checksum is wrong
    const image = record({ image: page(9).bytes })
    const block = readBlockForRedo(world.context, image, 0)
    expect(block.outcome).toBe('restored')
    expect([world.page(0).bytes[8191], world.lsnOf(0), world.page(0).dirty]).toEqual([9, image.endLsn, true])
    expect(world.pool.pagesRead).toBe(0)
  })

  test('past the end of the file: it grows', () => {
    const world = testWorld()
    readBlockForRedo(world.context, record({ block: 3, image: page(9).bytes }), 0)
    expect([world.fork().nblocks, world.page(3).bytes[8191]]).toEqual([4, 9])
  })

  test('of a page of zeroes: no LSN, which would make it look used', () => {
    const world = withPage(1n)
    const block = readBlockForRedo(world.context, record({ image: new Uint8Array(8192) }), 0)
    expect([block.outcome, isNewPage(world.page(0)), pageLsn(world.page(0))]).toEqual(['restored', true, 0n])
  })

  test('that are there to be compared only, are not put in place', () => {
    const world = withPage(1n)
    const compared = record({ image: page(9).bytes, imageForCheckOnly: true })
    expect(readBlockForRedo(world.context, compared, 0).outcome).toBe('needsRedo')
    expect(world.page(0).bytes[8191]).toBe(1)
  })

  test('that cannot be decompressed: PostgreSQL’s sentence', () => {
    const damaged = record({ image: page(9).bytes })
    const image = damaged.blocks[0].image
    if (!image) throw new Error('the image is missing')
    damaged.blocks[0].image = { ...image, bimg_info: image.bimg_info | 0x04 }
    expect(() => readBlockForRedo(testWorld().context, damaged, 0)).toThrow(
      'WAL record at 0/FFFFFFE0: could not decompress image at 0/FFFFFFE0, block 0',
    )
  })

  test('of an init fork are on disk at once', () => {
    const world = testWorld()
    readBlockForRedo(world.context, record({ fork: 3, image: page(9).bytes }), 0)
    expect(world.disk.size('base/5/16384_init')).toBe(8192)
  })
})

describe('no such page', () => {
  test('past the end, and all zeroes: remembered once, until somebody says that it does not matter', () => {
    const world = testWorld()
    world.fork().extendTo(1)
    for (const block of [0, 5, 5])
      expect(readBlockForRedo(world.context, record({ block }), 0).outcome).toBe('notFound')
    expect([...world.context.missingBlocks]).toMatchObject([
      ['base/5/16384 0', { spcOid: 1663, dbOid: 5, relNumber: 16384, fork: 0, block: 0, present: true }],
      ['base/5/16384 5', { block: 5, present: false }],
    ])
    expect(world.fork().nblocks).toBe(1)
    forgetMissing(world.context, ({ block }) => block >= 1)
    expect([...world.context.missingBlocks.keys()]).toEqual(['base/5/16384 0'])
  })

  test('a map is made as long as it must be', () => {
    const world = testWorld()
    const block = readBlockForRedo(world.context, record({ fork: 2, block: 2 }), 0, 'zeroOnError')
    expect([block.outcome, world.fork(2).nblocks, world.context.missingBlocks.size]).toEqual([
      'needsRedo',
      3,
      0,
    ])
  })
})

describe('pages made from nothing', () => {
  test('zeroes, whatever was there, and always to be redone', () => {
    const world = testWorld()
    world.put(0, page(), { lsn: record().endLsn + 100n })
    const made = initBlockForRedo(world.context, record({ willInit: true }), 0)
    expect(made.outcome).toBe('needsRedo')
    expect(made.page.bytes.every((byte) => byte === 0)).toBe(true)
  })

  test('record and routine must agree', () => {
    const { context } = withPage(1n)
    expect(() => readBlockForRedo(context, record({ willInit: true }), 0)).toThrow(
      'block with WILL_INIT flag in WAL record must be zeroed by redo routine',
    )
    expect(() => initBlockForRedo(context, record(), 0)).toThrow(
      'must be marked with WILL_INIT flag in the WAL record',
    )
    expect(() => readBlockForRedo(context, record(), 1)).toThrow(
      'failed to locate backup block with ID 1 in WAL record',
    )
  })
})

test('a gate of somebody’s own is asked in LSNs', () => {
  const asked: bigint[][] = []
  const world = testWorld({
    needsRedo: (...lsns) => {
      asked.push(lsns)
      return false
    },
  })
  const old = page()
  setPageLsn(old, 0, 5)
  world.put(0, old, { lsn: 5n })
  expect(readBlockForRedo(world.context, record(), 0).outcome).toBe('done')
  expect(asked).toEqual([[5n, record().endLsn, record().lsn]])
})
