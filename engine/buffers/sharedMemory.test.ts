// Pages in memory that somebody else sees, too: they go from one pool to another, and he writes some of them.

import { describe, expect, test } from 'vitest'
import { DiskFault } from '../bytes/errors.js'
import { FORK } from '../format/relationPath.js'
import type { OrderedRun, WriterBeside } from './bufferPool.js'
import { BLOCK, PATH, change, value, world, type World } from './testing/poolWorld.js'

test('pages lie in memory that somebody has ready, as long as there is some, and in other memory then', () => {
  const [two, three] = [new SharedArrayBuffer(2 * BLOCK), new SharedArrayBuffer(3 * BLOCK)]
  const pieces = [
    { memory: two, number: 7 },
    { memory: three, number: 3 },
  ]
  const { pool, file } = world({ memory: () => pieces.shift() })
  const pages = Array.from({ length: 6 }, (_, block) => change(pool, file, block, 100 + block))
  expect(pages.slice(0, 5).map((page) => page.bytes.buffer)).toEqual([two, two, three, three, three])
  expect([two, three]).not.toContain(pages[5].bytes.buffer)
  expect(pages.map((page) => page.bytes.byteOffset % BLOCK)).toEqual([0, 0, 0, 0, 0, 0])
  expect(pages.map((page) => page.place)).toEqual([7 * 64, 7 * 64 + 1, 3 * 64, 3 * 64 + 1, 3 * 64 + 2, -1])
  expect(pages.map(value)).toEqual([100, 101, 102, 103, 104, 105])
})

describe('pages go from one pool to another', () => {
  test('with their memory: it is the new pool that writes them, and the old one that has less room', () => {
    const pieces = [{ memory: new SharedArrayBuffer(64 * BLOCK), number: 5 }]
    const here = world({ memory: () => pieces.shift(), capacity: 10 })
    const kept = here.pool.relation(1663, 5, 16385, FORK.MAIN)
    change(here.pool, kept, 0, 77)
    const pages = [3, 0, 2].map((block) => change(here.pool, here.file, block, 100 + block))
    expect(new Set(here.pool.handOut(here.file))).toEqual(new Set(pages))
    expect([here.pool.capacity, here.pool.dirtyPages().map(({ block }) => block)]).toEqual([7, [0]])
    expect([0, 2, 3].map((block) => here.file.held(block))).toEqual([undefined, undefined, undefined])
    for (let block = 1; block < 30; block++) {
      here.pool.beginRecord()
      change(here.pool, kept, block, block) // room is needed again and again
    }
    expect(pages.map(value), 'nobody uses their memory').toEqual([103, 100, 102])

    const there = world({ capacity: 2 })
    for (const page of pages) there.pool.adopt(there.file, page.block, page, page.place)
    expect(there.file.nblocks).toBe(4)
    expect([0, 2, 3].map((block) => there.file.held(block)?.bytes)).toEqual(
      [1, 2, 0].map((i) => pages[i].bytes),
    )
    expect(there.pool.dirtyPages().map(({ block, place }) => [block, place])).toEqual([
      [0, 5 * 64 + 2],
      [2, 5 * 64 + 3],
      [3, 5 * 64 + 1],
    ])
    expect(() => there.pool.adopt(there.file, 2, pages[2], 0)).toThrow(/nobody has changed the page here/)
    there.pool.flushAll()
    const written = [0, 1, 2, 3].map(
      (block) => new DataView(there.disk.read(PATH, block * BLOCK, BLOCK).buffer),
    )
    expect(written.map((view) => view.getUint32(100, true))).toEqual([100, 0, 102, 103])
  })
})

