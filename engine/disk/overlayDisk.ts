// A Disk that reads from another one and keeps every change to itself: recovery can be rehearsed on it, to the last
// page, without touching a byte of the directory.
//
//   write ─► kept in memory, as pieces of 8192 bytes        read ─► our piece where we have one, else the base's

import { DiskFault } from '../bytes/errors.js'
import { parentOf, type Disk, type Entry } from './disk.js'

const PIECE = 8192

interface Changed {
  size: number
  /** How many bytes of the base's file still count; 0 for a file of our own. */
  baseSize: number
  basePath: string
  pieces: Map<number, Uint8Array>
}

/** A view of `base` that can be written to; `base` is only ever read. */
export function overlayDisk(base: Disk): Disk {
  const changed = new Map<string, Changed>()
  const removed = new Set<string>()
  const folders = new Set<string>()
  const links = new Set<string>()

  const isRemoved = (path: string): boolean => {
    for (let p = path; p !== ''; p = parentOf(p)) if (removed.has(p)) return true
    return false
  }
  const baseSizeOf = (path: string): number | undefined => (isRemoved(path) ? undefined : base.size(path))
  const sizeOf = (path: string): number | undefined => changed.get(path)?.size ?? baseSizeOf(path)
  const kindOf = (path: string): ReturnType<Disk['kind']> =>
    changed.has(path)
      ? 'file'
      : links.has(path)
        ? 'link'
        : folders.has(path)
          ? 'directory'
          : isRemoved(path)
            ? undefined
            : base.kind(path)

  const own = (path: string): Changed => {
    let file = changed.get(path)
    if (!file) {
      const size = baseSizeOf(path)
      if (size === undefined && kindOf(parentOf(path)) === undefined && parentOf(path) !== '')
        throw new DiskFault(`could not write "${path}": no such directory`)
      file = { size: size ?? 0, baseSize: size ?? 0, basePath: path, pieces: new Map() }
      changed.set(path, file)
    }
    return file
  }
  const piece = (file: Changed, index: number): Uint8Array => {
    let bytes = file.pieces.get(index)
    if (!bytes) {
      bytes = new Uint8Array(PIECE)
      const available = Math.max(0, Math.min(PIECE, file.baseSize - index * PIECE))
      if (available > 0) base.readInto(file.basePath, index * PIECE, bytes.subarray(0, available))
      file.pieces.set(index, bytes)
    }
    return bytes
  }
  const readInto = (path: string, offset: number, target: Uint8Array): number => {
    const file = changed.get(path)
    if (!file) {
      if (isRemoved(path)) throw new DiskFault(`could not read "${path}": no such file`)
      return base.readInto(path, offset, target)
    }
    const length = Math.max(0, Math.min(target.length, file.size - offset))
    for (let done = 0; done < length;) {
      const index = Math.floor((offset + done) / PIECE)
      const within = (offset + done) % PIECE
      const n = Math.min(PIECE - within, length - done)
      const held = file.pieces.get(index)
      const part = target.subarray(done, done + n)
      if (held) part.set(held.subarray(within, within + n))
      else {
        const available = Math.max(0, Math.min(n, file.baseSize - (offset + done)))
        part.fill(0, available)
        if (available > 0) base.readInto(file.basePath, offset + done, part.subarray(0, available))
      }
      done += n
    }
    return length
  }

  const list = (path: string): Entry[] => {
    const entries = new Map<string, Entry>()
    if (!isRemoved(path))
      for (const entry of base.list(path))
        if (!removed.has(path === '' ? entry.name : `${path}/${entry.name}`)) entries.set(entry.name, entry)
    const add = (full: string, kind: Entry['kind']): void => {
      if (full !== '' && parentOf(full) === path) {
        const name = full.slice(path === '' ? 0 : path.length + 1)
        entries.set(name, { name, kind })
      }
    }
    for (const folder of folders) add(folder, 'directory')
    for (const link of links) add(link, 'link')
    for (const file of changed.keys()) add(file, 'file')
    return [...entries.values()].sort((a, b) => (a.name < b.name ? -1 : 1))
  }

  const rename = (from: string, to: string): void => {
    if (kindOf(from) === 'directory') {
      folders.add(to)
      for (const { name } of list(from)) rename(`${from}/${name}`, `${to}/${name}`)
      folders.delete(from)
    } else {
      const file = own(from)
      changed.delete(from)
      changed.set(to, file)
    }
    removed.add(from)
  }

  return {
    name: base.name,
    readInto,
    read(path, offset, length) {
      const target = new Uint8Array(length)
      return target.subarray(0, readInto(path, offset, target))
    },
    write(path, offset, bytes) {
      const file = own(path)
      for (let done = 0; done < bytes.length;) {
        const within = (offset + done) % PIECE
        const n = Math.min(PIECE - within, bytes.length - done)
        piece(file, Math.floor((offset + done) / PIECE)).set(bytes.subarray(done, done + n), within)
        done += n
      }
      file.size = Math.max(file.size, offset + bytes.length)
    },
    truncate(path, size) {
      const file = own(path)
      if (size < file.size) {
        file.baseSize = Math.min(file.baseSize, size)
        for (const [index, bytes] of file.pieces) {
          if (index * PIECE >= size) file.pieces.delete(index)
          else bytes.fill(0, Math.min(PIECE, size - index * PIECE))
        }
      }
      file.size = size
    },
    size: sizeOf,
    kind: kindOf,
    list,
    makeDirectory(path) {
      for (let p = path; p !== '' && kindOf(p) === undefined; p = parentOf(p)) folders.add(p)
    },
    rename,
    remove(path) {
      const under = (name: string): boolean => name === path || name.startsWith(path + '/')
      for (const set of [folders, links]) for (const name of [...set]) if (under(name)) set.delete(name)
      for (const name of [...changed.keys()]) if (under(name)) changed.delete(name)
      removed.add(path)
    },
    link(path) {
      links.add(path)
      folders.add(path) // what the link leads to is empty here
    },
    sync() {},
    usedBy: base.usedBy?.bind(base),
  }
}
