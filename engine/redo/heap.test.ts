// Every record of resource manager Heap, on pages whose rows can be read at a glance.

import { describe, expect, test } from 'vitest'
import {
  xl_heap_header,
  XLH_DELETE,
  XLH_INSERT,
  XLHL,
  XLOG_HEAP,
  XLOG_HEAP_INIT_PAGE,
} from '../format/heapRecords.js'
import { HEAP, HEAP2, infomaskNames, readHeapTuple, type HeapTuple } from '../format/heapTuple.js'
import {
  itemId,
  LP,
  lpOffset,
  PD,
  pdFlags,
  pdLower,
  pdUpper,
  pruneXid,
  setItemId,
  setPageLsn,
  setPdFlags,
  setPruneXid,
  type Page,
} from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { heap } from './heap.js'
import { testWorld, type TestWorld } from './testing/context.js'
import {
  columns,
  confirm,
  heapPage,
  inplace,
  insert,
  lock,
  remove,
  rowsOf,
  textOf,
  update,
  type TupleSpec,
} from './testing/heapPages.js'
import { imageOf, tryOutcome, type Trial } from './testing/outcomes.js'
import { ascii, concat, le16, packed, walRecord } from './testing/records.js'

const three: TupleSpec[] = [{ text: 'first' }, { text: 'second' }, { text: 'third' }]
const WORN = HEAP.XMAX_COMMITTED | HEAP.XMAX_IS_MULTI | HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_KEYSHR_LOCK

/** Redoes one record on block 0 of a fresh world. */
function redo(page: Page, record: WalRecord): TestWorld {
  const world = testWorld()
  world.put(0, page)
  world.redo(heap, record)
  return world
}
const tuple = (world: TestWorld, offnum: number, block = 0): HeapTuple => {
  const found = readHeapTuple(world.page(block), offnum)
  if (!found) throw new Error(`no tuple at ${offnum}`)
  return found
}
const marks = ({ t_infomask, t_infomask2 }: HeapTuple): string[] => infomaskNames(t_infomask, t_infomask2)

const every: Array<[string, (block: object) => WalRecord]> = [
  ['INSERT', (block) => insert(4, 'fourth', { block })],
  ['DELETE', (block) => remove(2, { block })],
  ['UPDATE', (block) => update(2, 4, columns('new'), { block })],
  ['HOT_UPDATE', (block) => update(2, 4, columns('new'), { block, info: XLOG_HEAP.HOT_UPDATE })],
  ['HEAP_CONFIRM', (block) => confirm(2, { block })],
  ['LOCK', (block) => lock(2, 700, XLHL.XMAX_LOCK_ONLY, { block })],
  ['INPLACE', (block) => inplace(2, 'SECOND', { block })],
]

describe.each(every)('%s and the four outcomes', (name, record) => {
  // Speculative, so that a confirmation has something to change too.
  const before = heapPage([three[0], { text: 'second', ctid: [77, 0xfffe] }, three[2]])
  const trial: Trial = { manager: heap, before, record }

  test('needsRedo: changed, dirty, stamped with the end of the record', () => {
    const { world, record, outcome, after } = tryOutcome(trial, 'needsRedo')
    expect(heap.identify(record.xl_info)).toBe(name)
    expect(outcome).toBe('needsRedo')
    expect(world.lsnOf(0)).toBe(record.endLsn)
    expect(world.page(0).dirty).toBe(true)
    expect(after?.subarray(8)).not.toEqual(before.bytes.subarray(8))
  })

  test('done: not a byte is changed', () => {
    const { world, record, outcome, after } = tryOutcome(trial, 'done')
    expect(outcome).toBe('done')
    setPageLsn(before, record.endHigh, record.endLow)
    expect(after).toEqual(before.bytes)
    expect(world.page(0).dirty).toBe(false)
  })

  test('restored: the image and nothing else, though the page looked newer', () => {
    const { world, record, outcome, after } = tryOutcome(trial, 'restored')
    expect(outcome).toBe('restored')
    expect(after?.subarray(8)).toEqual(imageOf(before).subarray(8))
    expect(world.lsnOf(0)).toBe(record.endLsn)
  })

  test('notFound: remembered, and no page is made', () => {
    const { world, outcome } = tryOutcome(trial, 'notFound')
    expect(outcome).toBe('notFound')
    expect(world.fork().nblocks).toBe(0)
    expect([...world.context.missingBlocks.values()]).toMatchObject([
      { path: 'base/5/16384', block: 0, present: false },
    ])
  })
})

