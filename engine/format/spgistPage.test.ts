// Layouts against what a C compiler prints for PostgreSQL 18.3's headers; tuples, bit by bit.

import { expect, test } from 'vitest'
import { initPage, maxOffset, pageOf, pdLower, pdSpecial } from './page.js'
import {
  countPlaceholders,
  countRedirects,
  hasSpgistSpecial,
  initSpgistPage,
  makePlaceholder,
  readSpgistOpaque,
  setNextOffset,
  SPGIST,
  SPGIST_PAGE_ID,
  SPGIST_STATE,
  SpGistDeadTupleData,
  spgistInnerSize,
  spgistLeafSize,
  spgistNodeAt,
  SpGistPageOpaqueData,
  spgistState,
  writeDeadTuple,
} from './spgistPage.js'
import * as records from './spgistRecords.js'

const viewOf = (...bytes: number[]): DataView => new DataView(Uint8Array.from(bytes).buffer)
const bytesOf = (view: DataView): number[] => [...new Uint8Array(view.buffer)]

test('structs are as long as in C', () => {
  const { flags, nRedirection, nPlaceholder, spgist_page_id } = SpGistPageOpaqueData.at
  expect([SpGistPageOpaqueData.size, flags, nRedirection, nPlaceholder, spgist_page_id]).toEqual([
    8, 0, 2, 4, 6,
  ])
  expect([SPGIST_PAGE_ID, SpGistDeadTupleData.size]).toEqual([65410, 16])
  const layouts = [
    records.spgxlogAddLeaf,
    records.spgxlogMoveLeafs,
    records.spgxlogAddNode,
    records.spgxlogSplitTuple,
    records.spgxlogPickSplit,
    records.spgxlogVacuumLeaf,
    records.spgxlogVacuumRoot,
    records.spgxlogVacuumRedirect,
  ]
  expect(layouts.map((layout) => [layout.name, layout.size])).toEqual([
    ['spgxlogAddLeaf', 10],
    ['spgxlogMoveLeafs', 20],
    ['spgxlogAddNode', 20],
    ['spgxlogSplitTuple', 6],
    ['spgxlogPickSplit', 28],
    ['spgxlogVacuumLeaf', 16],
    ['spgxlogVacuumRoot', 12],
    ['spgxlogVacuumRedirect', 12],
  ])
  // The last one's offset numbers start inside its padding, at the first even byte after its last field.
  const sizes = Object.values(records.SPGIST_RECORD_SIZE)
  expect(sizes).toEqual([...layouts.slice(0, 7).map((layout) => layout.size), 10])
  expect(records.spgxlogVacuumRedirect.at.isCatalogRel).toBe(8)
})

test('a new page is empty, has its flags and its name at its end, and counts', () => {
  const page = pageOf(new Uint8Array(8192).fill(0xaa))
  initSpgistPage(page, SPGIST.LEAF | SPGIST.NULLS)
  expect([maxOffset(page), pdLower(page), pdSpecial(page), hasSpgistSpecial(page)]).toEqual([
    0,
    24,
    8184,
    true,
  ])
  expect([...page.bytes.subarray(8184)]).toEqual([12, 0, 0, 0, 0, 0, 0x82, 0xff])
  countRedirects(page, 3)
  countPlaceholders(page, 300)
  countPlaceholders(page, -1)
  expect(readSpgistOpaque(page)).toEqual({
    flags: 12,
    nRedirection: 3,
    nPlaceholder: 299,
    spgist_page_id: 0xff82,
  })
  page.view.setUint16(8190, 0xf093, true)
  expect(hasSpgistSpecial(page), 'a page of a BRIN index').toBe(false)
  initPage(page, 16)
  expect(hasSpgistSpecial(page), 'a larger special space').toBe(false)
})

test('a dead tuple: state and size in one number; only a redirect leads somewhere', () => {
  const view = viewOf(...new Uint8Array(16).fill(0xaa))
  writeDeadTuple(view, SPGIST_STATE.REDIRECT, 0x12345, 7, 700)
  expect(bytesOf(view)).toEqual([0x41, 0, 0, 0, 0, 0, 1, 0, 0x45, 0x23, 7, 0, 0xbc, 2, 0, 0])
  expect([spgistState(view, 0), spgistLeafSize(view, 0)]).toEqual([SPGIST_STATE.REDIRECT, 16])
  makePlaceholder(view, 0)
  expect(bytesOf(view)).toEqual([0x43, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0xbc, 2, 0, 0])
  writeDeadTuple(view, SPGIST_STATE.DEAD, 0x12345, 7, 700)
  expect(bytesOf(view)).toEqual([0x42, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 0, 0, 0, 0, 0])
})

test('the next of a chain takes 14 bits and leaves the two flags beside it alone', () => {
  const view = viewOf(0, 0, 0, 0, 0xff, 0xff)
  setNextOffset(view, 0, 0x123)
  expect(view.getUint16(4, true)).toBe(0xc123)
})

test('nodes of an inner tuple stand behind its prefix; each says how long it is', () => {
  // state 0, allTheSame, three nodes, prefix of 8 bytes; 48 bytes in all
  const view = new DataView(new ArrayBuffer(60))
  view.setUint32(4, (8 << 16) | (3 << 3) | 4, true)
  view.setUint16(8, 48, true)
  for (const [at, size] of [
    [20, 8],
    [28, 16],
    [44, 8],
  ])
    view.setUint16(at + 6, size | 0x8000, true)
  expect([spgistState(view, 4), spgistInnerSize(view, 4)]).toEqual([SPGIST_STATE.LIVE, 48])
  expect([0, 1, 2, 3].map((node) => spgistNodeAt(view, 4, 52, node))).toEqual([20, 28, 44, 0])
  expect(spgistNodeAt(view, 4, 51, 2), 'the tuple ends before the node does').toBe(0)
  view.setUint16(28 + 6, 0, true)
  expect(spgistNodeAt(view, 4, 52, 2), 'a node of no size before it').toBe(0)
})
