// Resource manager 2, Storage: files made and cut (catalog/storage.c, smgr_redo). When a table is cut, its visibility
// map and free space map are cut with it, and the bits of the blocks that are gone are cleared.

import {
  FSM_INNER_NODES,
  FSM_LEAF_NODES,
  FSM_NODES,
  FSM_NODES_AT,
  freeSpaceMapBlock,
} from '../format/freeSpaceMap.js'
import { initPage, isNewPage } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { HEAPBLOCKS_PER_PAGE, mapByte, mapShift } from '../format/visibilityMap.js'
import type { RelationFork } from '../buffers/relationFork.js'
import type { WalRecord } from '../wal/record.js'
import { forgetMissing } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const CREATE = 0x10
const TRUNCATE = 0x20
const TRUNCATE_HEAP = 1
const TRUNCATE_VM = 2
const TRUNCATE_FSM = 4

export const storage: ResourceManager = {
  id: 2,
  name: 'Storage',
  identify: namesByInfo({ [CREATE]: 'CREATE', [TRUNCATE]: 'TRUNCATE' }),
  redo(record, context) {
    if (record.info === CREATE) {
      needMain(record, 16)
      const { view, mainAt: at } = record
      const fork = view.getInt32(at + 12, true)
      forkAt(record, context, 0, fork).create()
    } else if (record.info === TRUNCATE) redoTruncate(record, context)
    else throw malformed(record, `smgr_redo: unknown op code ${record.info}`)
  },
}

/** The fork of the relation whose locator stands at byte `at` of the main data. */
function forkAt(record: WalRecord, context: RedoContext, at: number, fork: number): RelationFork {
  const { view, mainAt } = record
  const [spcOid, dbOid, relNumber] = [0, 4, 8].map((field) => view.getUint32(mainAt + at + field, true))
  return context.pool.relation(spcOid, dbOid, relNumber, fork)
}

function redoTruncate(record: WalRecord, context: RedoContext): void {
  needMain(record, 20)
  const blocks = record.view.getUint32(record.mainAt, true)
  const flags = record.view.getUint32(record.mainAt + 16, true)
  const main = forkAt(record, context, 4, FORK.MAIN)
  main.create()
  if (flags & TRUNCATE_HEAP) {
    cut(context, main, blocks)
    const { spcOid, dbOid, relNumber } = main.locator
    forgetMissing(
      context,
      (m) =>
        m.relNumber === relNumber &&
        m.dbOid === dbOid &&
        m.spcOid === spcOid &&
        m.fork === FORK.MAIN &&
        m.block >= blocks,
    )
  }
  if (flags & TRUNCATE_FSM) truncateFreeSpaceMap(context, forkAt(record, context, 4, FORK.FSM), blocks)
  if (flags & TRUNCATE_VM) truncateVisibilityMap(context, forkAt(record, context, 4, FORK.VM), blocks)
}

function cut(context: RedoContext, file: RelationFork, blocks: number): void {
  if (file.nblocks <= blocks) return
  context.pool.drop(file, blocks)
  file.truncate(blocks)
}

/** Clears the bits of heap blocks from `heapBlocks` on (visibilitymap.c, visibilitymap_prepare_truncate). */
function truncateVisibilityMap(context: RedoContext, file: RelationFork, heapBlocks: number): void {
  if (!file.exists()) return
  let blocks = Math.floor(heapBlocks / HEAPBLOCKS_PER_PAGE)
  const within = heapBlocks % HEAPBLOCKS_PER_PAGE
  if (within !== 0) {
    if (blocks >= file.nblocks) return
    const page = context.pool.read(file, blocks, true)
    if (isNewPage(page)) initPage(page, 0)
    const byte = mapByte(heapBlocks)
    page.bytes.fill(0, byte + 1)
    page.bytes[byte] &= (1 << mapShift(heapBlocks)) - 1
    context.pool.markDirty(page)
    blocks++
  }
  cut(context, file, blocks)
}

/** Forgets the space on heap blocks from `heapBlocks` on (freespace.c, FreeSpaceMapPrepareTruncateRel). */
function truncateFreeSpaceMap(context: RedoContext, file: RelationFork, heapBlocks: number): void {
  if (!file.exists()) return
  const leaf = Math.floor(heapBlocks / FSM_LEAF_NODES)
  const slot = heapBlocks % FSM_LEAF_NODES
  let blocks = freeSpaceMapBlock(leaf)
  if (slot > 0) {
    if (blocks >= file.nblocks) return
    const page = context.pool.read(file, blocks, true)
    const nodes = page.bytes.subarray(FSM_NODES_AT, FSM_NODES_AT + FSM_NODES)
    nodes.fill(0, FSM_INNER_NODES + slot)
    for (let node = FSM_INNER_NODES - 1; node >= 0; node--)
      nodes[node] = Math.max(nodes[2 * node + 1] ?? 0, nodes[2 * node + 2] ?? 0)
    context.pool.markDirty(page)
    blocks++
  }
  cut(context, file, blocks)
}
