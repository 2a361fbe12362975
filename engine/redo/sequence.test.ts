import { expect, test } from 'vitest'
import { itemBytes, maxOffset, pdSpecial } from '../format/page.js'
import { sequence_magic, xl_seq_rec } from '../format/sequencePage.js'
import { sequence } from './sequence.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { ascii, concat, le32, walRecord } from './testing/records.js'

const main = (row: Uint8Array): Uint8Array => concat(le32(1663), le32(5), le32(16384), row)

function redo(world: TestWorld, row: Uint8Array, lsn = 0x2000028n, info = 0x00): void {
  const blocks = [{ block: 0, willInit: true, relNumber: 16384 }]
  world.redo(sequence, walRecord({ rmid: 15, info, main: main(row), blocks, lsn }))
}

test('the page is the logged row and a magic number, each time anew', () => {
  const world = testWorld()
  redo(world, ascii('a row of forty-one bytes or so, at first.'))
  redo(world, ascii('another one'), 0x3000028n)
  const page = world.page(0)
  expect(maxOffset(page)).toBe(1)
  expect(Buffer.from(itemBytes(page, 1)).toString()).toBe('another one')
  expect([pdSpecial(page), page.view.getUint32(8184, true)]).toEqual([8184, 0x1717])
  expect(page.bytes.subarray(28, 8168).every((byte) => byte === 0)).toBe(true)
  expect(world.lsnOf(0)).toBeGreaterThan(0x3000028n)
})

test('it does not ask how old the page is: the row always goes in', () => {
  const world = testWorld()
  redo(world, ascii('newer'), 0x3000028n)
  redo(world, ascii('older'))
  expect(Buffer.from(itemBytes(world.page(0), 1)).toString()).toBe('older')
})

test('nonsense', () => {
  expect(() => redo(testWorld(), new Uint8Array(0))).toThrow('expected 13 bytes of main data, found 12')
  expect(() => redo(testWorld(), new Uint8Array(8200))).toThrow('seq_redo: failed to add item to page')
  expect(() => redo(testWorld(), ascii('row'), 1n, 0x10)).toThrow('seq_redo: unknown op code 16')
})

test('layouts as in C, names as pg_waldump prints them', () => {
  expect([sequence_magic.size, xl_seq_rec.size]).toEqual([4, 12])
  expect([sequence.identify(0), sequence.identify(0x10)]).toEqual(['LOG', undefined])
})
