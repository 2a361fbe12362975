// Layouts against what a C compiler prints for PostgreSQL 18.3's headers; a new page, and a deleted one.

import { expect, test } from 'vitest'
import {
  GIST_F,
  GIST_NO_RIGHTLINK,
  GIST_PAGE_ID,
  GISTPageOpaqueData,
  gistFlags,
  hasGistSpecial,
  initGistPage,
  readGistOpaque,
  setGistDeleted,
  setGistNsn,
} from './gistPage.js'
import * as records from './gistRecords.js'
import { maxOffset, pageOf, pdLower, pdSpecial } from './page.js'

test('structs are as long as in C; in the log without padding', () => {
  const { nsn_high, rightlink, flags, gist_page_id } = GISTPageOpaqueData.at
  expect([GISTPageOpaqueData.size, nsn_high, rightlink, flags, gist_page_id]).toEqual([16, 0, 8, 12, 14])
  expect(GIST_PAGE_ID).toBe(65409)
  const { gistxlogPageUpdate, gistxlogPageSplit, gistxlogDelete } = records
  const { gistxlogPageReuse, gistxlogPageDelete } = records
  const declared = [
    gistxlogPageUpdate,
    gistxlogPageSplit,
    gistxlogDelete,
    gistxlogPageReuse,
    gistxlogPageDelete,
  ]
  expect(declared.map((layout) => [layout.name, layout.size])).toEqual([
    ['gistxlogPageUpdate', 4],
    ['gistxlogPageSplit', 24],
    ['gistxlogDelete', 8],
    ['gistxlogPageReuse', 32],
    ['gistxlogPageDelete', 16],
  ])
  // SizeOf… is the end of the last field; gistxlogDelete's offset numbers start at the next even byte.
  const ends = [gistxlogPageReuse, gistxlogPageDelete].map(({ fields }) =>
    Math.max(...fields.map((f) => f.offset + f.size)),
  )
  expect(ends).toEqual([records.GIST_RECORD_SIZE.pageReuse, records.GIST_RECORD_SIZE.pageDelete])
  expect(records.GIST_RECORD_SIZE).toMatchObject({ pageUpdate: 4, delete: 8, pageSplit: 24 })
})

test('a new page is empty; its node sequence number is an LSN, high half first', () => {
  const page = pageOf(new Uint8Array(8192).fill(0xaa))
  initGistPage(page, 7, GIST_F.LEAF)
  expect([hasGistSpecial(page), pdSpecial(page), maxOffset(page)]).toEqual([true, 8176, 0])
  expect(readGistOpaque(page)).toEqual({
    nsn_high: 0,
    nsn_low: 0,
    rightlink: 7,
    flags: GIST_F.LEAF,
    gist_page_id: 0xff81,
  })
  setGistNsn(page, 1, 0x2345)
  expect([...page.bytes.subarray(8176, 8184)]).toEqual([1, 0, 0, 0, 0x45, 0x23, 0, 0])
})

test('a deleted page keeps its other flags and holds a 64-bit xid behind its header', () => {
  const page = pageOf()
  initGistPage(page, GIST_NO_RIGHTLINK, GIST_F.LEAF | GIST_F.TUPLES_DELETED)
  setGistDeleted(page, 3, 0x01020304)
  expect(gistFlags(page)).toBe(GIST_F.LEAF | GIST_F.TUPLES_DELETED | GIST_F.DELETED)
  expect(pdLower(page)).toBe(32)
  expect([...page.bytes.subarray(24, 32)]).toEqual([4, 3, 2, 1, 3, 0, 0, 0])
})
