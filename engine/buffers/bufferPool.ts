// Pages in memory. Redo changes them here; they reach the disk when room is needed, or in the final checkpoint.
//
// Rules for callers
//  - ask for a page with `read` or `zeroed`, change its bytes, then call `markDirty`;
//  - a page is safe from eviction until `beginRecord` is called again: redo never holds one longer than a record;
//  - a page's LSN is its promise to the log: before it is written, the log up to that LSN is on disk (`flushLogTo`).

import { assert, CorruptData } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { Lsn } from '../format/lsn.js'
import { isNewPage, pageFault, pageLsn, pageOf, setPageChecksum, type Page } from '../format/page.js'
import { databasePath, FORK } from '../format/relationPath.js'
import { BufferedPage, PAGES_IN_ROW, RelationFork } from './relationFork.js'

export interface BufferPoolOptions {
  /** Most pages held; 65,536 (512 MiB) when not given. */
  capacity?: number
  /** Blocks in one file of a relation (pg_control). */
  blocksPerFile?: number
  /** Pages carry checksums (pg_control, data_checksum_version). */
  checksums: boolean
  /** Write-ahead: called with a page's LSN before the page is written. Recovery has synced the log before it begins. */
  flushLogTo?: (lsn: Lsn) => void
  /** Zeroed memory for 64 pages that somebody else sees, too; undefined where nobody does. */
  memory?: () => PieceOfMemory | undefined
}

/** Memory for PAGES_IN_PIECE pages, and its number: see `OrderedRun.places`. */
export interface PieceOfMemory {
  memory: SharedArrayBuffer
  number: number
}

/** Pages that will be asked for soon. */
interface SoonAsked {
  relNumber: ArrayLike<number>
  fork: ArrayLike<number>
  block: ArrayLike<number>
  count: number
}

/** Consecutive pages of one file that somebody else is to write. */
export interface OrderedRun {
  path: string
  /** Byte of the file where the first page goes. */
  offset: number
  /** Its block number. */
  block: number
  /** Where each page is: 64 times the number of its piece of memory, and its number in there. */
  places: number[]
}

/**
 * Whoever writes pages beside us, in memory that he sees, too. He begins with the last run and we with the first; each
 * takes one after the other until none is left:
 *
 *   ours ─► │ run │ run │ run │ run │ run │ run │ ◄─ his
 */
export interface WriterBeside {
  /** Begins to write runs, if there are any, the last one first; with `checksums`, after he has put theirs in. */
  write(runs: OrderedRun[], checksums: boolean): void
  /** Takes the next run from the front for us; false when he has the others. */
  claim(): boolean
  /** Waits until his are written. False: he is not heard of any more, and they are to be written again. @throws DiskFault */
  written(): boolean
  /**
   * Waits until those are synced, and every file of the directory as it was before replay: what was changed here is for
   * us to sync. False: he is not heard of any more. @throws DiskFault
   */
  synced(): boolean
}

/** The page at a place in pieces of memory, by their numbers. */
export function pageAt(pieces: ReadonlyMap<number, SharedArrayBuffer>, place: number): Page {
  const piece = pieces.get(Math.floor(place / PAGES_IN_PIECE))
  assert(piece !== undefined, 'whoever names a place has given its memory')
  return pageOf(new Uint8Array(piece, (place % PAGES_IN_PIECE) * BLCKSZ, BLCKSZ))
}

function ordered(run: BufferedPage[]): OrderedRun {
  const [{ file, block }] = run
  return { ...file.placeFor(block, run.length), block, places: run.map((page) => page.place) }
}

const MAX_USAGE = 5
const MAX_WRITE_PAGES = 64
/** Pages in a piece of memory. */
export const PAGES_IN_PIECE = 64
const RECENT_FORKS = 256

