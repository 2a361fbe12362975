// One record redone on a few small pages of a BRIN index.

import {
  BRIN_PAGETYPE,
  initBrinMeta,
  initBrinPage,
  setLastRevmapPage,
  setRevmapTid,
} from '../../format/brinPage.js'
import {
  addItem,
  deleteIndexItemInPlace,
  itemId,
  lpLength,
  lpOffset,
  maxOffset,
  pageOf,
  type Page,
} from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { brin } from '../brin.js'
import { testWorld, type TestWorld } from './context.js'
import { concat, le32, walRecord, type BlockSpec } from './records.js'

/** A record of the BRIN manager. */
export function brinRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 17, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoBrin(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(brin, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** A summary of `size` bytes: the table block its range starts with, then filling (BrinTuple). */
export const summary = (heapBlk: number, size = 16): Uint8Array =>
  concat(le32(heapBlk), new Uint8Array(size - 4).fill(heapBlk))

/** A regular page with summaries of these ranges; undefined for a line pointer that is unused. */
export function regularPage(...ranges: Array<number | undefined>): Page {
  const page = pageOf()
  initBrinPage(page, BRIN_PAGETYPE.REGULAR)
  ranges.forEach((range, i) => addItem(page, summary(range ?? 0), 0, 16, i + 1, false))
  ranges.forEach((range, i) => {
    if (range === undefined) deleteIndexItemInPlace(page, i + 1)
  })
  return page
}

/** Ranges of the summaries on a page, their sizes behind them where they are not 16. */
export function summaries(page: Page): string[] {
  return Array.from({ length: maxOffset(page) }, (_, i) => {
    const id = itemId(page, i + 1)
    const size = lpLength(id)
    if (size === 0) return '-'
    const range = page.view.getUint32(lpOffset(id), true)
    return size === 16 ? `${range}` : `${range} of ${size} bytes`
  })
}

/** A map page for ranges of one table page: the tid [block, offset number] of each. */
export function mapPage(...tids: Array<[number, number]>): Page {
  const page = pageOf()
  initBrinPage(page, BRIN_PAGETYPE.REVMAP)
  tids.forEach(([block, offnum], i) => setRevmapTid(page, 1, i, block, offnum))
  return page
}

/** The first `count` tids of a map page: "5,1". */
export function tids(page: Page, count: number): string[] {
  return Array.from({ length: count }, (_, i) => {
    const [high, low, offnum] = [0, 2, 4].map((at) => page.view.getUint16(24 + i * 6 + at, true))
    return `${high * 65536 + low},${offnum}`
  })
}

/** The meta page of an index with ranges of one table page. */
export function metaPage(last: number): Page {
  const page = pageOf()
  initBrinMeta(page, 1, 1)
  setLastRevmapPage(page, last)
  return page
}
