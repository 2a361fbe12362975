// Layouts against what a C compiler prints for PostgreSQL 18.3's headers; new pages; posting items that come and go.

import { expect, test } from 'vitest'
import type { Struct } from '../bytes/layout.js'
import {
  addPostingItem,
  deletePostingItem,
  GIN,
  GIN_DATA_SIZE,
  GIN_NO_PAGE,
  GIN_VERSION,
  GinMetaPageData,
  ginMaxoff,
  GinPageOpaqueData,
  hasGinSpecial,
  initGinMeta,
  initGinPage,
  readGinOpaque,
  setGinMaxoff,
} from './ginPage.js'
import * as records from './ginRecords.js'
import { pageOf, pdLower, type Page } from './page.js'

const printed: Array<[Struct<never>, number]> = [
  [GinPageOpaqueData as never, 8],
  [GinMetaPageData as never, 56],
  [records.ginxlogInsert as never, 2],
  [records.ginxlogSplit as never, 28],
  [records.ginxlogDeletePage as never, 12],
  [records.ginxlogUpdateMeta as never, 88],
  [records.ginxlogInsertListPage as never, 8],
  [records.ginxlogDeleteListPages as never, 64],
  [records.ginxlogCreatePostingTree as never, 4],
  [records.ginxlogRecompressDataLeaf as never, 2],
  [records.ginxlogInsertEntry as never, 12],
  [records.ginxlogInsertDataInternal as never, 12],
]

test('structs are as long as in C', () => {
  for (const [declared, size] of printed)
    expect([declared.name, declared.size]).toEqual([declared.name, size])
  const { rightlink, maxoff, flags } = GinPageOpaqueData.at
  expect([rightlink, maxoff, flags, GIN_VERSION]).toEqual([0, 4, 6, 2])
  expect(GIN_DATA_SIZE).toBe(8152)
})

test('a new page, and the meta page', () => {
  const page = pageOf(new Uint8Array(8192).fill(0xaa))
  initGinPage(page, GIN.LIST)
  expect(readGinOpaque(page)).toEqual({ rightlink: GIN_NO_PAGE, maxoff: 0, flags: GIN.LIST })
  expect([hasGinSpecial(page), pdLower(page), page.bytes[100]]).toEqual([true, 24, 0])
  const contents = new Uint8Array(GinMetaPageData.size)
  const meta: GinMetaPageData = {
    head: 7,
    tail: 9,
    tailFreeSize: 100,
    nPendingPages: 3,
    nPendingHeapTuples: 12n,
    nTotalPages: 20,
    nEntryPages: 11,
    nDataPages: 8,
    nEntries: 500n,
    ginVersion: GIN_VERSION,
  }
  GinMetaPageData.write(contents, 0, meta)
  initGinMeta(page, contents)
  expect(GinMetaPageData.readView(page.view, 24)).toEqual(meta)
  expect([readGinOpaque(page).flags, pdLower(page)]).toEqual([GIN.META, 80]) // a full-page image keeps the contents
})

/** A posting item: child block, then the row (block, offset number). */
const item = (child: number, row: number): Uint8Array =>
  Uint8Array.of(child >>> 24, 0, child & 0xff, (child >>> 8) & 0xff, 0, 0, row, 0, 1, 0)
const inner = (...items: Uint8Array[]): Page => {
  const page = pageOf()
  initGinPage(page, GIN.DATA)
  items.forEach((bytes, i) => page.bytes.set(bytes, 32 + i * 10))
  setGinMaxoff(page, items.length)
  return page
}
const itemsOf = (page: Page): Uint8Array[] =>
  Array.from({ length: ginMaxoff(page) }, (_, i) => page.bytes.slice(32 + i * 10, 42 + i * 10))

test('a new posting item goes before the one that now leads to the right half', () => {
  const page = inner(item(2, 10), item(3, 20), item(4, 30))
  expect(addPostingItem(page, 2, item(3, 15), 9)).toBe(true)
  expect(itemsOf(page)).toEqual([item(2, 10), item(3, 15), item(9, 20), item(4, 30)])
  expect(pdLower(page)).toBe(32 + 40)
  expect(addPostingItem(page, 4, item(4, 25), 8)).toBe(true)
  expect(itemsOf(page).slice(3)).toEqual([item(4, 25), item(8, 30)])
  for (const offnum of [0, 6]) expect(addPostingItem(page, offnum, item(1, 1), 1)).toBe(false)
})

test('815 posting items fill a page', () => {
  const page = inner(...Array.from({ length: 814 }, () => item(2, 1)))
  expect(addPostingItem(page, 814, item(3, 1), 4)).toBe(true)
  expect([ginMaxoff(page), pdLower(page)]).toEqual([815, 8182])
  expect(addPostingItem(page, 1, item(3, 1), 4)).toBe(false)
})

test('a posting item goes, the first, the last, or one between', () => {
  const page = inner(item(2, 10), item(3, 20), item(4, 30), item(5, 40))
  expect(deletePostingItem(page, 2)).toBe(true)
  expect(itemsOf(page)).toEqual([item(2, 10), item(4, 30), item(5, 40)])
  deletePostingItem(page, 3)
  deletePostingItem(page, 1)
  expect([itemsOf(page), pdLower(page)]).toEqual([[item(4, 30)], 42])
  for (const offnum of [0, 2]) expect(deletePostingItem(page, offnum)).toBe(false)
})
