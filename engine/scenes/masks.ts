/**
 * The bytes in which two pages may differ and still be the same page. PostgreSQL changes some bits
 * without a word in the log (hints: "this transaction has committed, no need to look it up again"),
 * and leaves old bytes where nothing is stored. Everything else must agree.
 *
 * Which bytes these are is PostgreSQL's decision: access/common/bufmask.c and each access method's
 * mask function (heap_mask, btree_mask, …), which wal_consistency_checking uses for the same end.
 */
import type { PageKind } from '../format/pageKind.js'
import { linePointers, pageHeaderSize, pageSize, pd, u16, u32 } from './pageBytes.js'

const { lower: pd_lower, upper: pd_upper, special: pd_special } = pd

/** A copy of the page with everything of no consequence set to zero. `block` counts in the relation. */
export function maskPage(kind: PageKind, page: Uint8Array, block: number): Uint8Array {
  const masked = page.slice()
  if (kind === 'new' || kind === 'unknown' || kind === 'fsm') return masked
  masked.fill(0, pd.lsn, pd.checksum + 2)
  masks[kind](masked, block)
  return masked
}

type Mask = (page: Uint8Array, block: number) => void

const masks: Record<Exclude<PageKind, 'new' | 'unknown' | 'fsm'>, Mask> = {
  heap: (page, block) => {
    maskHints(page)
    maskHole(page)
    maskTuples(page, block)
  },
  btree: (page) => {
    maskHints(page)
    maskHole(page)
    const special = u16(page, pd_special)
    const BTP_LEAF = 1
    const flags = u16(page, special + 12)
    if (flags & BTP_LEAF) maskLineFlags(page)
    clear16(page, special + 12, 0x20 | 0x40) // BTP_SPLIT_END, BTP_HAS_GARBAGE
    page.fill(0, special + 14, special + 16) // btpo_cycleid
  },
  hash: (page) => {
    maskHints(page)
    maskHole(page)
    const flagsAt = u16(page, pd_special) + 12
    const type = u16(page, flagsAt) & 0x0f
    const LH_UNUSED_PAGE = 0
    const [LH_OVERFLOW_PAGE, LH_BUCKET_PAGE] = [1, 2]
    if (type === LH_UNUSED_PAGE) return maskContent(page)
    if (type === LH_OVERFLOW_PAGE || type === LH_BUCKET_PAGE) maskLineFlags(page)
    clear16(page, flagsAt, 0x80) // LH_PAGE_HAS_DEAD_TUPLES
  },
  gin: (page) => {
    maskHints(page)
    const GIN_DELETED = 4
    if (u16(page, u16(page, pd_special) + 6) & GIN_DELETED) return maskContent(page)
    if (u16(page, pd_lower) > pageHeaderSize) maskHole(page)
  },
  gist: (page) => {
    maskHints(page)
    maskHole(page)
    const special = u16(page, pd_special)
    const F_LEAF = 1
    if (u16(page, special + 12) & F_LEAF) maskLineFlags(page)
    page.fill(0, special, special + 8) // nsn, an LSN
    clear16(page, special + 12, 0x08 | 0x10) // F_FOLLOW_RIGHT, F_HAS_GARBAGE
  },
  spgist: (page) => {
    maskHints(page)
    if (u16(page, pd_lower) >= pageHeaderSize) maskHole(page)
  },
  brin: (page) => {
    maskHints(page)
    const type = u16(page, pageSize - 2)
    const [META, REGULAR] = [0xf091, 0xf093]
    if (type === REGULAR || (type === META && u16(page, pd_lower) > pageHeaderSize)) maskHole(page)
    clear16(page, pageSize - 4, 1) // BRIN_EVACUATE_PAGE
  },
  sequence: (page) => maskHole(page),
  bloom: (page) => maskHole(page),
  // All of a visibility map counts: what a bit says is logged, and a wrong one hides rows.
  vm: (page) => maskHints(page),
}

function clear16(page: Uint8Array, at: number, bits: number): void {
  page[at] &= ~bits & 0xff
  page[at + 1] &= ~(bits >> 8) & 0xff
}

/** pd_prune_xid and all three of pd_flags. */
function maskHints(page: Uint8Array): void {
  page.fill(0, pd.prune_xid, pd.prune_xid + 4)
  clear16(page, pd.flags, 7)
}

/** The free space in the middle. */
function maskHole(page: Uint8Array): void {
  page.fill(0, u16(page, pd_lower), u16(page, pd_upper))
}

/** A page that is out of use: only its header says anything. */
function maskContent(page: Uint8Array): void {
  page.fill(0, pageHeaderSize)
  page.fill(0, pd_lower, pd_upper + 2)
}

/** lp_flags: index scans mark entries dead (LP_DEAD) without logging it. */
function maskLineFlags(page: Uint8Array): void {
  for (const { at, lp_flags } of linePointers(page)) {
    if (lp_flags === 0) continue
    page[at + 1] &= 0x7f
    page[at + 2] &= 0xfe
  }
}

/** Hint bits, command ids and padding of heap tuples. */
function maskTuples(page: Uint8Array, block: number): void {
  const LP_NORMAL = 1
  for (const { number, lp_off, lp_flags, lp_len } of linePointers(page)) {
    if (lp_flags === LP_NORMAL) maskTuple(page, lp_off, block, number)
    // Redirected and unused pointers have no bytes of their own.
    if (lp_len > 0) page.fill(0, lp_off + lp_len, lp_off + ((lp_len + 7) & ~7))
  }
}

function maskTuple(page: Uint8Array, tuple: number, block: number, line: number): void {
  const [t_cid, t_ctid, t_infomask] = [tuple + 8, tuple + 12, tuple + 20]
  const HEAP_XMIN_FROZEN = 0x0300
  const frozen = (u16(page, t_infomask) & HEAP_XMIN_FROZEN) === HEAP_XMIN_FROZEN
  // Frozen is a promise and logged; before that, all of HEAP_XACT_MASK may be set by any reader.
  clear16(page, t_infomask, frozen ? 0x0c00 : 0xfff0)
  page.fill(0, t_cid, t_cid + 4)
  const speculative = 0xfffe
  if (u16(page, t_ctid + 4) !== speculative) return
  const words = [block >>> 16, block & 0xffff, line]
  words.forEach((word, i) => page.set([word & 0xff, word >> 8], t_ctid + 2 * i))
}

/** pd_lsn as `%X/%X`: on a page the high half comes first. */
export function pageLsn(page: Uint8Array): string {
  return `${u32(page, 0).toString(16)}/${u32(page, 4).toString(16)}`.toUpperCase()
}
