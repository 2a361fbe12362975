// A fork over several files; the 1 GiB of a real one is four blocks here.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import { memoryDisk, type MemoryDisk } from '../disk/memoryDisk.js'
import { FORK } from '../format/relationPath.js'
import { RelationFiles } from './relationFiles.js'
import { RelationFork, type BufferedPage } from './relationFork.js'

const BLOCK = 8192
const locator = { spcOid: 1663, dbOid: 5, relNumber: 16384 }
const files = (disk: MemoryDisk, fork: number = FORK.MAIN): RelationFiles =>
  new RelationFiles(disk, locator, fork, 4)
/** Blocks that are filled with their number plus one. */
const blocks = (...numbers: number[]): Uint8Array => {
  const bytes = new Uint8Array(numbers.length * BLOCK)
  numbers.forEach((n, i) => bytes.fill(n + 1, i * BLOCK, (i + 1) * BLOCK))
  return bytes
}
const withBlocks = (count: number): MemoryDisk => {
  const disk = memoryDisk([], ['base/5'])
  const all = Array.from({ length: count }, (_, i) => i)
  for (let from = 0; from < count; from += 4)
    disk.write(`base/5/16384${from === 0 ? '' : `.${from / 4}`}`, 0, blocks(...all.slice(from, from + 4)))
  return disk
}
const sizes = (disk: MemoryDisk): Record<string, number> =>
  Object.fromEntries(
    [...disk.files()].map(([path, bytes]) => [path.slice('base/5/16384'.length), bytes.length / BLOCK]),
  )
const firstByte = (fork: RelationFiles, block: number): number => {
  const page = new Uint8Array(BLOCK).fill(0xee)
  fork.readBlock(block, page)
  expect(new Set(page).size, 'one value all over the block').toBe(1)
  return page[0]
}

test('the number of blocks: whole files, then what the last one holds', () => {
  expect(files(withBlocks(0)).nblocks).toBe(0)
  expect(files(withBlocks(3)).nblocks).toBe(3)
  expect(files(withBlocks(4)).nblocks).toBe(4)
  expect(files(withBlocks(10)).nblocks).toBe(10)
  const disk = withBlocks(10)
  disk.truncate('base/5/16384.1', 3 * BLOCK)
  expect(files(disk).nblocks, 'a short file is the last one').toBe(7)
})

test('each block is read from its file', () => {
  const fork = files(withBlocks(10))
  expect([0, 3, 4, 7, 8, 9].map((block) => firstByte(fork, block))).toEqual([1, 4, 5, 8, 9, 10])
})

test('a fork that is not there is made when somebody asks for its size, directories too', () => {
  const disk = memoryDisk()
  const fork = new RelationFiles(disk, { spcOid: 16999, dbOid: 5, relNumber: 17000 }, FORK.VM, 4)
  expect(fork.exists()).toBe(false)
  expect(fork.nblocks).toBe(0)
  expect(fork.exists()).toBe(true)
  expect([...disk.files().keys()]).toEqual(['pg_tblspc/16999/PG_18_202506291/5/17000_vm'])
})

describe('growing', () => {
  test('new blocks are zeroes at once; the files follow later', () => {
    const disk = withBlocks(3)
    const fork = files(disk)
    fork.extendTo(10)
    expect([fork.nblocks, firstByte(fork, 9)]).toEqual([10, 0])
    expect(sizes(disk)).toEqual({ '': 3 })
    fork.growFiles()
    expect(sizes(disk)).toEqual({ '': 4, '.1': 4, '.2': 2 })
    expect([2, 3, 9].map((block) => firstByte(fork, block))).toEqual([3, 0, 0])
    fork.extendTo(2)
    expect(fork.nblocks, 'never shrinks').toBe(10)
  })

  test('a write past the end: the files before it reach their full size', () => {
    const disk = withBlocks(2)
    const fork = files(disk)
    fork.extendTo(10)
    fork.writeBlocks(9, blocks(9))
    expect(sizes(disk)).toEqual({ '': 4, '.1': 4, '.2': 2 })
    expect([1, 2, 8, 9].map((block) => firstByte(fork, block))).toEqual([2, 0, 0, 10])
  })

  test('a write over the end of a file', () => {
    const disk = withBlocks(3)
    const fork = files(disk)
    fork.extendTo(6)
    fork.writeBlocks(2, blocks(12, 13, 14, 15))
    expect(sizes(disk)).toEqual({ '': 4, '.1': 2 })
    expect([1, 2, 3, 4, 5].map((block) => firstByte(fork, block))).toEqual([2, 13, 14, 15, 16])
    expect(files(disk).nblocks).toBe(6)
  })

  test('part of a block, left by a crash, does not show up in a block of zeroes', () => {
    const disk = withBlocks(2)
    disk.write('base/5/16384', 2 * BLOCK, new Uint8Array(100).fill(0xdd))
    const fork = files(disk)
    expect(fork.nblocks).toBe(2)
    fork.extendTo(4)
    fork.growFiles()
    expect([1, 2, 3].map((block) => firstByte(fork, block))).toEqual([2, 0, 0])
  })

  test('a fork whose size was forgotten is never cut by a write', () => {
    const disk = withBlocks(4)
    const fork = files(disk)
    expect(fork.nblocks).toBe(4)
    fork.forget()
    fork.writeBlocks(1, blocks(41))
    expect(sizes(disk)).toEqual({ '': 4 })
    expect([0, 1, 3].map((block) => firstByte(fork, block))).toEqual([1, 42, 4])
  })
})

