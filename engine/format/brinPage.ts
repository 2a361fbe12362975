// A page of a BRIN index: a summary of every so many table pages, and a map that finds it (access/brin_page.h).
//
//   block 0          meta      │ header 24 │ BrinMetaPageData 16 │ …                         │ special 8 │
//   blocks 1 … last  map       │ header 24 │ 1360 tids, six bytes each: where a summary is   │ special 8 │
//   the others       regular   │ header 24 │ lp, lp, … │ free │ summaries                  │ special 8 │
//                                                                    special: 4 unused, flags u16, type u16
//
// Range number n of the table (n = table block / pagesPerRange) has its tid in map page n / 1360, at n % 1360. A tid
// whose offset number is 0 says that the range has no summary.

import { struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { TID_SIZE } from './indexTuple.js'
import { initPage, pdSpecial, setPdLower, type Page } from './page.js'

/** PostgreSQL declares four numbers and uses the last two (BrinPageFlags, BrinPageType). */
const special = struct('BrinSpecialSpace', 8, { flags: u16(4), type: u16(6) })
export type BrinSpecialSpace = ValueOf<typeof special>
export const BrinSpecialSpace: Struct<BrinSpecialSpace> = special

const meta = struct('BrinMetaPageData', 16, {
  brinMagic: u32(0),
  brinVersion: u32(4),
  pagesPerRange: u32(8), //  table pages to a summary
  lastRevmapPage: u32(12), // the map is blocks 1 to this one
})
export type BrinMetaPageData = ValueOf<typeof meta>
export const BrinMetaPageData: Struct<BrinMetaPageData> = meta

export const BRIN_META_MAGIC = 0xa8109cfa
export const BRIN_PAGETYPE = { META: 0xf091, REVMAP: 0xf092, REGULAR: 0xf093 } as const
/** The one bit of flags: the page is being emptied to become a map page. It is never logged. */
export const BRIN_EVACUATE_PAGE = 1

/** Where meta data and tids start in their pages (PageGetContents). */
export const BRIN_CONTENTS_AT = 24
export const BRIN_SPECIAL_AT = BLCKSZ - BrinSpecialSpace.size
/** Tids on a map page (REVMAP_PAGE_MAXITEMS). */
export const REVMAP_PAGE_MAXITEMS = Math.floor((BRIN_SPECIAL_AT - BRIN_CONTENTS_AT) / TID_SIZE)

const LAST_REVMAP_PAGE = BRIN_CONTENTS_AT + BrinMetaPageData.at.lastRevmapPage

/** The page's type; 0 when its special space is not that of a BRIN page. */
export const brinPageType = (page: Page): number =>
  pdSpecial(page) === BRIN_SPECIAL_AT
    ? page.view.getUint16(BRIN_SPECIAL_AT + BrinSpecialSpace.at.type, true)
    : 0

export const readBrinMeta = (page: Page): BrinMetaPageData =>
  BrinMetaPageData.readView(page.view, BRIN_CONTENTS_AT)

/** Makes an empty page of this type (brin_page_init). */
export function initBrinPage(page: Page, type: number): void {
  initPage(page, BrinSpecialSpace.size)
  page.view.setUint16(BRIN_SPECIAL_AT + BrinSpecialSpace.at.type, type, true)
}

/** Makes the meta page of a new index, which has no map page yet (brin_metapage_init). */
export function initBrinMeta(page: Page, pagesPerRange: number, version: number): void {
  initBrinPage(page, BRIN_PAGETYPE.META)
  const values = { brinMagic: BRIN_META_MAGIC, brinVersion: version, pagesPerRange, lastRevmapPage: 0 }
  BrinMetaPageData.writeView(page.view, BRIN_CONTENTS_AT, values)
  endMetaContents(page)
}

export const lastRevmapPage = (page: Page): number => page.view.getUint32(LAST_REVMAP_PAGE, true)

/** The map has a page more. Before PostgreSQL 11 pd_lower did not cover the meta data, so it is set again. */
export function setLastRevmapPage(page: Page, block: number): void {
  page.view.setUint32(LAST_REVMAP_PAGE, block, true)
  endMetaContents(page)
}

function endMetaContents(page: Page): void {
  setPdLower(page, BRIN_CONTENTS_AT + BrinMetaPageData.size)
}

/** Enters in a map page where the summary of `heapBlk`'s range is; offset number 0 for nowhere (brinSetHeapBlockItemptr). */
export function setRevmapTid(
  page: Page,
  pagesPerRange: number,
  heapBlk: number,
  block: number,
  offnum: number,
): void {
  const at = BRIN_CONTENTS_AT + (Math.floor(heapBlk / pagesPerRange) % REVMAP_PAGE_MAXITEMS) * TID_SIZE
  page.view.setUint16(at, block >>> 16, true)
  page.view.setUint16(at + 2, block & 0xffff, true)
  page.view.setUint16(at + 4, offnum, true)
}