test('names, also of codes that nobody writes', () => {
  expect([0x80, 0xa0, 0xc0].map(heap.identify)).toEqual(['INSERT+INIT', 'UPDATE+INIT', 'HOT_UPDATE+INIT'])
  expect([0x90, 0xb0, 0xd0, 0xe0, 0xf0].map(heap.identify)).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect(heap.identify(0x30 | 0x02), 'the low half says something else').toBe('TRUNCATE')
})

test('TRUNCATE changes nothing', () => {
  const world = testWorld()
  world.redo(heap, walRecord({ rmid: 10, info: XLOG_HEAP.TRUNCATE, main: new Uint8Array(16) }))
  expect(world.context.touched).toEqual([])
})

describe('INSERT', () => {
  test('the header is made from the record: xmin, no xmax, command 0, a t_ctid that points to itself', () => {
    const world = redo(heapPage(three), insert(4, 'fourth', { xid: 0xfffffff1, infomask: 0x0822 }))
    expect(tuple(world, 4)).toMatchObject({
      t_xmin: 0xfffffff1,
      t_xmax: 0,
      t_cid: 0,
      t_ctid: { block: 0, offnum: 4 },
      t_infomask: 0x0802, // the combo command id bit is gone: there is no such command after a crash
      natts: 1,
      t_hoff: 24,
    })
    expect(rowsOf(world.page(0))).toEqual(['1 first', '2 second', '3 third', '4 fourth'])
  })

  test('the row goes right below the others, eight-byte aligned', () => {
    const world = redo(heapPage(three), insert(4, 'fourth'))
    expect(lpOffset(itemId(world.page(0), 4))).toBe(8192 - 4 * 32)
    expect([pdLower(world.page(0)), pdUpper(world.page(0))]).toEqual([40, 8064])
  })

  test('old bytes in the free space do not shine through', () => {
    const page = heapPage([])
    page.bytes.fill(0xff, 24)
    const { at, length } = tuple(redo(page, insert(1, 'row', { xid: 0x01020304 })), 1)
    const bytes = redo(page, insert(1, 'row', { xid: 0x01020304 }))
      .page(0)
      .bytes.subarray(at, at + length)
    expect(Buffer.from(bytes).toString('hex')).toBe(
      '04030201' + '0000000000000000' + '000000000100' + '0100' + '0208' + '18' + '00' + '726f77',
    )
  })

  test('an unused line pointer is taken again', () => {
    const page = heapPage(three)
    setItemId(page, 2, 0, LP.UNUSED, 0)
    expect(rowsOf(redo(page, insert(2, 'again')).page(0))).toEqual(['1 first', '2 again', '3 third'])
  })

  test('a high block number: t_ctid has its two halves', () => {
    const world = testWorld()
    const block = 0x12345
    world.put(block, heapPage([]))
    world.redo(heap, insert(1, 'far', { block: { block } }))
    expect(tuple(world, 1, block).t_ctid).toEqual({ block, offnum: 1 })
  })

  test('+INIT: whatever was on the page is gone, even a newer LSN', () => {
    const world = testWorld()
    const record = insert(1, 'only', { info: XLOG_HEAP_INIT_PAGE, block: { willInit: true } })
    world.put(0, heapPage(three), { lsn: record.endLsn + 100n })
    world.redo(heap, record)
    expect(rowsOf(world.page(0))).toEqual(['1 only'])
    expect([pdLower(world.page(0)), pdUpper(world.page(0)), pdFlags(world.page(0))]).toEqual([28, 8160, 0])
    expect(world.lsnOf(0)).toBe(record.endLsn)
  })

  test('+INIT past the end of the file: the pages between are zeroes', () => {
    const world = testWorld()
    world.redo(heap, insert(1, 'only', { info: XLOG_HEAP_INIT_PAGE, block: { willInit: true, block: 3 } }))
    expect(world.fork().nblocks).toBe(4)
    expect(rowsOf(world.page(3))).toEqual(['1 only'])
    expect(world.page(2).bytes.every((b) => b === 0)).toBe(true)
  })

  test('the page is not all visible any more', () => {
    const page = heapPage(three)
    setPdFlags(page, PD.ALL_VISIBLE | PD.HAS_FREE_LINES)
    expect(pdFlags(redo(page, insert(4, 'x')).page(0)), 'only when the record says so').toBe(5)
    expect(pdFlags(redo(page, insert(4, 'x', { flags: XLH_INSERT.ALL_VISIBLE_CLEARED })).page(0))).toBe(1)
  })

  test.each([
    [
      'a line pointer that is taken',
      insert(2, 'x'),
      /base\/5\/16384: block 0 .* at 0\/2000028: failed to add tuple at lp 2/,
    ],
    ['a line pointer past the first free one', insert(5, 'x'), /invalid max offset number before lp 5/],
    ['more than fits', insert(4, 'x'.repeat(8100)), /failed to add tuple at lp 4/],
    [
      'no header',
      insert(4, 'x', { block: { data: le16(1) } }),
      /expected 5 bytes of data for block 0, found 2/,
    ],
    [
      'no main data',
      walRecord({ rmid: 10, info: 0, main: le16(1), blocks: [{ block: 0 }] }),
      /expected 3 bytes of main data, found 2/,
    ],
    [
      'no block',
      walRecord({ rmid: 10, info: 0, main: new Uint8Array(3) }),
      /failed to locate backup block with ID 0/,
    ],
  ])('%s: CorruptData', (_, record, sentence) => {
    expect(() => redo(heapPage(three), record)).toThrow(sentence)
  })

  test('a page never takes more than 291 line pointers', () => {
    const page = heapPage([])
    for (let offnum = 1; offnum <= 291; offnum++) setItemId(page, offnum, 0, LP.DEAD, 0)
    page.view.setUint16(12, 24 + 291 * 4, true)
    expect(() => redo(page, insert(292, ''))).toThrow('failed to add tuple at lp 292')
  })
})