export class BufferPool {
  /** Pages read from disk and written to it so far. */
  pagesRead = 0
  pagesWritten = 0
  /** Somebody who writes some of the pages in `flushAll`. */
  beside: WriterBeside | undefined
  private frames: BufferedPage[] = []
  private readonly forks = new Map<number, RelationFork[]>()
  /** Most pages that it may hold. */
  capacity: number
  private outgoing: Uint8Array | undefined
  private slab: Uint8Array = new Uint8Array(0)
  private slabUsed = 0
  /** The number of the piece that the slab is; -1 where it is memory of our own. */
  private piece = -1
  private hand = 0
  private currentRecord = 0
  private readonly glanced = {
    rows: [] as Array<ReadonlyArray<BufferedPage | undefined> | undefined>,
    pages: [] as BufferedPage[],
    seen: 0,
  }
  /** Forks met lately, each at a place of its own key: records go back and forth between a few. */
  private readonly recent = new Array<RelationFork | undefined>(RECENT_FORKS).fill(undefined)

  constructor(
    readonly disk: Disk,
    private readonly options: BufferPoolOptions,
  ) {
    this.capacity = options.capacity ?? 65536
  }

  /** Pages asked for so far may be evicted from now on. */
  beginRecord(): void {
    this.currentRecord++
  }

  /**
   * Looks at pages that will be asked for soon, some at a time and step by step: the processor waits for memory once
   * instead of once for each. Nothing changes.
   */
  glance({ relNumber, fork, block, count }: SoonAsked): void {
    const { rows, pages } = this.glanced
    for (let i = 0; i < count; i++)
      rows[i] = this.recent[(relNumber[i] * 4 + fork[i]) % RECENT_FORKS]?.heldRow(block[i])
    let n = 0
    for (let i = 0; i < count; i++) {
      const page = rows[i]?.[block[i] % PAGES_IN_ROW]
      if (page) pages[n++] = page
    }
    let seen = 0
    for (let i = 0; i < n; i++) seen ^= pages[i].view.byteOffset
    for (let i = 0; i < n; i++) seen ^= pages[i].view.getUint32(4, true)
    // The line pointers of some sixty items, in the size of piece that the processor fetches.
    for (let i = 0; i < n; i++)
      for (let at = 64; at <= 256; at += 64) seen ^= pages[i].view.getUint32(at, true)
    this.glanced.seen = seen // so that nobody takes it for work without a purpose
  }

  relation(spcOid: number, dbOid: number, relNumber: number, fork: number): RelationFork {
    const key = relNumber * 4 + fork
    const place = key % RECENT_FORKS
    const recent = this.recent[place]
    if (recent && recent.fork === fork) {
      const known = recent.locator
      if (known.relNumber === relNumber && known.dbOid === dbOid && known.spcOid === spcOid) return recent
    }
    if (fork < 0 || fork > FORK.INIT)
      throw new CorruptData({
        file: databasePath(spcOid, dbOid),
        what: `relation ${relNumber} has no fork number ${fork}`,
      })
    let candidates = this.forks.get(key)
    if (!candidates) this.forks.set(key, (candidates = []))
    for (const file of candidates)
      if (file.locator.dbOid === dbOid && file.locator.spcOid === spcOid) return (this.recent[place] = file)
    const blocksPerFile = this.options.blocksPerFile ?? 131072
    const file = new RelationFork(this.disk, { spcOid, dbOid, relNumber }, fork, blocksPerFile)
    candidates.push(file)
    return (this.recent[place] = file)
  }

  /**
   * A page that exists in the fork.
   * @throws CorruptData when its checksum or its header is wrong; with `zeroOnError` (visibility and free space maps,
   * which can be rebuilt) the page then counts as zeroes.
   */
  read(file: RelationFork, block: number, zeroOnError = false): BufferedPage {
    const held = file.held(block)
    if (held) return this.used(held)
    const page = this.frameFor(file, block)
    try {
      file.readBlock(block, page.bytes)
      this.pagesRead++
      const fault = pageFault(page, block, this.options.checksums)
      if (fault && zeroOnError) page.bytes.fill(0)
      else if (fault)
        throw new CorruptData({
          file: file.path,
          what: `invalid page in block ${block}: ${fault.what}`,
          expected: fault.expected,
          found: fault.found,
          todo: 'restore the file from a backup, or recover with the server and zero_damaged_pages',
        })
    } catch (error) {
      this.release(page) // it still holds another page's bytes
      throw error
    }
    return page
  }

