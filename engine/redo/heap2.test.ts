// Records of resource manager Heap2: several rows at once, pruning, freezing, locks on newer versions, mapping files.

import { describe, expect, test } from 'vitest'
import { xl_heap_rewrite_mapping, XLH_FREEZE, XLH_INSERT, XLHL, XLOG_HEAP2 } from '../format/heapRecords.js'
import { HEAP, HEAP2, infomaskNames, readHeapTuple } from '../format/heapTuple.js'
import {
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  PD,
  pdFlags,
  pdUpper,
  setPdFlags,
  type Page,
} from '../format/page.js'
import { setItemId, setPageLsn } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { heap2 } from './heap2.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { heapPage, lockUpdated, multiInsert, prune, rowsOf, type TupleSpec } from './testing/heapPages.js'
import { imageOf, tryOutcome, type Trial } from './testing/outcomes.js'
import { concat, le16s, packed, walRecord } from './testing/records.js'

const five: TupleSpec[] = ['one', 'two', 'three', 'four', 'five'].map((text) => ({ text }))

function redo(page: Page, record: WalRecord): TestWorld {
  const world = testWorld()
  world.put(0, page)
  world.redo(heap2, record)
  return world
}
/** Line pointers: "1 one", "2 dead", "3 -> 4", "5 unused". */
function lines(page: Page): string[] {
  return Array.from({ length: maxOffset(page) }, (_, i) => {
    const id = itemId(page, i + 1)
    if (lpFlags(id) === LP.REDIRECT) return `${i + 1} -> ${lpOffset(id)}`
    if (lpFlags(id) === LP.DEAD) return `${i + 1} dead${lpLength(id) || lpOffset(id) ? '?' : ''}`
    return rowsOf(page).find((row) => row.startsWith(`${i + 1} `)) ?? `${i + 1} unused`
  })
}

const every: Array<[string, (block: object) => WalRecord]> = [
  ['MULTI_INSERT', (block) => multiInsert(['six', 'seven'], [6, 7], { block })],
  ['PRUNE_ON_ACCESS', (block) => prune({ unused: [2], cleanupLock: true, block })],
  [
    'PRUNE_VACUUM_SCAN',
    (block) => prune({ dead: [2], cleanupLock: true, info: XLOG_HEAP2.PRUNE_VACUUM_SCAN, block }),
  ],
  ['PRUNE_VACUUM_CLEANUP', (block) => prune({ unused: [2], info: XLOG_HEAP2.PRUNE_VACUUM_CLEANUP, block })],
  ['LOCK_UPDATED', (block) => lockUpdated(2, 700, XLHL.XMAX_LOCK_ONLY, { block })],
]

describe.each(every)('%s and the four outcomes', (name, record) => {
  const before = heapPage(five)
  const trial: Trial = { manager: heap2, before, record }

  test('needsRedo: changed, dirty, stamped with the end of the record', () => {
    const { world, record, outcome, after } = tryOutcome(trial, 'needsRedo')
    expect(heap2.identify(record.xl_info)).toBe(name)
    expect(outcome).toBe('needsRedo')
    expect(world.lsnOf(0)).toBe(record.endLsn)
    expect(world.page(0).dirty).toBe(true)
    expect(after?.subarray(8)).not.toEqual(before.bytes.subarray(8))
  })

  test('done: not a byte is changed', () => {
    const { record, outcome, after } = tryOutcome(trial, 'done')
    expect(outcome).toBe('done')
    setPageLsn(before, record.endHigh, record.endLow)
    expect(after).toEqual(before.bytes)
  })

  test('restored: the image and nothing else', () => {
    const { world, record, outcome, after } = tryOutcome(trial, 'restored')
    expect(outcome).toBe('restored')
    expect(after?.subarray(8)).toEqual(imageOf(before).subarray(8))
    expect(world.lsnOf(0)).toBe(record.endLsn)
  })

  test('notFound: remembered, and no page is made', () => {
    const { world, outcome } = tryOutcome(trial, 'notFound')
    expect(outcome).toBe('notFound')
    expect(world.fork().nblocks).toBe(0)
    expect(world.context.missingBlocks.size).toBe(1)
  })
})

