// Heap pages for exercises: a few rows of two columns, a number and a short text, and line pointers in every state.

import fc from 'fast-check'
import {
  addItem,
  HEAP,
  HeapTupleHeaderData,
  initPage,
  LP,
  pageOf,
  pdUpper,
  readHeapTuple,
  setItemId,
  setPageLsn,
  viewOf,
  type Page,
} from 'pgcrash'

export const TUPLE_HEADER = 23
export const RECORD_HEADER = 5

/** What a line pointer of a page holds. */
export type Slot =
  | { readonly kind: 'unused' | 'dead' | 'redirect' }
  | { readonly kind: 'row'; readonly text: string; readonly header?: Partial<HeapTupleHeaderData> }

export interface HeapPageSpec {
  readonly slots: readonly Slot[]
  readonly block: number
  readonly lsn: bigint
  /** Byte that fills the free space: what earlier rows left there. */
  readonly filler?: number
  readonly pruneXid?: number
}

/** A number and a text as they stand on a page: four bytes, then a length byte and the letters. */
export function columnsOf(id: number, text: string): Uint8Array {
  const bytes = new Uint8Array(5 + text.length)
  viewOf(bytes).setUint32(0, id, true)
  bytes[4] = ((text.length + 1) << 1) | 1
  bytes.set(new TextEncoder().encode(text), 5)
  return bytes
}

/** What a record holds of a new row: its short header, `t_hoff` - 23 bytes of bitmap and padding, the columns. */
export function rowData(
  columns: Uint8Array,
  {
    t_infomask2 = 2,
    t_infomask = HEAP.HASVARWIDTH | HEAP.XMAX_INVALID,
    t_hoff = 24,
    bitmap = [0] as readonly number[],
  } = {},
): Uint8Array {
  const head = t_hoff - TUPLE_HEADER
  const bytes = new Uint8Array(RECORD_HEADER + head + columns.length)
  const view = viewOf(bytes)
  view.setUint16(0, t_infomask2, true)
  view.setUint16(2, t_infomask, true)
  bytes[4] = t_hoff
  bytes.set(bitmap, RECORD_HEADER)
  bytes.set(columns, RECORD_HEADER + head)
  return bytes
}

/** A heap page with these line pointers. A redirect leads to the first row. */
export function heapPage({ slots, block, lsn, filler = 0, pruneXid = 0 }: HeapPageSpec): Uint8Array {
  const page = pageOf()
  initPage(page, 0)
  page.bytes.fill(filler, 24, pdUpper(page))
  const firstRow = 1 + slots.findIndex(({ kind }) => kind === 'row')
  slots.forEach((slot, i) => {
    if (slot.kind === 'row') return addRow(page, i + 1, slot, block)
    page.view.setUint16(12, 24 + 4 * (i + 1), true)
    if (slot.kind === 'unused') setItemId(page, i + 1, 0, LP.UNUSED, 0)
    else if (slot.kind === 'redirect' && firstRow > 0) setItemId(page, i + 1, firstRow, LP.REDIRECT, 0)
    else setItemId(page, i + 1, 0, LP.DEAD, 0)
  })
  setPageLsn(page, Number(lsn >> 32n), Number(lsn & 0xffffffffn))
  page.view.setUint32(20, pruneXid, true)
  return page.bytes
}

function addRow(page: Page, offnum: number, slot: Slot & { kind: 'row' }, block: number): void {
  const columns = columnsOf(offnum, slot.text)
  const header: HeapTupleHeaderData = {
    t_xmin: 600 + offnum,
    t_xmax: 0,
    t_cid: 0,
    t_ctid: { bi_hi: block >>> 16, bi_lo: block & 0xffff, ip_posid: offnum },
    t_infomask2: 2,
    t_infomask: HEAP.HASVARWIDTH | HEAP.XMIN_COMMITTED | HEAP.XMAX_INVALID,
    t_hoff: 24,
    ...slot.header,
  }
  const tuple = new Uint8Array(header.t_hoff + columns.length)
  HeapTupleHeaderData.write(tuple, 0, header)
  tuple.set(columns, header.t_hoff)
  if (!addItem(page, tuple, 0, tuple.length, offnum, true)) throw new Error(`no room for row ${offnum}`)
}

const printable = (bytes: Uint8Array): string =>
  Array.from(bytes.subarray(0, 40), (byte) =>
    byte >= 32 && byte < 127 ? String.fromCharCode(byte) : '.',
  ).join('')

/** The row at a line pointer, in words. */
export function rowWords(page: Page, offnum: number): string {
  const row = readHeapTuple(page, offnum)
  if (!row) return ''
  const { t_xmin, t_xmax, t_cid, t_ctid, t_infomask, t_infomask2, data } = row
  const masks = `${t_infomask.toString(16).padStart(4, '0')} ${t_infomask2.toString(16).padStart(4, '0')}`
  return `xmin ${t_xmin} xmax ${t_xmax} cid ${t_cid} ctid (${t_ctid.block},${t_ctid.offnum}) infomasks ${masks}  ${printable(data)}`
}

/** Text of a column: a few letters, all the same. */
export const texts: fc.Arbitrary<string> = fc
  .tuple(fc.constantFrom('a', 'b', 'z'), fc.integer({ min: 1, max: 20 }))
  .map(([letter, length]) => letter.repeat(length))

/** Line pointers of a page, `kinds` of them. */
export function slots(...kinds: readonly Slot['kind'][]): fc.Arbitrary<Slot[]> {
  const slot = fc
    .tuple(fc.constantFrom(...kinds), texts)
    .map(([kind, text]): Slot => (kind === 'row' ? { kind, text } : { kind }))
  return fc.array(slot, { maxLength: 5 })
}
