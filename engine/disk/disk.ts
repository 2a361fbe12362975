// Where the data directory lives. Everything above this floor reads and writes files only through a Disk, so the
// same engine runs on a real directory (nodeDisk) and on one held in memory (memoryDisk), in a browser too.
//
// Paths are relative to the data directory, with '/' between the parts; '' is the directory itself.
// Calls are synchronous. A failed call throws DiskFault with the path and the operating system's reason.

export type EntryKind = 'file' | 'directory' | 'link'

export interface Entry {
  name: string
  kind: EntryKind
}

export interface Disk {
  /** A name for messages: the directory's path, or "memory". */
  readonly name: string
  /** Up to `length` bytes from `offset`; fewer at the end of the file. The file must exist. */
  read(path: string, offset: number, length: number): Uint8Array
  /** The same into `target`; returns the number of bytes read. */
  readInto(path: string, offset: number, target: Uint8Array): number
  /** Writes at `offset`, creating or extending the file; a gap reads as zeroes. */
  write(path: string, offset: number, bytes: Uint8Array): void
  /** Cuts or extends (with zeroes) the file to `size` bytes; it must exist. */
  truncate(path: string, size: number): void
  /** Size of a file in bytes; undefined when there is no such file. */
  size(path: string): number | undefined
  /** What stands at `path`: following no link; undefined for nothing. */
  kind(path: string): EntryKind | undefined
  /** Entries of a directory, sorted by name; empty when there is no such directory. */
  list(path: string): Entry[]
  /** Makes a directory and its missing parents; no error when it is there. */
  makeDirectory(path: string): void
  rename(from: string, to: string): void
  /** Removes a file, a link, or a directory with all it holds; no error when it is not there. */
  remove(path: string): void
  /** Makes a symbolic link at `path` to `target` (an absolute path of the machine). */
  link(path: string, target: string): void
  /** Returns when a file's bytes, or a directory's entries, would survive a power cut. */
  sync(path: string): void
  /** Is this process alive and working in the directory? Absent where there are no processes. */
  usedBy?(pid: number): boolean
}

/** The whole of a file; undefined when there is no such file. */
export function readFile(disk: Disk, path: string): Uint8Array | undefined {
  const size = disk.size(path)
  return size === undefined ? undefined : disk.read(path, 0, size)
}

/** The folder part of a path. */
export function parentOf(path: string): string {
  const slash = path.lastIndexOf('/')
  return slash < 0 ? '' : path.slice(0, slash)
}

/** Joins parts with '/', leaving out empty ones. */
export function join(...parts: string[]): string {
  return parts.filter((part) => part !== '').join('/')
}
