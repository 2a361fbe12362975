/**
 * What kind of page this is, told from the page itself: the access methods that end their pages
 * with a special space leave a mark there, so that tools like this one can tell them apart.
 *
 *   special space    last two bytes                kind
 *   0 bytes          –                             heap (or a map, which its file name tells)
 *   16 bytes         FF80                          hash
 *   16 bytes         FF81                          gist
 *   16 bytes         anything else                 btree (a cycle id, at most FF7F)
 *   8 bytes          FF82                          spgist
 *   8 bytes          F091, F092, F093              brin: meta, range map, regular
 *   8 bytes          FF83                          bloom
 *   8 bytes          starts with 0x00001717        sequence
 *   8 bytes          anything else                 gin (its flags)
 */

export type PageKind =
  | 'new'
  | 'heap'
  | 'btree'
  | 'hash'
  | 'gin'
  | 'gist'
  | 'spgist'
  | 'brin'
  | 'sequence'
  | 'vm'
  | 'bloom'
  | 'unknown'

export const pageSize = 8192
export const pageHeaderSize = 24

/** Offsets in the page header (storage/bufpage.h). */
export const pd = {
  lsn: 0,
  checksum: 8,
  flags: 10,
  lower: 12,
  upper: 14,
  special: 16,
  prune_xid: 20,
} as const

export function u16(page: Uint8Array, at: number): number {
  return page[at] | (page[at + 1] << 8)
}

export function u32(page: Uint8Array, at: number): number {
  return (u16(page, at) | (u16(page, at + 2) << 16)) >>> 0
}

/** The line pointers of a page, first one first; `number` counts from 1 as PostgreSQL does. */
export interface LinePointer {
  readonly number: number
  /** Where the pointer itself lies on the page. */
  readonly at: number
  readonly lp_off: number
  readonly lp_flags: number
  readonly lp_len: number
}

export function linePointers(page: Uint8Array): LinePointer[] {
  const count = Math.max(0, Math.floor((u16(page, pd.lower) - pageHeaderSize) / 4))
  return Array.from({ length: count }, (_, i) => {
    const at = pageHeaderSize + 4 * i
    const word = u32(page, at)
    return { number: i + 1, at, lp_off: word & 0x7fff, lp_flags: (word >>> 15) & 3, lp_len: word >>> 17 }
  })
}

/** False for a page whose own header contradicts itself; nothing on it can be masked. */
function sane(page: Uint8Array): boolean {
  const [lower, upper, special] = [u16(page, pd.lower), u16(page, pd.upper), u16(page, pd.special)]
  return pageHeaderSize <= lower && lower <= upper && upper <= special && special <= pageSize
}

/** `fork` is the fork's name in the file: '' for the main one, 'vm', 'init'. */
export function pageKind(page: Uint8Array, fork: string): PageKind {
  if (u16(page, pd.upper) === 0) return 'new'
  if (!sane(page)) return 'unknown'
  if (fork === 'vm') return 'vm'
  const special = u16(page, pd.special)
  const mark = u16(page, pageSize - 2)
  if (special === pageSize) return 'heap'
  if (special === pageSize - 16) return mark === 0xff80 ? 'hash' : mark === 0xff81 ? 'gist' : 'btree'
  if (special !== pageSize - 8) return 'unknown'
  if (u32(page, special) === 0x1717) return 'sequence'
  if (mark === 0xff82) return 'spgist'
  if (mark === 0xff83) return 'bloom'
  return 0xf091 <= mark && mark <= 0xf093 ? 'brin' : 'gin'
}