test('names', () => {
  expect([0x00, 0x40, 0x70, 0xd0].map(heap2.identify)).toEqual([
    'REWRITE',
    'VISIBLE',
    'NEW_CID',
    'MULTI_INSERT+INIT',
  ])
  expect([0x80, 0x90, 0xc0, 0xe0].map(heap2.identify)).toEqual([undefined, undefined, undefined, undefined])
})

test('NEW_CID changes nothing', () => {
  const world = testWorld()
  world.redo(heap2, walRecord({ rmid: 9, info: XLOG_HEAP2.NEW_CID, main: new Uint8Array(34) }))
  expect(world.context.touched).toEqual([])
})

describe('MULTI_INSERT', () => {
  test('rows at the listed line pointers; each begins on an even byte of the data', () => {
    const page = heapPage(five)
    setItemId(page, 2, 0, LP.UNUSED, 0)
    const world = redo(page, multiInsert(['even', 'odd', 'x'], [2, 6, 7], { xid: 733 }))
    expect(rowsOf(world.page(0))).toEqual(['1 one', '2 even', '3 three', '4 four', '5 five', '6 odd', '7 x'])
    expect(readHeapTuple(world.page(0), 6)).toMatchObject({
      t_xmin: 733,
      t_xmax: 0,
      t_cid: 0,
      t_ctid: { block: 0, offnum: 6 },
      t_infomask: 0x0802,
    })
  })

  test('+INIT: an empty page first, line pointers from 1', () => {
    const record = multiInsert(['a', 'bb', 'ccc'], undefined)
    const world = testWorld()
    world.put(0, heapPage(five), { lsn: record.endLsn + 8n })
    world.redo(heap2, record)
    expect(rowsOf(world.page(0))).toEqual(['1 a', '2 bb', '3 ccc'])
    expect(world.lsnOf(0)).toBe(record.endLsn)
  })

  test('all visible: set for frozen rows (COPY FREEZE), cleared when the map was', () => {
    expect(
      pdFlags(
        redo(heapPage([]), multiInsert(['a'], undefined, { flags: XLH_INSERT.ALL_FROZEN_SET })).page(0),
      ),
    ).toBe(PD.ALL_VISIBLE)
    const page = heapPage(five)
    setPdFlags(page, PD.ALL_VISIBLE)
    expect(pdFlags(redo(page, multiInsert(['a'], [6])).page(0))).toBe(PD.ALL_VISIBLE)
    expect(
      pdFlags(redo(page, multiInsert(['a'], [6], { flags: XLH_INSERT.ALL_VISIBLE_CLEARED })).page(0)),
    ).toBe(0)
  })

  test.each([
    ['more rows than data', multiInsert(['a', 'b'], undefined, { extra: 1 }), /total tuple length mismatch/],
    ['more data than rows', multiInsert(['a', 'b'], undefined, { extra: -1 }), /total tuple length mismatch/],
    [
      'fewer line pointers than rows',
      multiInsert(['a', 'b'], [6], {}),
      /expected 8 bytes of main data, found 6/,
    ],
    ['a line pointer that is taken', multiInsert(['a'], [5], {}), /failed to add tuple at lp 5/],
    ['a gap', multiInsert(['a'], [8], {}), /invalid max offset number before lp 8/],
  ])('%s: CorruptData', (_, record, sentence) => {
    expect(() => redo(heapPage(five), record)).toThrow(sentence)
  })
})

