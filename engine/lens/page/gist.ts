// Pages of GiST indexes: what gist_page_opaque_info and gist_page_items of pageinspect tell.

import { GIST_F, GIST_NO_RIGHTLINK, readGistOpaque } from '../../format/gistPage.js'
import { INDEX_INFO, INDEX_TUPLE_HEADER_SIZE, indexTupleSize } from '../../format/indexTuple.js'
import { formatLsn, lsnOf } from '../../format/lsn.js'
import { LP, PAGE_HEADER_SIZE, type Page } from '../../format/page.js'
import {
  bitNames,
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

const columns: readonly Column[] = [
  {
    title: 'leads to',
    text: (row) => (row.downlink === null ? String(row.t_tid) : `block ${String(row.downlink)}`),
  },
  keyColumn('key', 'key'),
]

export function viewGist(page: Page): KindView {
  const { nsn_high, nsn_low, rightlink, flags, gist_page_id } = readGistOpaque(page)
  const deleted = (flags & GIST_F.DELETED) !== 0
  const leaf = (flags & GIST_F.LEAF) !== 0
  return {
    ...PLAIN,
    type: deleted ? 'deleted' : leaf ? 'leaf' : 'internal',
    special: {
      nsn: formatLsn(lsnOf(nsn_high, nsn_low)),
      rightlink,
      flags,
      flags_names: bitNames(flags, GIST_F),
      gist_page_id,
    },
    contents: deleted ? { deleteXid: String(page.view.getBigUint64(PAGE_HEADER_SIZE, true)) } : null,
    hasItems: !deleted,
    tuple: (item) => gistTuple(page, item, leaf),
    columns,
    notes: {
      nsn: 'end of the record of the last split that its parent heard of',
      rightlink: rightlink === GIST_NO_RIGHTLINK ? 'none' : '',
    },
  }
}

function gistTuple(page: Page, item: LinePointer, leaf: boolean): Fields | undefined {
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
    dead: item.lp_flags === LP.DEAD,
    downlink: leaf ? null : tidBlockAt(view, 0),
    key: hexText(bytes.subarray(keyOffset(info), size)),
  }
}