describe('DELETE', () => {
  test('xmax and its bits; the row itself stays', () => {
    const page = heapPage([{ text: 'row', cid: 9, ctid: [5, 6], infomask: 0xc122 | WORN, infomask2: 0x6001 }])
    const world = redo(page, remove(1, { xid: 707, xmax: 707, infobits: XLHL.KEYS_UPDATED }))
    expect(tuple(world, 1)).toMatchObject({
      t_xmin: 600,
      t_xmax: 707,
      t_cid: 0,
      t_ctid: { block: 0, offnum: 1 },
    })
    expect(marks(tuple(world, 1))).toEqual(['HEAP_HASVARWIDTH', 'HEAP_XMIN_COMMITTED', 'HEAP_KEYS_UPDATED'])
    expect(textOf(tuple(world, 1))).toBe('row')
    expect(pruneXid(world.page(0))).toBe(707)
  })

  test.each([
    [XLHL.XMAX_IS_MULTI, ['HEAP_XMAX_IS_MULTI']],
    [XLHL.XMAX_LOCK_ONLY, ['HEAP_XMAX_LOCK_ONLY']],
    [XLHL.XMAX_EXCL_LOCK, ['HEAP_XMAX_EXCL_LOCK']],
    [XLHL.XMAX_KEYSHR_LOCK, ['HEAP_XMAX_KEYSHR_LOCK']],
    [XLHL.XMAX_EXCL_LOCK | XLHL.XMAX_KEYSHR_LOCK, ['HEAP_XMAX_SHR_LOCK']],
    [XLHL.KEYS_UPDATED, ['HEAP_KEYS_UPDATED']],
  ])('infobits %i', (infobits, names) => {
    const world = redo(heapPage([{ text: 'row', infomask: 0 }]), remove(1, { infobits }))
    expect(marks(tuple(world, 1))).toEqual(names)
  })

  test('an older transaction that waits for pruning stays noted', () => {
    const page = heapPage(three)
    setPruneXid(page, 650)
    expect(pruneXid(redo(page, remove(1)).page(0))).toBe(650)
  })

  test('super: a speculative row that never was; xmin goes, xmax stays', () => {
    const page = heapPage([{ text: 'row', xmin: 700, xmax: 3, ctid: [9, 0xfffe] }])
    const world = redo(page, remove(1, { flags: XLH_DELETE.IS_SUPER, xmax: 700 }))
    expect(tuple(world, 1)).toMatchObject({ t_xmin: 0, t_xmax: 3, t_ctid: { block: 0, offnum: 1 } })
  })

  test('moved to another partition: t_ctid says so', () => {
    const world = redo(heapPage(three), remove(2, { flags: XLH_DELETE.IS_PARTITION_MOVE }))
    expect(tuple(world, 2).t_ctid).toEqual({ block: 0xffffffff, offnum: 0xfffd })
  })

  test.each([
    ['a dead line pointer', 3, LP.DEAD, 'invalid lp 3'],
    ['an unused one', 3, LP.UNUSED, 'invalid lp 3'],
    ['one past the end', 4, LP.NORMAL, 'invalid lp 4'],
    ['none', 0, LP.NORMAL, 'invalid lp 0'],
  ])('%s: CorruptData', (_, offnum, flags, sentence) => {
    const page = heapPage(three)
    if (flags !== LP.NORMAL) setItemId(page, 3, 0, flags, 0)
    expect(() => redo(page, remove(offnum))).toThrow(sentence)
  })

  test('a line pointer that leads out of the page, or to less than a header: CorruptData', () => {
    const page = heapPage(three)
    setItemId(page, 3, 8180, LP.NORMAL, 30)
    expect(() => redo(page, remove(3))).toThrow('lp 3 leads out of the page')
    setItemId(page, 3, 8000, LP.NORMAL, 22)
    expect(() => redo(page, remove(3))).toThrow('lp 3 leads out of the page')
  })
})

