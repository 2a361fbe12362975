// Pages of GIN indexes: what gin_metapage_info, gin_page_opaque_info and gin_leafpage_items of pageinspect tell, and
// the tuples of the tree of keys, which pageinspect leaves out.

import {
  GIN,
  GIN_CONTENTS_AT,
  GIN_DATA_AT,
  GIN_NO_PAGE,
  GIN_SPECIAL_AT,
  GinMetaPageData,
  POSTING_ITEM_SIZE,
  postingItemAt,
  readGinOpaque,
} from '../../format/ginPage.js'
import { decodeSegment, SEGMENT_HEADER_SIZE, segmentSize } from '../../format/ginPostingList.js'
import { INDEX_INFO, INDEX_TUPLE_HEADER_SIZE, indexTupleSize, TID_SIZE } from '../../format/indexTuple.js'
import { pageOf, pdLower, type Page } from '../../format/page.js'
import {
  bitNames,
  column,
  hexText,
  itemOf,
  keyColumn,
  keyOffset,
  PLAIN,
  tidBlockAt,
  tidText,
  type Column,
  type Fields,
  type KindView,
  type LinePointer,
} from './model.js'

/** Offset number in the tuple of a key whose rows have a posting tree of their own (GIN_TREE_POSTING). */
const TREE_POSTING = 0xffff
/** In the block number: the rows are packed (GIN_ITUP_COMPRESSED). */
const COMPRESSED = 0x80000000

const rowsText = (row: Fields): string => {
  const tids = row.tids as readonly string[]
  if (tids.length <= 3) return tids.join(' ')
  return `${tids[0]} … ${tids.at(-1) ?? ''}, ${tids.length} rows`
}
const entryTuples: readonly Column[] = [
  {
    title: 'leads to',
    text: (row) => (row.tids ? rowsText(row) : `${String(row.role)} ${String(row.block)}`),
  },
  keyColumn('key', 'key'),
]
const listTuples: readonly Column[] = [column('row', 't_tid'), keyColumn('key', 'key')]
const segments: readonly Column[] = [
  column('at', 'at', true),
  column('bytes', 'nbytes', true),
  { title: 'rows', text: rowsText },
]
const children: readonly Column[] = [column('child block', 'child_blkno', true), column('rows up to', 'key')]

export function viewGin(page: Page): KindView {
  const opaque = readGinOpaque(page)
  const { flags } = opaque
  const type = typeOf(flags)
  const view: KindView = {
    ...PLAIN,
    type,
    special: { ...opaque, flags_names: bitNames(flags, GIN) },
    hasItems: false,
    notes: {
      rightlink: opaque.rightlink === GIN_NO_PAGE ? 'none' : '',
      right_bound: 'rows beyond it are on the page to the right',
      head: 'first page of the pending list',
      tail: 'and the last one',
      nTotalPages: 'this and the next three: as of the last VACUUM',
    },
  }
  if (flags & GIN.META) return { ...view, contents: metaFields(page) }
  if (flags & GIN.DELETED) return view
  if (flags & GIN.LIST)
    return { ...view, hasItems: true, tuple: (item) => listTuple(page, item), columns: listTuples }
  if (flags & GIN.DATA) return { ...view, ...dataPage(page, flags, opaque.maxoff) }
  const tuple = (item: LinePointer): Fields | undefined => entryTuple(page, item, (flags & GIN.LEAF) !== 0)
  return { ...view, hasItems: true, tuple, columns: entryTuples }
}

function typeOf(flags: number): string {
  if (flags & GIN.META) return 'meta'
  if (flags & GIN.DELETED) return 'deleted'
  if (flags & GIN.LIST) return 'pending list'
  return `${flags & GIN.DATA ? 'posting tree' : 'entry tree'} ${flags & GIN.LEAF ? 'leaf' : 'internal'}`
}

function metaFields(page: Page): Fields {
  const { nPendingHeapTuples, nEntries, ...meta } = GinMetaPageData.readView(page.view, GIN_CONTENTS_AT)
  return { ...meta, nPendingHeapTuples: String(nPendingHeapTuples), nEntries: String(nEntries) }
}