describe('pruning', () => {
  test('redirected, dead, unused; then the page is packed and its line pointers are cut', () => {
    const page = heapPage([...five, { text: 'six' }])
    const world = redo(
      page,
      prune({ redirected: [[1, 4]], dead: [2], unused: [3, 6], cleanupLock: true, horizon: 699 }),
    )
    expect(lines(world.page(0))).toEqual(['1 -> 4', '2 dead', '3 unused', '4 four', '5 five'])
    expect([lpOffset(itemId(world.page(0), 4)), lpOffset(itemId(world.page(0), 5))]).toEqual([8160, 8128])
    expect([pdUpper(world.page(0)), pdFlags(world.page(0))]).toEqual([8128, PD.HAS_FREE_LINES])
  })

  test('the second pass of VACUUM has no lock that lets it move tuples', () => {
    const page = heapPage(five)
    for (const offnum of [2, 4, 5]) setItemId(page, offnum, 0, LP.DEAD, 0)
    const world = redo(page, prune({ unused: [2, 4, 5], info: XLOG_HEAP2.PRUNE_VACUUM_CLEANUP }))
    expect(lines(world.page(0))).toEqual(['1 one', '2 unused', '3 three'])
    expect([lpOffset(itemId(world.page(0), 3)), pdUpper(world.page(0))]).toEqual([8096, 8032])
    expect(pdFlags(world.page(0))).toBe(PD.HAS_FREE_LINES)
  })

  test('freezing alone moves nothing and leaves the hint', () => {
    const page = heapPage([
      { text: 'a', cid: 5, xmax: 9 },
      { text: 'b', cid: 6, xmax: 9 },
      { text: 'c', xmax: 9 },
    ])
    setPdFlags(page, PD.HAS_FREE_LINES)
    const frozen = { t_infomask: HEAP.XMIN_FROZEN | HEAP.XMAX_INVALID, t_infomask2: 1 }
    const locked = { t_infomask: HEAP.XMAX_IS_MULTI, t_infomask2: HEAP2.KEYS_UPDATED | 1, xmax: 77 }
    const world = redo(
      page,
      prune({
        plans: [
          { ...frozen, offsets: [1, 3], frzflags: XLH_FREEZE.FREEZE_XVAC },
          { ...locked, offsets: [2] },
        ],
      }),
    )
    const [a, b, c] = [1, 2, 3].map((offnum) => readHeapTuple(world.page(0), offnum))
    expect(a).toMatchObject({ t_xmin: 600, t_xmax: 0, t_cid: 2, ...frozen })
    expect(b).toMatchObject({
      t_xmax: 77,
      t_cid: 6,
      t_infomask: HEAP.XMAX_IS_MULTI,
      t_infomask2: HEAP2.KEYS_UPDATED | 1,
    })
    expect(c).toMatchObject({ t_xmax: 0, t_cid: 2, ...frozen })
    expect([pdFlags(world.page(0)), pdUpper(world.page(0))]).toEqual([PD.HAS_FREE_LINES, pdUpper(page)])
    const invalid = redo(
      page,
      prune({ plans: [{ ...frozen, offsets: [1], frzflags: XLH_FREEZE.INVALID_XVAC }] }),
    )
    expect(readHeapTuple(invalid.page(0), 1)?.t_cid).toBe(0)
  })

  test('all lists in one record, in the order of the flags', () => {
    const world = redo(
      heapPage([...five, { text: 'six' }]),
      prune({
        plans: [{ t_infomask: HEAP.XMIN_FROZEN, t_infomask2: 1, offsets: [4, 5] }],
        redirected: [[1, 4]],
        dead: [2, 3],
        unused: [6],
        cleanupLock: true,
        horizon: 5,
      }),
    )
    expect(lines(world.page(0))).toEqual(['1 -> 4', '2 dead', '3 dead', '4 four', '5 five'])
    for (const offnum of [4, 5])
      expect(infomaskNames(readHeapTuple(world.page(0), offnum)?.t_infomask ?? 0, 0)).toEqual([
        'HEAP_XMIN_FROZEN',
      ])
  })

  const plan = { t_infomask: 0, t_infomask2: 1, offsets: [1] }
  test.each([
    ['a line pointer past the end', prune({ dead: [6], cleanupLock: true }), /it has no line pointer 6/],
    ['line pointer 0', prune({ unused: [0] }), /it has no line pointer 0/],
    [
      'a redirection to nowhere',
      prune({ redirected: [[1, 9]], cleanupLock: true }),
      /it has no line pointer 9/,
    ],
    ['a frozen row that is dead', prune({ plans: [plan], dead: [1], cleanupLock: true }), /invalid lp 1/],
    [
      'a list that goes on after the data',
      prune({ unused: [1], block: { data: le16s(3, 1) } }),
      /begins after the data/,
    ],
    ['no list at all', prune({ unused: [1], block: { data: new Uint8Array(0) } }), /begins after the data/],
    ['bytes left over', prune({ unused: [1], block: { data: le16s(1, 1, 1) } }), /do not fill the data/],
    [
      'plans that go on after the data',
      prune({ plans: [plan], block: { data: le16s(1, 0, 1, 1) } }),
      /freeze plan ends after the data/,
    ],
  ])('%s: CorruptData', (_, record, sentence) => {
    expect(() => redo(heapPage(five), record)).toThrow(sentence)
  })
})