describe('UPDATE', () => {
  const HOT = { info: XLOG_HEAP.HOT_UPDATE }

  test('on the same page: the old row points to the new one', () => {
    const page = heapPage([{ text: 'old', cid: 4, infomask: 0x0122 | WORN, infomask2: 0x6001 }])
    const world = redo(page, update(1, 2, columns('new'), { xid: 705, newXmax: 44 }))
    expect(tuple(world, 1)).toMatchObject({ t_xmax: 705, t_cid: 0, t_ctid: { block: 0, offnum: 2 } })
    expect(marks(tuple(world, 1))).toEqual(['HEAP_HASVARWIDTH', 'HEAP_XMIN_COMMITTED'])
    expect(tuple(world, 2)).toMatchObject({
      t_xmin: 705,
      t_xmax: 44,
      t_cid: 0,
      t_ctid: { block: 0, offnum: 2 },
    })
    expect(rowsOf(world.page(0))).toEqual(['1 old', '2 new'])
    expect(pruneXid(world.page(0))).toBe(705)
  })

  test('HOT: the old row is marked; a plain update takes the mark away', () => {
    const hot = redo(heapPage(three), update(1, 4, columns('new'), HOT))
    expect(tuple(hot, 1).t_infomask2 & HEAP2.HOT_UPDATED).not.toBe(0)
    const plain = redo(heapPage([{ text: 'a', infomask2: 0x4001 }]), update(1, 2, columns('new')))
    expect(tuple(plain, 1).t_infomask2 & HEAP2.HOT_UPDATED).toBe(0)
  })

  test.each([
    ['start', { prefix: 6 }, 'C', 'the saC'],
    ['end', { suffix: 4 }, 'new', 'new end'],
    ['start and end', { prefix: 4, suffix: 4 }, '-', 'the - end'],
    ['start and end, with nothing between', { prefix: 7, suffix: 9 }, '', 'the samt the end'],
  ])('the same %s is copied from the old row', (_, lengths, changed, expected) => {
    const page = heapPage([{ text: 'x' }, { text: 'the same at the end' }])
    const world = redo(page, update(2, 3, columns(changed), { ...HOT, ...lengths }))
    expect(textOf(tuple(world, 3))).toBe(expected)
    expect(textOf(tuple(world, 2))).toBe('the same at the end')
  })

  test('long ones, too', () => {
    const old = 'p'.repeat(500) + 'middle' + 's'.repeat(300)
    const world = redo(
      heapPage([{ text: old }]),
      update(1, 2, columns('MID'), { ...HOT, prefix: 500, suffix: 300 }),
    )
    expect(textOf(tuple(world, 2))).toBe('p'.repeat(500) + 'MID' + 's'.repeat(300))
    expect(tuple(world, 2).length).toBe(24 + old.length - 3)
  })

  test('a new row with a bitmap of nulls: it comes before the prefix, and the prefix begins after the old header', () => {
    const header = packed(xl_heap_header, { t_infomask2: 2, t_infomask: HEAP.HASNULL, t_hoff: 32 })
    const bitmapAndPadding = concat(Uint8Array.of(0b01), new Uint8Array(8))
    const data = concat(le16(4), header, bitmapAndPadding, ascii('!'))
    const record = update(1, 2, columns(''), { ...HOT, prefix: 4, block: { data } })
    const world = redo(heapPage([{ text: 'same here' }]), record)
    expect(tuple(world, 2)).toMatchObject({ t_hoff: 32, nulls: [false, true] })
    expect(textOf(tuple(world, 2))).toBe('same!')
  })

  test('to another page: each page by its own LSN', () => {
    const record = update(2, 1, columns('moved'), { block: { block: 7 }, more: [{ block: 3 }] })
    const outcomes = (oldLsn: bigint, newLsn: bigint): [string[], string[], string[]] => {
      const world = testWorld()
      world.put(3, heapPage(three, 3), { lsn: oldLsn })
      world.put(7, heapPage([], 7), { lsn: newLsn })
      world.redo(heap, record)
      const seen = world.context.touched.map(({ ref, outcome }) => `${ref.block} ${outcome}`)
      const { block, offnum } = tuple(world, 2, 3).t_ctid
      return [seen, [`${block},${offnum}`], rowsOf(world.page(7))]
    }
    const end = record.endLsn
    expect(outcomes(1n, 1n)).toEqual([['3 needsRedo', '7 needsRedo'], ['7,1'], ['1 moved']])
    expect(outcomes(end, 1n)).toEqual([['3 done', '7 needsRedo'], ['3,2'], ['1 moved']])
    expect(outcomes(1n, end)).toEqual([['3 needsRedo', '7 done'], ['7,1'], []])
  })

  test('to another page +INIT, when the old page is lost', () => {
    const world = testWorld()
    const record = update(2, 1, columns('moved'), {
      info: XLOG_HEAP.UPDATE | XLOG_HEAP_INIT_PAGE,
      block: { block: 1, willInit: true },
      more: [{ block: 9 }],
    })
    world.put(1, heapPage(three, 1), { lsn: record.endLsn + 8n })
    world.redo(heap, record)
    expect(world.context.touched.map(({ ref, outcome }) => `${ref.block} ${outcome}`)).toEqual([
      '9 notFound',
      '1 needsRedo',
    ])
    expect(rowsOf(world.page(1))).toEqual(['1 moved'])
    expect(tuple(world, 1, 1).t_ctid).toEqual({ block: 1, offnum: 1 })
  })

  test.each([
    [
      'a prefix that the old row does not have',
      update(1, 4, columns('x'), { ...HOT, prefix: 6 }),
      /old row has no 6/,
    ],
    [
      'a suffix longer than the old row',
      update(1, 4, columns('x'), { ...HOT, suffix: 30 }),
      /no 0 bytes before and 30/,
    ],
    [
      'a prefix from a row on another page',
      update(1, 4, columns('x'), { prefix: 1, block: { block: 1 }, more: [{ block: 0 }] }),
      /old row has no 1/,
    ],
    [
      'a header that begins after its columns',
      update(1, 4, new Uint8Array(0), { ...HOT, prefix: 1 }),
      /old row has no 1/,
    ],
    ['an old row that is not there', update(5, 4, columns('x'), HOT), /invalid lp 5/],
    ['a new row on a taken line pointer', update(1, 2, columns('x'), HOT), /failed to add tuple at lp 2/],
    [
      'lengths without bytes',
      update(1, 4, columns(''), { ...HOT, prefix: 1, block: { data: le16(3) } }),
      /expected 7 bytes of data/,
    ],
  ])('%s: CorruptData', (_, record, sentence) => {
    const world = testWorld()
    world.put(0, heapPage(three))
    world.put(1, heapPage(three, 1))
    expect(() => world.redo(heap, record)).toThrow(sentence)
  })
})

