// Redo changes pages in memory; now and then it makes, cuts or removes a file, or memory is short and a page is written.
// The first of these moments is announced, because before it must stand: the whole log is known, it is on disk, and
// pg_control says that recovery is under way. All of them are, because what was changed must be synced in the end.

import type { Disk } from '../disk/disk.js'

/** The same disk; `announce` is called before every call that changes something, with the path where it will be. */
export function beforeChanges(disk: Disk, announce: (path: string) => void): Disk {
  const announced =
    <A extends unknown[]>(change: (path: string, ...given: A) => void) =>
    (path: string, ...given: A): void => {
      announce(path)
      change(path, ...given)
    }
  return {
    name: disk.name,
    read: (path, offset, length) => disk.read(path, offset, length),
    readInto: (path, offset, target) => disk.readInto(path, offset, target),
    size: (path) => disk.size(path),
    kind: (path) => disk.kind(path),
    list: (path) => disk.list(path),
    write: announced((path, offset, bytes) => disk.write(path, offset, bytes)),
    truncate: announced((path, size) => disk.truncate(path, size)),
    makeDirectory: announced((path) => disk.makeDirectory(path)),
    rename(from, to) {
      announce(to)
      disk.rename(from, to)
    },
    remove: announced((path) => disk.remove(path)),
    link: announced((path, target) => disk.link(path, target)),
    sync: announced((path) => disk.sync(path)),
    usedBy: disk.usedBy?.bind(disk),
  }
}
