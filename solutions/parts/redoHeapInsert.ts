// 04-startup: a row is put back.

import fc from 'fast-check'
import { viewOf } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { spans } from '../../exercises/parts/pages.js'
import {
  insertFault,
  inserting,
  insertions,
  type HeapInsert,
  type InsertOptions,
} from '../../exercises/parts/redoHeapInsert.js'
import type { Solution } from '../solution.js'

/** The row goes below the others, its address into its line pointer; the page then carries the end of the record. */
export function redoHeapInsert(page: Uint8Array, insert: HeapInsert): Uint8Array {
  const { endLsn, xid, block, offnum, data } = insert
  const view = viewOf(page)
  const length = 23 + data.length - 5 // a whole row header for the record's short one
  const upper = view.getUint16(14, true) - ((length + 7) & ~7)
  const pointer = 24 + 4 * (offnum - 1)
  view.setUint32(pointer, length * 2 ** 17 + (1 << 15) + upper, true)
  view.setUint16(12, Math.max(view.getUint16(12, true), pointer + 4), true)
  view.setUint16(14, upper, true)
  page.fill(0, upper, upper + 23) // t_xmax and t_cid stay 0
  view.setUint32(upper, xid, true)
  view.setUint16(upper + 12, block >>> 16, true)
  view.setUint16(upper + 14, block & 0xffff, true)
  view.setUint16(upper + 16, offnum, true)
  page.set(data.subarray(0, 5), upper + 18) // t_infomask2, t_infomask, t_hoff
  page.set(data.subarray(5), upper + 23) // bitmap, padding, columns
  view.setUint32(0, Number(endLsn >> 32n), true)
  view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  return page
}

const DEFAULTS = {
  pointer: (offnum: number): number => 24 + 4 * (offnum - 1),
  offnum: (_page: DataView, { offnum }: HeapInsert): number => offnum,
  lower: (page: DataView, end: number): number => Math.max(page.getUint16(12, true), end),
  room: (length: number): number => (length + 7) & ~7,
  itemLength: (length: number): number => length,
  clears: true,
  infomask: (mask: number): number => mask,
  /** Where in the row what follows the record's short header goes. */
  columnsAt: (_hoff: number): number => 23,
  ctid(view: DataView, at: number, block: number, offnum: number): void {
    view.setUint16(at, block >>> 16, true)
    view.setUint16(at + 2, block & 0xffff, true)
    view.setUint16(at + 4, offnum, true)
  },
  stamp(view: DataView, { endLsn }: HeapInsert): void {
    view.setUint32(0, Number(endLsn >> 32n), true)
    view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  },
}

/** The insertion with a piece exchanged. */
function variant(
  other: Partial<typeof DEFAULTS>,
  view: (page: Uint8Array) => DataView = viewOf,
): (page: Uint8Array, insert: HeapInsert) => Uint8Array {
  const piece = { ...DEFAULTS, ...other }
  return (page, insert) => {
    const it = view(page)
    const { xid, block, data } = insert
    const offnum = piece.offnum(it, insert)
    const length = 18 + data.length
    const upper = it.getUint16(14, true) - piece.room(length)
    const pointer = piece.pointer(offnum)
    it.setUint32(pointer, piece.itemLength(length) * 2 ** 17 + (1 << 15) + upper, true)
    it.setUint16(12, piece.lower(it, pointer + 4), true)
    it.setUint16(14, upper, true)
    if (piece.clears) it.setUint32(upper + 4, 0, true)
    if (piece.clears) it.setUint32(upper + 8, 0, true)
    it.setUint32(upper, xid, true)
    piece.ctid(it, upper + 12, block, offnum)
    it.setUint16(upper + 18, data[0] | (data[1] << 8), true)
    it.setUint16(upper + 20, piece.infomask(data[2] | (data[3] << 8)), true)
    it.setUint8(upper + 22, data[4])
    const columnsAt = piece.columnsAt(data[4])
    page.set(data.subarray(5, 5 + length - columnsAt), upper + columnsAt)
    piece.stamp(it, insert)
    return page
  }
}

/** All of the row in an array of its own first, as PostgreSQL does it. */
function rowFirst(page: Uint8Array, { endLsn, xid, block, offnum, data }: HeapInsert): Uint8Array {
  const [b0, b1, b2, b3] = [block & 255, (block >> 8) & 255, (block >> 16) & 255, block >>> 24]
  const xmin = [0, 8, 16, 24].map((shift) => (xid >>> shift) & 255)
  const row = [...xmin, 0, 0, 0, 0, 0, 0, 0, 0, b2, b3, b0, b1, offnum & 255, offnum >> 8, ...data]
  const result = page.slice()
  const view = new DataView(result.buffer)
  const upper = (view.getUint16(14, true) - row.length) & ~7
  result.set(row, upper)
  const pointer = 20 + 4 * offnum
  view.setUint16(pointer, 0x8000 | upper, true)
  view.setUint16(pointer + 2, row.length << 1, true)
  if (view.getUint16(12, true) < pointer + 4) view.setUint16(12, pointer + 4, true)
  view.setUint16(14, upper, true)
  view.setBigUint64(0, (endLsn >> 32n) | ((endLsn & 0xffffffffn) << 32n), true)
  return result
}

