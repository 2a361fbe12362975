// Status tables kept in plain pages without header, LSN or checksum: pg_xact, pg_multixact, pg_commit_ts
// (access/transam/slru.c). Thirty-two pages make a file; a page whose file is missing reads as zeroes during replay, the
// "empty dummy" that stands in for state that a later record cut off. Once replay is over there are no dummies any more.

import { CorruptData } from '../bytes/errors.js'
import { join, type Disk } from '../disk/disk.js'
import { BLCKSZ } from '../format/controlFile.js'

export const SLRU_PAGES_PER_SEGMENT = 32
const MAX_PAGES_HELD = 4096

interface StatusPage {
  bytes: Uint8Array
  view: DataView
  dirty: boolean
}

/** Where recovery finds a page of a status table. */
export interface StatusPagePlace {
  /** Path of its file, and where the page begins in it, in bytes. */
  file: string
  offset: number
  /** `zeroes`: there is no such file. `too short`: there is, and the page is not in it, or not all of it. */
  found: 'disk' | 'zeroes' | 'too short'
}

/** File of a page of a status table: four hexadecimal digits of the segment number, or more (SlruFileName). */
export function statusFile(directory: string, pageno: number): string {
  const segment = Math.floor(pageno / SLRU_PAGES_PER_SEGMENT)
  return join(directory, segment.toString(16).toUpperCase().padStart(4, '0'))
}

/**
 * Finds a page of a status table as recovery reads it (slru.c, SlruPhysicalReadPage with InRecovery): a file that is
 * missing may have been cut off later in the log; a file that is too short never was. `sizeOf` gives bytes.
 */
export function findStatusPage(
  directory: string,
  pageno: number,
  sizeOf: (file: string) => number | undefined,
): StatusPagePlace {
  const file = statusFile(directory, pageno)
  const offset = (pageno % SLRU_PAGES_PER_SEGMENT) * BLCKSZ
  const size = sizeOf(file)
  const found = size === undefined ? 'zeroes' : size < offset + BLCKSZ ? 'too short' : 'disk'
  return { file, offset, found }
}

export class Slru {
  /** Files that were missing and read as zeroes. */
  readonly dummies = new Set<string>()
  /** Files written since the last sync. */
  readonly written = new Set<string>()
  private readonly pages = new Map<number, StatusPage>()
  private replaying = true

  constructor(
    private readonly disk: Disk,
    /** Directory in the data directory, "pg_xact". */
    readonly directory: string,
    private readonly log: (sentence: string) => void = () => {},
  ) {}

  /** File of a page. */
  fileOf(pageno: number): string {
    return statusFile(this.directory, pageno)
  }

  /**
   * The page's bytes; call `markDirty` after changing them.
   * @throws CorruptData when the file is there and ends before the page does, and once replay is over when it is missing
   */
  page(pageno: number): StatusPage {
    const held = this.pages.get(pageno)
    if (held) return held
    const bytes = new Uint8Array(BLCKSZ)
    const { file, offset, found } = this.find(pageno)
    if (found === 'too short') throw tooShort(file, offset, this.disk.size(file) ?? 0)
    if (found === 'disk') this.disk.readInto(file, offset, bytes)
    else if (!this.replaying) throw missing(file)
    else {
      if (!this.dummies.has(file)) this.log(`file "${file}" doesn't exist, reading as zeroes`)
      this.dummies.add(file)
    }
    return this.hold(pageno, bytes)
  }

  /**
   * From now on a file that is missing is lost (InRecovery is false): only what replay made, or read already, stands in
   * for it.
   */
  endReplay(): void {
    this.replaying = false
  }

  /** Is there a page on disk or in memory (SimpleLruDoesPhysicalPageExist)? */
  exists(pageno: number): boolean {
    return this.pages.has(pageno) || this.find(pageno).found === 'disk'
  }

  markDirty(pageno: number): void {
    this.page(pageno).dirty = true
  }

  /** A new page of zeroes. */
  zeroPage(pageno: number): StatusPage {
    const page = this.hold(pageno, new Uint8Array(BLCKSZ))
    page.dirty = true
    return page
  }

  /** Removes a segment's file and the pages of it in memory. */
  removeSegment(segment: number): void {
    const first = segment * SLRU_PAGES_PER_SEGMENT
    for (let pageno = first; pageno < first + SLRU_PAGES_PER_SEGMENT; pageno++) this.pages.delete(pageno)
    this.disk.remove(this.fileOf(first))
  }

  /**
   * Removes the segments of which `isOld` says, by their first and last page, that they may go (SimpleLruTruncate):
   * files, and what so far is in memory only.
   */
  truncate(isOld: (firstPage: number, lastPage: number) => boolean): void {
    const segments = new Set<number>()
    for (const { name } of this.disk.list(this.directory))
      if (/^[0-9A-F]{4,6}$/.test(name)) segments.add(parseInt(name, 16))
    for (const pageno of this.pages.keys()) segments.add(Math.floor(pageno / SLRU_PAGES_PER_SEGMENT))
    for (const segment of segments) {
      const first = segment * SLRU_PAGES_PER_SEGMENT
      if (isOld(first, first + SLRU_PAGES_PER_SEGMENT - 1)) this.removeSegment(segment)
    }
  }

  /** Writes dirty pages; returns how many. Sync is the caller's: `written` names the files. */
  flush(): number {
    const dirty = [...this.pages].filter(([, page]) => page.dirty).sort(([a], [b]) => a - b)
    if (dirty.length > 0) this.disk.makeDirectory(this.directory)
    for (const [pageno, page] of dirty) {
      this.disk.write(this.fileOf(pageno), (pageno % SLRU_PAGES_PER_SEGMENT) * BLCKSZ, page.bytes)
      this.written.add(this.fileOf(pageno))
      page.dirty = false
    }
    return dirty.length
  }

  /** Pages that would be written now. */
  dirtyPages(): number[] {
    return [...this.pages].filter(([, page]) => page.dirty).map(([pageno]) => pageno)
  }

  private find(pageno: number): StatusPagePlace {
    return findStatusPage(this.directory, pageno, (file) => this.disk.size(file))
  }

  private hold(pageno: number, bytes: Uint8Array): StatusPage {
    if (this.pages.size >= MAX_PAGES_HELD) {
      this.flush()
      this.pages.clear()
    }
    const page = { bytes, view: new DataView(bytes.buffer), dirty: false }
    this.pages.set(pageno, page)
    return page
  }
}

/** PostgreSQL: "could not access status of transaction", and the same detail (SlruReportIOError). */
function missing(file: string): CorruptData {
  const what = 'could not open file: no such file, and the log does not bring it back'
  return new CorruptData({
    file,
    what,
    todo: 'restore it from a backup, PostgreSQL cannot start without it either',
  })
}

/** PostgreSQL's own words, "Could not read from file … at offset …: read too few bytes." (SlruReportIOError). */
function tooShort(file: string, offset: number, size: number): CorruptData {
  return new CorruptData({
    file,
    what: `read too few bytes at offset ${offset}`,
    expected: `${BLCKSZ}`,
    found: `${Math.max(0, size - offset)}`,
  })
}
