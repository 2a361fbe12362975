// One set of expectations for every Disk.

import { chmodSync, chownSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join as joinPath } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { DiskFault } from '../bytes/errors.js'
import type { Disk } from './disk.js'
import { backupDisk, readJournal, undo } from './backupDisk.js'
import { memoryDisk } from './memoryDisk.js'
import { nodeDisk } from './nodeDisk.js'
import { overlayDisk } from './overlayDisk.js'
import { faultyDisk } from './faultyDisk.js'
import { powerDisk } from './powerDisk.js'

const folders: string[] = []
afterAll(() => folders.forEach((folder) => rmSync(folder, { recursive: true, force: true })))

function folder(): string {
  folders.push(mkdtempSync(joinPath(tmpdir(), 'pgcrash-disk-')))
  return folders[folders.length - 1]
}

const disks: Array<[string, () => Disk]> = [
  ['nodeDisk', () => nodeDisk(folder())],
  ['memoryDisk', () => memoryDisk()],
  ['powerDisk', () => powerDisk()],
  ['faultyDisk that works', () => faultyDisk(memoryDisk(), { action: Infinity, kind: 'EIO' })],
  ['overlayDisk on nothing', () => overlayDisk(memoryDisk())],
  ['backupDisk', () => backupDisk(memoryDisk(), { append() {}, sync() {} })],
]
const text = (bytes: Uint8Array): string => new TextDecoder().decode(bytes)
const bytes = (s: string): Uint8Array => new TextEncoder().encode(s)

describe.each(disks)('%s', (_, make) => {
  test('a file written at an offset has zeroes before it; reads stop at its end', () => {
    const disk = make()
    disk.write('a', 3, bytes('xyz'))
    expect(disk.size('a')).toBe(6)
    expect([...disk.read('a', 0, 100)]).toEqual([0, 0, 0, 120, 121, 122])
    expect(text(disk.read('a', 4, 1))).toBe('y')
    expect(disk.read('a', 6, 10).length).toBe(0)
  })

  test('truncate cuts and extends with zeroes', () => {
    const disk = make()
    disk.write('a', 0, bytes('hello'))
    disk.truncate('a', 2)
    disk.truncate('a', 4)
    expect([...disk.read('a', 0, 10)]).toEqual([104, 101, 0, 0])
  })

  test('what is not there: size and kind are undefined, list is empty, remove is silent, read fails', () => {
    const disk = make()
    expect(disk.size('no')).toBeUndefined()
    expect(disk.kind('no')).toBeUndefined()
    expect(disk.list('no')).toEqual([])
    disk.remove('no')
    expect(() => disk.read('no', 0, 1)).toThrow(DiskFault)
    expect(() => disk.write('no/file', 0, bytes('x'))).toThrow(DiskFault)
  })

  test('directories: made with their parents, listed by name, renamed and removed with all they hold', () => {
    const disk = make()
    disk.makeDirectory('d/e')
    disk.makeDirectory('d/e')
    disk.write('d/e/f', 0, bytes('1'))
    disk.write('d/b', 0, bytes('2'))
    expect(disk.list('d')).toEqual([
      { name: 'b', kind: 'file' },
      { name: 'e', kind: 'directory' },
    ])
    disk.rename('d/e', 'd/g')
    expect(text(disk.read('d/g/f', 0, 9))).toBe('1')
    disk.remove('d')
    expect(disk.kind('d')).toBeUndefined()
    expect(disk.size('d/g/f')).toBeUndefined()
  })

  test('rename replaces a file, also one that was read before', () => {
    const disk = make()
    disk.write('old', 0, bytes('old'))
    disk.write('new', 0, bytes('new!'))
    disk.read('old', 0, 3)
    disk.rename('new', 'old')
    expect(text(disk.read('old', 0, 9))).toBe('new!')
    expect(disk.size('new')).toBeUndefined()
  })

  test('sync of a file and of a directory', () => {
    const disk = make()
    disk.makeDirectory('d')
    disk.write('d/f', 0, bytes('1'))
    disk.sync('d/f')
    disk.sync('d')
    expect(disk.size('d/f')).toBe(1)
  })
})

test('a nodeDisk opened read-only refuses every change', () => {
  const root = folder()
  nodeDisk(root).write('a', 0, bytes('kept'))
  const disk = nodeDisk(root, { readOnly: true })
  const changes: Array<() => void> = [
    () => disk.write('a', 0, bytes('x')),
    () => disk.write('b', 0, bytes('x')),
    () => disk.truncate('a', 0),
    () => disk.rename('a', 'b'),
    () => disk.remove('a'),
    () => disk.makeDirectory('d'),
    () => disk.link('l', '/'),
    () => disk.sync('a'),
  ]
  for (const change of changes) expect(change).toThrow(/opened read-only/)
  expect(readFileSync(joinPath(root, 'a'), 'utf8')).toBe('kept')
})

