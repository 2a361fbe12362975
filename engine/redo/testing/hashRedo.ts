// One record redone on a few small pages of a hash index.

import {
  HASH_CONTENTS_AT,
  HashMetaPageData,
  HASHM_MAPP_AT,
  initHashMeta,
  initHashPage,
  INVALID_BLOCK,
  LH,
  setHashoNext,
} from '../../format/hashPage.js'
import { addItem, pageOf, type Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { hash } from '../hash.js'
import { testWorld, type TestWorld } from './context.js'
import { itemsOf, leafTuple } from './indexPages.js'
import { walRecord, type BlockSpec } from './records.js'

/** A record of the hash manager. */
export function hashRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 12, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoHash(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(hash, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** Leaf tuples serve: a hash tuple is a tid and a hash value. */
export const tuple = (value: number): Uint8Array => leafTuple(value, [0, value])

export function bucket(
  values: number[],
  { number = 0, flag = LH.BUCKET_PAGE as number, prev = 1, next = INVALID_BLOCK } = {},
): Page {
  const page = pageOf()
  initHashPage(page, prev, number, flag)
  setHashoNext(page, next)
  values.forEach((value, i) => addItem(page, tuple(value), 0, 16, i + 1, false))
  return page
}

export const overflow = (values: number[], links: { prev?: number; next?: number } = {}): Page =>
  bucket(values, { flag: LH.OVERFLOW_PAGE, ...links })

export function meta(tuples = 0): Page {
  const page = pageOf()
  initHashMeta(page, 0, 400, 307)
  page.view.setFloat64(HASH_CONTENTS_AT + 8, tuples, true)
  return page
}

export const readMeta = (page: Page): HashMetaPageData =>
  HashMetaPageData.readView(page.view, HASH_CONTENTS_AT)
export const mapBlock = (page: Page, i: number): number =>
  page.view.getUint32(HASH_CONTENTS_AT + HASHM_MAPP_AT + i * 4, true)
export const values = (page: Page): number[] => itemsOf(page).map((item) => Number(item.split(':')[0]))
