// One record redone on a few small btree pages.

import { xl_btree_metadata } from '../../format/btreeRecords.js'
import type { Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { btree } from '../btree.js'
import { testWorld, type TestWorld } from './context.js'
import { leafTuple } from './indexPages.js'
import { packed, walRecord, type BlockSpec } from './records.js'

/** A record of the btree manager. */
export function btreeRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 11, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoBtree(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(btree, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** What a record says of the meta page, and the page it makes of it. */
export const metadata = packed(xl_btree_metadata, {
  version: 4,
  root: 3,
  level: 1,
  fastroot: 3,
  fastlevel: 1,
  last_cleanup_num_delpages: 2,
  allequalimage: true,
})
export const metaRead = {
  btm_magic: 0x53162,
  btm_version: 4,
  btm_root: 3,
  btm_level: 1,
  btm_fastroot: 3,
  btm_fastlevel: 1,
  btm_last_cleanup_num_delpages: 2,
  btm_last_cleanup_num_heap_tuples: -1,
  btm_allequalimage: true,
}
/** Block `id` of a record: the meta page. */
export const metaBlock = (id: number): BlockSpec => ({ id, block: 0, willInit: true, data: metadata })

export const one = leafTuple(1, [0, 1])
export const two = leafTuple(2, [0, 2])
export const three = leafTuple(3, [0, 3])
