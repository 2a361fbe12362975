// The visibility map: bits cleared on time, whatever the table page's LSN; bits set by VISIBLE and by nothing else.

import { describe, expect, test } from 'vitest'
import { XLH_DELETE, XLH_INSERT, XLH_LOCK, XLH_UPDATE, XLHL, XLOG_HEAP } from '../format/heapRecords.js'
import { initPage, isNewPage, pageOf, PD, pdFlags, setPdFlags, type Page } from '../format/page.js'
import { mapBlock, mapByte, mapShift, visibilityOf } from '../format/visibilityMap.js'
import type { WalRecord } from '../wal/record.js'
import { heap } from './heap.js'
import { heap2 } from './heap2.js'
import { testWorld, type TestWorld, type TestWorldOptions } from './testing/context.js'
import {
  columns,
  heapPage,
  insert,
  lock,
  lockUpdated,
  multiInsert,
  remove,
  update,
  visible,
  VM,
} from './testing/heapPages.js'
import type { BlockSpec } from './testing/records.js'

const MAP_LSN = 0x1000n
const three = [{ text: 'first' }, { text: 'second' }, { text: 'third' }]

/** A page of the map on which these table pages are all visible and all frozen. */
function mapPage(blocks: number[], bits = 3): Page {
  const page = pageOf()
  initPage(page, 0)
  for (const block of blocks) page.bytes[mapByte(block)] |= bits << mapShift(block)
  return page
}
/** A world with table pages 0 … 3, all visible in page and map. */
function allVisible(
  options: { heapLsn?: bigint; mapLsn?: bigint; world?: TestWorldOptions } = {},
): TestWorld {
  const world = testWorld(options.world)
  for (let block = 0; block < 4; block++) {
    const page = heapPage(three, block)
    setPdFlags(page, PD.ALL_VISIBLE)
    world.put(block, page, { lsn: options.heapLsn ?? 0x1000n })
  }
  world.put(0, mapPage([0, 1, 2, 3]), { fork: VM, lsn: options.mapLsn ?? MAP_LSN })
  return world
}
const bits = (world: TestWorld): number[] =>
  [0, 1, 2, 3].map((block) => visibilityOf(world.page(0, VM), block))
const managerOf = (record: WalRecord): typeof heap => (record.xl_rmid === heap.id ? heap : heap2)

const onBlock1: Array<[string, (more?: BlockSpec[]) => WalRecord, number]> = [
  [
    'INSERT',
    (more) => insert(4, 'x', { flags: XLH_INSERT.ALL_VISIBLE_CLEARED, block: { block: 1 }, more }),
    0,
  ],
  [
    'MULTI_INSERT',
    (more) => multiInsert(['x'], [4], { flags: XLH_INSERT.ALL_VISIBLE_CLEARED, block: { block: 1 }, more }),
    0,
  ],
  ['DELETE', (more) => remove(1, { flags: XLH_DELETE.ALL_VISIBLE_CLEARED, block: { block: 1 }, more }), 0],
  [
    'LOCK',
    (more) =>
      lock(1, 700, XLHL.XMAX_LOCK_ONLY, { flags: XLH_LOCK.ALL_FROZEN_CLEARED, block: { block: 1 }, more }),
    1,
  ],
  [
    'LOCK_UPDATED',
    (more) => lockUpdated(1, 700, 0, { flags: XLH_LOCK.ALL_FROZEN_CLEARED, block: { block: 1 }, more }),
    1,
  ],
]

describe.each(onBlock1)('%s up to 18.4: the record does not name the map', (_, record, left) => {
  test('its bits go, the map page is dirty, its LSN stays', () => {
    const world = allVisible()
    world.redo(managerOf(record()), record())
    expect(bits(world)).toEqual([3, left, 3, 3])
    expect(world.page(0, VM).dirty).toBe(true)
    expect(world.lsnOf(0, VM)).toBe(MAP_LSN)
  })

  test('also when the table page has the change already, and the map page looks newer', () => {
    const world = allVisible({ heapLsn: record().endLsn, mapLsn: record().endLsn + 8n })
    world.redo(managerOf(record()), record())
    expect(world.context.touched.map(({ outcome }) => outcome)).toEqual(['done'])
    expect(bits(world)).toEqual([3, left, 3, 3])
  })
})

