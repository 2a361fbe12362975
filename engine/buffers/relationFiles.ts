// A relation fork as one row of blocks, whatever number of 1 GiB files it lies in (storage/smgr/md.c).
//
//   block      0 … 131071        131072 …
//   file       base/5/16384      base/5/16384.1
//
// The number of blocks is kept in memory: redo extends it at once, the files follow when pages are written.

import { CorruptData } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { BLCKSZ } from '../format/controlFile.js'
import { databasePath, relationPath, type RelFileLocator } from '../format/relationPath.js'

/** The files of one fork of one relation. */
export class RelationFiles {
  /** Path of the first file. */
  readonly path: string
  private blocks: number | undefined
  private blocksOnDisk = 0

  constructor(
    private readonly disk: Disk,
    readonly locator: RelFileLocator,
    readonly fork: number,
    /** Blocks in one file (pg_control, relseg_size). */
    private readonly blocksPerFile: number,
  ) {
    this.path = relationPath(locator, fork)
  }

  /** Path of the fork's file number `segment`. */
  file(segment: number): string {
    return segment === 0 ? this.path : `${this.path}.${segment}`
  }

  /** Makes the first file when it is missing, and its directory: redo may touch what a later record drops. */
  create(): void {
    if (this.blocks !== undefined) return
    const size = this.disk.size(this.path)
    if (size === undefined) {
      this.disk.makeDirectory(databasePath(this.locator.spcOid, this.locator.dbOid))
      this.disk.write(this.path, 0, new Uint8Array(0))
    }
    this.blocks = this.blocksOnDisk = this.count()
  }

  private count(): number {
    for (let segment = 0; ; segment++) {
      const size = this.disk.size(this.file(segment))
      if (size === undefined) return segment * this.blocksPerFile
      const blocks = Math.floor(size / BLCKSZ)
      if (blocks < this.blocksPerFile) return segment * this.blocksPerFile + blocks
    }
  }

  exists(): boolean {
    return this.blocks !== undefined || this.disk.size(this.path) !== undefined
  }

  /** Blocks in the fork; creates the file when it is missing, as redo does (XLogReadBufferExtended). */
  get nblocks(): number {
    if (this.blocks === undefined) this.create()
    return this.blocks as number
  }

  /** The fork has at least `blocks` blocks from now on; new ones are zeroes. */
  extendTo(blocks: number): void {
    if (blocks > this.nblocks) this.blocks = blocks
  }

  /** Reads one block; one that is in no file yet is zeroes. @throws CorruptData when the file ends inside it. */
  readBlock(block: number, target: Uint8Array): void {
    this.create()
    const segment = Math.floor(block / this.blocksPerFile)
    const offset = (block % this.blocksPerFile) * BLCKSZ
    if (block >= this.blocksOnDisk) {
      target.fill(0)
      return
    }
    const n = this.disk.readInto(this.file(segment), offset, target)
    if (n !== BLCKSZ)
      throw new CorruptData({
        file: this.file(segment),
        what: `could not read blocks ${block}..${block}`,
        expected: `${BLCKSZ} bytes`,
        found: `${n}`,
      })
  }

  /** Writes consecutive blocks from `block` on; the files in between grow to their full size first. */
  writeBlocks(block: number, bytes: Uint8Array): void {
    this.create()
    this.growFiles(block)
    let at = 0
    while (at < bytes.length) {
      const segment = Math.floor(block / this.blocksPerFile)
      const within = block % this.blocksPerFile
      const n = Math.min((bytes.length - at) / BLCKSZ, this.blocksPerFile - within)
      this.disk.write(this.file(segment), within * BLCKSZ, bytes.subarray(at, at + n * BLCKSZ))
      at += n * BLCKSZ
      block += n
    }
    if (block > this.blocksOnDisk) this.blocksOnDisk = block
  }

  /** The file that holds `block`, grown until it holds `count` from there on, all in one file; and the byte where it is. */
  placeFor(block: number, count: number): { path: string; offset: number } {
    this.create()
    this.growFiles(block + count)
    const segment = Math.floor(block / this.blocksPerFile)
    return { path: this.file(segment), offset: (block % this.blocksPerFile) * BLCKSZ }
  }

  /** Are two blocks in the same file? */
  sameFile(one: number, other: number): boolean {
    return Math.floor(one / this.blocksPerFile) === Math.floor(other / this.blocksPerFile)
  }

  /** Lets the files reach the fork's size, with zeroes. */
  growFiles(blocks = this.nblocks): void {
    while (this.blocksOnDisk < blocks) {
      const segment = Math.floor(this.blocksOnDisk / this.blocksPerFile)
      const first = segment * this.blocksPerFile
      const upTo = Math.min(blocks, first + this.blocksPerFile)
      const path = this.file(segment)
      const size = this.disk.size(path)
      if (size === undefined) this.disk.write(path, 0, new Uint8Array(0))
      // A crash may have left part of a block at the end; what grows must be zeroes.
      else if (size % BLCKSZ !== 0) this.disk.truncate(path, (this.blocksOnDisk - first) * BLCKSZ)
      this.disk.truncate(path, (upTo - first) * BLCKSZ)
      this.blocksOnDisk = upTo
    }
  }

  /** Cuts the fork to `blocks`: later files become empty ones, as md.c leaves them (mdtruncate). */
  truncate(blocks: number): void {
    if (!this.exists() || blocks >= this.nblocks) return
    const last = Math.floor(Math.max(0, this.blocksOnDisk - 1) / this.blocksPerFile)
    for (let segment = last; segment >= 0; segment--) {
      const first = segment * this.blocksPerFile
      const keep = Math.min(Math.max(0, blocks - first), this.blocksPerFile)
      const size = this.disk.size(this.file(segment))
      if (size !== undefined && size > keep * BLCKSZ) this.disk.truncate(this.file(segment), keep * BLCKSZ)
    }
    this.blocks = blocks
    this.blocksOnDisk = Math.min(this.blocksOnDisk, blocks)
  }

  /** Removes all the fork's files (mdunlink in recovery). */
  unlink(): void {
    for (let segment = 0; this.disk.size(this.file(segment)) !== undefined; segment++)
      this.disk.remove(this.file(segment))
    this.forget()
  }

  /** Forgets what was known of the size: the files were changed behind our back, or are gone. */
  forget(): void {
    this.blocks = undefined
    this.blocksOnDisk = 0
  }

  /** The fork's files that are there now. */
  files(): string[] {
    const found: string[] = []
    for (let segment = 0; this.disk.size(this.file(segment)) !== undefined; segment++)
      found.push(this.file(segment))
    return found
  }
}
