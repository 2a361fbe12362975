// Pages in memory. Redo changes them here; they reach the disk when room is needed, or in the final checkpoint.
//
// Rules for callers
//  - ask for a page with `read` or `zeroed`, change its bytes, then call `markDirty`;
//  - a page is safe from eviction until `beginRecord` is called again: redo never holds one longer than a record;
//  - a page's LSN is its promise to the log: before it is written, the log up to that LSN is on disk (`flushLogTo`).

import { CorruptData } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { Lsn } from '../format/lsn.js'
import { isNewPage, pageFault, pageLsn, pageOf, type Page } from '../format/page.js'
import { pageChecksum } from '../format/pageChecksum.js'
import { databasePath, FORK } from '../format/relationPath.js'
import { BufferedPage, RelationFork } from './relationFork.js'

export interface BufferPoolOptions {
  /** Most pages held; 65,536 (512 MiB) when not given. */
  capacity?: number
  /** Blocks in one file of a relation (pg_control). */
  blocksPerFile?: number
  /** Pages carry checksums (pg_control, data_checksum_version). */
  checksums: boolean
  /** Write-ahead: called with a page's LSN before the page is written. Recovery has synced the log before it begins. */
  flushLogTo?: (lsn: Lsn) => void
  /** Zeroed memory for some pages, when somebody has it ready. */
  memory?: () => ArrayBuffer | undefined
}

const MAX_USAGE = 5
const MAX_WRITE_PAGES = 64
const SLAB_PAGES = 64
const RECENT_FORKS = 256

export class BufferPool {
  /** Pages read from disk and written to it so far. */
  pagesRead = 0
  pagesWritten = 0
  private readonly frames: BufferedPage[] = []
  private readonly forks = new Map<number, RelationFork[]>()
  private readonly capacity: number
  private outgoing: Uint8Array | undefined
  private slab = new Uint8Array(0)
  private slabUsed = 0
  private hand = 0
  private currentRecord = 0
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

  /** Writes every dirty page and lets files reach their size. Nothing is synced yet. */
  flushAll(onProgress?: (written: number, of: number) => void): void {
    const dirty = this.dirtyPages()
    for (let i = 0; i < dirty.length;) {
      let n = 1
      while (
        n < MAX_WRITE_PAGES &&
        i + n < dirty.length &&
        dirty[i + n].file === dirty[i].file &&
        dirty[i + n].block === dirty[i].block + n
      )
        n++
      this.write(dirty.slice(i, i + n))
      i += n
      onProgress?.(i, dirty.length)
    }
    for (const file of this.allForks()) if (file.exists()) file.growFiles()
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
      const pages = Math.min(SLAB_PAGES, Math.max(2, this.frames.length))
      this.slab = new Uint8Array(this.options.memory?.() ?? new ArrayBuffer(pages * BLCKSZ))
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
      if (!isNewPage(page)) {
        this.options.flushLogTo?.(pageLsn(page))
        if (this.options.checksums) page.view.setUint16(8, pageChecksum(page.bytes, page.block), true)
      }
      if (pages.length > 1) bytes.set(page.bytes, i * BLCKSZ)
    }
    pages[0].file.writeBlocks(pages[0].block, bytes)
    for (const page of pages) page.dirty = false
    this.pagesWritten += pages.length
  }
}