describe.each(onBlock1)('%s from 18.5 on: the map is block 1 of the record', (_, record, left) => {
  const named = (fields: Partial<BlockSpec> = {}): WalRecord => record([{ block: 0, fork: VM, ...fields }])

  test('its bits go, and its LSN moves to the end of the record', () => {
    const world = allVisible({ heapLsn: named().endLsn })
    world.redo(managerOf(named()), named())
    expect(bits(world)).toEqual([3, left, 3, 3])
    expect(world.lsnOf(0, VM)).toBe(named().endLsn)
    expect(world.context.touched.map(({ outcome }) => outcome)).toEqual(['needsRedo', 'done'])
  })

  test('a newer map page is left alone', () => {
    const world = allVisible({ mapLsn: named().endLsn })
    world.redo(managerOf(named()), named())
    expect(bits(world)).toEqual([3, 3, 3, 3])
    expect(world.page(0, VM).dirty).toBe(false)
  })

  test('an image is the result', () => {
    const world = allVisible()
    world.redo(managerOf(named()), named({ image: mapPage([2], 1).bytes }))
    expect(bits(world)).toEqual([0, 0, 1, 0])
    expect(world.lsnOf(0, VM)).toBe(named({ image: mapPage([2], 1).bytes }).endLsn)
  })

  test('a lost map page is made anew and empty', () => {
    const world = testWorld()
    world.put(1, heapPage(three, 1))
    world.redo(managerOf(named()), named())
    expect(bits(world)).toEqual([0, 0, 0, 0])
    expect([...world.context.missingBlocks.values()]).toEqual([])
  })
})

describe('UPDATE', () => {
  const both = XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED | XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED
  const crossing = (flags: number, map: BlockSpec[] = []): WalRecord =>
    update(1, 4, columns('moved'), { flags, block: { block: 2 }, more: [{ block: 1 }, ...map] })
  const map = (id: number, fields: Partial<BlockSpec> = {}): BlockSpec => ({
    id,
    block: 0,
    fork: VM,
    ...fields,
  })

  test.each([
    [XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED, [3, 0, 3, 3], [0, 4]],
    [XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED, [3, 3, 0, 3], [4, 0]],
    [both, [3, 0, 0, 3], [0, 0]],
  ])('flags %i: bits and page flags of the old page, the new page, or both', (flags, expected, pages) => {
    const world = allVisible()
    world.redo(heap, crossing(flags))
    expect(bits(world)).toEqual(expected)
    expect([1, 2].map((block) => pdFlags(world.page(block)))).toEqual(pages)
    expect(world.lsnOf(0, VM)).toBe(MAP_LSN)
  })

  test.each([
    ['both on one page of the map, which is the new row’s block', both, 2, [3, 0, 0, 3]],
    ['only the old row’s', XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED, 3, [3, 0, 3, 3]],
    ['only the new row’s', XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED, 2, [3, 3, 0, 3]],
  ])('18.5: %s', (_, flags, id, expected) => {
    const world = allVisible()
    world.redo(heap, crossing(flags, [map(id)]))
    expect(bits(world)).toEqual(expected)
    expect(world.lsnOf(0, VM)).toBe(crossing(flags, [map(id)]).endLsn)
  })

  test('18.5: two pages of the map, each by its own LSN', () => {
    const far = 32672 + 2
    const namesake = 32672 + 1 // its bits lie on the far page of the map where block 1 has them on the near one
    const record = update(1, 4, columns('moved'), {
      flags: both,
      block: { block: far },
      more: [{ block: 1 }, map(2, { block: 1 }), map(3)],
    })
    const world = allVisible()
    world.put(far, heapPage(three), { lsn: record.endLsn })
    world.put(1, mapPage([far]), { fork: VM, lsn: record.endLsn })
    world.redo(heap, record)
    expect(bits(world)).toEqual([3, 0, 3, 3])
    expect(visibilityOf(world.page(1, VM), far)).toBe(3)
    world.put(1, mapPage([far, namesake]), { fork: VM })
    world.redo(heap, record)
    expect([far, namesake].map((block) => visibilityOf(world.page(1, VM), block))).toEqual([0, 3])
  })

  test('18.5, HOT: the one page is the old page too', () => {
    const world = allVisible()
    const record = update(1, 4, columns('x'), {
      info: XLOG_HEAP.HOT_UPDATE,
      flags: XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED,
      block: { block: 1 },
      more: [map(3)],
    })
    world.redo(heap, record)
    expect(bits(world)).toEqual([3, 0, 3, 3])
    expect(pdFlags(world.page(1))).toBe(0)
    expect(world.lsnOf(0, VM)).toBe(record.endLsn)
  })
})

describe('a map that is not as it should be', () => {
  test('no map: one page of zeroes, not worth writing', () => {
    const world = testWorld()
    world.put(0, heapPage(three))
    world.redo(heap, remove(1, { flags: XLH_DELETE.ALL_VISIBLE_CLEARED }))
    expect(world.fork(VM).nblocks).toBe(1)
    expect(world.page(0, VM).dirty).toBe(false)
    world.pool.flushAll()
    expect(world.disk.files().get('base/5/16384_vm')).toEqual(new Uint8Array(8192))
  })

  test('a damaged page reads as zeroes: all its bits are clear', () => {
    const world = testWorld()
    world.put(0, heapPage(three))
    world.disk.write('base/5/16384_vm', 0, mapPage([0, 1]).bytes) // without a checksum
    world.redo(heap, remove(1, { flags: XLH_DELETE.ALL_VISIBLE_CLEARED }))
    expect(bits(world)).toEqual([0, 0, 0, 0])
    expect(world.context.missingBlocks.size).toBe(0)
  })

  test('far out in a large table: the map grows to that page', () => {
    const world = testWorld()
    const block = 32672 * 2 + 5
    world.redo(heap, remove(1, { flags: XLH_DELETE.ALL_VISIBLE_CLEARED, block: { block } }))
    expect(world.fork(VM).nblocks).toBe(3)
    expect(mapBlock(block)).toBe(2)
  })
})

