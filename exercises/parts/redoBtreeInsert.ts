// An index entry is put back on its leaf page: btree_xlog_insert, on the page's own bytes.

import fc from 'fast-check'
import {
  addItem,
  BLCKSZ,
  BTP,
  formatLsn,
  IndexTupleData,
  initBtreePage,
  itemBytes,
  itemId,
  LP,
  lpLength,
  lpOffset,
  pageOf,
  pdUpper,
  setItemId,
  setPageLsn,
  tidBlock,
  viewOf,
  XLOG_BTREE,
  type WalRecord,
  type Page,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { redone, type Span } from './oneRelation.js'
import {
  commonSlips,
  hexText,
  pageFault,
  pageWords,
  redosOf,
  replayOnPage,
  spans,
  type Slip,
} from './pages.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { drawPages } from './pageDrawing.js'

/** What a record of Btree/INSERT_LEAF says. */
export interface BtreeInsert extends Span {
  /** The line pointer that the entry gets; those from there on move up by one. */
  readonly offnum: number
  /** The entry as it lies on the page: a multiple of eight bytes. */
  readonly tuple: Uint8Array
}
export type BtreeInput = [page: Uint8Array, insert: BtreeInsert]

const BTREE_RMID = 11

export const indexing: Contract<BtreeInput, Uint8Array> = {
  name: 'redoBtreeInsert',
  draw: drawEntries,
  reference: (page, { offnum, tuple, ...span }) =>
    redone(page, {
      ...span,
      rmid: BTREE_RMID,
      info: XLOG_BTREE.INSERT_LEAF,
      xid: 700,
      block: 1,
      main: Uint8Array.of(offnum & 0xff, offnum >> 8),
      data: tuple,
    }),
  show: (page, { lsn, endLsn, offnum, tuple }) =>
    [
      `page    ${pageWords(page, entryWords, offnum)}`,
      `record  from ${formatLsn(lsn)} to ${formatLsn(endLsn)}: line pointer ${offnum}`,
      `entry   ${hexText(tuple)}`,
    ].join('\n'),
  showAnswer: (answer) =>
    answer instanceof Uint8Array && answer.length === BLCKSZ
      ? pageWords(answer, entryWords)
      : `no page: ${answer instanceof Uint8Array ? `${answer.length} bytes` : typeof answer}`,
  replay: (page, insert) => replayOnPage('redoBtreeInsert', page, insert),
}

/** An entry in words: the row it leads to, and its key's bytes. */
function entryWords(page: Page, offnum: number): string {
  const bytes = itemBytes(page, offnum)
  if (bytes.length < IndexTupleData.size) return ''
  const { ip_posid } = IndexTupleData.read(bytes)
  return `to (${tidBlock(viewOf(bytes), 0)},${ip_posid})  key ${hexText(bytes.subarray(IndexTupleData.size), 12)}`
}

const indexSlips: readonly Slip[] = [
  (place) =>
    place.startsWith('line pointer')
      ? 'The new line pointer comes in between; those from there on move up by one, flags and all.'
      : undefined,
  (place) => (place === 'pd_lower' ? 'There is one line pointer more: four bytes.' : undefined),
  (place) => (place === 'pd_upper' ? 'The entry goes right below pd_upper, whatever its key.' : undefined),
  (place) =>
    place === 'special space'
      ? "Neighbours, level and flags stay: a page's end is not free space."
      : undefined,
  (place) =>
    place.startsWith('entry')
      ? 'Entries stay where they are; the new one is as the record has it.'
      : undefined,
]

/** What is wrong with an answer. */
export function indexFault(answer: Plain, page: Uint8Array, insert: BtreeInsert): string | undefined {
  return pageFault(answer, indexing.reference(page, insert), 'btree', [...commonSlips(insert), ...indexSlips])
}

/** An entry with a key of four bytes, or a longer text, that leads to a row. */
export function entry(key: number, row: number, size = 16): Uint8Array {
  const bytes = new Uint8Array(size)
  IndexTupleData.write(bytes, 0, { bi_hi: 0, bi_lo: row >> 4, ip_posid: 1 + (row & 15), t_info: size })
  viewOf(bytes).setUint32(8, key, true)
  return bytes
}

export interface LeafSpec {
  readonly entries: readonly { readonly tuple: Uint8Array; readonly dead?: boolean }[]
  readonly rightmost: boolean
  readonly lsn: bigint
  readonly filler?: number
  /** Put the entries on the page last one first, so that they lie in another order than their line pointers. */
  readonly mixed?: boolean
}

const HIGH_KEY = 1

/** A leaf page. One with a right neighbour begins with a high key. */
export function leafPage({ entries, rightmost, lsn, filler = 0, mixed = false }: LeafSpec): Uint8Array {
  const page = pageOf()
  initBtreePage(page, 3, rightmost ? 0 : 4, 0, BTP.LEAF)
  page.bytes.fill(filler, 24, pdUpper(page))
  const add = (tuple: Uint8Array, offnum: number): void => {
    if (!addItem(page, tuple, 0, tuple.length, offnum, false)) throw new Error('no room for an entry')
  }
  const first = rightmost ? 1 : 2
  if (!rightmost) add(entry(0xffff, 0), HIGH_KEY)
  const tuples = entries.map(({ tuple }) => tuple)
  if (mixed) for (const tuple of [...tuples].reverse()) add(tuple, first)
  else tuples.forEach((tuple, i) => add(tuple, first + i))
  entries.forEach(({ dead }, i) => {
    const id = itemId(page, first + i)
    if (dead) setItemId(page, first + i, lpOffset(id), LP.DEAD, lpLength(id))
  })
  setPageLsn(page, Number(lsn >> 32n), Number(lsn & 0xffffffffn))
  return page.bytes
}

export interface LeafOptions {
  /** Where among the entries the new one goes. */
  readonly where?: 'between' | 'behind' | 'anywhere'
  readonly rightmost?: fc.Arbitrary<boolean>
  readonly dead?: boolean
  readonly mixed?: boolean
  /** The index is a descending one. */
  readonly descending?: boolean
  readonly sizes?: fc.Arbitrary<number>
  readonly filler?: fc.Arbitrary<number>
  readonly span?: fc.Arbitrary<Span>
}

/** A leaf that misses an entry, and the entry. */
export function leafInserts(options: LeafOptions = {}): fc.Arbitrary<BtreeInput> {
  const { where = 'anywhere', dead = false, mixed = false, descending = false } = options
  const size = options.sizes ?? fc.constant(16)
  const existing = fc.record({ size, dead: dead ? fc.boolean() : fc.constant(false) })
  return fc
    .record({
      rightmost: options.rightmost ?? fc.constant(true),
      entries: fc.array(existing, { minLength: where === 'between' ? 2 : 0, maxLength: 6 }),
      place: fc.nat({ max: 30 }),
      newSize: size,
      row: fc.nat({ max: 900 }),
      filler: options.filler ?? fc.constant(0),
      span: options.span ?? spans(),
    })
    .map(({ rightmost, entries, place, newSize, row, filler, span }): BtreeInput => {
      const count = entries.length
      const at =
        where === 'behind' ? count : where === 'between' ? 1 + (place % (count - 1)) : place % (count + 1)
      const key = (i: number): number => 10 * (descending ? count - i : i + 1)
      const page = leafPage({
        entries: entries.map(({ size, dead }, i) => ({ tuple: entry(key(i), 16 * i, size), dead })),
        rightmost,
        lsn: span.lsn - 0x60n,
        filler,
        mixed,
      })
      const tuple = entry(descending ? key(at) + 5 : key(at) - 5, row, newSize)
      return [page, { ...span, offnum: at + (rightmost ? 1 : 2), tuple }]
    })
}

const span = { lsn: 0x1a2b3c8n, endLsn: 0x1a2b408n }
const leaf = leafPage({
  entries: [entry(10, 0), entry(20, 1), entry(40, 2)].map((tuple) => ({ tuple })),
  rightmost: false,
  lsn: 0x1a2b000n,
})

const MOST_OF_A_SCENE = 40

function drawEntries(answer: Answer, page: Uint8Array, insert: BtreeInsert): Picture {
  return drawPages(answer, indexing.reference(page, insert), 'btree', entryWords)
}

export const redoBtreeInsert: Exercise = {
  name: 'redoBtreeInsert',
  notebook: '04-startup',
  visible: [
    examples(indexing, {
      rule: 'A leaf with keys 10, 20 and 40 gets 30 between the last two, then 50 behind them.',
      why: 'A search goes from line pointer to line pointer: in any other order it misses rows that are there.',
      fault: indexFault,
      inputs: [
        [leaf, { ...span, offnum: 4, tuple: entry(30, 3) }],
        [leaf, { ...span, offnum: 5, tuple: entry(50, 4) }],
      ],
    }),
    generated(indexing, {
      rule: 'Leaf pages with some entries, and one more.',
      why: 'Each row that is inserted is followed by such a record for every index of its table.',
      fault: indexFault,
      runs: 30,
      input: leafInserts(),
    }),
  ],
  onScene(scene) {
    const inputs = redosOf(scene, leafInsertOf, MOST_OF_A_SCENE).map(({ page, change }): BtreeInput => [
      page,
      change,
    ])
    const why = 'PostgreSQL wrote these records, and the page is what redo had made of it up to there.'
    return examples(indexing, {
      rule: `The first ${inputs.length} entries that the log of scene ${scene.name} puts on a leaf in memory.`,
      why,
      fault: indexFault,
      inputs,
    })
  },
}

/** What a record of the log says, when it puts an entry on a leaf; undefined for any other. */
export function leafInsertOf(record: WalRecord): BtreeInsert | undefined {
  const { lsn, endLsn, xl_rmid, info, view, mainAt, blocks } = record
  if (xl_rmid !== BTREE_RMID || info !== XLOG_BTREE.INSERT_LEAF) return undefined
  return { lsn, endLsn, offnum: view.getUint16(mainAt, true), tuple: record.blockData(blocks[0]).slice() }
}
