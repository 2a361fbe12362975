// Pages of hash indexes: what hash_metapage_info, hash_page_stats and hash_page_items of pageinspect tell.

import {
  HASH_CONTENTS_AT,
  HASH_MAX_BITMAP_SIZE,
  HASH_MAX_BITMAPS,
  HASH_MAX_SPLITPOINTS,
  HASHM_MAPP_AT,
  HashMetaPageData,
  INVALID_BLOCK,
  INVALID_BUCKET,
  LH,
  readHashOpaque,
  spares,
} from '../../format/hashPage.js'
import { INDEX_TUPLE_HEADER_SIZE } from '../../format/indexTuple.js'
import { LP, type Page } from '../../format/page.js'
import {
  bitNames,
  column,
  itemOf,
  keyOffset,
  PLAIN,
  runsOf,
  tidText,
  type Column,
  type Fields,
  type KindView,
  type LinePointer,
} from './model.js'

const PAGE_TYPE = 0x0f
const TYPES: Readonly<Record<number, string>> = {
  [LH.UNUSED_PAGE]: 'unused',
  [LH.OVERFLOW_PAGE]: 'overflow',
  [LH.BUCKET_PAGE]: 'bucket',
  [LH.BITMAP_PAGE]: 'bitmap',
  [LH.META_PAGE]: 'meta',
}

const columns: readonly Column[] = [
  column('row', 't_tid'),
  {
    title: 'hash value',
    text: (row) => (row.hashkey as number).toString(16).padStart(8, '0'),
  },
]
const bitColumns: readonly Column[] = [
  {
    title: 'overflow pages in use',
    text: (row) => (row.from === row.to ? String(row.from) : `${String(row.from)} to ${String(row.to)}`),
  },
]

export function viewHash(page: Page): KindView {
  const opaque = readHashOpaque(page)
  const type = TYPES[opaque.hasho_flag & PAGE_TYPE] ?? null
  const bucket = type === 'bucket'
  return {
    ...PLAIN,
    type,
    special: { ...opaque, hasho_flag_names: bitNames(opaque.hasho_flag, LH) },
    contents: type === 'meta' ? metaFields(page) : null,
    hasItems: bucket || type === 'overflow',
    tuple: (item) => hashTuple(page, item),
    columns,
    entries: type === 'bitmap' ? bitsInUse(page) : null,
    entryColumns: bitColumns,
    notes: {
      hasho_prevblkno:
        opaque.hasho_prevblkno === INVALID_BLOCK
          ? 'none'
          : bucket
            ? 'not a block: the highest bucket when this one was last split'
            : '',
      hasho_nextblkno: opaque.hasho_nextblkno === INVALID_BLOCK ? 'none' : '',
      hasho_bucket: opaque.hasho_bucket === INVALID_BUCKET ? 'none' : '',
      hashm_ffactor: 'rows that a bucket should have',
      hashm_firstfree: 'the lowest overflow page that may be free',
      hashm_spares: 'overflow pages before each splitpoint',
      hashm_mapp: 'blocks of the bitmap pages',
    },
  }
}

function metaFields(page: Page): Fields {
  const meta = HashMetaPageData.readView(page.view, HASH_CONTENTS_AT)
  const points = Math.min(meta.hashm_ovflpoint + 1, HASH_MAX_SPLITPOINTS)
  const maps = Math.min(meta.hashm_nmaps, HASH_MAX_BITMAPS)
  return {
    ...meta,
    hashm_spares: Array.from({ length: points }, (_, point) => spares(page, point)),
    hashm_mapp: Array.from({ length: maps }, (_, i) =>
      page.view.getUint32(HASH_CONTENTS_AT + HASHM_MAPP_AT + i * 4, true),
    ),
  }
}

function hashTuple(page: Page, item: LinePointer): Fields | undefined {
  const found = itemOf(page, item, INDEX_TUPLE_HEADER_SIZE + 4)
  if (!found) return undefined
  const { view } = found
  const key = keyOffset(view.getUint16(6, true))
  if (key + 4 > item.lp_len) return undefined
  return {
    t_tid: tidText(view, 0),
    dead: item.lp_flags === LP.DEAD,
    hashkey: view.getUint32(key, true),
  }
}

/** Runs of overflow pages whose bit is set, counted from the first bit of this bitmap. */
function bitsInUse(page: Page): Fields[] {
  const bits: Array<readonly [number, boolean]> = []
  for (let bit = 0; bit < HASH_MAX_BITMAP_SIZE * 8; bit++)
    if (page.bytes[HASH_CONTENTS_AT + (bit >>> 3)] & (1 << (bit & 7))) bits.push([bit, true])
  return runsOf(bits).map(({ from, to }) => ({ from, to }))
}
