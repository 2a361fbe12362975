// Pages of SP-GiST indexes, which pageinspect does not know.

import { struct, u32, type Struct } from '../../bytes/layout.js'
import { indexTupleSize } from '../../format/indexTuple.js'
import { PAGE_HEADER_SIZE, type Page } from '../../format/page.js'
import {
  readSpgistOpaque,
  SpGistDeadTupleData,
  SPGIST,
  SPGIST_INNER_HEADER_SIZE,
  SPGIST_LEAF_MIN_SIZE,
  SPGIST_STATE,
  spgistInnerSize,
  spgistLeafSize,
  spgistNodeAt,
  spgistState,
} from '../../format/spgistPage.js'
import {
  bitNames,
  hexText,
  itemOf,
  keyOffset,
  PLAIN,
  shortHex,
  tidText,
  type Column,
  type Fields,
  type KindView,
  type LinePointer,
} from './model.js'

const CACHED_PAGES = 8
const meta: Struct<{ magicNumber: number }> = struct('SpGistMetaPageData', 4 + CACHED_PAGES * 8, {
  magicNumber: u32(0), // SpGistLastUsedPage lastUsedPages[8] follow: block, free space
})
const STATES = ['live', 'redirect', 'dead', 'placeholder']
/** Bytes of a leaf tuple before its nulls and its value (SpGistLeafTupleData). */
const LEAF_HEADER_SIZE = 12
const NEXT_OFFSET_MASK = 0x3fff
const LEAF_HAS_NULLS = 0x8000

const columns: readonly Column[] = [
  { title: 'is', text: (row) => String(row.state) },
  { title: 'leads to', text: leadsTo },
  { title: 'value or prefix', text: (row) => shortHex(String(row.value ?? row.prefix ?? '')) },
]

function leadsTo(row: Fields): string {
  const nodes = row.nodes as readonly Fields[] | null | undefined
  if (nodes) return nodes.map((node) => String(node.leads_to)).join(' ')
  const next = row.nextOffset ? `, next ${String(row.nextOffset)}` : ''
  return `${String(row.heap_tid ?? row.pointer ?? '')}${next}`
}

export function viewSpgist(page: Page): KindView {
  const opaque = readSpgistOpaque(page)
  const { flags } = opaque
  const leaf = (flags & SPGIST.LEAF) !== 0
  const isMeta = (flags & SPGIST.META) !== 0
  return {
    ...PLAIN,
    type: isMeta ? 'meta' : leaf ? 'leaf' : 'inner',
    special: { ...opaque, flags_names: bitNames(flags, SPGIST) },
    contents: isMeta ? metaFields(page) : null,
    hasItems: !isMeta,
    tuple: (item) => spgistTuple(page, item, leaf),
    columns,
    toneOf: (tuple) => (tuple.state === 'live' ? 'plain' : 'dim'),
    notes: { lastUsedPages: 'block and free bytes: where inserts look first' },
  }
}

function metaFields(page: Page): Fields {
  const { magicNumber } = meta.readView(page.view, PAGE_HEADER_SIZE)
  const used = Array.from({ length: CACHED_PAGES }, (_, i) => {
    const at = PAGE_HEADER_SIZE + 4 + i * 8
    return `${page.view.getUint32(at, true)}:${page.view.getInt32(at + 4, true)}`
  })
  return { magicNumber, lastUsedPages: used }
}

function spgistTuple(page: Page, item: LinePointer, leaf: boolean): Fields | undefined {
  const found = itemOf(page, item, SPGIST_INNER_HEADER_SIZE)
  if (!found) return undefined
  const state = spgistState(found.view, 0)
  if (state === SPGIST_STATE.REDIRECT || state === SPGIST_STATE.DEAD || state === SPGIST_STATE.PLACEHOLDER)
    return deadTuple(found.view, state)
  return leaf ? leafTuple(found.bytes, found.view) : innerTuple(found.bytes, found.view)
}

function deadTuple(view: DataView, state: number): Fields | undefined {
  if (view.byteLength < SPGIST_LEAF_MIN_SIZE) return undefined
  const redirect = state === SPGIST_STATE.REDIRECT
  return {
    state: STATES[state],
    pointer: redirect ? tidText(view, SpGistDeadTupleData.at.bi_hi) : null,
    xid: SpGistDeadTupleData.readView(view, 0).xid,
  }
}

function leafTuple(bytes: Uint8Array, view: DataView): Fields | undefined {
  if (view.byteLength < SPGIST_LEAF_MIN_SIZE) return undefined
  const size = spgistLeafSize(view, 0)
  if (size > bytes.length || size < LEAF_HEADER_SIZE) return undefined
  const info = view.getUint16(4, true)
  return {
    state: STATES[SPGIST_STATE.LIVE],
    size,
    nextOffset: info & NEXT_OFFSET_MASK,
    nulls: (info & LEAF_HAS_NULLS) !== 0,
    heap_tid: tidText(view, 6),
    value: hexText(bytes.subarray(LEAF_HEADER_SIZE, size)),
  }
}

function innerTuple(bytes: Uint8Array, view: DataView): Fields | undefined {
  const size = spgistInnerSize(view, 0)
  const first = view.getUint32(0, true)
  const [nNodes, prefixSize] = [(first >>> 3) & 0x1fff, first >>> 16]
  if (size > bytes.length || SPGIST_INNER_HEADER_SIZE + prefixSize > size) return undefined
  const nodes: Fields[] = []
  for (let i = 0; i < nNodes; i++) {
    const at = spgistNodeAt(view, 0, size, i)
    if (at === 0) return undefined
    const label = bytes.subarray(at + keyOffset(view.getUint16(at + 6, true)), at + indexTupleSize(view, at))
    nodes.push({ leads_to: tidText(view, at), label: hexText(label) })
  }
  return {
    state: STATES[SPGIST_STATE.LIVE],
    size,
    allTheSame: ((first >>> 2) & 1) === 1,
    nNodes,
    prefixSize,
    prefix: hexText(bytes.subarray(SPGIST_INNER_HEADER_SIZE, SPGIST_INNER_HEADER_SIZE + prefixSize)),
    nodes,
  }
}
