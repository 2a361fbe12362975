/**
 * The bytes of a page, read without the engine: what compares its pages should not share its eyes.
 */
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
