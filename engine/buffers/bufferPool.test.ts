// The buffer pool: what is in memory, what goes when there is no room, and in what order bytes reach the disk.

import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { CorruptData, DiskFault } from '../bytes/errors.js'
import { pageChecksum } from '../format/pageChecksum.js'
import { pageOf } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { BufferPool } from './bufferPool.js'
import { BLOCK, PATH, change, store, value, world, type World } from './testing/poolWorld.js'

test('a fork is known by all four of its numbers', () => {
  const { pool, file } = world()
  expect(pool.relation(1663, 5, 16384, FORK.MAIN)).toBe(file)
  const others = [
    pool.relation(1664, 5, 16384, FORK.MAIN),
    pool.relation(1663, 6, 16384, FORK.MAIN),
    pool.relation(1663, 5, 16385, FORK.MAIN),
    pool.relation(1663, 5, 16384, FORK.VM),
  ]
  expect(new Set([file, ...others]).size).toBe(5)
  expect(pool.relation(1663, 6, 16384, FORK.MAIN)).toBe(others[1])
  expect(new Set(pool.allForks())).toEqual(new Set([file, ...others]))
})

test('a page that is in memory is not read again', () => {
  const { pool, file, disk } = world()
  store(disk, 0, 7)
  const page = pool.read(file, 0)
  expect(value(page)).toBe(7)
  store(disk, 0, 8)
  expect(pool.read(file, 0)).toBe(page)
  expect([value(page), pool.pagesRead]).toEqual([7, 1])
})

test('zeroed: whatever was in memory or on disk, the page is zeroes, and the fork reaches up to it', () => {
  const { pool, file, disk } = world()
  store(disk, 0, 7)
  const page = pool.read(file, 0)
  expect(pool.zeroed(file, 0)).toBe(page)
  expect(page.bytes.every((byte) => byte === 0)).toBe(true)
  expect(pool.zeroed(file, 5).block).toBe(5)
  expect([file.nblocks, pool.pagesRead]).toEqual([6, 1])
  expect(value(pool.read(file, 3))).toBe(0)
})

describe('eviction', () => {
  test('never takes a page of the current record', () => {
    const { pool, file } = world({ capacity: 3 })
    pool.beginRecord()
    change(pool, file, 0, 10)
    pool.beginRecord()
    const [one, two] = [change(pool, file, 1, 11), change(pool, file, 2, 12)]
    const three = change(pool, file, 3, 13)
    expect([value(one), value(two), value(three)]).toEqual([11, 12, 13])
    expect([pool.read(file, 1), pool.read(file, 2), pool.read(file, 3)]).toEqual([one, two, three])
    expect(file.held(0)).toBeUndefined()
  })

  test('a record that needs more pages than there are is told so, not given another page’s memory', () => {
    const { pool, file } = world({ capacity: 2 })
    pool.beginRecord()
    change(pool, file, 0, 10)
    change(pool, file, 1, 11)
    expect(() => pool.zeroed(file, 2)).toThrow('no unpinned buffers available')
    pool.beginRecord()
    expect(value(change(pool, file, 2, 12))).toBe(12)
  })

  test('a page asked for again in this record counts as its page', () => {
    const { pool, file } = world({ capacity: 2 })
    pool.beginRecord()
    const old = change(pool, file, 0, 10)
    change(pool, file, 1, 11)
    for (let use = 0; use < 5; use++) pool.read(file, 1) // block 0 would go first
    pool.beginRecord()
    pool.read(file, 0)
    change(pool, file, 2, 12)
    expect([file.held(0), value(old)]).toEqual([old, 10])
    expect(file.held(1)).toBeUndefined()
  })

  test('a page that is used often outlives one that was used once', () => {
    const { pool, file } = world({ capacity: 4 })
    for (let i = 0; i < 5; i++) {
      pool.beginRecord()
      if (i === 0) change(pool, file, 0, 10)
      else pool.read(file, 0)
    }
    for (let block = 1; block < 8; block++) {
      pool.beginRecord()
      change(pool, file, block, 10 + block)
    }
    expect(file.held(0)).toBeDefined()
  })

  test('a dirty page is written first, a clean one is not', () => {
    const { pool, file, events, disk } = world({ capacity: 1 })
    store(disk, 0, 1)
    store(disk, 1, 2)
    events.length = 0
    pool.beginRecord()
    pool.read(file, 0)
    pool.beginRecord()
    change(pool, file, 1, 22, 0x30)
    expect(events).toEqual([])
    pool.beginRecord()
    expect(value(pool.read(file, 0))).toBe(1)
    expect(events).toEqual(['log 0/30', `write ${PATH} 1+1`])
    pool.beginRecord()
    expect(value(pool.read(file, 1))).toBe(22)
  })

  test('whatever is read, written and evicted, every page is found again as it was last written', () => {
    const step = fc.record({
      relation: fc.nat(1),
      block: fc.nat(9),
      value: fc.option(fc.integer({ min: 1 }), { nil: undefined }),
    })
    const run = fc.array(fc.array(step, { minLength: 1, maxLength: 4 }), { maxLength: 60 })
    fc.assert(
      fc.property(run, fc.integer({ min: 4, max: 8 }), (records, capacity) => {
        const { pool, disk } = world({ capacity, blocksPerFile: 4 })
        const forks = [pool.relation(1663, 5, 1, 0), pool.relation(1663, 5, 2, 0)]
        const model = new Map<string, number>()
        for (const steps of records) {
          pool.beginRecord()
          for (const { relation, block, value: number } of steps) {
            const key = `${relation} ${block}`
            if (number !== undefined) {
              change(pool, forks[relation], block, number)
              model.set(key, number)
            } else if (block < forks[relation].nblocks)
              expect(value(pool.read(forks[relation], block))).toBe(model.get(key) ?? 0)
          }
        }
        pool.flushAll()
        const again = new BufferPool(disk, { checksums: true, blocksPerFile: 4 })
        for (const [key, number] of model) {
          const [relation, block] = key.split(' ').map(Number)
          expect(value(again.read(again.relation(1663, 5, relation + 1, 0), block))).toBe(number)
        }
      }),
      { numRuns: 200 },
    )
  })
})