test('a nodeDisk keeps working with more files than it keeps open', () => {
  const disk = nodeDisk(folder())
  for (let i = 0; i < 400; i++) disk.write(`f${i}`, 0, bytes(String(i)))
  for (let i = 0; i < 400; i++) expect(text(disk.read(`f${i}`, 0, 9))).toBe(String(i))
  disk.close()
})

test('usedBy: a process works in the directory only when it is its working directory', () => {
  expect(nodeDisk(process.cwd()).usedBy?.(process.pid)).toBe(true)
  if (process.platform === 'linux') expect(nodeDisk(folder()).usedBy?.(process.pid)).toBe(false)
  expect(nodeDisk(folder()).usedBy?.(4194305)).toBe(false)
})

/** A random change of a small world of files. */
type Change = (disk: Disk) => void
const path = fc.constantFrom('a', 'b', 'd/x', 'd/y', 'd/e/z')
const change: fc.Arbitrary<Change> = fc.oneof(
  fc
    .record({
      path,
      at: fc.nat(20000),
      length: fc.integer({ min: 1, max: 9000 }),
      byte: fc.integer({ min: 1, max: 255 }),
    })
    .map(
      ({ path, at, length, byte }): Change =>
        (disk) =>
          disk.write(path, at, new Uint8Array(length).fill(byte)),
    ),
  fc.record({ path, size: fc.nat(30000) }).map(({ path, size }): Change => (disk) => {
    if (disk.size(path) !== undefined) disk.truncate(path, size)
  }),
  path.map(
    (p): Change =>
      (disk) =>
        disk.remove(p),
  ),
  fc.tuple(path, path).map(([from, to]): Change => (disk) => {
    if (from !== to && disk.size(from) !== undefined) disk.rename(from, to)
  }),
  fc.constant<Change>((disk) => {
    disk.remove('d/e')
    disk.makeDirectory('d/e')
  }),
)

/** Every file with its bytes, every directory, as one value. */
function picture(disk: Disk, directory = ''): Record<string, string> {
  const seen: Record<string, string> = {}
  for (const { name, kind } of disk.list(directory)) {
    const full = directory === '' ? name : `${directory}/${name}`
    if (kind === 'directory') Object.assign(seen, { [full]: 'directory' }, picture(disk, full))
    else seen[full] = Buffer.from(disk.read(full, 0, disk.size(full) ?? 0)).toString('latin1')
  }
  return seen
}

function world(): Disk {
  const disk = memoryDisk([], ['d/e'])
  disk.write('a', 0, new Uint8Array(17000).fill(1))
  disk.write('d/x', 0, new Uint8Array(9000).fill(2))
  return disk
}

test('an overlay shows what a real disk would, and leaves its base alone', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), (changes) => {
      const [base, real] = [world(), world()]
      const overlay = overlayDisk(base)
      for (const apply of changes) {
        apply(overlay)
        apply(real)
        expect(picture(overlay)).toEqual(picture(real))
      }
      expect(picture(base)).toEqual(picture(world()))
    }),
  )
})

test('undo gives back every byte, also when the last change was never made', () => {
  fc.assert(
    fc.property(fc.array(change, { maxLength: 12 }), fc.nat(30), (changes, cut) => {
      const disk = world()
      const written: Uint8Array[] = []
      const backup = backupDisk(disk, { append: (bytes) => void written.push(bytes.slice()), sync() {} })
      for (const apply of changes) apply(backup)
      expect(picture(backup)).toEqual(picture(disk))
      const journal = Buffer.concat([...written, Buffer.from('P----------').subarray(0, cut)])
      undo(disk, readJournal(journal))
      expect(picture(disk)).toEqual(picture(world()))
    }),
  )
})

test('a journal with a changed byte is refused, and one of something else', () => {
  const written: Uint8Array[] = []
  const backup = backupDisk(world(), { append: (bytes) => void written.push(bytes.slice()), sync() {} })
  backup.write('a', 0, bytes('x'))
  backup.write('a', 5, bytes('x'))
  const journal = Buffer.concat(written)
  journal[20] ^= 1
  expect(() => readJournal(journal)).toThrow(/is damaged/)
  expect(() => readJournal(bytes('PGDMP'))).toThrow(/not an undo file/)
})

test.runIf(process.getuid?.() === 0)(
  "what root makes in somebody else's directory is theirs, and as closed as the directory",
  () => {
    const root = folder()
    chmodSync(root, 0o750)
    chownSync(root, 12345, 12346)
    const disk = nodeDisk(root)
    disk.write('file', 0, bytes('x'))
    disk.makeDirectory('d/e')
    for (const [path, mode] of [
      ['file', 0o640],
      ['d', 0o750],
      ['d/e', 0o750],
    ] as const) {
      const stat = statSync(joinPath(root, path))
      expect([stat.uid, stat.gid, stat.mode & 0o777], path).toEqual([12345, 12346, mode])
    }
  },
)
