// Layouts against what a C compiler prints for PostgreSQL 18.3's headers; sizes of new hash indexes.

import { expect, test } from 'vitest'
import {
  HASH_CONTENTS_AT,
  HASH_MAGIC,
  HashMetaPageData,
  HASHM_MAPP_AT,
  HASH_MAX_BITMAPS,
  HASHO_PAGE_ID,
  HashPageOpaqueData,
  initHashMeta,
  spareIndex,
  spares,
  totalBuckets,
} from './hashPage.js'
import * as records from './hashRecords.js'
import { pageOf, pdLower } from './page.js'

test('structs are as long as in C; in the log without padding', () => {
  expect([HashPageOpaqueData.size, HashMetaPageData.size]).toEqual([16, 4544])
  expect(Math.ceil((HASHM_MAPP_AT + HASH_MAX_BITMAPS * 4) / 8) * 8).toBe(HashMetaPageData.size)
  expect([HASHO_PAGE_ID, HASH_MAGIC]).toEqual([65408, 105121344])
  expect(records.HASH_RECORD_SIZE).toEqual({
    initMetaPage: 14,
    initBitmapPage: 2,
    insert: 2,
    addOverflowPage: 3,
    splitAllocatePage: 9,
    splitComplete: 4,
    movePageContents: 3,
    squeezePage: 12,
    delete: 2,
    updateMetaPage: 8,
    vacuumOnePage: 8,
  })
  // SizeOf… is the end of the last field.
  const { xl_hash_init_meta_page: meta, xl_hash_add_ovfl_page: added } = records
  const { xl_hash_split_allocate_page: split, xl_hash_move_page_contents: moved } = records
  const ends = [meta, added, split, moved].map(({ fields }) =>
    Math.max(...fields.map((f) => f.offset + f.size)),
  )
  expect(ends).toEqual([14, 3, 9, 3])
})

test('buckets double; from the eleventh group on in four phases', () => {
  expect([1, 2, 3, 512, 513, 640, 641, 1024, 1025, 1280, 1281].map(spareIndex)).toEqual([
    0, 1, 2, 9, 10, 10, 11, 13, 14, 14, 15,
  ])
  expect([0, 1, 2, 9, 10, 11, 12, 13, 14, 97].map(totalBuckets)).toEqual([
    1,
    2,
    4,
    512,
    640,
    768,
    896,
    1024,
    1280,
    2 ** 31,
  ])
  for (let buckets = 1; buckets < 5000; buckets += 7) {
    const point = spareIndex(buckets)
    expect(totalBuckets(point)).toBeGreaterThanOrEqual(buckets)
    expect(point === 0 ? 0 : totalBuckets(point - 1)).toBeLessThan(buckets)
  }
})

test.each([
  [0, 2, 1, 3],
  [614, 2, 1, 3],
  [1000, 4, 2, 7],
  [307 * 600, 640, 10, 1023],
  [1e15, 0x40000000, 93, 0x7fffffff],
])('a new index for %i rows', (rows, buckets, spare, highmask) => {
  const page = pageOf()
  initHashMeta(page, rows, 400, 307)
  expect(HashMetaPageData.readView(page.view, HASH_CONTENTS_AT)).toEqual({
    hashm_magic: HASH_MAGIC,
    hashm_version: 4,
    hashm_ntuples: 0,
    hashm_ffactor: 307,
    hashm_bsize: 8152,
    hashm_bmsize: 4096,
    hashm_bmshift: 15,
    hashm_maxbucket: buckets - 1,
    hashm_highmask: highmask,
    hashm_lowmask: Math.floor(highmask / 2),
    hashm_ovflpoint: spare,
    hashm_firstfree: 0,
    hashm_nmaps: 0,
    hashm_procid: 400,
  })
  expect([spares(page, spare), spares(page, spare - 1), pdLower(page)]).toEqual([1, 0, 4568])
})
