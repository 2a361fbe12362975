import { expect, test } from 'vitest'
import { initPage, pageOf, setPdLower, type Page } from '../format/page.js'
import { generic } from './generic.js'
import { testWorld } from './testing/context.js'
import { ascii, concat, le16, le16s, walRecord, type BlockSpec } from './testing/records.js'

const piece = (offset: number, bytes: Uint8Array): Uint8Array => concat(le16s(offset, bytes.length), bytes)

function filledPage(byte: number): Page {
  const page = pageOf()
  initPage(page, 8)
  page.bytes.fill(byte, 24)
  setPdLower(page, 40)
  page.view.setUint16(14, 8000, true)
  return page
}

const record = (...blocks: BlockSpec[]): ReturnType<typeof walRecord> =>
  walRecord({ rmid: 20, info: 0, blocks })

test('pieces go to their places, and the hole between pd_lower and pd_upper becomes zeroes', () => {
  const world = testWorld()
  world.put(3, filledPage(7))
  // The second piece moves pd_lower to 32: the hole is what it is afterwards.
  const data = concat(piece(8190, ascii('ok')), piece(12, le16(32)), piece(24, ascii('x')))
  const redone = record({ block: 3, data })
  world.redo(generic, redone)
  const page = world.page(3)
  expect(Buffer.from(page.bytes.subarray(8188)).toString()).toBe('\x07\x07ok')
  expect([page.bytes[24], page.bytes[25], page.bytes[31]]).toEqual([120, 7, 7])
  expect(page.bytes.subarray(32, 8000).every((byte) => byte === 0)).toBe(true)
  expect(page.bytes[8000]).toBe(7)
  expect(world.lsnOf(3)).toBe(redone.endLsn)
})

test('each block by itself: one done, one restored, one gone, one changed', () => {
  const world = testWorld()
  const redone = record(
    { block: 1, data: piece(24, ascii('a')) },
    { block: 2, data: piece(24, ascii('b')), image: filledPage(9).bytes },
    { block: 7, data: piece(24, ascii('c')) },
    { block: 4, data: piece(24, ascii('d')) },
  )
  world.put(1, filledPage(7), { lsn: redone.endLsn })
  world.put(4, filledPage(7))
  world.redo(generic, redone)
  expect(world.context.touched.map((block) => block.outcome)).toEqual([
    'done',
    'restored',
    'notFound',
    'needsRedo',
  ])
  expect([1, 2, 4].map((block) => world.page(block).bytes[24])).toEqual([7, 9, 100])
})

test.each([
  [
    'a piece past the page',
    piece(8191, ascii('ok')),
    'a change of 2 bytes at 8191 does not fit into block 0',
  ],
  ['a piece past the data', le16s(24, 2), 'a change of 2 bytes at 24 does not fit into block 0'],
  ['half a piece header', le16(24), 'a change of 0 bytes at 0 does not fit into block 0'],
  [
    'a page without sense',
    piece(12, le16s(9000, 8500)),
    'corrupted page pointers: lower = 9000, upper = 8500',
  ],
])('%s is nonsense', (_, data, sentence) => {
  const world = testWorld()
  world.put(3, filledPage(7))
  expect(() => world.redo(generic, record({ block: 3, data }))).toThrow(sentence)
})

test('every operation is called Generic', () => {
  expect(generic.identify(0)).toBe('Generic')
})