describe('somebody writes pages beside us', () => {
  /** Ten pages, from block 5 on in another order, in memory of somebody's; the next he has no memory for. */
  function shared(): World & { ordered: OrderedRun[]; pieces: SharedArrayBuffer[] } {
    const pieces = [new SharedArrayBuffer(64 * BLOCK)]
    const left = pieces.map((memory, number) => ({ memory, number }))
    const given = world({ memory: () => left.shift() })
    for (let i = 0; i < 10; i++) change(given.pool, given.file, (i * 7) % 10, 100 + ((i * 7) % 10))
    return { ...given, pieces, ordered: [] }
  }

  /** Somebody who writes the last runs, as many as `his`. */
  function helper(ordered: OrderedRun[], his: number, written: () => boolean): WriterBeside {
    let left = 0
    return {
      write: (runs) => {
        ordered.push(...runs)
        left = runs.length - his
      },
      claim: () => left-- > 0,
      written,
      synced: () => true,
    }
  }

  test.each([0, 1, 2])('told where they are and where they go, he writes the last: %i runs', (his) => {
    const { pool, pieces, disk, events, file } = shared()
    const ordered: OrderedRun[] = []
    const checked: unknown[] = []
    const beside = helper(ordered, his, () => {
      for (const { path, offset, places } of ordered.slice(ordered.length - his))
        places.forEach((place, i) =>
          disk.write(path, offset + i * BLOCK, new Uint8Array(pieces[0], place * BLOCK, BLOCK)),
        )
      return true
    })
    pool.beside = {
      ...beside,
      write: (runs, checksums) => {
        checked.push(checksums, events.at(-1))
        beside.write(runs, checksums)
      },
    }
    // Runs of at most 64 pages are not divided, so a second relation makes two of them.
    const other = pool.relation(1663, 5, 16385, FORK.MAIN)
    for (let block = 0; block < 4; block++) change(pool, other, block, 200 + block)
    const progress: number[][] = []
    pool.flushAll((...told) => progress.push(told))
    expect(checked, 'with checksums, and the log is on disk before').toEqual([true, 'log 0/1000'])
    expect(ordered).toEqual([
      { path: PATH, offset: 0, block: 0, places: [0, 3, 6, 9, 2, 5, 8, 1, 4, 7] },
      { path: 'base/5/16385', offset: 0, block: 0, places: [10, 11, 12, 13] },
    ])
    expect(progress).toEqual([...[[10, 14], [14, 14]].slice(0, 2 - his), [14, 14]]) // prettier-ignore
    expect([pool.pagesWritten, pool.dirtyPages()]).toEqual([14, []])
    pool.drop(other)
    pool.drop(file)
    const stored = (path: string, block: number): number =>
      new DataView(disk.read(path, block * BLOCK, BLOCK).buffer).getUint32(100, true)
    for (let block = 0; block < 4; block++) expect(stored('base/5/16385', block)).toBe(200 + block)
    for (let block = 0; block < 10; block++) expect(stored(PATH, block)).toBe(100 + block)
  })

  test('pages in other memory, and those before them, are ours', () => {
    const { pool } = shared()
    const other = pool.relation(1663, 5, 16385, FORK.MAIN)
    for (let block = 0; block < 60; block++) change(pool, other, block, block) // the last six have memory of our own
    change(pool, pool.relation(1663, 5, 16386, FORK.MAIN), 0, 1)
    for (const page of pool.relation(1663, 5, 16386, FORK.MAIN).heldFrom(0)) page.place = 99
    const ordered: OrderedRun[] = []
    pool.beside = helper(ordered, 1, () => true)
    pool.flushAll()
    expect(ordered.map(({ path }) => path)).toEqual(['base/5/16386'])
  })

  test('when he is not heard of any more, we write them; a fault of his is ours', () => {
    const { pool, disk, events } = shared()
    const other = pool.relation(1663, 5, 16385, FORK.MAIN)
    change(pool, other, 0, 7)
    pool.beside = helper([], 1, () => false)
    pool.flushAll()
    expect(events.filter((event) => event.startsWith('write'))).toEqual([
      `write ${PATH} 0+10`,
      'write base/5/16385 0+1',
    ])
    pool.drop(other)
    expect(value(pool.read(other, 0))).toBe(7)
    change(pool, other, 0, 8)
    for (let block = 0; block < 3; block++) change(pool, pool.relation(1663, 5, 1, FORK.MAIN), block, 1)
    pool.beside = helper([], 1, () => {
      throw new DiskFault('no space left')
    })
    expect(() => pool.flushAll()).toThrow('no space left')
    expect(pool.dirtyPages().map((page) => page.file.path)).toContain('base/5/16385')
    expect(disk.size('base/5/16385')).toBe(BLOCK)
  })
})
