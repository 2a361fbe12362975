// Pages of BRIN indexes: what brin_metapage_info, brin_revmap_data and brin_page_items of pageinspect tell.

import {
  BRIN_CONTENTS_AT,
  BRIN_EVACUATE_PAGE,
  BRIN_PAGETYPE,
  BRIN_SPECIAL_AT,
  BrinSpecialSpace,
  readBrinMeta,
  REVMAP_PAGE_MAXITEMS,
} from '../../format/brinPage.js'
import { TID_SIZE } from '../../format/indexTuple.js'
import type { Page } from '../../format/page.js'
import {
  column,
  hexText,
  itemOf,
  keyColumn,
  PLAIN,
  tidText,
  type Column,
  type Fields,
  type KindView,
  type LinePointer,
} from './model.js'

/** Bits of bt_info; the low five say where the values begin. */
const BT_INFO = { OFFSET_MASK: 0x1f, EMPTY_RANGE: 0x20, PLACEHOLDER: 0x40, NULLS: 0x80 } as const
const BRIN_TUPLE_HEADER_SIZE = 5
const NAMES: Readonly<Record<number, string>> = {
  [BRIN_PAGETYPE.META]: 'meta',
  [BRIN_PAGETYPE.REVMAP]: 'revmap',
  [BRIN_PAGETYPE.REGULAR]: 'regular',
}

const columns: readonly Column[] = [
  column('table block', 'bt_blkno', true),
  {
    title: 'is',
    text: (row) => (row.placeholder ? 'placeholder' : row.empty_range ? 'empty range' : 'summary'),
  },
  keyColumn('values', 'data'),
]
const mapColumns: readonly Column[] = [column('range', 'range', true), column('summary at', 'tid')]

export function viewBrin(page: Page, block: number): KindView {
  const special = BrinSpecialSpace.readView(page.view, BRIN_SPECIAL_AT)
  const type = NAMES[special.type] ?? null
  return {
    ...PLAIN,
    type,
    special: {
      ...special,
      flags_names: special.flags & BRIN_EVACUATE_PAGE ? ['EVACUATE_PAGE'] : [],
    },
    contents: type === 'meta' ? { ...readBrinMeta(page) } : null,
    hasItems: type === 'regular',
    tuple: (item) => brinTuple(page, item),
    columns,
    entries: type === 'revmap' ? revmap(page, block) : null,
    entryColumns: mapColumns,
    notes: {
      type: type ?? '',
      pagesPerRange: 'table pages to a summary',
      lastRevmapPage: 'the map is blocks 1 to this one',
    },
  }
}

function brinTuple(page: Page, item: LinePointer): Fields | undefined {
  const found = itemOf(page, item, BRIN_TUPLE_HEADER_SIZE)
  if (!found) return undefined
  const info = found.view.getUint8(4)
  const offset = info & BT_INFO.OFFSET_MASK
  if (offset < BRIN_TUPLE_HEADER_SIZE || offset > item.lp_len) return undefined
  return {
    bt_blkno: found.view.getUint32(0, true),
    bt_info: info,
    nulls: (info & BT_INFO.NULLS) !== 0,
    placeholder: (info & BT_INFO.PLACEHOLDER) !== 0,
    empty_range: (info & BT_INFO.EMPTY_RANGE) !== 0,
    data: hexText(found.bytes.subarray(offset)),
  }
}

/** Ranges of the table that have a summary, and where it is. The map begins at block 1. */
function revmap(page: Page, block: number): Fields[] {
  const first = Math.max(0, block - 1) * REVMAP_PAGE_MAXITEMS
  const entries: Fields[] = []
  for (let i = 0; i < REVMAP_PAGE_MAXITEMS; i++) {
    const at = BRIN_CONTENTS_AT + i * TID_SIZE
    if (page.view.getUint16(at + 4, true) !== 0)
      entries.push({ range: first + i, tid: tidText(page.view, at) })
  }
  return entries
}
