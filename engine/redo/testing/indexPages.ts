// Index pages for tests, said and read back in a few words: "5: 0,1" is key 5 pointing to row 1 of block 0.

import { BTP, initBtreePage } from '../../format/btreePage.js'
import { INDEX_INFO, indexTupleSize } from '../../format/indexTuple.js'
import { BT_IS_POSTING, isPosting, postingSize, tidCount, tidsAt } from '../../format/postingList.js'
import { addItem, itemId, lpOffset, maxOffset, pageOf, type Page } from '../../format/page.js'
import { le16, le32, concat } from './records.js'

/** Six bytes: a block and an offset number. */
export const tid = (block: number, offnum: number): Uint8Array =>
  concat(le16(block >>> 16), le16(block & 0xffff), le16(offnum))

/** A leaf tuple of 16 bytes, or a posting tuple when there are more rows than one: [block, offset number] each. */
export function leafTuple(key: number, ...rows: Array<[number, number]>): Uint8Array {
  const keyBytes = concat(le32(key), le32(0))
  if (rows.length === 1) return concat(tid(...rows[0]), le16(16), keyBytes)
  const size = postingSize(16, rows.length)
  const head = concat(tid(16, rows.length | BT_IS_POSTING), le16(size | INDEX_INFO.AM_RESERVED), keyBytes)
  const list = concat(...rows.map((row) => tid(...row)))
  return concat(head, list, new Uint8Array(size - head.length - list.length))
}

/** A tuple of an inner page or a high key: a key, and the block below it. */
export const pivot = (key: number, downlink: number): Uint8Array =>
  concat(tid(downlink, 1), le16(16 | INDEX_INFO.AM_RESERVED), le32(key), le32(0))

/** A btree page with these items, the high key among them. */
export function btreePage(
  items: Uint8Array[],
  links: { prev?: number; next?: number; level?: number; flags?: number } = {},
): Page {
  const page = pageOf()
  const { prev = 0, next = 0, level = 0 } = links
  initBtreePage(page, prev, next, level, links.flags ?? (level === 0 ? BTP.LEAF : 0))
  items.forEach((item, i) => {
    if (!addItem(page, item, 0, item.length, i + 1, false)) throw new Error(`no room for item ${i + 1}`)
  })
  return page
}

/** The page's items: "7: 0,1 0,2" for a leaf tuple with key 7 and two rows, "7 -> 4" for a pivot. */
export function itemsOf(page: Page): string[] {
  return Array.from({ length: maxOffset(page) }, (_, i) => itemText(page.view, lpOffset(itemId(page, i + 1))))
}

function itemText(view: DataView, at: number): string {
  const block = (from: number): number => view.getUint16(from, true) * 65536 + view.getUint16(from + 2, true)
  const isPivot = (view.getUint16(at + 6, true) & INDEX_INFO.AM_RESERVED) !== 0 && !isPosting(view, at)
  if (indexTupleSize(view, at) === 8) return `-> ${block(at)}`
  const key = view.getUint32(at + 8, true)
  if (isPivot) return `${key} -> ${block(at)}`
  const rows = Array.from({ length: tidCount(view, at) }, (_, i) => tidsAt(view, at) + i * 6)
  return `${key}: ${rows.map((row) => `${block(row)},${view.getUint16(row + 4, true)}`).join(' ')}`
}

/** Where each item lies in the page. */
export const placesOf = (page: Page): number[] =>
  Array.from({ length: maxOffset(page) }, (_, i) => lpOffset(itemId(page, i + 1)))
