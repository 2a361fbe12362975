// Layouts against what a C compiler prints for PostgreSQL 18.3's headers; new pages; the map.

import { expect, test } from 'vitest'
import {
  BRIN_META_MAGIC,
  BRIN_PAGETYPE,
  BrinMetaPageData,
  brinPageType,
  BrinSpecialSpace,
  initBrinMeta,
  initBrinPage,
  lastRevmapPage,
  readBrinMeta,
  REVMAP_PAGE_MAXITEMS,
  setLastRevmapPage,
  setRevmapTid,
} from './brinPage.js'
import * as records from './brinRecords.js'
import { initPage, maxOffset, pageOf, pdLower, pdSpecial, pdUpper, setPdLower } from './page.js'

test('structs are as long as in C; in the log without padding', () => {
  expect([BrinSpecialSpace.size, BrinMetaPageData.size, BRIN_META_MAGIC]).toEqual([8, 16, 2819661050])
  const { xl_brin_createidx, xl_brin_insert, xl_brin_update, xl_brin_desummarize } = records
  const { xl_brin_samepage_update, xl_brin_revmap_extend, BRIN_RECORD_SIZE } = records
  expect([xl_brin_createidx.size, xl_brin_insert.size]).toEqual([8, 12])
  expect(BRIN_RECORD_SIZE).toEqual({
    createIndex: 6,
    insert: 10,
    update: 14,
    samePageUpdate: 2,
    revmapExtend: 4,
    desummarize: 10,
  })
  // SizeOfBrin… is the end of the last field.
  const layouts = [
    xl_brin_createidx,
    xl_brin_insert,
    xl_brin_samepage_update,
    xl_brin_revmap_extend,
    xl_brin_desummarize,
  ]
  const ends = layouts.map(({ fields }) => Math.max(...fields.map((f) => f.offset + f.size)))
  expect(ends).toEqual([6, 10, 2, 4, 10])
  expect(xl_brin_update.at.insert + BRIN_RECORD_SIZE.insert).toBe(BRIN_RECORD_SIZE.update)
})

test('a new page is empty and has its type in its last two bytes', () => {
  const page = pageOf(new Uint8Array(8192).fill(0xaa))
  initBrinPage(page, BRIN_PAGETYPE.REGULAR)
  expect([maxOffset(page), pdLower(page), pdUpper(page), pdSpecial(page)]).toEqual([0, 24, 8184, 8184])
  expect([...page.bytes.subarray(8184)]).toEqual([0, 0, 0, 0, 0, 0, 0x93, 0xf0])
  expect(brinPageType(page)).toBe(BRIN_PAGETYPE.REGULAR)
  initPage(page, 16)
  expect(brinPageType(page), 'another special space').toBe(0)
})

test('the meta page of a new index; its map grows', () => {
  const page = pageOf()
  initBrinMeta(page, 128, 1)
  const meta = { brinMagic: BRIN_META_MAGIC, brinVersion: 1, pagesPerRange: 128, lastRevmapPage: 0 }
  expect([readBrinMeta(page), brinPageType(page), pdLower(page)]).toEqual([meta, BRIN_PAGETYPE.META, 40])
  setPdLower(page, 24) // as before PostgreSQL 11
  setLastRevmapPage(page, 3)
  expect([readBrinMeta(page), lastRevmapPage(page), pdLower(page)]).toEqual([
    { ...meta, lastRevmapPage: 3 },
    3,
    40,
  ])
})

test('a map page has 1360 tids; a range has its place in it by its number', () => {
  expect(REVMAP_PAGE_MAXITEMS).toBe(1360)
  const page = pageOf()
  initBrinPage(page, BRIN_PAGETYPE.REVMAP)
  setRevmapTid(page, 128, 128 * 2 + 127, 0x12345, 7)
  expect([...page.bytes.subarray(36, 42)]).toEqual([1, 0, 0x45, 0x23, 7, 0])
  setRevmapTid(page, 1, 1360 * 5 + 1359, 9, 1) // the last tid of the sixth map page
  expect([...page.bytes.subarray(24 + 1359 * 6, 24 + 1360 * 6)]).toEqual([0, 0, 9, 0, 1, 0])
  setRevmapTid(page, 1, 0xffffffff, 0xfffffffe, 0xffff) // the last block that a table can have
  const at = 24 + (0xffffffff % 1360) * 6
  expect([...page.bytes.subarray(at, at + 6)]).toEqual([0xff, 0xff, 0xfe, 0xff, 0xff, 0xff])
})
