// A hash index: block 0 says how many buckets there are; each bucket is a page, and overflow pages chained behind it
// (access/hash.h). Bitmap pages tell which overflow pages are free.
//
//   meta page     │ header 24 │ HashMetaPageData 4544 │ …                                     │ special 16 │
//   bitmap page   │ header 24 │ one bit for each overflow page, 4096 bytes │ …                │ special 16 │
//   other pages   │ header 24 │ lp, lp, … │ free │ tuples by hash value │ special 16: prev, next, bucket, flag, id │

import { f64, struct, u16, u32, type Struct, type ValueOf } from '../bytes/layout.js'
import { BLCKSZ } from './controlFile.js'
import { initPage, pdSpecial, setPdLower, type Page } from './page.js'

const opaque = struct('HashPageOpaqueData', 16, {
  hasho_prevblkno: u32(0), // of a bucket's first page: the highest bucket when it was last split
  hasho_nextblkno: u32(4),
  hasho_bucket: u32(8),
  hasho_flag: u16(12),
  hasho_page_id: u16(14),
})
export type HashPageOpaqueData = ValueOf<typeof opaque>
export const HashPageOpaqueData: Struct<HashPageOpaqueData> = opaque

/** The fixed part; hashm_spares and hashm_mapp follow it. */
const meta = struct('HashMetaPageData', 4544, {
  hashm_magic: u32(0),
  hashm_version: u32(4),
  hashm_ntuples: f64(8),
  hashm_ffactor: u16(16), //   tuples that a bucket should have
  hashm_bsize: u16(18), //     bytes between header and special space
  hashm_bmsize: u16(20), //    bytes of a bitmap
  hashm_bmshift: u16(22), //   log2 of its bits
  hashm_maxbucket: u32(24),
  hashm_highmask: u32(28),
  hashm_lowmask: u32(32),
  hashm_ovflpoint: u32(36), // splitpoint at which overflow pages are being added
  hashm_firstfree: u32(40), // lowest bit that may be free
  hashm_nmaps: u32(44),
  hashm_procid: u32(48),
})
export type HashMetaPageData = ValueOf<typeof meta>
export const HashMetaPageData: Struct<HashMetaPageData> = meta

/** u32 hashm_spares[98], overflow pages before each splitpoint; u32 hashm_mapp[1024], blocks of the bitmap pages. */
export const HASHM_SPARES_AT = 52
export const HASH_MAX_SPLITPOINTS = 98
export const HASHM_MAPP_AT = HASHM_SPARES_AT + HASH_MAX_SPLITPOINTS * 4
export const HASH_MAX_BITMAPS = 1024

export const HASH_MAGIC = 0x6440640
export const HASH_VERSION = 4
export const HASHO_PAGE_ID = 0xff80
export const INVALID_BLOCK = 0xffffffff
export const INVALID_BUCKET = 0xffffffff

/** Bits of hasho_flag; the first four are the page's type, none of them: unused. */
export const LH = {
  UNUSED_PAGE: 0x00,
  OVERFLOW_PAGE: 0x01,
  BUCKET_PAGE: 0x02,
  BITMAP_PAGE: 0x04,
  META_PAGE: 0x08,
  BUCKET_BEING_POPULATED: 0x10,
  BUCKET_BEING_SPLIT: 0x20,
  BUCKET_NEEDS_SPLIT_CLEANUP: 0x40,
  PAGE_HAS_DEAD_TUPLES: 0x80,
} as const

/** Where meta data and bitmaps start in their pages (PageGetContents). */
export const HASH_CONTENTS_AT = 24
export const HASH_SPECIAL_AT = BLCKSZ - HashPageOpaqueData.size
/** Bytes a page has between header and special space (HashGetMaxBitmapSize). */
export const HASH_MAX_BITMAP_SIZE = HASH_SPECIAL_AT - HASH_CONTENTS_AT

const at = HashPageOpaqueData.at
const PREV = HASH_SPECIAL_AT + at.hasho_prevblkno
const NEXT = HASH_SPECIAL_AT + at.hasho_nextblkno
const FLAG = HASH_SPECIAL_AT + at.hasho_flag

