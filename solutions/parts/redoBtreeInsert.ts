// 04-startup: an index entry is put back.

import fc from 'fast-check'
import { viewOf } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { spans } from '../../exercises/parts/pages.js'
import {
  indexFault,
  indexing,
  leafInserts,
  type BtreeInsert,
  type LeafOptions,
} from '../../exercises/parts/redoBtreeInsert.js'
import type { Solution } from '../solution.js'

/** The entry goes into the free space, its line pointer between the others: those from `offnum` on move up by one. */
export function redoBtreeInsert(page: Uint8Array, insert: BtreeInsert): Uint8Array {
  const { endLsn, offnum, tuple } = insert
  const view = viewOf(page)
  const lower = view.getUint16(12, true)
  const upper = view.getUint16(14, true) - tuple.length
  const pointer = 20 + 4 * offnum
  page.copyWithin(pointer + 4, pointer, lower)
  view.setUint32(pointer, tuple.length * 2 ** 17 + (1 << 15) + upper, true)
  view.setUint16(12, lower + 4, true)
  view.setUint16(14, upper, true)
  page.set(tuple, upper)
  view.setUint32(0, Number(endLsn >> 32n), true)
  view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  return page
}

const DEFAULTS = {
  /** The line pointer to write. */
  offnum: (_view: DataView, { offnum }: BtreeInsert): number => offnum,
  shift: (page: Uint8Array, pointer: number, lower: number): unknown =>
    page.copyWithin(pointer + 4, pointer, lower),
  lower: (lower: number): number => lower + 4,
  /** Where the entry ends on the page. */
  below: (view: DataView, _pointer: number): number => view.getUint16(14, true),
  stamp(view: DataView, { endLsn }: BtreeInsert): void {
    view.setUint32(0, Number(endLsn >> 32n), true)
    view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  },
}

/** The insertion with a piece exchanged. */
function variant(other: Partial<typeof DEFAULTS>): (page: Uint8Array, insert: BtreeInsert) => Uint8Array {
  const piece = { ...DEFAULTS, ...other }
  return (page, insert) => {
    const view = viewOf(page)
    const { tuple } = insert
    const lower = view.getUint16(12, true)
    const pointer = 20 + 4 * piece.offnum(view, insert)
    const upper = piece.below(view, pointer) - tuple.length
    piece.shift(page, pointer, lower)
    view.setUint32(pointer, tuple.length * 2 ** 17 + (1 << 15) + upper, true)
    view.setUint16(12, piece.lower(lower), true)
    view.setUint16(14, upper, true)
    page.set(tuple, upper)
    piece.stamp(view, insert)
    return page
  }
}

/** One by one from the front: each overwrites the next before that one has moved. */
function shiftFromTheFront(page: Uint8Array, pointer: number, lower: number): void {
  for (let at = pointer; at < lower; at++) page[at + 4] = page[at]
}

/** Line pointers as entries with a key, to put them into order. */
function sortedByKey(page: Uint8Array, insert: BtreeInsert): Uint8Array {
  const result = redoBtreeInsert(page, insert)
  const view = viewOf(result)
  const count = (view.getUint16(12, true) - 24) / 4
  const first = view.getUint32(8180, true) === 0 ? 0 : 1
  const pointers = Array.from({ length: count }, (_, i) => view.getUint32(24 + 4 * i, true))
  const key = (pointer: number): number => view.getUint32((pointer & 0x7fff) + 8, true)
  const sorted = [...pointers.slice(0, first), ...pointers.slice(first).sort((a, b) => key(a) - key(b))]
  sorted.forEach((pointer, i) => view.setUint32(24 + 4 * i, pointer, true))
  return result
}

/** All line pointers read, one put in, all written. */
function asAList(page: Uint8Array, { endLsn, offnum, tuple }: BtreeInsert): Uint8Array {
  const result = page.slice()
  const view = viewOf(result)
  const upper = view.getUint16(14, true) - tuple.length
  const pointers: number[] = []
  for (let at = 24; at < view.getUint16(12, true); at += 4) pointers.push(view.getUint32(at, true))
  pointers.splice(offnum - 1, 0, ((tuple.length << 17) | (1 << 15) | upper) >>> 0)
  pointers.forEach((pointer, i) => view.setUint32(24 + 4 * i, pointer, true))
  view.setUint16(12, 24 + 4 * pointers.length, true)
  view.setUint16(14, upper, true)
  result.set(tuple, upper)
  view.setUint32(0, Number(endLsn >> 32n), true)
  view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  return result
}

