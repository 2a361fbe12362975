/**
 * The disk as a crash finds it, at each moment of a trace.
 *
 *   killed       the process dies: the operating system still writes all that it was given
 *   power lost   what was not synced is gone; names (create, rename, remove) are kept in order, as a
 *                journaling file system does
 *   torn         power lost in the middle of writing: of what was not synced, some sectors of 512
 *                bytes got there, others did not, in no order
 */
import { memoryDisk, type MemoryDisk } from '../../disk/memoryDisk.js'
import type { Disk } from '../../disk/disk.js'
import { overlayDisk } from '../../disk/overlayDisk.js'
import type { DiskEvent, Trace } from './trace.js'

export type CrashKind = 'killed' | 'power lost' | 'torn'
export const crashKinds: readonly CrashKind[] = ['killed', 'power lost', 'torn']

const SECTOR = 512

interface Write {
  readonly at: number
  readonly bytes: Uint8Array
}

/** Follows a trace, event by event; images may be taken after each. */
export class CrashImages {
  private readonly written: MemoryDisk
  private readonly synced: MemoryDisk
  /** Since the file was synced last. */
  private readonly unsynced = new Map<string, Write[]>()

  constructor(trace: Pick<Trace, 'files' | 'folders'>) {
    this.written = memoryDisk(trace.files, trace.folders)
    this.synced = memoryDisk(trace.files, trace.folders)
  }

  /** A disk to recover; changes to it are its own. It is good until the next event. */
  image(kind: CrashKind, random: () => number): Disk {
    if (kind === 'killed') return overlayDisk(this.written)
    const disk = overlayDisk(this.synced)
    if (kind === 'torn')
      for (const [path, writes] of this.unsynced) for (const write of writes) tear(disk, path, write, random)
    return disk
  }

  apply(event: DiskEvent): void {
    switch (event.kind) {
      case 'write':
        this.written.write(event.path, event.at, event.bytes)
        return this.remember(event.path, event)
      case 'sync':
        return this.sync(event.path)
      case 'truncate':
        return this.truncate(event.path, event.size)
      case 'rename':
        return this.rename(event.from, event.to)
      case 'remove':
        this.unsynced.delete(event.path)
        return this.both((disk) => disk.remove(event.path))
      case 'create':
        return this.both((disk) => disk.write(event.path, 0, new Uint8Array(0)))
      case 'makeDirectory':
        return this.both((disk) => disk.makeDirectory(event.path))
    }
  }

  private both(change: (disk: MemoryDisk) => void): void {
    change(this.written)
    change(this.synced)
  }

  private remember(path: string, write: Write): void {
    const writes = this.unsynced.get(path)
    if (writes) writes.push(write)
    else this.unsynced.set(path, [write])
  }

  private sync(path: string): void {
    this.unsynced.delete(path)
    const size = this.written.size(path)
    if (size === undefined) return // a directory: names are kept anyway
    this.synced.write(path, 0, this.written.read(path, 0, size))
    this.synced.truncate(path, size)
  }

  /** A file that is cut is cut at once; one that grows has zeroes there once it is synced. */
  private truncate(path: string, size: number): void {
    this.written.truncate(path, size)
    if ((this.synced.size(path) ?? 0) > size) this.synced.truncate(path, size)
    const kept = (this.unsynced.get(path) ?? []).filter(({ at, bytes }) => at + bytes.length <= size)
    this.unsynced.set(path, kept)
  }

  private rename(from: string, to: string): void {
    this.both((disk) => disk.remove(to))
    this.both((disk) => disk.rename(from, to))
    const writes = this.unsynced.get(from)
    this.unsynced.delete(from)
    this.unsynced.delete(to)
    if (writes) this.unsynced.set(to, writes)
  }
}

/** Some of the write's sectors. */
function tear(disk: Disk, path: string, { at, bytes }: Write, random: () => number): void {
  for (let from = 0; from < bytes.length; from += SECTOR)
    if (random() < 0.5) disk.write(path, at + from, bytes.subarray(from, from + SECTOR))
}