function firstUnused(page: DataView): number {
  const count = (page.getUint16(12, true) - 24) >> 2
  for (let n = 1; n <= count; n++) if (page.getUint32(20 + 4 * n, true) === 0) return n
  return count + 1
}

const RUNS = 30

function rule(text: string, why: string, options: InsertOptions): Check {
  return generated(inserting, {
    rule: text,
    why,
    fault: insertFault,
    input: insertions(options),
    runs: RUNS,
  })
}

const someSlots = ['row', 'unused', 'dead', 'redirect'] as const

export const redoHeapInsertSolution: Solution<'redoHeapInsert'> = {
  name: 'redoHeapInsert',
  solution: redoHeapInsert,
  hidden: [
    rule(
      'A row behind all others: one line pointer more, and the row right below pd_upper.',
      'The next record for this page counts on both: it fits this page, and no other.',
      {},
    ),
    rule(
      'The line pointer is the one that the record names, also where others are unused or dead.',
      'The indexes already point to this one; with any other they lead to a row that is not theirs.',
      { kinds: someSlots },
    ),
    rule(
      'A line pointer that is used again takes no new place: pd_lower stays.',
      'Counted twice, the page would claim a line pointer that holds whatever lay there.',
      { kinds: someSlots, reuse: true },
    ),
    rule(
      "A row's address has the block number in two halves, the high one first.",
      'Block 65536 is at 512 MiB, and many a table is larger.',
      { blocks: fc.constantFrom(65535, 65536, 65543, 131081) },
    ),
    rule(
      'What lay in the free space does not show through: t_xmax and t_cid are 0.',
      'VACUUM moves rows together and leaves the old bytes. With an old t_xmax there, the new row counts as deleted.',
      { filler: fc.integer({ min: 1, max: 255 }) },
    ),
    rule(
      'The record holds the null bitmap and its padding: they go right behind the 23 bytes of header.',
      't_hoff says where the columns begin, and the bitmap lies before that.',
      { wide: true },
    ),
    rule(
      'The stamp is the end of the record, past 4 GiB of WAL too: the high half stands first on the page.',
      'The gate reads this number at the next start; with its halves exchanged it answers wrongly for ever.',
      { span: spans(1n << 32n, 1n << 40n), kinds: someSlots },
    ),
  ],
  alsoRight: {
    'the row in an array of its own first': rowFirst,
    'piece by piece': variant({}),
  },
  wrong: {
    'low half of the LSN first': variant({
      stamp: (view, { endLsn }) => view.setBigUint64(0, endLsn, true),
    }),
    'stamped with the start of the record': variant({
      stamp: (view, { lsn }) => DEFAULTS.stamp(view, { endLsn: lsn } as HeapInsert),
    }),
    'no stamp': variant({ stamp: () => {} }),
    'rows are not aligned': variant({ room: (length) => length }),
    'aligned to four bytes': variant({ room: (length) => (length + 3) & ~3 }),
    'the line pointer has the aligned length': variant({ itemLength: (length) => (length + 7) & ~7 }),
    'always four bytes more for pd_lower': variant({ lower: (view) => view.getUint16(12, true) + 4 }),
    'pd_lower is behind the line pointer': variant({ lower: (_view, end) => end }),
    'always behind the last line pointer': variant({
      offnum: (view) => ((view.getUint16(12, true) - 24) >> 2) + 1,
    }),
    'the first unused line pointer': variant({ offnum: firstUnused }),
    'line pointers count from 0': variant({ pointer: (offnum) => 24 + 4 * offnum }),
    'old bytes show through': variant({ clears: false }),
    'the block number in one piece': variant({
      ctid(view, at, block, offnum) {
        view.setUint32(at, block, true)
        view.setUint16(at + 4, offnum, true)
      },
    }),
    'the block number has 16 bits': variant({
      ctid: (view, at, block, offnum) => DEFAULTS.ctid(view, at, block & 0xffff, offnum),
    }),
    'bitmap and columns at t_hoff': variant({ columnsAt: (hoff) => hoff }),
    'marked as committed at once': variant({ infomask: (mask) => mask | 0x0100 }),
    'the buffer behind the bytes, from its start': variant({}, (page) => new DataView(page.buffer)),
  },
}