/** Has the page the special space of a hash page? */
export const hasHashSpecial = (page: Page): boolean => pdSpecial(page) === HASH_SPECIAL_AT
export const hashoFlag = (page: Page): number => page.view.getUint16(FLAG, true)
export const setHashoFlag = (page: Page, flag: number): void => page.view.setUint16(FLAG, flag, true)
export const setHashoPrev = (page: Page, block: number): void => page.view.setUint32(PREV, block, true)
export const setHashoNext = (page: Page, block: number): void => page.view.setUint32(NEXT, block, true)
export const readHashOpaque = (page: Page): HashPageOpaqueData =>
  HashPageOpaqueData.readView(page.view, HASH_SPECIAL_AT)

/** Makes an empty page with this special space (_hash_initbuf). */
export function initHashPage(page: Page, prev: number, bucket: number, flag: number): void {
  initPage(page, HashPageOpaqueData.size)
  HashPageOpaqueData.writeView(page.view, HASH_SPECIAL_AT, {
    hasho_prevblkno: prev,
    hasho_nextblkno: INVALID_BLOCK,
    hasho_bucket: bucket,
    hasho_flag: flag,
    hasho_page_id: HASHO_PAGE_ID,
  })
}

/** Makes a bitmap page of `size` bytes on which every page counts as used (_hash_initbitmapbuffer). */
export function initHashBitmap(page: Page, size: number): void {
  initHashPage(page, INVALID_BLOCK, INVALID_BUCKET, LH.BITMAP_PAGE)
  page.bytes.fill(0xff, HASH_CONTENTS_AT, HASH_CONTENTS_AT + size)
  setPdLower(page, HASH_CONTENTS_AT + size)
}

/** Makes the meta page of a new index: as many buckets as `tuples` rows ask for, at least two (_hash_init_metabuffer). */
export function initHashMeta(page: Page, tuples: number, procid: number, ffactor: number): void {
  const wanted = tuples / ffactor
  const buckets =
    wanted <= 2 ? 2 : wanted >= 0x40000000 ? 0x40000000 : totalBuckets(spareIndex(Math.trunc(wanted)))
  const spare = spareIndex(buckets)
  const shift = 31 - Math.clz32(HASH_MAX_BITMAP_SIZE)
  const highmask = 2 ** ceilLog2(buckets + 1) - 1
  initHashPage(page, INVALID_BLOCK, INVALID_BUCKET, LH.META_PAGE)
  HashMetaPageData.writeView(page.view, HASH_CONTENTS_AT, {
    hashm_magic: HASH_MAGIC,
    hashm_version: HASH_VERSION,
    hashm_ntuples: 0,
    hashm_ffactor: ffactor,
    hashm_bsize: HASH_MAX_BITMAP_SIZE,
    hashm_bmsize: 1 << shift,
    hashm_bmshift: shift + 3,
    hashm_maxbucket: buckets - 1,
    hashm_highmask: highmask,
    hashm_lowmask: highmask >>> 1,
    hashm_ovflpoint: spare,
    hashm_firstfree: 0,
    hashm_nmaps: 0,
    hashm_procid: procid,
  })
  setSpares(page, spare, 1)
  setPdLower(page, HASH_CONTENTS_AT + HashMetaPageData.size)
}

/** Overflow pages before splitpoint `point`. */
export const spares = (page: Page, point: number): number =>
  page.view.getUint32(HASH_CONTENTS_AT + HASHM_SPARES_AT + point * 4, true)
export const setSpares = (page: Page, point: number, pages: number): void =>
  page.view.setUint32(HASH_CONTENTS_AT + HASHM_SPARES_AT + point * 4, pages, true)

const ceilLog2 = (n: number): number => (n <= 1 ? 0 : 32 - Math.clz32(n - 1))

// Buckets come in groups that double the table. The first ten groups come at once; later ones in four phases each.
const GROUPS_AT_ONCE = 10
const PHASES = 4

/** The splitpoint at which there are `buckets` buckets (_hash_spareindex). */
export function spareIndex(buckets: number): number {
  const group = ceilLog2(buckets)
  if (group < GROUPS_AT_ONCE) return group
  const phase = ((buckets - 1) >>> (group - 3)) & (PHASES - 1)
  return GROUPS_AT_ONCE + (group - GROUPS_AT_ONCE) * PHASES + phase
}

/** Buckets that exist once splitpoint `point` is reached (_hash_get_totalbuckets). */
export function totalBuckets(point: number): number {
  if (point < GROUPS_AT_ONCE) return 2 ** point
  const group = GROUPS_AT_ONCE + Math.floor((point - GROUPS_AT_ONCE) / PHASES)
  const phases = ((point - GROUPS_AT_ONCE) % PHASES) + 1
  const before = 2 ** (group - 1)
  return before + (before / PHASES) * phases
}
