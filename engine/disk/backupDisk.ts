// A Disk that keeps what every change overwrites, so that a recovery can be taken back. What was there before goes to a
// journal, and reaches the journal's own disk before the change is made.
//
//   entry   kind 1 │ length of path 4 │ path │ number 8 │ length 4 │ bytes │ CRC 4
//
//   P  bytes that stood at an offset            S  the size a file had
//   N  nothing was there                        D  a directory was there

import { crc32c } from '../bytes/crc32c.js'
import { CorruptData } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { join, type Disk } from './disk.js'

const MAGIC = new TextEncoder().encode('pgcrash undo 1\n')
const PIECE = 1 << 20

/** Where the journal is written: appended to, then made durable. */
export interface Journal {
  append(bytes: Uint8Array): void
  sync(): void
}

type Kind = 'P' | 'S' | 'N' | 'D'

function encode(kind: Kind, path: string, number: number, bytes: Uint8Array = new Uint8Array(0)): Uint8Array {
  const name = new TextEncoder().encode(path)
  const entry = new Uint8Array(1 + 4 + name.length + 8 + 4 + bytes.length + 4)
  const view = viewOf(entry)
  entry[0] = kind.charCodeAt(0)
  view.setUint32(1, name.length, true)
  entry.set(name, 5)
  let at = 5 + name.length
  view.setBigUint64(at, BigInt(number), true)
  view.setUint32(at + 8, bytes.length, true)
  at += 12
  entry.set(bytes, at)
  view.setUint32(at + bytes.length, crc32c(entry, 0, at + bytes.length), true)
  return entry
}

/** Keeps in `journal` what is needed to undo every change made through the returned disk. */
export function backupDisk(base: Disk, journal: Journal): Disk {
  journal.append(MAGIC)
  const born = new Set<string>() // made by us: nothing of them needs keeping
  const keep = (kind: Kind, path: string, number: number, bytes?: Uint8Array): void =>
    journal.append(encode(kind, path, number, bytes))
  const keepRange = (path: string, offset: number, length: number): void => {
    for (let done = 0; done < length; done += PIECE)
      keep('P', path, offset + done, base.read(path, offset + done, Math.min(PIECE, length - done)))
  }
  const keepBirth = (path: string): boolean => {
    if (born.has(path)) return true
    if (base.kind(path) !== undefined) return false
    keep('N', path, 0)
    born.add(path)
    return true
  }
  /** Everything below a path that is about to go. The journal is read backwards: parents are put back first. */
  const keepTree = (path: string): void => {
    const kind = base.kind(path)
    if (kind === undefined) return
    if (kind === 'directory') {
      for (const { name } of base.list(path)) keepTree(join(path, name))
      keep('D', path, 0)
    } else if (kind === 'file') {
      const size = base.size(path) ?? 0
      keepRange(path, 0, size)
      keep('S', path, size)
    }
    born.delete(path)
  }
  return {
    ...base,
    name: base.name,
    write(path, offset, bytes) {
      if (!keepBirth(path)) {
        const size = base.size(path) ?? 0
        if (offset < size) keepRange(path, offset, Math.min(bytes.length, size - offset))
        if (offset + bytes.length > size) keep('S', path, size)
      }
      journal.sync()
      base.write(path, offset, bytes)
    },
    truncate(path, size) {
      if (!keepBirth(path)) {
        const old = base.size(path) ?? 0
        if (size < old) keepRange(path, size, old - size)
        keep('S', path, old)
      }
      journal.sync()
      base.truncate(path, size)
    },
    makeDirectory(path) {
      const missing: string[] = []
      for (
        let p = path;
        p !== '' && base.kind(p) === undefined;
        p = p.slice(0, Math.max(0, p.lastIndexOf('/')))
      )
        missing.push(p)
      for (const p of missing.reverse()) keepBirth(p)
      journal.sync()
      base.makeDirectory(path)
    },
    rename(from, to) {
      keepTree(to)
      keepTree(from)
      keepBirth(to)
      journal.sync()
      base.rename(from, to)
      born.add(to)
    },
    remove(path) {
      keepTree(path)
      journal.sync()
      base.remove(path)
    },
    link(path, target) {
      keepBirth(path)
      journal.sync()
      base.link(path, target)
    },
  }
}

interface Entry {
  kind: Kind
  path: string
  number: number
  bytes: Uint8Array
}

/** Reads a journal; a last entry that was cut short belongs to a change that was never made, and is dropped. */
export function readJournal(raw: Uint8Array): Entry[] {
  if (raw.length < MAGIC.length || MAGIC.some((byte, i) => raw[i] !== byte))
    throw new CorruptData({
      file: 'undo file',
      what: 'not an undo file of pgcrash',
      expected: '"pgcrash undo 1"',
      found: 'other bytes',
    })
  const view = viewOf(raw)
  const entries: Entry[] = []
  for (let at = MAGIC.length; at + 5 <= raw.length;) {
    const nameLength = view.getUint32(at + 1, true)
    const numberAt = at + 5 + nameLength
    if (numberAt + 12 > raw.length) break
    const length = view.getUint32(numberAt + 8, true)
    const end = numberAt + 12 + length
    if (end + 4 > raw.length) break
    if (crc32c(raw, at, end) !== view.getUint32(end, true))
      throw new CorruptData({
        file: 'undo file',
        what: `the entry at byte ${at} is damaged`,
        todo: 'nothing was changed',
      })
    entries.push({
      kind: String.fromCharCode(raw[at]) as Kind,
      path: new TextDecoder().decode(raw.subarray(at + 5, numberAt)),
      number: Number(view.getBigUint64(numberAt, true)),
      bytes: raw.subarray(numberAt + 12, end),
    })
    at = end + 4
  }
  return entries
}

/** Puts the directory back as it was when the journal began, last change first, and syncs what it wrote. */
export function undo(disk: Disk, entries: readonly Entry[]): void {
  const touched = new Set<string>()
  for (const { kind, path, number, bytes } of [...entries].reverse()) {
    if (kind === 'N') {
      disk.remove(path)
      touched.delete(path)
      continue
    }
    if (kind === 'D') disk.makeDirectory(path)
    else if (kind === 'P') disk.write(path, number, bytes)
    else {
      if (disk.size(path) === undefined) disk.write(path, 0, new Uint8Array(0))
      disk.truncate(path, number)
    }
    touched.add(path)
  }
  for (const path of touched) if (disk.kind(path) !== undefined) disk.sync(path)
}
