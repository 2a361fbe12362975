// One record redone on a few small pages of a GIN index. Rows are said as numbers: 3.07 is row 7 of block 3.

import {
  GIN,
  GIN_DATA_AT,
  GIN_NO_PAGE,
  GIN_VERSION,
  GinMetaPageData,
  ginMaxoff,
  initGinMeta,
  initGinPage,
  POSTING_ITEM_SIZE,
  setGinDataSize,
  setGinMaxoff,
  setGinRightlink,
} from '../../format/ginPage.js'
import { decodeSegment, encodeSegment, segmentSize } from '../../format/ginPostingList.js'
import { addItem, pageOf, pdLower, type Page } from '../../format/page.js'
import type { WalRecord } from '../../wal/record.js'
import { gin } from '../gin.js'
import { testWorld, type TestWorld } from './context.js'
import { tid } from './indexPages.js'
import { concat, le16, packed, walRecord, type BlockSpec } from './records.js'

/** A record of the GIN manager. */
export function ginRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 13, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoGin(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(gin, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

const rowNumber = (row: number): number => Math.floor(row) * 2048 + Math.round((row % 1) * 100)

/** A segment of a posting tree's leaf: 3.07 is row 7 of block 3. */
export function segment(...rows: number[]): Uint8Array {
  const page = pageOf()
  encodeSegment(Float64Array.from(rows, rowNumber), rows.length, page, 0, 8192)
  return page.bytes.slice(0, segmentSize(page.view, 0))
}

/** Rows as a record adds them to a segment: their number, six bytes each. */
export const addedRows = (...rows: number[]): Uint8Array =>
  concat(le16(rows.length), ...rows.map((row) => tid(Math.floor(row), Math.round((row % 1) * 100))))

/** A leaf of a posting tree. */
export function dataLeaf(...segments: Uint8Array[]): Page {
  const page = pageOf()
  initGinPage(page, GIN.DATA | GIN.LEAF | GIN.COMPRESSED)
  const all = concat(...segments)
  page.bytes.set(all, GIN_DATA_AT)
  setGinDataSize(page, all.length)
  return page
}

/** The leaf's segments, each as its rows. */
export function segmentsOf(page: Page): number[][] {
  const segments: number[][] = []
  const rows = new Float64Array(8192)
  for (let at = GIN_DATA_AT; at < pdLower(page); at += segmentSize(page.view, at)) {
    const count = decodeSegment(page, at, rows)
    if (count < 0) throw new Error(`the segment at ${at} is not sound`)
    segments.push(Array.from(rows.subarray(0, count), (n) => Math.floor(n / 2048) + (n % 2048) / 100))
  }
  return segments
}

/** A posting item: the child's block, the highest row below it. */
export const postingItem = (child: number, row: number): Uint8Array =>
  concat(tid(child, 0).subarray(0, 4), tid(0, row))

/** An inner page of a posting tree, with {@link postingItem}s. */
export function dataInner(...items: Uint8Array[]): Page {
  const page = pageOf()
  initGinPage(page, GIN.DATA)
  page.bytes.set(concat(...items), GIN_DATA_AT)
  setGinMaxoff(page, items.length)
  setGinDataSize(page, items.length * POSTING_ITEM_SIZE)
  return page
}

/** The page's posting items: "4: 30" leads to block 4, where no row is above 30. */
export const postingItemsOf = (page: Page): string[] =>
  Array.from({ length: ginMaxoff(page) }, (_, i) => {
    const at = GIN_DATA_AT + i * POSTING_ITEM_SIZE
    return `${page.view.getUint16(at + 2, true)}: ${page.view.getUint16(at + 8, true)}`
  })

/** A page of index tuples with these flags: of the entry tree, or of the pending list. */
export function tuplePage(
  flags: number,
  tuples: Uint8Array[],
  { maxoff = 0, rightlink = GIN_NO_PAGE } = {},
): Page {
  const page = pageOf()
  initGinPage(page, flags)
  setGinMaxoff(page, maxoff)
  setGinRightlink(page, rightlink)
  tuples.forEach((tuple, i) => addItem(page, tuple, 0, tuple.length, i + 1, false))
  return page
}

/** Contents of the meta page, its pending list from `head` to `tail`. */
export const metaContents = (head: number, tail: number): Uint8Array =>
  packed(GinMetaPageData, {
    head,
    tail,
    tailFreeSize: 4000,
    nPendingPages: 2,
    nPendingHeapTuples: 5n,
    nTotalPages: 9,
    nEntryPages: 4,
    nDataPages: 3,
    nEntries: 77n,
    ginVersion: GIN_VERSION,
  })

export function metaPage(head: number, tail: number): Page {
  const page = pageOf()
  initGinMeta(page, metaContents(head, tail))
  return page
}

export const readMeta = (page: Page): GinMetaPageData => GinMetaPageData.readView(page.view, 24)
