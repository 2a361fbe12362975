// A buffer pool over an empty database in memory, and pages that PostgreSQL would believe.

import { memoryDisk, type MemoryDisk } from '../../disk/memoryDisk.js'
import { formatLsn } from '../../format/lsn.js'
import { initPage, pageOf, setPageLsn, type Page } from '../../format/page.js'
import { pageChecksum } from '../../format/pageChecksum.js'
import { FORK } from '../../format/relationPath.js'
import { BufferPool, type BufferPoolOptions } from '../bufferPool.js'
import type { BufferedPage, RelationFork } from '../relationFork.js'

export const BLOCK = 8192
export const PATH = 'base/5/16384'

export interface World {
  disk: MemoryDisk
  pool: BufferPool
  file: RelationFork
  /** "log 0/30", "write base/5/16384 2+1" (block and number of blocks), in order. */
  events: string[]
}

export function world(options: Partial<BufferPoolOptions> = {}): World {
  const disk = memoryDisk([], ['base/5'])
  const events: string[] = []
  const write = disk.write
  disk.write = (path, offset, bytes) => {
    if (bytes.length > 0) events.push(`write ${path} ${offset / BLOCK}+${bytes.length / BLOCK}`)
    write(path, offset, bytes)
  }
  const flushLogTo = (lsn: bigint): void => void events.push(`log ${formatLsn(lsn)}`)
  const pool = new BufferPool(disk, { checksums: true, flushLogTo, ...options })
  return { disk, pool, file: pool.relation(1663, 5, 16384, FORK.MAIN), events }
}
/** A page that PostgreSQL would believe, with a value to tell it by. */
export function fill(page: Page, value: number, lsn = 0x1000): void {
  initPage(page, 0)
  setPageLsn(page, 0, lsn)
  page.view.setUint32(100, value, true)
}
export const value = (page: Page): number => page.view.getUint32(100, true)
/** Puts a page into the file behind the pool's back. */
export function store(disk: MemoryDisk, block: number, number: number, path = PATH): void {
  const page = pageOf()
  fill(page, number)
  page.view.setUint16(8, pageChecksum(page.bytes, block), true)
  disk.write(path, block * BLOCK, page.bytes)
}
export function change(
  pool: BufferPool,
  file: RelationFork,
  block: number,
  number: number,
  lsn?: number,
): BufferedPage {
  const page = block < file.nblocks ? pool.read(file, block) : pool.zeroed(file, block)
  fill(page, number, lsn)
  pool.markDirty(page)
  return page
}
