// A disk that remembers what was written and not yet synced, so that a checkpoint syncs just that (sync.c,
// RegisterSyncRequest, ProcessSyncRequests).

import { parentOf, type Disk } from '../disk/disk.js'

export interface UnsyncedDisk extends Disk {
  /** Syncs all that was written through this disk since the last time: files, then the folders of new ones. */
  syncAll(): void
}

/** `base`, watched. */
export function unsyncedDisk(base: Disk): UnsyncedDisk {
  const files = new Set<string>()
  const folders = new Set<string>()
  const touched = (path: string): void => {
    if (base.size(path) === undefined) folders.add(parentOf(path))
    files.add(path)
  }
  return {
    ...base,
    write(path, offset, bytes) {
      touched(path)
      base.write(path, offset, bytes)
    },
    truncate(path, size) {
      touched(path)
      base.truncate(path, size)
    },
    makeDirectory(path) {
      folders.add(parentOf(path))
      base.makeDirectory(path)
    },
    rename(from, to) {
      if (files.delete(from)) files.add(to)
      folders.add(parentOf(from)).add(parentOf(to))
      base.rename(from, to)
    },
    remove(path) {
      files.delete(path)
      folders.add(parentOf(path))
      base.remove(path)
    },
    sync(path) {
      base.sync(path)
      files.delete(path)
      folders.delete(path)
    },
    syncAll() {
      for (const path of files) base.sync(path)
      for (const path of folders) base.sync(path)
      files.clear()
      folders.clear()
    },
  }
}
