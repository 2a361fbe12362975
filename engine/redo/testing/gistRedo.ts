// One record redone on a few small pages of a GiST index.

import { GIST_F, GIST_NO_RIGHTLINK, initGistPage, setGistNsn } from '../../format/gistPage.js'
import { addItem, pageOf, type Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { gist } from '../gist.js'
import { testWorld, type TestWorld } from './context.js'
import { itemsOf, leafTuple } from './indexPages.js'
import { concat, le32, walRecord, type BlockSpec } from './records.js'

/** A record of the GiST manager. */
export function gistRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 14, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoGist(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(gist, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** A tuple of 16 bytes, or of more: key, row of block 0 with the key's number, filling. */
export function gistTuple(key: number, size = 16): Uint8Array {
  const tuple = concat(leafTuple(key, [0, key]), new Uint8Array(size - 16).fill(key))
  tuple[6] = size
  return tuple
}

export interface GistPageSpec {
  flags?: number
  rightlink?: number
  /** Low half of the node sequence number. */
  nsn?: number
}

/** A page with these tuples; a leaf when not said otherwise. */
export function gistPage(tuples: Uint8Array[], spec: GistPageSpec = {}): Page {
  const page = pageOf()
  initGistPage(page, spec.rightlink ?? GIST_NO_RIGHTLINK, spec.flags ?? GIST_F.LEAF)
  setGistNsn(page, 0, spec.nsn ?? 0)
  tuples.forEach((tuple, i) => {
    if (!addItem(page, tuple, 0, tuple.length, i + 1, false)) throw new Error(`no room for tuple ${i + 1}`)
  })
  return page
}

/** A leaf with tuples of these keys. */
export const leafOf = (...keys: number[]): Page => gistPage(keys.map((key) => gistTuple(key)))

/** Keys of the page's tuples, in the order of their line pointers. */
export const keysOf = (page: Page): number[] => itemsOf(page).map((item) => Number(item.split(':')[0]))

/** A page of a split, as block data: the number of tuples, the tuples. */
export const splitData = (...keys: number[]): Uint8Array =>
  concat(le32(keys.length), ...keys.map((key) => gistTuple(key)))