describe('writing', () => {
  test('the log first, up to the LSN of each page; then the pages, side by side in one write', () => {
    const { pool, file, events } = world()
    change(pool, file, 0, 1, 0x10)
    change(pool, file, 1, 2, 0x99)
    change(pool, file, 4, 3, 0x20)
    const progress: string[] = []
    pool.flushAll((written, of) => progress.push(`${written}/${of}`))
    expect(events).toEqual(['log 0/10', 'log 0/99', `write ${PATH} 0+2`, 'log 0/20', `write ${PATH} 4+1`])
    expect(progress).toEqual(['2/3', '3/3'])
    expect([pool.pagesWritten, pool.dirtyPages()]).toEqual([3, []])
    events.length = 0
    pool.flushAll()
    expect(events).toEqual([])
  })

  test('at most 64 pages in a write', () => {
    const { pool, file, events } = world()
    for (let block = 0; block < 130; block++) change(pool, file, block, block)
    pool.flushAll()
    expect(events.filter((event) => event.startsWith('write'))).toEqual([
      `write ${PATH} 0+64`,
      `write ${PATH} 64+64`,
      `write ${PATH} 128+2`,
    ])
    const again = new BufferPool(pool.disk, { checksums: true })
    for (const block of [0, 63, 64, 129])
      expect(value(again.read(again.relation(1663, 5, 16384, 0), block))).toBe(block)
  })

  test('a write never goes over the end of a file', () => {
    const { pool, file, events } = world({ blocksPerFile: 4 })
    for (let block = 2; block < 6; block++) change(pool, file, block, block)
    pool.flushAll()
    expect(events.filter((event) => event.startsWith('write'))).toEqual([
      `write ${PATH} 2+2`,
      `write ${PATH}.1 0+2`,
    ])
  })

  test('each page gets its checksum when it is written, by its block in the fork', () => {
    const { pool, file, disk } = world({ blocksPerFile: 4 })
    change(pool, file, 5, 1)
    pool.flushAll()
    const page = disk.read(`${PATH}.1`, BLOCK, BLOCK)
    expect(pageOf(page).view.getUint16(8, true)).toBe(pageChecksum(page, 5))
  })

  test('a cluster without checksums: what stands in their place stays', () => {
    const { pool, file, disk } = world({ checksums: false })
    pool.markDirty(change(pool, file, 0, 1))
    pool.read(file, 0).view.setUint16(8, 4711, true)
    pool.flushAll()
    expect(pageOf(disk.read(PATH, 0, BLOCK)).view.getUint16(8, true)).toBe(4711)
  })

  test('a page of zeroes has no LSN and no checksum', () => {
    const { pool, file, disk, events } = world()
    pool.markDirty(pool.zeroed(file, 0))
    pool.flushAll()
    expect(events).toEqual([`write ${PATH} 0+1`])
    expect(disk.read(PATH, 0, BLOCK)).toEqual(new Uint8Array(BLOCK))
  })

  test('files grow to the size that redo gave them, also where no page was changed', () => {
    const { pool, file, disk } = world()
    pool.zeroed(file, 2)
    pool.flushAll()
    expect(disk.size(PATH)).toBe(3 * BLOCK)
  })

  test('an init fork is on disk as soon as it is changed', () => {
    const { pool, events } = world()
    const init = pool.relation(1663, 5, 16384, FORK.INIT)
    expect(change(pool, init, 0, 1, 0x44).dirty).toBe(false)
    expect(events).toEqual(['log 0/44', `write ${PATH}_init 0+1`])
  })

  test('when the disk fails, the page is still dirty', () => {
    const { pool, file, disk } = world()
    const page = change(pool, file, 0, 1)
    const write = disk.write
    disk.write = () => {
      throw new DiskFault('could not write: no space left on device')
    }
    expect(() => pool.flushAll()).toThrow(DiskFault)
    expect(page.dirty).toBe(true)
    disk.write = write
    pool.flushAll()
    expect(disk.size(PATH)).toBe(BLOCK)
  })
})