function rule(text: string, why: string, options: LeafOptions): Check {
  return generated(indexing, { rule: text, why, fault: indexFault, input: leafInserts(options), runs: 30 })
}

export const redoBtreeInsertSolution: Solution<'redoBtreeInsert'> = {
  name: 'redoBtreeInsert',
  solution: redoBtreeInsert,
  hidden: [
    rule(
      'Between two entries: the line pointers from there on move up by one, and none is lost.',
      'A line pointer that is lost is a row that no search finds, although it is in the table.',
      { where: 'between' },
    ),
    rule(
      'Behind the last entry nothing moves, and pd_lower still grows by four bytes.',
      'Ascending keys, as a sequence gives them, always go there.',
      { where: 'behind' },
    ),
    rule(
      "A page that has a right neighbour begins with a high key: the record's offset number counts it.",
      'The high key is an upper bound and leads to no row. Put before it, an entry would be taken for the bound.',
      { rightmost: fc.constant(false) },
    ),
    rule(
      'The record says where, not the key: in a descending index the larger keys come first.',
      'Which of two keys comes first is written in the catalog, and the catalog is being recovered as well.',
      { descending: true, where: 'between' },
    ),
    rule(
      'Line pointers of dead entries move with their flags.',
      'LP_DEAD says that nobody needs to visit the row any more; moved to another entry, it hides one that lives.',
      { dead: true, where: 'between' },
    ),
    rule(
      'Entries lie on the page in any order and size: the new one goes right below pd_upper.',
      'Only line pointers are sorted. An entry put elsewhere overwrites another one.',
      { mixed: true, sizes: fc.constantFrom(16, 24, 32) },
    ),
    rule(
      'The page is stamped with the end of the record, high half first.',
      'Redo asks index pages the same question as all others, and it asks their LSN.',
      { span: spans(1n << 32n, 1n << 40n), filler: fc.nat({ max: 255 }) },
    ),
  ],
  alsoRight: {
    'the line pointers as a list': asAList,
    'piece by piece': variant({}),
  },
  wrong: {
    'no line pointer moves': variant({ shift: () => {} }),
    'moved from the front, one by one': variant({ shift: shiftFromTheFront }),
    'moved from one further on': variant({
      shift: (page, pointer, lower) => lower > pointer && page.copyWithin(pointer + 8, pointer + 4, lower),
    }),
    'all but the last one move': variant({
      shift: (page, pointer, lower) => page.copyWithin(pointer + 4, pointer, Math.max(pointer, lower - 4)),
    }),
    'always behind the last': variant({ offnum: (view) => (view.getUint16(12, true) - 24) / 4 + 1 }),
    'the high key is not counted': variant({
      offnum: (view, { offnum }) => offnum + (view.getUint32(8180, true) === 0 ? 0 : 1),
    }),
    'line pointers count from 0': variant({ offnum: (_view, { offnum }) => offnum + 1 }),
    'pd_lower stays when another moves': variant({
      lower: (lower) => lower,
    }),
    'put into the order of the keys': sortedByKey,
    'only the offset moves, not the flags': (page, insert) => {
      const result = redoBtreeInsert(page, insert)
      const view = viewOf(result)
      for (let at = 24; at < view.getUint16(12, true); at += 4) {
        const pointer = view.getUint32(at, true)
        view.setUint32(at, ((pointer & ~0x18000) | 0x8000) >>> 0, true)
      }
      return result
    },
    'right below the entry before it': variant({
      below: (view, pointer) =>
        pointer > 24 ? view.getUint32(pointer - 4, true) & 0x7fff : view.getUint16(14, true),
    }),
    'low half of the LSN first': variant({ stamp: (view, { endLsn }) => view.setBigUint64(0, endLsn, true) }),
    'stamped with the start of the record': variant({
      stamp: (view, { lsn }) => DEFAULTS.stamp(view, { endLsn: lsn } as BtreeInsert),
    }),
    'no stamp': variant({ stamp: () => {} }),
  },
}
