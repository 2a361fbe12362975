// The free space map, a relation's fork 1: for each page of the table one byte that says how much room it has, in steps
// of 32 bytes, and trees of maxima above them to find a page with enough (storage/fsm_internals.h, freespace.c).
//
//   page          │ header 24 │ fp_next_slot 4 │ 4095 inner nodes │ 4069 leaves │      one byte a node
//                                                node n has its children at 2n+1 and 2n+2
//
//   level 2       block 0, the root                 a leaf tells of a page of level 1
//   level 1         block 1, …                      a leaf tells of a page of level 0
//   level 0           block 2, 3, …, 4070           a leaf tells of a page of the table
//
// It is advice: hardly any of it is in the log, and what is wrong in it is mended when somebody stumbles over it.

import { BLCKSZ } from './controlFile.js'
import { PAGE_HEADER_SIZE } from './page.js'

export const FSM_NEXT_SLOT_AT = PAGE_HEADER_SIZE
export const FSM_NODES_AT = PAGE_HEADER_SIZE + 4
/** Nodes of a page that are not leaves (NonLeafNodesPerPage), leaves (SlotsPerFSMPage), and all. */
export const FSM_INNER_NODES = BLCKSZ / 2 - 1
export const FSM_NODES = BLCKSZ - FSM_NODES_AT
export const FSM_LEAF_NODES = FSM_NODES - FSM_INNER_NODES
/** The root's level (FSM_ROOT_LEVEL). */
const ROOT_LEVEL = 2

/** Bytes of one step of a node's value (FSM_CAT_STEP). */
export const FSM_STEP = BLCKSZ / 256
/** The largest item that any page must take (MaxHeapTupleSize); the highest value promises as much. */
const MAX_REQUEST_SIZE = BLCKSZ - 32

/** Bytes that a node's value promises, at least (fsm_space_cat_to_avail). */
export function freeBytes(category: number): number {
  return category === 255 ? MAX_REQUEST_SIZE : category * FSM_STEP
}

/** Block of a bottom-level page of the map, upper levels standing in between (fsm_logical_to_physical). */
export function freeSpaceMapBlock(leaf: number): number {
  const middle = Math.floor(leaf / FSM_LEAF_NODES)
  return leaf + 1 + (middle + 1) + (Math.floor(middle / FSM_LEAF_NODES) + 1) - 1
}

/** What a block of the map is: its level, and its number among the pages of that level. */
export function freeSpaceMapPage(block: number): { level: number; page: number } {
  let left = block
  const pages = Array.from({ length: ROOT_LEVEL + 1 }, () => 0)
  // Pages stand in the order of a walk that sees a parent before its children.
  const sizes = [1, 1 + FSM_LEAF_NODES, 1 + FSM_LEAF_NODES * (1 + FSM_LEAF_NODES)]
  for (let level = ROOT_LEVEL; ; level--) {
    const within = Math.floor(left / sizes[level])
    pages[level] += within
    left -= within * sizes[level]
    if (left === 0) return { level, page: pages[level] }
    left--
    pages[level - 1] = pages[level] * FSM_LEAF_NODES
  }
}
