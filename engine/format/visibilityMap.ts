// The visibility map, a relation's fork 2: two bits for each page of the table (access/heap/visibilitymap.c).
//
//   page    │ header 24 │ 11 00 01 11 │ 00 00 00 00 │ …        8168 bytes, 32,672 table pages
//                         3  2  1  0    7  6  5  4             ◄ block of the table
//
// 01: every row on the page is visible to all, so an index alone can answer a query. 11: and all of them are frozen,
// so VACUUM need not come back. A bit that is set wrongly hides changes; one that is clear only costs time.

import { BLCKSZ } from './controlFile.js'
import { PAGE_HEADER_SIZE, type Page } from './page.js'

/** Bits of a table page in the map, and of xl_heap_visible.flags. */
export const VISIBILITYMAP = {
  ALL_VISIBLE: 0x01,
  ALL_FROZEN: 0x02,
  VALID_BITS: 0x03,
  XLOG_CATALOG_REL: 0x04, // in the record only
} as const

/** Table pages that one byte, and one page, of the map tell of. */
export const HEAPBLOCKS_PER_BYTE = 4
export const HEAPBLOCKS_PER_PAGE = (BLCKSZ - PAGE_HEADER_SIZE) * HEAPBLOCKS_PER_BYTE

/** Page of the map that holds a table page's bits (HEAPBLK_TO_MAPBLOCK). */
export function mapBlock(heapBlock: number): number {
  return Math.floor(heapBlock / HEAPBLOCKS_PER_PAGE)
}

/** Byte of that page, its header counted. */
export function mapByte(heapBlock: number): number {
  return PAGE_HEADER_SIZE + Math.floor((heapBlock % HEAPBLOCKS_PER_PAGE) / HEAPBLOCKS_PER_BYTE)
}

/** Place of the lower bit in that byte (HEAPBLK_TO_OFFSET). */
export function mapShift(heapBlock: number): number {
  return (heapBlock % HEAPBLOCKS_PER_BYTE) * 2
}

/** The two bits of a table page, 0 to 3; `map` is the map's page that holds them. */
export function visibilityOf(map: Page, heapBlock: number): number {
  return (map.bytes[mapByte(heapBlock)] >>> mapShift(heapBlock)) & VISIBILITYMAP.VALID_BITS
}