  /** A page of zeroes at `block`, whatever was there; the fork is extended up to it. */
  zeroed(file: RelationFork, block: number): BufferedPage {
    const page = this.place(file, block)
    page.bytes.fill(0)
    return page
  }

  /** The place of a page that the caller fills, every byte of it; the fork is extended up to it. */
  place(file: RelationFork, block: number): BufferedPage {
    file.extendTo(block + 1)
    const held = file.held(block)
    return held ? this.used(held) : this.frameFor(file, block)
  }

  markDirty(page: BufferedPage): void {
    page.dirty = true
    // An init fork is copied from disk at the end of recovery, past this cache: disk and memory must agree.
    if (page.file.fork === FORK.INIT) this.write([page])
  }

  /** Forgets the pages of a fork from `fromBlock` on: they were truncated or dropped. */
  drop(file: RelationFork, fromBlock = 0): void {
    for (const page of file.heldFrom(fromBlock)) this.release(page)
  }

  /** Takes the pages of a fork out of the pool for good, and their memory with them: another pool may `adopt` them. */
  handOut(file: RelationFork): BufferedPage[] {
    const pages = [...file.heldFrom(0)]
    for (const page of pages) file.hold(page.block, undefined)
    const before = this.frames.length
    if (pages.length > 0) this.frames = this.frames.filter((page) => page.file !== file)
    this.capacity -= before - this.frames.length
    this.hand = 0
    return pages
  }

  /** Takes in a page that another pool has handed out, newer than the one on disk, in the memory that it is in. */
  adopt(file: RelationFork, block: number, memory: Page, place: number): void {
    assert(!file.held(block), 'nobody has changed the page here meanwhile')
    file.extendTo(block + 1)
    const page = new BufferedPage(memory, file, block, this.currentRecord)
    page.place = place
    page.dirty = true
    this.frames.push(page)
    file.hold(block, page)
  }

  /** Forks that redo has met. */
  *allForks(): Generator<RelationFork, void, undefined> {
    for (const candidates of this.forks.values()) yield* candidates
  }

  /** Dirty pages, file by file in the order of blocks. */
  dirtyPages(): BufferedPage[] {
    const dirty: BufferedPage[] = []
    const files = [...this.allForks()].sort((a, b) => (a.path < b.path ? -1 : 1))
    for (const file of files) for (const page of file.heldFrom(0)) if (page.dirty) dirty.push(page)
    return dirty
  }

  /** Writes every dirty page and lets files reach their size. Nothing need be synced yet. */
  flushAll(onProgress?: (written: number, of: number) => void): void {
    const runs = this.dirtyRuns()
    const total = runs.reduce((sum, run) => sum + run.length, 0)
    const before = this.pagesWritten
    const { beside } = this
    const divided = beside ? this.give(runs, beside) : runs.length // from this run on, he writes, too
    let next = 0
    for (; next < runs.length; next++) {
      if (next >= divided && !beside?.claim()) break
      this.write(runs[next])
      onProgress?.(this.pagesWritten - before, total)
    }
    if (beside && divided < runs.length) {
      const written = beside.written()
      for (const run of runs.slice(next)) {
        if (!written) this.write(run)
        else for (const page of run) page.dirty = false
      }
      this.pagesWritten = before + total
      onProgress?.(total, total)
    }
    for (const file of this.allForks()) if (file.exists()) file.growFiles()
  }

  /** Dirty pages in the order in which they are written: consecutive ones of one file together, some at a time. */
  private dirtyRuns(): BufferedPage[][] {
    const runs: BufferedPage[][] = []
    let run: BufferedPage[] = []
    for (const page of this.dirtyPages()) {
      const last = run.at(-1)
      const follows = last?.file === page.file && last.block + 1 === page.block
      if (!follows || run.length === MAX_WRITE_PAGES || !page.file.sameFile(last.block, page.block))
        runs.push((run = []))
      run.push(page)
    }
    return runs
  }

