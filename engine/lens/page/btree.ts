// Pages of btree indexes: what bt_metap, bt_page_stats and bt_page_items of pageinspect tell.

import {
  BTP,
  BTPageOpaqueData,
  BTREE_SPECIAL_AT,
  P_HIKEY,
  P_NONE,
  PAGE_CONTENTS_AT,
  readBtreeMeta,
} from '../../format/btreePage.js'
import { INDEX_INFO, INDEX_TUPLE_HEADER_SIZE, indexTupleSize, TID_SIZE } from '../../format/indexTuple.js'
import { maxAlign } from '../../format/lsn.js'
import { LP, type Page } from '../../format/page.js'
import { BT_OFFSET_MASK, isPosting, isSoundPosting } from '../../format/postingList.js'
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

/** In a tuple that bounds others: the last column of its key is a row's place (BT_PIVOT_HEAP_TID_ATTR). */
const PIVOT_HEAP_TID = 0x1000

const columns: readonly Column[] = [
  column('is', 'role'),
  { title: 'leads to', text: leadsTo },
  keyColumn('key', 'key'),
]

function leadsTo(row: Fields): string {
  if (row.downlink !== null) return `block ${String(row.downlink)}`
  const tids = row.tids as readonly string[] | null
  if (!tids) return String(row.heap_tid ?? '')
  return tids.length <= 3 ? tids.join(' ') : `${tids[0]} … ${tids.at(-1) ?? ''}, ${tids.length} rows`
}

export function viewBtree(page: Page): KindView {
  const opaque = BTPageOpaqueData.readView(page.view, BTREE_SPECIAL_AT)
  const { btpo_flags: flags } = opaque
  const type = typeOf(flags)
  const rightmost = opaque.btpo_next === P_NONE
  const gone = type === 'deleted' && (flags & BTP.HAS_FULLXID) !== 0
  return {
    ...PLAIN,
    type,
    special: { ...opaque, btpo_flags_names: bitNames(flags, BTP) },
    contents:
      type === 'meta'
        ? { ...readBtreeMeta(page) }
        : gone
          ? { safexid: String(page.view.getBigUint64(PAGE_CONTENTS_AT, true)) }
          : null,
    hasItems: type !== 'meta' && type !== 'deleted',
    tuple: (item) => btreeTuple(page, item, (flags & BTP.LEAF) !== 0, rightmost, type === 'half-dead'),
    columns,
    toneOf: (tuple) => (tuple.role === 'high key' ? 'dim' : 'plain'),
    notes: {
      btpo_prev: opaque.btpo_prev === P_NONE ? 'none: the leftmost page of its level' : '',
      btpo_next: rightmost ? 'none: the rightmost page of its level' : '',
      btpo_level: opaque.btpo_level === 0 ? 'leaves' : '',
      safexid: 'the page may be used again once nobody can be on the way to it any more',
      btm_fastroot: 'where searches begin',
    },
  }
}

function typeOf(flags: number): string {
  if (flags & BTP.META) return 'meta'
  if (flags & BTP.DELETED) return 'deleted'
  if (flags & BTP.HALF_DEAD) return 'half-dead'
  return flags & BTP.LEAF ? 'leaf' : 'internal'
}

function btreeTuple(
  page: Page,
  item: LinePointer,
  leaf: boolean,
  rightmost: boolean,
  halfDead: boolean,
): Fields | undefined {
  const found = itemOf(page, item, INDEX_TUPLE_HEADER_SIZE)
  if (!found) return undefined
  const { view, bytes } = found
  const size = indexTupleSize(view, 0)
  const info = view.getUint16(6, true)
  const offnum = view.getUint16(4, true)
  const isHighKey = !rightmost && item.lp === P_HIKEY
  const bounds = !leaf || isHighKey
  const posting = isPosting(view, 0)
  const pivot = (info & INDEX_INFO.AM_RESERVED) !== 0 && !posting
  const withTid = pivot && (offnum & PIVOT_HEAP_TID) !== 0
  const end = posting ? tidBlockAt(view, 0) : size - (withTid ? maxAlign(TID_SIZE) : 0)
  const begin = keyOffset(info)
  if (size > bytes.length || end > size || begin > end || (posting && !isSoundPosting(view, 0, size)))
    return undefined
  const tids = posting
    ? Array.from({ length: offnum & BT_OFFSET_MASK }, (_, i) => tidText(view, end + i * TID_SIZE))
    : null
  const ownTid = pivot ? (withTid ? tidText(view, size - TID_SIZE) : null) : tidText(view, 0)
  const role = isHighKey
    ? halfDead
      ? 'top parent'
      : 'high key'
    : bounds
      ? 'downlink'
      : posting
        ? 'rows'
        : 'row'
  return {
    role,
    t_tid: tidText(view, 0),
    t_info: info,
    size,
    nulls: (info & INDEX_INFO.HAS_NULLS) !== 0,
    vars: (info & INDEX_INFO.HAS_VARWIDTHS) !== 0,
    dead: bounds ? null : item.lp_flags === LP.DEAD,
    downlink: role === 'downlink' || role === 'top parent' ? tidBlockAt(view, 0) : null,
    natts: pivot ? offnum & BT_OFFSET_MASK : null,
    heap_tid: bounds && !pivot ? null : tids ? tids[0] : ownTid,
    tids,
    key: hexText(bytes.subarray(begin, end)),
  }
}