test('CONFIRM: a speculative row is a row', () => {
  const world = redo(heapPage([{ text: 'row', ctid: [4711, 0xfffe] }]), confirm(1))
  expect(tuple(world, 1).t_ctid).toEqual({ block: 0, offnum: 1 })
  expect(() => redo(heapPage(three), confirm(4))).toThrow('invalid lp 4')
})

describe('LOCK', () => {
  const hotAndGone: TupleSpec = { text: 'row', cid: 3, ctid: [0, 2], infomask: 0x0522, infomask2: 0x6001 }

  test('only locked: no way to another version, not HOT', () => {
    const world = redo(heapPage([hotAndGone]), lock(1, 808, XLHL.XMAX_LOCK_ONLY | XLHL.XMAX_EXCL_LOCK))
    expect(tuple(world, 1)).toMatchObject({ t_xmax: 808, t_cid: 0, t_ctid: { block: 0, offnum: 1 } })
    expect(marks(tuple(world, 1))).toEqual([
      'HEAP_HASVARWIDTH',
      'HEAP_XMAX_EXCL_LOCK',
      'HEAP_XMAX_LOCK_ONLY',
      'HEAP_XMIN_COMMITTED',
    ])
  })

  test('a multixact with an updater among its members: the way to the new version stays', () => {
    const world = redo(heapPage([hotAndGone]), lock(1, 12, XLHL.XMAX_IS_MULTI | XLHL.KEYS_UPDATED))
    expect(tuple(world, 1)).toMatchObject({ t_xmax: 12, t_ctid: { block: 0, offnum: 2 } })
    expect(marks(tuple(world, 1))).toContain('HEAP_HOT_UPDATED')
    expect(marks(tuple(world, 1))).toContain('HEAP_KEYS_UPDATED')
  })

  test('nothing to prune comes of it', () => {
    expect(pruneXid(redo(heapPage(three), lock(1, 808, XLHL.XMAX_LOCK_ONLY)).page(0))).toBe(0)
  })
})