  /** Gives the runs at the end to whoever writes beside us, as far as he sees their memory; returns the first of them. */
  private give(runs: readonly BufferedPage[][], beside: WriterBeside): number {
    let first = runs.length
    while (first > 0 && runs[first - 1].every((page) => page.place >= 0)) first--
    const given = runs.slice(first)
    const { flushLogTo } = this.options
    if (flushLogTo) for (const page of given.flat()) if (!isNewPage(page)) flushLogTo(pageLsn(page))
    beside.write(given.map(ordered), this.options.checksums)
    return first
  }

  /** Writes one page, if it is dirty: the background writer's work, and the checkpointer's. */
  writeIfDirty(page: BufferedPage): void {
    if (page.dirty) this.write([page])
  }

  private used(page: BufferedPage): BufferedPage {
    if (page.usage < MAX_USAGE) page.usage++
    page.usedBy = this.currentRecord
    return page
  }

  private frameFor(file: RelationFork, block: number): BufferedPage {
    let page: BufferedPage
    if (this.frames.length < this.capacity) {
      page = new BufferedPage(this.freshPage(), file, block, this.currentRecord)
      if (this.piece >= 0) page.place = this.piece * PAGES_IN_PIECE + this.slabUsed / BLCKSZ - 1
      this.frames.push(page)
    } else {
      page = this.evict()
      page.file = file
      page.block = block
      page.usage = 1
      page.usedBy = this.currentRecord
    }
    file.hold(block, page)
    return page
  }

  /** Memory for one more page, taken from the system many pages at a time: the more, the more there are. */
  private freshPage(): Page {
    if (this.slabUsed === this.slab.length) {
      const pages = Math.min(PAGES_IN_PIECE, Math.max(2, this.frames.length))
      const piece = this.options.memory?.()
      this.piece = piece?.number ?? -1
      this.slab = new Uint8Array(piece?.memory ?? new ArrayBuffer(pages * BLCKSZ))
      this.slabUsed = 0
    }
    this.slabUsed += BLCKSZ
    return pageOf(this.slab.subarray(this.slabUsed - BLCKSZ, this.slabUsed))
  }

  /** The clock's hand goes round, lowering counts, until it meets a page that nobody used lately. */
  private evict(): BufferedPage {
    for (let steps = this.frames.length * (MAX_USAGE + 2); steps > 0; steps--) {
      const page = this.frames[this.hand]
      this.hand = (this.hand + 1) % this.frames.length
      if (page.usedBy === this.currentRecord && page.file.held(page.block) === page) continue
      if (page.usage > 0) {
        page.usage--
        continue
      }
      if (page.dirty) this.write([page])
      this.release(page)
      return page
    }
    throw new Error(`no unpinned buffers available: all ${this.capacity} belong to the current record`)
  }

  private release(page: BufferedPage): void {
    if (page.file.held(page.block) === page) page.file.hold(page.block, undefined)
    page.dirty = false
    page.usage = 0
    page.usedBy = -1
  }

  /** Writes consecutive pages of one file: log first, then checksum, then bytes. */
  private write(pages: BufferedPage[]): void {
    if (pages.length > 1) this.outgoing ??= new Uint8Array(MAX_WRITE_PAGES * BLCKSZ)
    const bytes =
      this.outgoing && pages.length > 1 ? this.outgoing.subarray(0, pages.length * BLCKSZ) : pages[0].bytes
    for (let i = 0; i < pages.length; i++) {
      const page = pages[i]
      if (!isNewPage(page)) this.options.flushLogTo?.(pageLsn(page))
      if (this.options.checksums) setPageChecksum(page, page.block)
      if (pages.length > 1) bytes.set(page.bytes, i * BLCKSZ)
    }
    pages[0].file.writeBlocks(pages[0].block, bytes)
    for (const page of pages) page.dirty = false
    this.pagesWritten += pages.length
  }
}
