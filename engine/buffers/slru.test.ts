// Status tables: 32 pages a file, missing files read as zeroes, and nothing is lost when memory is short.

import { describe, expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { Slru } from './slru.js'

const BLOCK = 8192

test('thirty-two pages make a file; its name is the segment number in hexadecimal', () => {
  const table = new Slru(memoryDisk(), 'pg_xact')
  expect([0, 31, 32, 32 * 0xabc, 32 * 0x12345].map((pageno) => table.fileOf(pageno))).toEqual([
    'pg_xact/0000',
    'pg_xact/0000',
    'pg_xact/0001',
    'pg_xact/0ABC',
    'pg_xact/12345',
  ])
})

test('a missing file reads as zeroes; that is said once', () => {
  const said: string[] = []
  const table = new Slru(memoryDisk(), 'pg_xact', (sentence) => said.push(sentence))
  expect(table.page(33).bytes).toEqual(new Uint8Array(BLOCK))
  table.page(34)
  expect(said).toEqual([`file "pg_xact/0001" doesn't exist, reading as zeroes`])
  expect([...table.dummies]).toEqual(['pg_xact/0001'])
  expect([table.exists(33), table.exists(35)]).toEqual([true, false])
})

test('a file that ends before the page does is no missing file: PostgreSQL stops there, and so do we', () => {
  const disk = memoryDisk([['pg_xact/0000', new Uint8Array(2 * BLOCK - 1)]])
  const table = new Slru(disk, 'pg_xact')
  expect(table.page(0).bytes).toEqual(new Uint8Array(BLOCK))
  expect([table.exists(0), table.exists(1), table.exists(2)]).toEqual([true, false, false])
  expect(() => table.page(1)).toThrow(
    'pg_xact/0000: read too few bytes at offset 8192: expected 8192, found 8191',
  )
  expect(() => table.page(2)).toThrow('read too few bytes at offset 16384: expected 8192, found 0')
  expect(table.dummies.size).toBe(0)
  table.zeroPage(2)
  expect(table.page(2).bytes).toEqual(new Uint8Array(BLOCK))
})

test('once replay is over a missing file is lost, unless replay made the page, or read it already', () => {
  const table = new Slru(memoryDisk(), 'pg_xact')
  table.page(2)
  table.zeroPage(33)
  table.endReplay()
  for (const pageno of [2, 33]) expect(table.page(pageno).bytes).toEqual(new Uint8Array(BLOCK))
  expect(() => table.page(64)).toThrow(
    'pg_xact/0002: could not open file: no such file, and the log does not bring it back; restore it from a backup',
  )
  expect(table.dummies).toEqual(new Set(['pg_xact/0000']))
})

test('only pages that were changed are written, each to its place', () => {
  const disk = memoryDisk([['pg_xact/0000', new Uint8Array(3 * BLOCK).fill(7)]])
  const table = new Slru(disk, 'pg_xact')
  table.page(0)
  table.page(1).view.setUint8(5, 1)
  table.markDirty(1)
  table.zeroPage(34)
  expect(table.dirtyPages()).toEqual([1, 34])
  expect(table.flush()).toBe(2)
  expect([...table.written]).toEqual(['pg_xact/0000', 'pg_xact/0001'])
  const first = disk.read('pg_xact/0000', 0, 3 * BLOCK)
  expect([first[5], first[BLOCK + 5], first[BLOCK + 6]]).toEqual([7, 1, 7])
  expect(disk.size('pg_xact/0001')).toBe(3 * BLOCK)
  expect([table.flush(), table.dirtyPages()]).toEqual([0, []])
})

test('more pages than are held at once: changes are on disk before they are forgotten', () => {
  const table = new Slru(memoryDisk(), 'pg_xact')
  for (let pageno = 0; pageno < 5000; pageno++) {
    table.zeroPage(pageno).view.setUint32(0, pageno, true)
  }
  for (const pageno of [0, 4095, 4096, 4999]) expect(table.page(pageno).view.getUint32(0, true)).toBe(pageno)
})

describe('removing', () => {
  const full = (): { disk: ReturnType<typeof memoryDisk>; table: Slru } => {
    const segment = new Uint8Array(32 * BLOCK).fill(9)
    const disk = memoryDisk([
      ['pg_xact/0000', segment],
      ['pg_xact/0001', segment],
      ['pg_xact/0002', segment],
      ['pg_xact/README', segment],
    ])
    return { disk, table: new Slru(disk, 'pg_xact') }
  }

  test('a segment goes with its pages in memory', () => {
    const { disk, table } = full()
    table.page(40).view.setUint8(0, 1)
    table.markDirty(40)
    table.removeSegment(1)
    table.flush()
    expect(disk.size('pg_xact/0001')).toBeUndefined()
    expect(table.page(40).bytes[0]).toBe(0)
  })

  test('truncating asks for the first and the last page of each segment', () => {
    const { disk, table } = full()
    const asked: Array<[number, number]> = []
    table.truncate((first, last) => {
      asked.push([first, last])
      return last < 64
    })
    expect(asked).toEqual([
      [0, 31],
      [32, 63],
      [64, 95],
    ])
    expect([...disk.files().keys()]).toEqual(['pg_xact/0002', 'pg_xact/README'])
  })

  test('truncating takes along what redo made anew of a segment whose file is gone', () => {
    const disk = memoryDisk([], ['pg_xact'])
    const table = new Slru(disk, 'pg_xact')
    table.page(3).dirty = true
    table.page(40).dirty = true
    table.truncate((_, last) => last < 32)
    table.flush()
    expect([...disk.files().keys()]).toEqual(['pg_xact/0001'])
  })
})
