// A relation fork with those of its pages that are in memory.

import type { Page } from '../format/page.js'
import { RelationFiles } from './relationFiles.js'

const ROW_SHIFT = 10
export const PAGES_IN_ROW = 1 << ROW_SHIFT
const ROW_MASK = PAGES_IN_ROW - 1

/** A page of a relation, in memory. */
export class BufferedPage implements Page {
  readonly bytes: Uint8Array
  readonly view: DataView
  dirty = false
  /** Clock sweep: raised by use, lowered by the hand; 0 may go. */
  usage = 1
  /** Number of the page in memory that another thread sees too; -1 for memory of our own. */
  place = -1
  constructor(
    page: Page,
    public file: RelationFork,
    public block: number,
    /** The record during which the page was last asked for: it must not be evicted meanwhile. */
    public usedBy: number,
  ) {
    this.bytes = page.bytes
    this.view = page.view
  }
}

/** One fork of one relation: its files, and its pages in memory. */
export class RelationFork extends RelationFiles {
  // Rows of 1024 blocks, made when needed, so that the last page of a large table costs one row.
  private rows: Array<Array<BufferedPage | undefined> | undefined> = []

  /** The page at `block`, when it is in memory. */
  held(block: number): BufferedPage | undefined {
    return this.rows[block >>> ROW_SHIFT]?.[block & ROW_MASK]
  }

  /** The row that `block` is in: the pages in memory of PAGES_IN_ROW blocks, by block; undefined when there are none. */
  heldRow(block: number): ReadonlyArray<BufferedPage | undefined> | undefined {
    return this.rows[block >>> ROW_SHIFT]
  }

  /** Remembers that the page at `block` is in memory, or (`undefined`) that it is not any more. */
  hold(block: number, page: BufferedPage | undefined): void {
    const row = block >>> ROW_SHIFT
    while (this.rows.length <= row) this.rows.push(undefined)
    const pages = (this.rows[row] ??= new Array<BufferedPage | undefined>(ROW_MASK + 1).fill(undefined))
    pages[block & ROW_MASK] = page
  }

  /** Pages in memory from `fromBlock` on. */
  *heldFrom(fromBlock: number): Generator<BufferedPage, void, undefined> {
    for (let row = fromBlock >>> ROW_SHIFT; row < this.rows.length; row++)
      for (const page of this.rows[row] ?? []) if (page && page.block >= fromBlock) yield page
  }
}
