// What is replayed by whoever reads the log, what is not, and what becomes of it then.

import { expect, test } from 'vitest'
import { BufferPool } from '../buffers/bufferPool.js'
import { FORK } from '../format/relationPath.js'
import { heap } from '../redo/heap.js'
import { heapPage, insert, remove, rowsOf } from '../redo/testing/heapPages.js'
import { testWorld, type TestWorld } from '../redo/testing/context.js'
import { le32, TEST_RELATION, walRecord, type BlockSpec } from '../redo/testing/records.js'
import { concat } from '../redo/testing/records.js'
import type { WalRecord } from '../wal/record.js'
import { forShare, Share, type ShareNote } from './share.js'

const OTHER = 16999

/** The test relation and 16385 are replayed here; on disk are two pages of the first, and no visibility map. */
function sharing(capacity = 200, memory?: () => never): TestWorld & { share: Share; notes: ShareNote[] } {
  const world = testWorld({ checksums: false })
  for (const block of [0, 1]) world.put(block, heapPage([{ text: 'old' }], block))
  world.put(0, heapPage([{ text: 'old' }]), { relNumber: 16385 })
  world.put(0, heapPage([{ text: 'first' }]), { fork: FORK.INIT })
  for (const file of [world.fork(), world.fork(FORK.INIT), world.fork(0, 16385)])
    for (const page of file.heldFrom(0)) page.dirty = true
  world.pool.flushAll()
  const pieces = Array.from({ length: 4 }, (_, number) => ({
    memory: new SharedArrayBuffer(64 * 8192),
    number,
  }))
  const left = [...pieces]
  const disk = forShare(world.disk)
  const pool = new BufferPool(disk, { checksums: false, capacity, memory: memory ?? (() => left.shift()) })
  const notes: ShareNote[] = []
  const ours = [{ ...TEST_RELATION }, { ...TEST_RELATION, relNumber: 16385 }]
  const share = new Share({ ...world.context, disk, pool }, pieces, ours, (note) => notes.push(note))
  return { ...world, pool, share, notes }
}

/** What was sent back: relation, fork, blocks in the fork, and which of them are newer. */
const returned = (notes: readonly ShareNote[]): unknown[] =>
  notes.map((note) =>
    note.kind === 'failed'
      ? note.error.message
      : [
          note.forks.map(({ locator, fork, nblocks, blocks }) => [locator.relNumber, fork, nblocks, blocks]),
          note.last,
        ],
  )

const at = (block: number, lsn = 0x3000000n): { block: Partial<BlockSpec>; lsn: bigint } => ({
  block: { block },
  lsn,
})
const second = { block: { relNumber: 16385 } }
const simple = (rmid: number, info: number, ...blocks: BlockSpec[]): WalRecord =>
  walRecord({ rmid, info, xid: 700, main: new Uint8Array(20), blocks })
/** A commit that drops a relation: xact_time, xinfo, then how many and which. */
const dropping = (info: number): WalRecord => {
  const main = concat(new Uint8Array(8), le32(1 << 2), le32(1), le32(1663), le32(5), le32(OTHER))
  return walRecord({ rmid: 1, info: info | 0x80, xid: 700, main })
}

test('rows of its relations are redone, and their pages go back at the end', () => {
  const { share, notes, pool } = sharing()
  expect(share.replay(insert(2, 'new', at(1)))).toBe(true)
  expect(share.replay(insert(2, 'two', second))).toBe(true)
  expect(
    share.replay(insert(1, 'third', { ...at(2), info: 0x80, block: { block: 2, willInit: true } })),
  ).toBe(true)
  expect(share.newestXid).toBe(700)
  expect(pool.dirtyPages().map((page) => rowsOf(page))).toEqual([
    ['1 old', '2 new'],
    ['1 third'],
    ['1 old', '2 two'],
  ])
  expect([share.isEmpty, notes]).toEqual([false, []])
  share.sendAllBack()
  expect(returned(notes)).toEqual([[[[16384, 0, 3, [1, 2]], [16385, 0, 1, [0]]], true]]) // prettier-ignore
  expect(share.isEmpty).toBe(true)
  expect(share.replay(insert(3, 'later', at(1)))).toBe(false)
})

test.each([
  ['another relation', insert(2, 'new', { block: { relNumber: OTHER } })],
  ['a commit', walRecord({ rmid: 1, info: 0, xid: 700, main: new Uint8Array(8) })],
  [
    'a commit with more to say',
    walRecord({ rmid: 1, info: 0x80, xid: 700, main: concat(new Uint8Array(8), le32(0)) }),
  ],
  ['what running transactions hold', walRecord({ rmid: 8, info: 0x10, main: new Uint8Array(24) })],
  ['a btree’s page', simple(11, 0, { block: 0, relNumber: OTHER })],
])('not ours, and no reason to send anything back: %s', (_, record) => {
  const { share, notes } = sharing()
  expect([share.replay(record), notes]).toEqual([false, []])
})

