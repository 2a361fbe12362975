import { describe, expect, test } from 'vitest'
import { randomFrom } from '../bytes/random.js'
import { powerDisk, type CrashKind, type PowerDisk } from './powerDisk.js'

const ones = new Uint8Array(4096).fill(1)

/** The first byte of each sector of file f, after a crash. */
function sectors(disk: PowerDisk, kind: CrashKind, seed = 3): string {
  const left = disk.crash(kind, randomFrom(seed))
  return [...left.read('f', 0, 1 << 16)].filter((_, i) => i % 512 === 0).join('')
}

describe('what a crash leaves', () => {
  test('killed: all; power lost: what was synced; reordered: whole writes; torn: sectors', () => {
    const disk = powerDisk()
    disk.write('f', 0, ones)
    expect(sectors(disk, 'killed')).toBe('11111111')
    expect(sectors(disk, 'power lost')).toBe('')
    expect(sectors(disk, 'torn')).toMatch(/^(?=.*0)(?=.*1)[01]+$/)
    for (const seed of [1, 2, 3, 4]) expect(['', '11111111']).toContain(sectors(disk, 'reordered', seed))
    disk.sync('f')
    expect(sectors(disk, 'power lost')).toBe('11111111')
  })

  test('what was synced stays, whatever is written over it later', () => {
    const disk = powerDisk()
    disk.write('f', 0, ones)
    disk.sync('f')
    disk.write('f', 0, new Uint8Array(4096).fill(2))
    disk.truncate('f', 8192)
    expect(sectors(disk, 'power lost')).toBe('11111111')
    expect(disk.unsynced()).toEqual([{ path: 'f', at: 0, length: 4096 }])
    expect(sectors(disk, 'torn')).toMatch(/^(?=.*2)(?=.*1)[12]+$/)
  })

  test('images are disks of their own', () => {
    const disk = powerDisk()
    disk.write('f', 0, ones)
    const image = disk.crash('killed', Math.random)
    image.write('f', 0, new Uint8Array(512).fill(7))
    disk.write('f', 512, new Uint8Array(512).fill(8))
    expect(sectors(image, 'killed')).toBe('71111111')
    expect(sectors(disk, 'killed')).toBe('18111111')
    expect(sectors(image.crash('power lost', Math.random), 'killed')).toBe('')
  })

  test('names are kept in order; a file that is cut is cut at once', () => {
    const disk = powerDisk()
    disk.write('f', 0, ones)
    disk.sync('f')
    disk.rename('f', 'g')
    disk.write('f', 0, ones)
    disk.truncate('g', 512)
    const left = disk.crash('power lost', Math.random)
    expect([left.size('f'), left.size('g')]).toEqual([0, 512])
    disk.remove('g')
    expect(disk.crash('power lost', Math.random).size('g')).toBeUndefined()
  })

  test('actions are counted and can be watched; what the watcher throws comes out of the call', () => {
    const disk = powerDisk()
    const seen: string[] = []
    disk.watch(({ what, path }) => seen.push(`${what} ${path}`))
    disk.makeDirectory('d')
    disk.write('d/f', 0, ones)
    disk.sync('d')
    expect(seen).toEqual(['make directory d', 'write d/f', 'sync d'])
    expect(disk.actions).toBe(3)
    disk.watch(() => {
      throw new Error('the power is gone')
    })
    expect(() => disk.write('d/f', 0, ones)).toThrow('the power is gone')
  })
})
