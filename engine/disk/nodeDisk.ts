// A Disk on a real directory: the only file of the engine's library that knows Node.
// File descriptors are kept open, a few hundred at most, because recovery comes back to the same files.

import * as fs from 'node:fs'
import * as nodePath from 'node:path'
import { DiskFault } from '../bytes/errors.js'
import type { Disk, Entry, EntryKind } from './disk.js'

const MAX_OPEN_FILES = 256

const codeOf = (error: unknown): string => (error as NodeJS.ErrnoException).code ?? ''

/** Opens a directory. With `readOnly`, every call that would change a byte is refused. */
export function nodeDisk(directory: string, options: { readOnly?: boolean } = {}): Disk & { close(): void } {
  const root = nodePath.resolve(directory)
  const flags = options.readOnly ? 'r' : 'r+'
  const open = new Map<string, number>()
  const owner = ownerOf(root)
  const full = (path: string): string => (path === '' ? root : nodePath.join(root, path))

  const attempt = <T>(what: string, path: string, run: () => T): T => {
    try {
      return run()
    } catch (error) {
      if (error instanceof DiskFault) throw error
      throw new DiskFault(`could not ${what} "${path}": ${(error as Error).message}`, error)
    }
  }
  const change = (what: string, path: string): void => {
    if (options.readOnly)
      throw new DiskFault(`could not ${what} "${path}": the directory was opened read-only`)
  }
  const close = (path: string): void => {
    const fd = open.get(path)
    if (fd !== undefined) fs.closeSync(fd)
    open.delete(path)
  }
  const closeUnder = (path: string): void => {
    for (const name of [...open.keys()]) if (name === path || name.startsWith(path + '/')) close(name)
  }
  const descriptor = (path: string, create = false): number => {
    const known = open.get(path)
    if (known !== undefined) return known
    if (open.size >= MAX_OPEN_FILES) close(open.keys().next().value as string)
    let fd: number
    try {
      fd = fs.openSync(full(path), flags)
    } catch (error) {
      if (!create || codeOf(error) !== 'ENOENT') throw error
      fd = fs.openSync(full(path), 'w+', owner.fileMode)
      owner.give(full(path))
    }
    open.set(path, fd)
    return fd
  }
  const readInto = (path: string, offset: number, target: Uint8Array): number =>
    attempt('read', path, () => {
      const fd = descriptor(path)
      let done = 0
      while (done < target.length) {
        const n = fs.readSync(fd, target, done, target.length - done, offset + done)
        if (n === 0) break
        done += n
      }
      return done
    })
  const kindOf = (stat: { isDirectory(): boolean; isSymbolicLink(): boolean }): EntryKind =>
    stat.isDirectory() ? 'directory' : stat.isSymbolicLink() ? 'link' : 'file'

  return {
    name: directory,
    readInto,
    read(path, offset, length) {
      const target = new Uint8Array(length)
      return target.subarray(0, readInto(path, offset, target))
    },
    write(path, offset, bytes) {
      change('write', path)
      attempt('write', path, () => {
        const fd = descriptor(path, true)
        let done = 0
        while (done < bytes.length) done += fs.writeSync(fd, bytes, done, bytes.length - done, offset + done)
      })
    },
    truncate(path, size) {
      change('truncate', path)
      attempt('truncate', path, () => fs.ftruncateSync(descriptor(path), size))
    },
    size(path) {
      return attempt('examine', path, () => {
        const known = open.get(path)
        const stat =
          known === undefined ? fs.statSync(full(path), { throwIfNoEntry: false }) : fs.fstatSync(known)
        return stat?.isFile() ? stat.size : undefined
      })
    },
    kind(path) {
      return attempt('examine', path, () => {
        const stat = fs.lstatSync(full(path), { throwIfNoEntry: false })
        return stat && kindOf(stat)
      })
    },
    list(path): Entry[] {
      return attempt('list', path, () => {
        try {
          const found = fs.readdirSync(full(path), { withFileTypes: true })
          return found
            .map((entry): Entry => ({ name: entry.name, kind: kindOf(entry) }))
            .sort((a, b) => (a.name < b.name ? -1 : 1))
        } catch (error) {
          if (codeOf(error) === 'ENOENT' || codeOf(error) === 'ENOTDIR') return []
          throw error
        }
      })
    },
    makeDirectory(path) {
      change('create directory', path)
      attempt('create directory', path, () => {
        const first = fs.mkdirSync(full(path), { recursive: true, mode: owner.directoryMode })
        for (
          let made = full(path);
          first !== undefined && made.length >= first.length;
          made = nodePath.dirname(made)
        )
          owner.give(made)
      })
    },
    rename(from, to) {
      change('rename', from)
      closeUnder(from)
      closeUnder(to)
      attempt('rename', from, () => fs.renameSync(full(from), full(to)))
    },
    remove(path) {
      change('remove', path)
      closeUnder(path)
      attempt('remove', path, () => fs.rmSync(full(path), { recursive: true, force: true }))
    },
    link(path, target) {
      change('link', path)
      attempt('link', path, () => {
        fs.symlinkSync(target, full(path), 'junction')
        owner.give(full(path))
      })
    },
    sync(path) {
      change('sync', path)
      attempt('sync', path, () => {
        const stat = fs.statSync(full(path))
        // The size is synced along when it has changed; what fsync adds is the time of the change (wal_sync_method).
        if (!stat.isDirectory()) return fs.fdatasyncSync(descriptor(path))
        if (nodePath.sep === '\\') return // Windows has no call that syncs a directory
        const fd = fs.openSync(full(path), 'r')
        try {
          fs.fsyncSync(fd)
        } finally {
          fs.closeSync(fd)
        }
      })
    },
    usedBy: (pid) => worksIn(pid, root),
    close() {
      for (const path of [...open.keys()]) close(path)
    },
  }
}

/**
 * Is the process alive, and `directory` its working directory? A server's always is. Linux tells; elsewhere, or where
 * the process belongs to somebody else, being alive must do: a stale lock file may name a number in use again.
 */
function worksIn(pid: number, directory: string): boolean {
  if (process.platform === 'linux') {
    try {
      return fs.realpathSync(`/proc/${pid}/cwd`) === fs.realpathSync(directory)
    } catch (error) {
      return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ESRCH'
    }
  }
  try {
    process.kill(pid, 0)
    return true
  } catch (error) {
    return codeOf(error) === 'EPERM'
  }
}

/**
 * Whose the directory is: what we make in it must be theirs, or their server could not open it. Permissions follow the
 * directory's own, for its group may be allowed to read (common/file_perm.c).
 */
function ownerOf(directory: string): { fileMode: number; directoryMode: number; give(path: string): void } {
  const stat = fs.statSync(directory, { throwIfNoEntry: false })
  const groupReads = stat !== undefined && (stat.mode & 0o050) === 0o050
  const foreign = stat !== undefined && process.getuid?.() === 0 && (stat.uid !== 0 || stat.gid !== 0)
  return {
    fileMode: groupReads ? 0o640 : 0o600,
    directoryMode: groupReads ? 0o750 : 0o700,
    give: (path) => {
      if (foreign && stat) fs.lchownSync(path, stat.uid, stat.gid)
    },
  }
}
