// A table: where its pages are, what its columns are called, and where a new row finds room.
//
// The catalogs are not read: whoever opens a table says what it is. Indexes are not kept: a table that has some can only
// be changed in ways that no index need know of, deletions and updates of other columns that stay on their page (HOT).

import type { BufferedPage, RelationFork } from '../buffers/relationFork.js'
import { assert } from '../bytes/errors.js'
import { maxAlign } from '../format/lsn.js'
import { HEAP_TUPLE_HEADER_SIZE, readHeapTuple, readHeapTuples, type HeapTuple } from '../format/heapTuple.js'
import { isNewPage } from '../format/page.js'
import { FORK, type RelFileLocator } from '../format/relationPath.js'
import type { Column, EncodedRow } from './columns.js'
import { heapFreeSpace, type RowId } from './heapPages.js'
import type { Store } from './store.js'

export interface TableDescription {
  /** Its files: pg_relation_filepath says 'base/5/16384', that is { spcOid: 1663, dbOid: 5, relNumber: 16384 }. */
  readonly locator: RelFileLocator
  readonly columns: readonly Column[]
  /** Columns that some index of the table looks at. */
  readonly indexed?: readonly string[]
  /** Its pg_class.oid, for the lock that a prepared transaction takes along; by default the file's number. */
  readonly oid?: number
}

export class Table {
  readonly columns: readonly Column[]
  readonly oid: number
  readonly indexed: readonly number[]
  private readonly main: RelationFork
  /** Blocks that are not full, with the room they have; learned as pages are met. */
  private readonly room = new Map<number, number>()
  /** Where the last row went: the next one is tried there first (RelationGetTargetBlock). */
  private target: number | undefined

  constructor(
    private readonly store: Store,
    options: TableDescription,
  ) {
    const { spcOid, dbOid, relNumber } = options.locator
    this.columns = options.columns
    this.oid = options.oid ?? relNumber
    this.main = store.pool.relation(spcOid, dbOid, relNumber, FORK.MAIN)
    this.indexed = (options.indexed ?? []).map((name) => {
      const column = options.columns.findIndex((c) => c.name === name)
      assert(column >= 0, `the indexed column ${name} is one of the table's`)
      return column
    })
  }

  get locator(): RelFileLocator {
    return this.main.locator
  }

  get blocks(): number {
    return this.main.nblocks
  }

  page(block: number): BufferedPage {
    return this.store.pool.read(this.main, block)
  }

  /** The version at a place; undefined when there is none. */
  row({ block, offnum }: RowId): HeapTuple | undefined {
    return block < this.blocks ? readHeapTuple(this.page(block), offnum) : undefined
  }

  /** All row versions, seen or not, page by page. */
  *versions(): Generator<{ block: number; tuple: HeapTuple }, void, undefined> {
    for (let block = 0; block < this.blocks; block++) {
      this.store.pool.beginRecord()
      const page = this.page(block)
      if (!isNewPage(page)) for (const tuple of readHeapTuples(page)) yield { block, tuple }
    }
  }

  /** A page with room for a row: the last one used, another that is known to have room, or a new one. */
  pageFor(row: EncodedRow, except?: number): BufferedPage {
    const size = rowSize(row)
    for (const block of this.candidates()) {
      if (block === except) continue
      const page = this.page(block)
      const space = heapFreeSpace(page)
      this.room.set(block, space)
      if (space >= size) return this.use(page)
      if (this.target === block) this.target = undefined
    }
    return this.use(this.store.pool.zeroed(this.main, this.blocks))
  }

  /** Blocks worth a look, the likeliest first. */
  private candidates(): number[] {
    const known = [...this.room].filter(([, space]) => space > 0).map(([block]) => block)
    const last = this.target ?? this.blocks - 1
    return last < 0 ? [] : [...new Set([last, ...known])]
  }

  private use(page: BufferedPage): BufferedPage {
    this.target = page.block
    return page
  }
}

/** Bytes a row takes on a page. */
export function rowSize(row: EncodedRow): number {
  return maxAlign(HEAP_TUPLE_HEADER_SIZE + row.body.length)
}
