// A Disk in memory: a map from path to bytes. A browser copies a data directory into one; tests build damage in it.

import { DiskFault } from '../bytes/errors.js'
import { parentOf, type Disk, type Entry } from './disk.js'

interface File {
  bytes: Uint8Array // capacity; only the first `size` bytes are the file
  size: number
}

export interface MemoryDisk extends Disk {
  /** Every file with its bytes (copied), by path. */
  files(): Map<string, Uint8Array>
  /** An independent copy. */
  clone(): MemoryDisk
}

/** An empty disk, or one holding `files` (copied) and `directories`. */
export function memoryDisk(
  files: Iterable<readonly [string, Uint8Array]> = [],
  directories: Iterable<string> = [],
  links: Iterable<readonly [string, string]> = [],
): MemoryDisk {
  const held = new Map<string, File>()
  const folders = new Set<string>([''])
  const targets = new Map<string, string>(links)

  const makeDirectory = (path: string): void => {
    for (let p = path; p !== '' && !folders.has(p); p = parentOf(p)) folders.add(p)
  }
  const need = (what: string, path: string): File => {
    const file = held.get(path)
    if (!file) throw new DiskFault(`could not ${what} "${path}": no such file`)
    return file
  }
  const resize = (file: File, size: number): void => {
    if (size > file.bytes.length) {
      const grown = new Uint8Array(
        Math.max(size, Math.min(file.bytes.length * 2, file.bytes.length + (1 << 24))),
      )
      grown.set(file.bytes.subarray(0, file.size))
      file.bytes = grown
    } else if (size < file.size) file.bytes.fill(0, size, file.size)
    file.size = size
  }
  const put = (path: string, bytes: Uint8Array): void => {
    makeDirectory(parentOf(path))
    held.set(path, { bytes: bytes.slice(), size: bytes.length })
  }
  for (const path of directories) makeDirectory(path)
  for (const [path, bytes] of files) put(path, bytes)

  const contents = (): Map<string, Uint8Array> =>
    new Map([...held].map(([path, f]) => [path, f.bytes.slice(0, f.size)]))

  return {
    name: 'memory',
    files: contents,
    clone: () => memoryDisk(contents(), folders, targets),
    readInto(path, offset, target) {
      const file = need('read', path)
      const part = file.bytes.subarray(
        Math.min(offset, file.size),
        Math.min(offset + target.length, file.size),
      )
      target.set(part)
      return part.length
    },
    read(path, offset, length) {
      const file = need('read', path)
      return file.bytes.slice(Math.min(offset, file.size), Math.min(offset + length, file.size))
    },
    write(path, offset, bytes) {
      if (!held.has(path)) {
        if (!folders.has(parentOf(path))) throw new DiskFault(`could not write "${path}": no such directory`)
        held.set(path, { bytes: new Uint8Array(0), size: 0 })
      }
      const file = need('write', path)
      if (offset + bytes.length > file.size) resize(file, offset + bytes.length)
      file.bytes.set(bytes, offset)
    },
    truncate: (path, size) => resize(need('truncate', path), size),
    size: (path) => held.get(path)?.size,
    kind: (path) =>
      held.has(path) ? 'file' : targets.has(path) ? 'link' : folders.has(path) ? 'directory' : undefined,
    list(path): Entry[] {
      const found: Entry[] = []
      for (const name of held.keys()) if (parentOf(name) === path) found.push({ name, kind: 'file' })
      for (const name of targets.keys()) if (parentOf(name) === path) found.push({ name, kind: 'link' })
      for (const name of folders)
        if (name !== '' && parentOf(name) === path && !targets.has(name))
          found.push({ name, kind: 'directory' })
      return found
        .map((entry) => ({ ...entry, name: entry.name.slice(path === '' ? 0 : path.length + 1) }))
        .sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    makeDirectory,
    rename(from, to) {
      const moved = (path: string): string | undefined =>
        path === from ? to : path.startsWith(from + '/') ? to + path.slice(from.length) : undefined
      for (const [path, file] of [...held]) {
        const target = moved(path)
        if (target === undefined) continue
        held.delete(path)
        held.set(target, file)
      }
      for (const path of [...folders]) {
        const target = moved(path)
        if (target === undefined) continue
        folders.delete(path)
        folders.add(target)
      }
    },
    remove(path) {
      const under = (name: string): boolean => name === path || name.startsWith(path + '/')
      for (const name of [...held.keys()]) if (under(name)) held.delete(name)
      for (const name of [...targets.keys()]) if (under(name)) targets.delete(name)
      for (const name of [...folders]) if (name !== '' && under(name)) folders.delete(name)
    },
    link(path, target) {
      targets.set(path, target)
      makeDirectory(path) // what the link leads to is empty here
    },
    sync() {}, // memory that is written is kept; a disk that can lose power is another one
  }
}
