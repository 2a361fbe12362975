/** Names the place on a page where two pages part, so that a difference reads like a sentence. */
import type { PageKind } from '../format/pageKind.js'
import { linePointers, pageHeaderSize, pd, u16 } from './pageBytes.js'

const header: [number, string][] = [
  [0, 'pd_lsn'],
  [8, 'pd_checksum'],
  [10, 'pd_flags'],
  [12, 'pd_lower'],
  [14, 'pd_upper'],
  [16, 'pd_special'],
  [18, 'pd_pagesize_version'],
  [20, 'pd_prune_xid'],
]

const heapTuple: [number, string][] = [
  [0, 't_xmin'],
  [4, 't_xmax'],
  [8, 't_cid'],
  [12, 't_ctid'],
  [18, 't_infomask2'],
  [20, 't_infomask'],
  [22, 't_hoff'],
  [23, 'data'],
]

function fieldAt(fields: [number, string][], offset: number): string {
  return fields.findLast(([from]) => from <= offset)?.[1] ?? ''
}

/** For example `pd_lower`, `line pointer 4`, `tuple 4, t_infomask` or `special space`. */
export function placeOn(kind: PageKind, page: Uint8Array, offset: number): string {
  if (kind === 'new' || kind === 'unknown') return 'page'
  if (offset < pageHeaderSize) return fieldAt(header, offset)
  if (kind === 'vm') return 'map'
  if (offset >= u16(page, pd.special)) return 'special space'
  if (offset < u16(page, pd.lower)) {
    const pointers = linePointers(page)
    const pointer = pointers.find(({ at }) => at <= offset && offset < at + 4)
    return pointer === undefined ? 'page' : `line pointer ${pointer.number}`
  }
  if (offset < u16(page, pd.upper)) return 'free space'
  const owner = linePointers(page).find(
    ({ lp_off, lp_len }) => lp_len > 0 && lp_off <= offset && offset < lp_off + lp_len,
  )
  if (owner === undefined) return 'between tuples'
  const heap = kind === 'heap' || kind === 'sequence'
  const field = heap ? `, ${fieldAt(heapTuple, offset - owner.lp_off)}` : ''
  return `${heap ? 'tuple' : 'entry'} ${owner.number}${field}`
}
