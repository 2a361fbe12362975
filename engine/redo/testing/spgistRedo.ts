// One record redone on a few small pages of an SP-GiST index. Tuples are said, and read back, in a few words:
//
//   7            leaf tuple of key 7             REDIRECT 9,1 of 690
//   7 > 3        … the next of its chain is 3    DEAD, PLACEHOLDER
//   5: 3,1 4,2   inner tuple with prefix 5, its nodes lead to tuple 1 of block 3 and tuple 2 of block 4

import { indexTupleSize, tidBlock } from '../../format/indexTuple.js'
import { addItem, itemId, lpLength, lpOffset, maxOffset, pageOf, type Page } from '../../format/page.js'
import {
  countPlaceholders,
  countRedirects,
  initSpgistPage,
  readSpgistOpaque,
  setNextOffset,
  SPGIST,
  SPGIST_STATE,
  spgistState,
  writeDeadTuple,
} from '../../format/spgistPage.js'
import type { WalRecord } from '../../wal/record.js'
import { spgist } from '../spgist.js'
import { testWorld, type TestWorld } from './context.js'
import { tid } from './indexPages.js'
import { concat, le16, le32, walRecord, type BlockSpec } from './records.js'

/** A record of the SP-GiST manager. */
export function spgistRecord(info: number, main: Uint8Array, ...blocks: BlockSpec[]): WalRecord {
  return walRecord({ rmid: 16, info, main, blocks, xid: 700 })
}

/** A world with these pages, after redo of one record. */
export function redoSpgist(pages: Record<number, Page>, redone: WalRecord): TestWorld {
  const world = testWorld()
  for (const [block, page] of Object.entries(pages)) world.put(Number(block), page)
  world.redo(spgist, redone)
  return world
}

/** What came of each block, in the order in which redo asked for them: "3 done". */
export const outcomes = (world: TestWorld): string[] =>
  world.context.touched.map((block) => `${block.ref.block} ${block.outcome}`)

/** A leaf tuple of 24 bytes or more: its key stands for the row and for the value. */
export function leafTuple(key: number, next = 0, size = 24): Uint8Array {
  const tuple = concat(le32(size << 2), le16(0), tid(0, key), new Uint8Array(size - 12).fill(key))
  setNextOffset(new DataView(tuple.buffer), 0, next)
  return tuple
}

/** An inner tuple with a prefix of eight bytes, and a node without a label for each [block, offset number]. */
export function innerTuple(prefix: number, ...links: Array<[number, number]>): Uint8Array {
  const nodes = links.map(([block, offnum]) => concat(tid(block, offnum), le16(8)))
  const size = 16 + 8 * links.length
  return concat(le32((8 << 16) | (links.length << 3)), le16(size), le16(0), le32(prefix), le32(0), ...nodes)
}

/** A redirect to [block, offset number], left by transaction 690. */
export function redirect(block: number, offnum: number): Uint8Array {
  const tuple = new Uint8Array(16)
  writeDeadTuple(new DataView(tuple.buffer), SPGIST_STATE.REDIRECT, block, offnum, 690)
  return tuple
}

function leadingNowhere(state: number): Uint8Array {
  const tuple = new Uint8Array(16)
  writeDeadTuple(new DataView(tuple.buffer), state, 0, 0, 0)
  return tuple
}
export const DEAD = leadingNowhere(SPGIST_STATE.DEAD)
export const PLACEHOLDER = leadingNowhere(SPGIST_STATE.PLACEHOLDER)

/** A page with these tuples; it counts its redirects and placeholders. */
export function spgistPage(flags: number, ...tuples: Uint8Array[]): Page {
  const page = pageOf()
  initSpgistPage(page, flags)
  tuples.forEach((tuple, i) => {
    if (!addItem(page, tuple, 0, tuple.length, i + 1, false)) throw new Error(`no room for tuple ${i + 1}`)
    const state = spgistState(new DataView(tuple.buffer, tuple.byteOffset), 0)
    if (state === SPGIST_STATE.REDIRECT) countRedirects(page, 1)
    if (state === SPGIST_STATE.PLACEHOLDER) countPlaceholders(page, 1)
  })
  return page
}
export const leafPage = (...tuples: Uint8Array[]): Page => spgistPage(SPGIST.LEAF, ...tuples)
export const innerPage = (...tuples: Uint8Array[]): Page => spgistPage(0, ...tuples)

/** The page's tuples in the order of their line pointers. */
export function tuples(page: Page): string[] {
  const isLeaf = (readSpgistOpaque(page).flags & SPGIST.LEAF) !== 0
  return Array.from({ length: maxOffset(page) }, (_, i) => {
    const id = itemId(page, i + 1)
    return tupleText(page.view, lpOffset(id), lpLength(id), isLeaf)
  })
}

function tupleText(view: DataView, at: number, length: number, isLeaf: boolean): string {
  const link = (from: number): string => `${tidBlock(view, from)},${view.getUint16(from + 4, true)}`
  switch (spgistState(view, at)) {
    case SPGIST_STATE.REDIRECT:
      return `REDIRECT ${link(at + 6)} of ${view.getUint32(at + 12, true)}`
    case SPGIST_STATE.DEAD:
      return 'DEAD'
    case SPGIST_STATE.PLACEHOLDER:
      return 'PLACEHOLDER'
  }
  if (isLeaf) {
    const next = view.getUint16(at + 4, true) & 0x3fff
    return next === 0 ? `${view.getUint8(at + 16)}` : `${view.getUint8(at + 16)} > ${next}`
  }
  const links: string[] = []
  for (let node = at + 16; node < at + length; node += indexTupleSize(view, node)) links.push(link(node))
  return `${view.getUint32(at + 8, true)}: ${links.join(' ')}`
}

/** How many redirects and placeholders the page says it has. */
export function counted(page: Page): [number, number] {
  const { nRedirection, nPlaceholder } = readSpgistOpaque(page)
  return [nRedirection, nPlaceholder]
}