describe('VISIBLE', () => {
  const plain = (world: TestWorld): TestWorld => {
    world.put(1, heapPage(three, 1))
    return world
  }

  test('the bits in the map, the flag on the page; both pages stamped', () => {
    const world = plain(testWorld())
    world.put(0, mapPage([2], 1), { fork: VM })
    world.redo(heap2, visible(1, 3))
    expect(bits(world)).toEqual([0, 3, 1, 0])
    expect(pdFlags(world.page(1))).toBe(PD.ALL_VISIBLE)
    expect([world.lsnOf(1), world.lsnOf(0, VM)]).toEqual([visible(1, 3).endLsn, visible(1, 3).endLsn])
    expect(world.context.touched.map(({ ref, outcome }) => `${ref.fork} ${outcome}`)).toEqual([
      '0 needsRedo',
      '2 needsRedo',
    ])
  })

  test.each([
    ['neither checksums nor wal_log_hints', false, false, 0x1000n],
    ['checksums', true, false, visible(1, 1).endLsn],
    ['wal_log_hints', false, true, visible(1, 1).endLsn],
  ])('%s: the table page’s LSN', (_, checksums, wal_log_hints, lsn) => {
    const world = plain(testWorld({ checksums, wal_log_hints }))
    world.redo(heap2, visible(1, 1))
    expect(pdFlags(world.page(1))).toBe(PD.ALL_VISIBLE)
    expect(world.page(1).dirty).toBe(true)
    expect(world.lsnOf(1)).toBe(lsn)
    expect(world.lsnOf(0, VM)).toBe(visible(1, 1).endLsn)
  })

  test('a table page that is newer, or gone, does not keep the map from its bits', () => {
    const newer = testWorld()
    newer.put(1, heapPage(three, 1), { lsn: visible(1, 3).endLsn })
    newer.redo(heap2, visible(1, 3))
    expect(pdFlags(newer.page(1))).toBe(0)
    expect(bits(newer)).toEqual([0, 3, 0, 0])
    const gone = testWorld()
    gone.redo(heap2, visible(1, 3))
    expect(bits(gone)).toEqual([0, 3, 0, 0])
    expect(gone.context.missingBlocks.size).toBe(1)
  })

  test('a map page that is newer is left alone', () => {
    const world = plain(testWorld())
    world.put(0, mapPage([]), { fork: VM, lsn: visible(1, 3).endLsn })
    world.redo(heap2, visible(1, 3))
    expect(bits(world)).toEqual([0, 0, 0, 0])
    expect(pdFlags(world.page(1))).toBe(PD.ALL_VISIBLE)
  })

  test('images of both', () => {
    const image = heapPage([{ text: 'image' }], 1)
    const record = visible(1, 3, { map: { image: mapPage([0, 1]).bytes }, heap: { image: image.bytes } })
    const world = plain(testWorld())
    world.redo(heap2, record)
    expect(bits(world)).toEqual([3, 3, 0, 0])
    expect(world.page(1).bytes.subarray(8)).toEqual(image.bytes.subarray(8))
    expect(world.lsnOf(1)).toBe(record.endLsn)
  })

  test('bits that are set already: not a change, so no LSN', () => {
    const world = plain(testWorld())
    world.put(0, mapPage([1]), { fork: VM })
    world.redo(heap2, visible(1, 3))
    expect(world.lsnOf(0, VM)).toBe(MAP_LSN)
    expect(world.page(0, VM).dirty).toBe(false)
  })

  test('all visible where all frozen was known: the bits stay, the LSN moves', () => {
    const world = plain(testWorld())
    world.put(0, mapPage([1]), { fork: VM })
    world.redo(heap2, visible(1, 1))
    expect(bits(world)).toEqual([0, 3, 0, 0])
    expect(world.lsnOf(0, VM)).toBe(visible(1, 1).endLsn)
  })

  test('the flag of a catalog is no bit of the map', () => {
    const world = plain(testWorld())
    world.redo(heap2, visible(1, 1 | 4))
    expect(world.page(0, VM).bytes[24]).toBe(0b0100)
  })

  test('a page of the map that does not hold the table page: CorruptData', () => {
    const world = plain(testWorld())
    expect(() => world.redo(heap2, visible(1, 3, { map: { block: 1 } }))).toThrow(
      'wrong VM buffer passed to visibilitymap_set',
    )
  })
})

test('a map page that redo made is an initialised page once it holds a bit', () => {
  const world = testWorld()
  world.put(1, heapPage(three, 1))
  world.redo(heap2, visible(1, 1))
  expect(isNewPage(world.page(0, VM))).toBe(false)
  expect(world.page(0, VM).view.getUint16(18, true)).toBe(0x2004)
})
