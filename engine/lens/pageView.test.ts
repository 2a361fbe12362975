// What a view must bear: bytes that are no page. And how it reads, on pages made by hand.

import fc from 'fast-check'
import { expect, test } from 'vitest'
import {
  addItem,
  initPage,
  pageOf,
  PD,
  setItemId,
  LP,
  setPageLsn,
  setPdFlags,
  type Page,
} from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { fatesIn } from './page/fates.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { HeapTupleHeaderData, HEAP, HEAP2 } from '../format/heapTuple.js'
import { writeStatus } from '../format/transactionStatus.js'
import { openStatusTables } from '../redo/statusTables.js'
import { NO_PAINT, pageLines } from './pageLines.js'
import { viewPage } from './pageView.js'

const ENDS: Array<readonly [special: number, mark?: number]> = [
  [0],
  [16, 0],
  [16, 0xff80],
  [16, 0xff81],
  [8, 0xff82],
  [8, 0xff83],
  [8, 0xf091],
  [8, 0xf092],
  [8, 0xf093],
  [8, 0x0002],
  [8, 0x0081],
  [8, 0x0083],
  [8, 0x0008],
  [8, 0x0010],
]

test('bytes that are no page are shown, whatever they are', { timeout: 60_000 }, () => {
  const page = fc
    .record({
      end: fc.constantFrom(...ENDS),
      seed: fc.integer(),
      // Each line pointer of a page of noise may lead to kilobytes: a few of those pages are enough.
      lower: fc.oneof(
        { weight: 30, arbitrary: fc.integer({ min: 0, max: 200 }) },
        fc.integer({ min: 0, max: 8192 }),
      ),
      zeroes: fc.boolean(),
      fork: fc.constantFrom(FORK.MAIN, FORK.FSM, FORK.VM),
      block: fc.constantFrom(0, 1, 4071, 0xfffffffe),
    })
    .map(({ end: [special, mark], seed, lower, zeroes, fork, block }) => {
      const made = pageOf()
      let state = seed >>> 0
      if (!zeroes)
        for (let i = 24; i < 8192; i++)
          made.bytes[i] = (state = (Math.imul(state, 1664525) + 1013904223) >>> 0) >>> 24
      const bytes = made.bytes.slice(24)
      initPage(made, special)
      made.bytes.set(bytes, 24)
      if (mark !== undefined) made.view.setUint16(8190, mark, true)
      made.view.setUint16(12, lower, true)
      return { made, fork, block }
    })
  fc.assert(
    fc.property(page, ({ made, fork, block }) => {
      const view = viewPage(made, { block, fork, checksums: true })
      JSON.stringify(view.json)
      expect(pageLines(view, { hex: true }).join('\n')).not.toMatch(/undefined|NaN|\[object/)
    }),
    { numRuns: 300 },
  )
})

test('wholly random bytes, too', () => {
  fc.assert(
    fc.property(fc.uint8Array({ minLength: 8192, maxLength: 8192 }), (bytes) => {
      const view = viewPage(pageOf(Uint8Array.from(bytes)), { block: 7, fork: FORK.MAIN, checksums: false })
      expect(view.json.fault).not.toBeNull()
      pageLines(view)
    }),
    { numRuns: 50 },
  )
})

/** A row of one column, four bytes. */
function addRow(
  page: Page,
  lp: number,
  row: { xmin: number; xmax?: number; to?: number; infomask?: number; infomask2?: number },
): void {
  const bytes = new Uint8Array(28)
  HeapTupleHeaderData.write(bytes, 0, {
    t_xmin: row.xmin,
    t_xmax: row.xmax ?? 0,
    t_cid: 0,
    t_ctid: { bi_hi: 0, bi_lo: 3, ip_posid: row.to ?? lp },
    t_infomask2: 1 | (row.infomask2 ?? 0),
    t_infomask: row.infomask ?? (row.xmax ? 0 : HEAP.XMAX_INVALID),
    t_hoff: 24,
  })
  bytes.set([1, 0, 0, 0], 24)
  expect(addItem(page, bytes, 0, bytes.length, lp, false)).toBe(true)
}

test('a heap page reads like this', () => {
  const disk = memoryDisk()
  const status = new Uint8Array(8192)
  for (const [xid, is] of [
    [740, 1],
    [741, 2],
    [742, 1],
  ])
    writeStatus(status, xid, is)
  disk.makeDirectory('pg_xact')
  disk.write('pg_xact/0000', 0, status)
  const tables = openStatusTables(disk)
  const page = pageOf()
  initPage(page, 0)
  setPageLsn(page, 0, 0x8e6ad0)
  setPdFlags(page, PD.HAS_FREE_LINES | PD.ALL_VISIBLE)
  addRow(page, 1, { xmin: 740, xmax: 742, to: 2, infomask2: HEAP2.HOT_UPDATED })
  addRow(page, 2, { xmin: 742, infomask: HEAP.UPDATED | HEAP.XMAX_INVALID, infomask2: HEAP2.ONLY_TUPLE })
  addRow(page, 3, { xmin: 741 })
  addRow(page, 4, { xmin: 740, xmax: 743 })
  addRow(page, 5, { xmin: 2000, infomask: HEAP.XMIN_FROZEN | HEAP.XMAX_INVALID })
  addRow(page, 6, { xmin: 750 })
  addRow(page, 7, { xmin: 740, xmax: 742, infomask: HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_EXCL_LOCK })
  for (const lp of [8, 9, 10, 11]) addRow(page, lp, { xmin: 740 })
  setItemId(page, 8, 0, LP.UNUSED, 0)
  setItemId(page, 9, 2, LP.REDIRECT, 0)
  setItemId(page, 10, 0, LP.DEAD, 0)
  setItemId(page, 11, 8190, LP.NORMAL, 28)
  const fates = fatesIn(tables, new Set([750]))
  const marked = {
    ...NO_PAINT,
    good: (s: string) => `+${s}`,
    bad: (s: string) => `-${s}`,
    dim: (s: string) => s && `.${s}`,
  }
  const lines = pageLines(viewPage(page, { block: 3, fork: FORK.MAIN, checksums: false, fates }), {
    paint: marked,
  })
  expect(lines.join('\n')).toBe(`
header
  pd_lsn               0/8E6AD0
  pd_checksum          0
  pd_flags             5         .HAS_FREE_LINES ALL_VISIBLE
  pd_lower             68        .11 line pointers
  pd_upper             7840      .7772 bytes free
  pd_special           8192      .no special space
  pd_pagesize_version  8196      .8192 bytes, layout 4
  pd_prune_xid         0

items  11: 1 updated, 3 live, 1 not inserted, 1 deleting, 1 inserting, 1 unused, 1 redirect, 1 dead, 1 damaged
  .lp  offset  length  xmin           xmax             ctid   row           infomask
  - 1    8160      28  740 committed  742 committed    (3,2)  updated       HOT_UPDATED
  + 2    8128      28  742 committed  0                (3,2)  live          XMAX_INVALID UPDATED ONLY_TUPLE
  - 3    8096      28  741 aborted    0                (3,3)  not inserted  XMAX_INVALID
   4    8064      28  740 committed  743 in progress  (3,4)  deleting
  + 5    8032      28  2000 frozen    0                (3,5)  live          XMIN_FROZEN XMAX_INVALID
   6    8000      28  750 prepared   0                (3,6)  inserting     XMAX_INVALID
  + 7    7968      28  740 committed  742 committed    (3,7)  live          XMAX_EXCL_LOCK XMAX_LOCK_ONLY
  . 8          unused
  . 9    to 2
  .10            dead
  -11    8190      28  not a tuple: the line pointer or the bytes are damaged`)
})