describe('truncating', () => {
  test.each([
    [10, { '': 4, '.1': 4, '.2': 2 }],
    [9, { '': 4, '.1': 4, '.2': 1 }],
    [8, { '': 4, '.1': 4, '.2': 0 }],
    [5, { '': 4, '.1': 1, '.2': 0 }],
    [4, { '': 4, '.1': 0, '.2': 0 }],
    [0, { '': 0, '.1': 0, '.2': 0 }],
    [11, { '': 4, '.1': 4, '.2': 2 }],
  ])('to %i blocks: later files stay, empty', (to, expected) => {
    const disk = withBlocks(10)
    const fork = files(disk)
    fork.truncate(to)
    expect(sizes(disk)).toEqual(expected)
    expect(fork.nblocks).toBe(Math.min(to, 10))
    expect(files(disk).nblocks).toBe(Math.min(to, 10))
  })

  test('what grows again is zeroes', () => {
    const disk = withBlocks(10)
    const fork = files(disk)
    fork.truncate(3)
    fork.extendTo(9)
    expect([2, 3, 8].map((block) => firstByte(fork, block))).toEqual([3, 0, 0])
    fork.growFiles()
    expect([2, 3, 8].map((block) => firstByte(fork, block))).toEqual([3, 0, 0])
    expect(sizes(disk)).toEqual({ '': 4, '.1': 4, '.2': 1 })
  })

  test('blocks that never reached the disk', () => {
    const disk = withBlocks(2)
    const fork = files(disk)
    fork.extendTo(9)
    fork.truncate(5)
    expect([fork.nblocks, sizes(disk)]).toEqual([5, { '': 2 }])
  })

  test('a fork that is not there stays away', () => {
    const disk = memoryDisk()
    files(disk).truncate(0)
    expect(disk.files().size).toBe(0)
  })
})

test('unlinking removes every file, empty ones too; afterwards the fork begins anew', () => {
  const disk = withBlocks(10)
  const fork = files(disk)
  fork.truncate(2)
  expect(fork.files()).toEqual(['base/5/16384', 'base/5/16384.1', 'base/5/16384.2'])
  fork.unlink()
  expect([disk.files().size, fork.files(), fork.exists()]).toEqual([0, [], false])
  expect(fork.nblocks).toBe(0)
})

test('a file that lost its end while it was in use: CorruptData with the block', () => {
  const disk = withBlocks(3)
  const fork = files(disk)
  expect(fork.nblocks).toBe(3)
  disk.truncate('base/5/16384', 2 * BLOCK + 100)
  const read = (): void => fork.readBlock(2, new Uint8Array(BLOCK))
  expect(read).toThrow(CorruptData)
  expect(read).toThrow('base/5/16384: could not read blocks 2..2: expected 8192 bytes, found 100')
})

test('pages in memory by block, the last block of the largest table included', () => {
  const fork = new RelationFork(memoryDisk(), locator, FORK.MAIN, 131072)
  const page = (block: number): BufferedPage => ({ block }) as BufferedPage
  const held = [0, 1023, 1024, 5_000_000].map(page)
  for (const one of held) fork.hold(one.block, one)
  expect(held.map((one) => fork.held(one.block))).toEqual(held)
  expect([2, 1025, 4_999_999, 4_000_000_000].map((block) => fork.held(block))).toEqual([
    undefined,
    undefined,
    undefined,
    undefined,
  ])
  expect([...fork.heldFrom(0)].map(({ block }) => block)).toEqual([0, 1023, 1024, 5_000_000])
  expect([...fork.heldFrom(1023)].map(({ block }) => block)).toEqual([1023, 1024, 5_000_000])
  fork.hold(1024, undefined)
  expect([...fork.heldFrom(1)].map(({ block }) => block)).toEqual([1023, 5_000_000])
})