test.each([
  ['another resource manager’s record', simple(11, 0, { block: 0 }), [16384]],
  ['a record of other relations, too', insert(2, 'new', { more: [{ block: 0, relNumber: OTHER }] }), [16384]],
  [
    'a record of other relations first',
    insert(2, 'new', { block: { relNumber: OTHER }, more: [{ block: 0 }] }),
    [16384],
  ],
  ['a record of both', insert(2, 'new', { more: [{ block: 0, relNumber: 16385 }] }), [16384, 16385]],
  ['the fork that unlogged tables begin with', insert(2, 'new', { block: { fork: 3 } }), [16384]],
  ['another kind of XLOG record', simple(0, 0x70, { block: 0 }), [16384]],
  ['files that are made or cut', simple(2, 0x10), [16384, 16385]],
  ['a database', simple(4, 0x20), [16384, 16385]],
  ['a tablespace', simple(5, 0x10), [16384, 16385]],
  ['a relation map', simple(7, 0), [16384, 16385]],
  ['settings that redo goes by', simple(0, 0x60), [16384, 16385]],
  ['a commit that drops', dropping(0), [16384, 16385]],
  ['an abort that drops', dropping(0x20), [16384, 16385]],
])('sends back what it touches: %s', (_, record, which) => {
  const { share, notes } = sharing()
  share.replay(insert(2, 'new', at(0)))
  share.replay(insert(2, 'two', second))
  expect(share.replay(record)).toBe(false)
  const page = (relation: number): unknown => [relation, 0, relation === 16384 ? 2 : 1, [0]]
  expect(returned(notes)).toEqual([[which.map(page), which.length === 2]])
})

test('an image of a page is redone like a row', () => {
  const { share, pool, notes } = sharing()
  const image = heapPage([{ text: 'whole' }]).bytes
  expect(share.replay(simple(0, 0xb0, { block: 0, image }))).toBe(true)
  expect([pool.dirtyPages().map((page) => rowsOf(page)), notes]).toEqual([[['1 whole']], []])
})

test('what would change the disk goes back, before the record', () => {
  const { share, notes } = sharing()
  share.replay(insert(2, 'new', at(0)))
  expect(share.replay(insert(3, 'hidden', { flags: 1 })), 'there is no visibility map to clear').toBe(false)
  expect(returned(notes)).toEqual([[[[16384, 0, 2, [0]]], false]])
})

test('a block that is missing goes back: whoever replays all of the log remembers it', () => {
  const { share, notes, context } = sharing()
  expect(share.replay(insert(1, 'beyond', at(7)))).toBe(false)
  expect([returned(notes), context.missingBlocks.size]).toEqual([[[[[16384, 0, 2, []]], false]], 0])
})

test('where there is no room for a page, its relation goes; the others have less room, and may go, too', () => {
  const { share, notes } = sharing(64)
  share.replay(insert(2, 'two', second))
  const fresh = (block: number): boolean =>
    share.replay(insert(1, 'row', { info: 0x80, block: { block, willInit: true } }))
  let block = 2
  while (fresh(block)) block++
  expect(block).toBe(2 + 63)
  const blocks = Array.from({ length: 63 }, (_, i) => 2 + i)
  expect(returned(notes)).toEqual([[[[16384, 0, 66, blocks]], false], [[[16385, 0, 1, [0]]], true]]) // prettier-ignore
})

test('a page that contradicts its record is told of, with the words of redo', () => {
  const { share, notes, redo } = sharing()
  share.replay(insert(2, 'before', at(1)))
  expect(share.replay(remove(9, at(0)))).toBe(true)
  let words = ''
  try {
    redo(heap, remove(9, at(0)))
  } catch (error) {
    words = (error as Error).message
  }
  expect(words).toMatch(/invalid lp 9/)
  expect(returned(notes)).toEqual([expect.stringContaining(words)])
  expect(returned(notes)[0]).toMatch(/\(WAL redo at 0\/2000028 for Heap\/DELETE: base\/5\/16384 block 0\)$/)
  expect([share.isEmpty, share.replay(insert(2, 'later', at(0)))]).toEqual([true, false])
})

test('the newest transaction is told also where ids begin anew', () => {
  const { share, context } = sharing()
  context.counters.nextXid = 0xfffffff0n
  share.replay(insert(2, 'new', { ...at(0), xid: 0xfffffff5 }))
  expect(share.newestXid).toBe(0xfffffff5)
  share.replay(insert(2, 'two', { ...second, xid: 0xffffffff }))
  expect(share.newestXid).toBe(0xffffffff)
  const before = sharing().context.counters
  before.nextXid = 0xfffffff0n
  before.advancePastXid(share.newestXid)
  expect(before.nextXid).toBe(context.counters.nextXid)
})

test('what is no fault of the directory is not told: the relations are lost, and the log is left', () => {
  const { share, notes } = sharing(64, () => {
    throw new RangeError('Array buffer allocation failed')
  })
  expect(() => share.replay(insert(2, 'new', at(0)))).toThrow(RangeError)
  expect([share.isEmpty, notes]).toEqual([true, []])
})

test('it is given up where it is most of the log, and replay is never the slower one', () => {
  const late = (part: number, waited: (n: number) => boolean): boolean => {
    const { share } = sharing()
    for (let n = 0; n < 300; n++) share.windowDone(part, waited(n))
    return share.isEmpty
  }
  expect(late(0.9, () => false)).toBe(true)
  expect(late(0.5, () => false)).toBe(false)
  expect(late(0.9, (n) => n % 60 === 0)).toBe(false)
})
