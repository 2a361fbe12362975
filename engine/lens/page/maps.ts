// Pages of the two maps that a table may have beside it: which pages all can see, and where there is room.

import {
  FSM_INNER_NODES,
  FSM_LEAF_NODES,
  FSM_NEXT_SLOT_AT,
  FSM_NODES,
  FSM_NODES_AT,
  freeBytes,
  freeSpaceMapBlock,
  freeSpaceMapPage,
} from '../../format/freeSpaceMap.js'
import type { Page } from '../../format/page.js'
import { HEAPBLOCKS_PER_PAGE, VISIBILITYMAP, visibilityOf } from '../../format/visibilityMap.js'
import { column, PLAIN, runsOf, type Column, type Fields, type KindView } from './model.js'

const rangeColumn = (title: string): Column => ({
  title,
  text: (row) => (row.from === row.to ? String(row.from) : `${String(row.from)} to ${String(row.to)}`),
})
const visibility: readonly Column[] = [
  rangeColumn('table blocks'),
  {
    title: 'are',
    text: (row) =>
      row.all_visible ? `all visible${row.all_frozen ? ', all frozen' : ''}` : 'all frozen only: cannot be',
  },
]

/** A page of the visibility map: the runs of table pages that have a bit set. */
export function viewVisibilityMap(page: Page, block: number): KindView {
  const first = block * HEAPBLOCKS_PER_PAGE
  const bits: Array<readonly [number, number]> = []
  let [visible, frozen] = [0, 0]
  for (let i = 0; i < HEAPBLOCKS_PER_PAGE; i++) {
    const value = visibilityOf(page, first + i)
    if (value !== 0) bits.push([first + i, value])
    if (value & VISIBILITYMAP.ALL_VISIBLE) visible++
    if (value & VISIBILITYMAP.ALL_FROZEN) frozen++
  }
  return {
    ...PLAIN,
    hasItems: false,
    contents: {
      first_block: first,
      last_block: first + HEAPBLOCKS_PER_PAGE - 1,
      all_visible: visible,
      all_frozen: frozen,
    },
    entries: runsOf(bits).map(({ from, to, value }) => ({
      from,
      to,
      all_visible: (value & VISIBILITYMAP.ALL_VISIBLE) !== 0,
      all_frozen: (value & VISIBILITYMAP.ALL_FROZEN) !== 0,
    })),
    entryColumns: visibility,
    notes: {
      first_block: 'of the table, of which this page can tell',
      all_visible: 'table pages',
      all_frozen: 'table pages',
    },
  }
}

/** A page of the free space map: what its leaves promise. */
export function viewFreeSpaceMap(page: Page, block: number): KindView {
  const { level, page: number } = freeSpaceMapPage(block)
  const leaves: Array<readonly [number, number]> = []
  const nodes: Fields[] = []
  for (let node = 0; node < FSM_NODES; node++) {
    const value = page.bytes[FSM_NODES_AT + node]
    if (value === 0) continue
    nodes.push({ node, value })
    const child = number * FSM_LEAF_NODES + node - FSM_INNER_NODES
    if (node >= FSM_INNER_NODES) leaves.push([level === 0 ? child : mapBlockOf(level - 1, child), value])
  }
  const runs = level === 0 ? runsOf(leaves) : leaves.map(([at, value]) => ({ from: at, to: at, value }))
  return {
    ...PLAIN,
    type: ['bottom level', 'middle level', 'root'][level],
    hasItems: false,
    contents: {
      level,
      fp_next_slot: page.view.getInt32(FSM_NEXT_SLOT_AT, true),
      most_free: freeBytes(page.bytes[FSM_NODES_AT]),
      fp_nodes: nodes,
    },
    entries: runs.map(({ from, to, value }) => ({ from, to, category: value, free: freeBytes(value) })),
    entryColumns: [
      rangeColumn(level === 0 ? 'table blocks' : 'map block'),
      column('free bytes, at least', 'free', true),
    ],
    notes: {
      fp_next_slot: 'where the next search begins',
      most_free: 'bytes, on one page',
    },
  }
}

/** The block of the map's page `number` of a level, 0 or 1. */
function mapBlockOf(level: number, number: number): number {
  return level === 0 ? freeSpaceMapBlock(number) : 1 + number * (1 + FSM_LEAF_NODES)
}