/** A page of a posting tree: posting lists on a leaf, children with their bounds above. */
function dataPage(page: Page, flags: number, maxoff: number): Partial<KindView> {
  const contents = { right_bound: tidText(page.view, GIN_CONTENTS_AT) }
  if (!(flags & GIN.LEAF)) {
    const room = Math.floor((GIN_SPECIAL_AT - GIN_DATA_AT) / POSTING_ITEM_SIZE)
    const entries = Array.from({ length: Math.min(maxoff, room) }, (_, i) => {
      const at = postingItemAt(i + 1)
      return { child_blkno: tidBlockAt(page.view, at), key: tidText(page.view, at + 4) }
    })
    return { contents, entries, entryColumns: children }
  }
  if (!(flags & GIN.COMPRESSED)) return { contents } // of a server before 9.4
  return { contents, entries: postingLists(page), entryColumns: segments }
}

function postingLists(page: Page): Fields[] {
  const entries: Fields[] = []
  const end = Math.min(pdLower(page), GIN_SPECIAL_AT)
  for (let at = GIN_DATA_AT; at + SEGMENT_HEADER_SIZE <= end;) {
    const size = segmentSize(page.view, at)
    const tids = at + size <= end ? rowsOf(page, at) : undefined
    if (!tids) break // what follows cannot be told
    entries.push({ at, first: tids[0], nbytes: page.view.getUint16(at + TID_SIZE, true), tids })
    at += size
  }
  return entries
}

/** The rows of the posting list at byte `at`; undefined when it is not sound. */
function rowsOf(page: Page, at: number): string[] | undefined {
  const rows = new Float64Array(segmentSize(page.view, at))
  const count = decodeSegment(page, at, rows)
  if (count < 0) return undefined
  return Array.from(rows.subarray(0, count), (row) => `(${Math.floor(row / 2048)},${row % 2048})`)
}

/** A tuple of the tree of keys. */
function entryTuple(page: Page, item: LinePointer, leaf: boolean): Fields | undefined {
  const found = itemOf(page, item, INDEX_TUPLE_HEADER_SIZE)
  if (!found) return undefined
  const { view, bytes } = found
  const info = view.getUint16(6, true)
  const size = indexTupleSize(view, 0)
  const [block, posts] = [tidBlockAt(view, 0), view.getUint16(4, true)]
  const begin = keyOffset(info)
  if (size > bytes.length || begin > size) return undefined
  const inline = leaf && posts !== TREE_POSTING
  const list = inline ? block & ~COMPRESSED : size
  if (list > size || (inline && list < begin)) return undefined
  const tids = inline
    ? block >= COMPRESSED
      ? packedRows(bytes, list, posts)
      : plainRows(view, list, posts)
    : null
  if (tids === undefined) return undefined
  return {
    role: inline ? 'rows' : leaf ? 'posting tree' : 'block',
    t_tid: tidText(view, 0),
    t_info: info,
    size,
    nulls: (info & INDEX_INFO.HAS_NULLS) !== 0,
    vars: (info & INDEX_INFO.HAS_VARWIDTHS) !== 0,
    block: inline ? null : block,
    tids,
    key: hexText(bytes.subarray(begin, list)),
  }
}

function packedRows(bytes: Uint8Array, at: number, posts: number): string[] | undefined {
  if (posts === 0) return []
  const whole = pageOf(bytes)
  if (at + SEGMENT_HEADER_SIZE > bytes.length || at + segmentSize(whole.view, at) > bytes.length)
    return undefined
  return rowsOf(whole, at)
}

function plainRows(view: DataView, at: number, posts: number): string[] | undefined {
  if (at + posts * TID_SIZE > view.byteLength) return undefined
  return Array.from({ length: posts }, (_, i) => tidText(view, at + i * TID_SIZE))
}

/** A tuple of the pending list: a key of one row. */
function listTuple(page: Page, item: LinePointer): Fields | undefined {
  const found = itemOf(page, item, INDEX_TUPLE_HEADER_SIZE)
  if (!found) return undefined
  const { view, bytes } = found
  const info = view.getUint16(6, true)
  const size = indexTupleSize(view, 0)
  if (size > bytes.length || keyOffset(info) > size) return undefined
  return {
    t_tid: tidText(view, 0),
    t_info: info,
    size,
    nulls: (info & INDEX_INFO.HAS_NULLS) !== 0,
    vars: (info & INDEX_INFO.HAS_VARWIDTHS) !== 0,
    key: hexText(bytes.subarray(keyOffset(info), size)),
  }
}