describe('pages that cannot be right', () => {
  const damaged = (): World => {
    const all = world()
    store(all.disk, 0, 1)
    store(all.disk, 1, 2)
    all.disk.write(PATH, BLOCK + 5000, Uint8Array.of(1))
    return all
  }

  test('a wrong checksum: CorruptData with file, block, and both numbers; every time', () => {
    const { pool, file } = damaged()
    for (let attempt = 0; attempt < 2; attempt++) {
      expect(() => pool.read(file, 1)).toThrow(CorruptData)
      expect(() => pool.read(file, 1)).toThrow(
        /^base\/5\/16384: invalid page in block 1: page verification failed: expected checksum \d+, found \d+; restore/,
      )
    }
    expect(file.held(1)).toBeUndefined()
    expect(value(pool.read(file, 0))).toBe(1)
  })

  test('a map is read as zeroes instead', () => {
    const { pool, file } = damaged()
    expect(pool.read(file, 1, true).bytes.every((byte) => byte === 0)).toBe(true)
    expect(value(pool.read(file, 0, true))).toBe(1)
  })

  test('a page in the wrong place', () => {
    const { pool, file, disk } = world()
    store(disk, 0, 1)
    disk.write(PATH, BLOCK, disk.read(PATH, 0, BLOCK))
    expect(() => pool.read(file, 1)).toThrow('invalid page in block 1: page verification failed')
  })

  test('without checksums the header still must make sense', () => {
    const { pool, file, disk } = world({ checksums: false })
    store(disk, 0, 1)
    disk.write(PATH, 12, Uint8Array.of(0xff, 0xff))
    expect(() => pool.read(file, 0)).toThrow('invalid page in block 0: the page header contradicts itself')
  })

  test('a page that looks unused, but is not', () => {
    const { pool, file, disk } = world()
    disk.write(PATH, 0, new Uint8Array(BLOCK))
    expect(value(pool.read(file, 0))).toBe(0)
    disk.write(PATH, BLOCK, new Uint8Array(BLOCK).fill(1, 8000))
    pool.drop(file)
    file.forget()
    expect(() => pool.read(file, 1)).toThrow('invalid page in block 1: the page is new')
  })

  test('a failed read leaves no page behind', () => {
    const { pool, file, disk } = world({ capacity: 1 })
    store(disk, 0, 1)
    store(disk, 1, 2)
    pool.beginRecord()
    pool.read(file, 0)
    pool.beginRecord()
    const readInto = disk.readInto
    disk.readInto = () => {
      throw new DiskFault('could not read: input/output error')
    }
    expect(() => pool.read(file, 1)).toThrow(DiskFault)
    disk.readInto = readInto
    expect([file.held(0), file.held(1)]).toEqual([undefined, undefined])
    expect(value(pool.read(file, 1))).toBe(2)
  })
})

test('dropped pages are not written, whatever was in them; earlier ones stay', () => {
  const { pool, file, events, disk } = world()
  for (let block = 0; block < 4; block++) change(pool, file, block, block + 1)
  pool.drop(file, 2)
  file.truncate(2)
  pool.flushAll()
  expect(events.filter((event) => event.startsWith('write'))).toEqual([`write ${PATH} 0+2`])
  expect(disk.size(PATH)).toBe(2 * BLOCK)
  expect(value(pool.zeroed(file, 3))).toBe(0)
  pool.drop(file)
  file.unlink()
  expect([file.nblocks, pool.dirtyPages()]).toEqual([0, []])
})

test('a glance at pages changes nothing, whether they are held or not', () => {
  const { pool, file, events } = world({ capacity: 2 })
  const page = change(pool, file, 0, 5)
  pool.glance({ relNumber: [16384, 16384, 99], fork: [0, 0, 0], block: [0, 3000, 1], count: 3 })
  expect([page.usage, page.usedBy, file.held(3000), events]).toEqual([1, 0, undefined, []])
})