test('LOCK_UPDATED: xmax and its bits, nothing else', () => {
  const page = heapPage([{ text: 'row', cid: 3, ctid: [0, 2], infomask: 0x0522, infomask2: 0x6001 }])
  const world = redo(page, lockUpdated(1, 808, XLHL.XMAX_LOCK_ONLY | XLHL.XMAX_KEYSHR_LOCK))
  const tuple = readHeapTuple(world.page(0), 1)
  expect(tuple).toMatchObject({ t_xmax: 808, t_cid: 3, t_ctid: { block: 0, offnum: 2 } })
  expect(infomaskNames(tuple?.t_infomask ?? 0, tuple?.t_infomask2 ?? 0)).toEqual([
    'HEAP_HASVARWIDTH',
    'HEAP_XMAX_KEYSHR_LOCK',
    'HEAP_COMBOCID',
    'HEAP_XMAX_LOCK_ONLY',
    'HEAP_XMIN_COMMITTED',
    'HEAP_HOT_UPDATED',
  ])
})

describe('REWRITE', () => {
  const path = 'pg_logical/mappings/map-5-4eb-1A_2B3C4D5E-2bc-2bd'
  const mapping = (offset: bigint, rows: number, fill: number): WalRecord =>
    walRecord({
      rmid: 9,
      info: XLOG_HEAP2.REWRITE,
      xid: 701,
      main: concat(
        packed(xl_heap_rewrite_mapping, {
          mapped_xid: 700,
          mapped_db: 5,
          mapped_rel: 1259,
          offset,
          num_mappings: rows,
          start_lsn: 0x1a2b3c4d5en,
        }),
        new Uint8Array(rows * 36).fill(fill),
      ),
    })

  test('the file is made, then written on from the offset; what came after it is gone', () => {
    const world = testWorld()
    const synced: string[] = []
    world.disk.sync = (name) => void synced.push(name)
    world.redo(heap2, mapping(0n, 3, 1))
    expect(world.disk.files().get(path)).toEqual(new Uint8Array(108).fill(1))
    world.redo(heap2, mapping(36n, 1, 2))
    expect(world.disk.files().get(path)).toEqual(
      concat(new Uint8Array(36).fill(1), new Uint8Array(36).fill(2)),
    )
    expect(synced).toEqual(['pg_logical/mappings', path, path])
  })

  test('bytes that are missing are zeroes, as ftruncate makes them', () => {
    const world = testWorld()
    world.redo(heap2, mapping(72n, 1, 3))
    expect(world.disk.files().get(path)).toEqual(concat(new Uint8Array(72), new Uint8Array(36).fill(3)))
  })

  test('nonsense: CorruptData', () => {
    const world = testWorld()
    expect(() => world.redo(heap2, mapping(-1n, 1, 3))).toThrow('it writes at byte -1 of a file')
    const short = walRecord({
      rmid: 9,
      info: XLOG_HEAP2.REWRITE,
      main: mapping(0n, 2, 3).main.subarray(0, 100),
    })
    expect(() => world.redo(heap2, short)).toThrow('expected 112 bytes of main data, found 100')
    expect(world.disk.files().size).toBe(0)
  })
})

test('a page that is all zeroes is as good as none, and remembered as such', () => {
  const world = testWorld()
  world.fork().extendTo(1)
  world.redo(heap2, prune({ unused: [1] }))
  expect(world.context.touched.map(({ outcome }) => outcome)).toEqual(['notFound'])
  expect([...world.context.missingBlocks.values()]).toMatchObject([{ block: 0, present: true }])
})
