// A disk that can lose power: for each file it keeps apart what was written and what was synced.
//
//   write ─► in the operating system's memory ── sync ─► on the disk
//            killed: still there                         power lost: still there
//            power lost: gone, or some of it there
//
// Names (create, rename, remove) are kept in their order, as a journaling file system does. A disk and its crash images
// share their bytes until one of them writes, so that an image costs little and every moment can have its own.

import { DiskFault } from '../bytes/errors.js'
import { parentOf, type Disk, type Entry } from './disk.js'

/**
 * What a crash leaves:
 *
 *   killed       the process is gone, the operating system goes on: all that was written
 *   power lost   what was synced, and nothing else
 *   reordered    of what was not synced some writes are there, others are not, in no order
 *   torn         the same by sectors of 512 bytes: a write may be there in part
 */
export type CrashKind = 'killed' | 'power lost' | 'reordered' | 'torn'
export const CRASH_KINDS: readonly CrashKind[] = ['killed', 'power lost', 'reordered', 'torn']

/** One thing that was asked of the disk and that a crash may come after. */
export interface DiskAction {
  readonly what: 'write' | 'truncate' | 'sync' | 'rename' | 'remove' | 'make directory' | 'link'
  readonly path: string
  /** First byte, of a write. */
  readonly at?: number
  /** Bytes written, or the new size. */
  readonly length?: number
}

export interface UnsyncedWrite {
  readonly path: string
  readonly at: number
  readonly length: number
}

export interface PowerDisk extends Disk {
  /** The disk as a crash at this moment leaves it. `random` decides which writes and sectors survive. */
  crash(kind: CrashKind, random: () => number): PowerDisk
  /** Actions so far. */
  readonly actions: number
  /** Writes that a power cut would take away now. */
  unsynced(): UnsyncedWrite[]
  /** Called after each action; what it throws comes out of the call that asked for the action. */
  watch(observer: ((action: DiskAction) => void) | undefined): void
}

const CHUNK = 8192
const SECTOR = 512

/** A file's bytes in pieces; pieces that were never written are zeroes. `shared`: somebody else holds it too. */
interface Content {
  size: number
  chunks: Array<Uint8Array | undefined>
  shared: boolean
}

interface Write {
  readonly at: number
  readonly bytes: Uint8Array
}

interface File {
  written: Content
  synced: Content
  /** Since the file was synced last. */
  unsynced: Write[]
}

const EMPTY: Content = { size: 0, chunks: [], shared: true }

function readChunks({ size, chunks }: Content, offset: number, target: Uint8Array): number {
  const end = Math.min(size, offset + target.length)
  for (let at = offset; at < end;) {
    const within = at % CHUNK
    const n = Math.min(CHUNK - within, end - at)
    const chunk = chunks[(at - within) / CHUNK]
    if (chunk) target.set(chunk.subarray(within, within + n), at - offset)
    else target.fill(0, at - offset, at - offset + n)
    at += n
  }
  return Math.max(0, end - offset)
}

const isZero = (bytes: Uint8Array): boolean => {
  for (let i = 0; i < bytes.length; i++) if (bytes[i] !== 0) return false
  return true
}

/** The content with a write applied: pieces that change are made anew, all others stay shared. */
function writeChunks(content: Content, offset: number, bytes: Uint8Array): Content {
  const target = ownOf(content)
  target.size = Math.max(target.size, offset + bytes.length)
  for (let done = 0; done < bytes.length;) {
    const within = (offset + done) % CHUNK
    const n = Math.min(CHUNK - within, bytes.length - done)
    const index = (offset + done - within) / CHUNK
    const piece = bytes.subarray(done, done + n)
    const old = target.chunks[index]
    done += n
    if (!old && isZero(piece)) continue
    const chunk = old && n < CHUNK ? old.slice() : new Uint8Array(CHUNK)
    chunk.set(piece, within)
    target.chunks[index] = chunk
  }
  return target
}

function resizeChunks(content: Content, size: number): Content {
  const target = ownOf(content)
  if (size < target.size) {
    const whole = Math.floor(size / CHUNK)
    const last = target.chunks[whole]
    target.chunks.length = Math.min(target.chunks.length, Math.ceil(size / CHUNK))
    if (last && size % CHUNK > 0) {
      target.chunks[whole] = new Uint8Array(CHUNK)
      target.chunks[whole]?.set(last.subarray(0, size % CHUNK))
    }
  }
  target.size = size
  return target
}

function ownOf(content: Content): Content {
  return content.shared ? { size: content.size, chunks: content.chunks.slice(), shared: false } : content
}

function share(content: Content): Content {
  content.shared = true
  return content
}