describe('INPLACE', () => {
  test('the columns are overwritten, the header is not', () => {
    const world = redo(heapPage([{ text: 'catalog row', xmin: 5, xmax: 6 }]), inplace(1, 'CATALOG ROW'))
    expect(tuple(world, 1)).toMatchObject({ t_xmin: 5, t_xmax: 6, t_cid: 0 })
    expect(textOf(tuple(world, 1))).toBe('CATALOG ROW')
  })

  test('another length: CorruptData', () => {
    expect(() => redo(heapPage(three), inplace(1, 'fir'))).toThrow('wrong tuple length')
    expect(() => redo(heapPage(three), inplace(9, 'first'))).toThrow('invalid lp 9')
  })
})

test('a gate of one’s own decides instead of the page’s LSN', () => {
  const asked: Array<[bigint, bigint]> = []
  const world = testWorld({
    needsRedo: (pageLSN, recordEnd) => {
      asked.push([pageLSN, recordEnd])
      return true
    },
  })
  const record = insert(4, 'fourth')
  world.put(0, heapPage(three), { lsn: record.endLsn })
  world.redo(heap, record)
  expect(asked).toEqual([[record.endLsn, record.endLsn]])
  expect(rowsOf(world.page(0))).toHaveLength(4)
  expect(() => world.redo(heap, record), 'applied twice').toThrow('failed to add tuple at lp 4')
})