/** An empty disk; `files` and `folders` are for its own images. */
export function powerDisk(files = new Map<string, File>(), folders = new Set<string>([''])): PowerDisk {
  let actions = 0
  let observer: ((action: DiskAction) => void) | undefined
  const did = (action: DiskAction): void => {
    actions++
    observer?.(action)
  }
  const need = (what: string, path: string): File => {
    const file = files.get(path)
    if (!file) throw new DiskFault(`could not ${what} "${path}": no such file`)
    return file
  }
  const under =
    (path: string) =>
    (name: string): boolean =>
      name === path || name.startsWith(path + '/')
  return {
    name: 'memory',
    get actions() {
      return actions
    },
    watch(next) {
      observer = next
    },
    unsynced: () =>
      [...files].flatMap(([path, file]) =>
        file.unsynced.map(({ at, bytes }) => ({ path, at, length: bytes.length })),
      ),
    crash: (kind, random) => powerDisk(crashed(files, kind, random), new Set(folders)),
    readInto: (path, offset, target) => readChunks(need('read', path).written, offset, target),
    read(path, offset, length) {
      const { written } = need('read', path)
      const bytes = new Uint8Array(Math.max(0, Math.min(length, written.size - offset)))
      readChunks(written, offset, bytes)
      return bytes
    },
    write(path, offset, bytes) {
      let file = files.get(path)
      if (!file) {
        if (!folders.has(parentOf(path))) throw new DiskFault(`could not write "${path}": no such directory`)
        files.set(path, (file = { written: EMPTY, synced: EMPTY, unsynced: [] }))
      }
      file.written = writeChunks(file.written, offset, bytes)
      if (bytes.length > 0) file.unsynced.push({ at: offset, bytes: bytes.slice() })
      did({ what: 'write', path, at: offset, length: bytes.length })
    },
    truncate(path, size) {
      const file = need('truncate', path)
      file.written = resizeChunks(file.written, size)
      // What is cut is cut at once; what grows has zeroes there once it is synced.
      if (file.synced.size > size) file.synced = resizeChunks(file.synced, size)
      file.unsynced = file.unsynced.filter(({ at, bytes }) => at + bytes.length <= size)
      did({ what: 'truncate', path, length: size })
    },
    size: (path) => files.get(path)?.written.size,
    kind: (path) => (files.has(path) ? 'file' : folders.has(path) ? 'directory' : undefined),
    list(path): Entry[] {
      const from = path === '' ? 0 : path.length + 1
      const found: Entry[] = []
      for (const name of files.keys())
        if (parentOf(name) === path) found.push({ name: name.slice(from), kind: 'file' })
      for (const name of folders)
        if (name !== '' && parentOf(name) === path) found.push({ name: name.slice(from), kind: 'directory' })
      return found.sort((a, b) => (a.name < b.name ? -1 : 1))
    },
    makeDirectory(path) {
      if (folders.has(path)) return
      for (let p = path; p !== '' && !folders.has(p); p = parentOf(p)) folders.add(p)
      did({ what: 'make directory', path })
    },
    rename(from, to) {
      const moves = under(from)
      for (const [path, file] of [...files]) {
        if (!moves(path)) continue
        files.delete(path)
        files.set(to + path.slice(from.length), file)
      }
      for (const path of [...folders])
        if (moves(path)) folders.delete(path) && folders.add(to + path.slice(from.length))
      did({ what: 'rename', path: from })
    },
    remove(path) {
      const goes = under(path)
      let any = false
      for (const name of [...files.keys()]) if (goes(name)) any = files.delete(name) || any
      for (const name of [...folders]) if (name !== '' && goes(name)) any = folders.delete(name) || any
      if (any) did({ what: 'remove', path })
    },
    link(path) {
      folders.add(path) // what the link leads to is empty here
      did({ what: 'link', path })
    },
    sync(path) {
      const file = files.get(path)
      if (file) {
        file.synced = share(file.written)
        file.unsynced = []
      }
      did({ what: 'sync', path })
    },
  }
}

function crashed(files: ReadonlyMap<string, File>, kind: CrashKind, random: () => number): Map<string, File> {
  const left = new Map<string, File>()
  for (const [path, { written, synced, unsynced }] of files) {
    if (kind === 'killed')
      left.set(path, { written: share(written), synced: share(synced), unsynced: [...unsynced] })
    else {
      const content = surviving(share(synced), kind === 'power lost' ? [] : unsynced, kind, random)
      left.set(path, { written: share(content), synced: content, unsynced: [] })
    }
  }
  return left
}

function surviving(
  synced: Content,
  unsynced: readonly Write[],
  kind: CrashKind,
  random: () => number,
): Content {
  let content = synced
  for (const { at, bytes } of unsynced) {
    const step = kind === 'torn' ? SECTOR : bytes.length
    for (let from = 0; from < bytes.length;) {
      const n = Math.min(step - (kind === 'torn' ? (at + from) % SECTOR : 0), bytes.length - from)
      if (random() < 0.5) content = writeChunks(content, at + from, bytes.subarray(from, from + n))
      from += n
    }
  }
  return content
}
