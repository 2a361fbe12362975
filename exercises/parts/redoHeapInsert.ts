// A row is put back on its page: heap_xlog_insert, on the page's own bytes.

import fc from 'fast-check'
import { BLCKSZ, formatLsn, xl_heap_insert, XLH_INSERT, XLOG_HEAP, type WalRecord } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { columnsOf, heapPage, rowData, rowWords, slots, texts, type Slot } from './heapPages.js'
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

/** What a record of Heap/INSERT says. */
export interface HeapInsert extends Span {
  readonly xid: number
  readonly block: number
  readonly offnum: number
  /** xl_heap_header, then bitmap, padding and columns. */
  readonly data: Uint8Array
}
export type InsertInput = [page: Uint8Array, insert: HeapInsert]

const HEAP_RMID = 10

export const inserting: Contract<InsertInput, Uint8Array> = {
  name: 'redoHeapInsert',
  draw: drawInsert,
  reference: (page, { offnum, ...insert }) =>
    redone(page, { ...insert, rmid: HEAP_RMID, info: XLOG_HEAP.INSERT, main: mainOf(offnum) }),
  show: (page, { lsn, endLsn, xid, block, offnum, data }) =>
    [
      `page    ${pageWords(page, rowWords, offnum)}`,
      `record  from ${formatLsn(lsn)} to ${formatLsn(endLsn)}, xid ${xid}: line pointer ${offnum} of block ${block}`,
      `data    ${hexText(data)}`,
    ].join('\n'),
  showAnswer: (answer) => pageAnswer(answer),
  replay: (page, insert) => replayOnPage('redoHeapInsert', page, insert),
}

function mainOf(offnum: number): Uint8Array {
  const main = new Uint8Array(xl_heap_insert.size)
  xl_heap_insert.write(main, 0, { offnum, flags: 0 })
  return main
}

/** A page, or what came in its place. */
export function pageAnswer(answer: Plain): string {
  if (answer instanceof Uint8Array)
    return answer.length === BLCKSZ ? pageWords(answer, rowWords) : `${answer.length} bytes`
  return answer === undefined ? 'nothing: undefined' : `no bytes: ${typeof answer}`
}

const REASONS: Readonly<Record<string, string>> = {
  t_xmin: 'Who made the row stands in the record: its transaction.',
  t_xmax: 'Nobody has ended the row: 0, whatever lay in the free space.',
  t_cid: 'No command of that session lives on: 0.',
  t_ctid: "The row's own address: block in two halves, high one first, then offset number.",
  t_infomask2: 'The record has it: the first two bytes of its data.',
  t_infomask: 'The record has it, and no bit more: whether the transaction committed is not known here.',
  t_hoff: 'The record has it: the fifth byte of its data.',
  data: 'Bitmap, padding and columns stand in the record as they stand on the page, behind 23 bytes of header.',
}

const insertSlips: readonly Slip[] = [
  (place) => REASONS[/^tuple \d+, (\w+)$/.exec(place)?.[1] ?? ''],
  (place) =>
    place === 'pd_lower'
      ? 'The line pointers end there: a new one needs four bytes, a used-again one none.'
      : undefined,
  (place) =>
    place.startsWith('line pointer')
      ? 'Offset 15 bits, flags 2, length 15: where the row begins, 1, its true length.'
      : undefined,
]

/** What is wrong with an answer. */
export function insertFault(answer: Plain, page: Uint8Array, insert: HeapInsert): string | undefined {
  return pageFault(answer, inserting.reference(page, insert), 'heap', [
    ...commonSlips(insert),
    ...insertSlips,
  ])
}

export interface InsertOptions {
  readonly kinds?: readonly Slot['kind'][]
  /** Use an unused line pointer again. */
  readonly reuse?: boolean
  readonly blocks?: fc.Arbitrary<number>
  readonly filler?: fc.Arbitrary<number>
  readonly span?: fc.Arbitrary<Span>
  /** Rows of ten columns, the later ones null: a bitmap of two bytes. */
  readonly wide?: boolean
}

const few = fc.nat({ max: 9 })

/** A page that misses an insertion, and the insertion. */
export function insertions(options: InsertOptions = {}): fc.Arbitrary<InsertInput> {
  const { kinds = ['row'], reuse = false, blocks = few, span = spans(), wide = false } = options
  return fc
    .record({
      slots: slots(...kinds),
      text: texts,
      block: blocks,
      span,
      filler: options.filler ?? fc.constant(0),
      xid: fc.integer({ min: 700, max: 9999 }),
      free: fc.nat({ max: 4 }),
    })
    .map(({ slots, text, block, span, filler, xid, free }): InsertInput => {
      const at = reuse ? free % (slots.length + 1) : slots.length
      const all = reuse ? [...slots.slice(0, at), { kind: 'unused' as const }, ...slots.slice(at)] : slots
      const columns = columnsOf(77, text)
      const data = wide
        ? rowData(columns, {
            t_infomask2: 10,
            t_infomask: 0x0803,
            t_hoff: 32,
            bitmap: [3, 0, 0, 0, 0, 0, 0, 0, 0],
          })
        : rowData(columns)
      const page = heapPage({ slots: all, block, lsn: span.lsn - 0x60n, filler })
      return [page, { ...span, xid, block, offnum: at + 1, data }]
    })
}

const alice: readonly Slot[] = [
  { kind: 'row', text: 'alice' },
  { kind: 'unused' },
  { kind: 'row', text: 'carol' },
]
const span = { lsn: 0x1a2b3c8n, endLsn: 0x1a2b418n }
const page = heapPage({ slots: alice, block: 7, lsn: 0x1a2b000n })
const bob: HeapInsert = { ...span, xid: 761, block: 7, offnum: 2, data: rowData(columnsOf(2, 'bob')) }
const dave: HeapInsert = { ...span, xid: 761, block: 7, offnum: 4, data: rowData(columnsOf(4, 'dave')) }

const MOST_OF_A_SCENE = 40

function drawInsert(answer: Answer, page: Uint8Array, insert: HeapInsert): Picture {
  return drawPages(answer, inserting.reference(page, insert), 'heap', rowWords)
}

export const redoHeapInsert: Exercise = {
  name: 'redoHeapInsert',
  notebook: '04-startup',
  visible: [
    examples(inserting, {
      rule: 'A page with alice and carol gets dave, at a new line pointer; or bob, at one that is unused.',
      why: 'The record names the line pointer. Index entries point to that one and no other.',
      fault: insertFault,
      inputs: [
        [page, dave],
        [page, bob],
      ],
    }),
    generated(inserting, {
      rule: 'Pages with some rows, and one row more.',
      why: 'Recovery takes most of its time for records like this one.',
      fault: insertFault,
      runs: 40,
      input: insertions(),
    }),
  ],
  onScene(scene) {
    const inputs = redosOf(scene, heapInsertOf, MOST_OF_A_SCENE).map(({ page, change }): InsertInput => [
      page,
      change,
    ])
    const why = 'PostgreSQL wrote these records, and the page is what redo had made of it up to there.'
    return examples(inserting, {
      rule: `The first ${inputs.length} rows that the log of scene ${scene.name} puts on a page with others.`,
      why,
      fault: insertFault,
      inputs,
    })
  },
}

/** What a record of the log says, when it puts a row on a page that is there already; undefined for any other. */
export function heapInsertOf(record: WalRecord): HeapInsert | undefined {
  const { lsn, endLsn, xl_rmid, xl_xid: xid, info, blocks } = record
  if (xl_rmid !== HEAP_RMID || info !== XLOG_HEAP.INSERT) return undefined // with XLOG_HEAP_INIT_PAGE, info has that bit
  const { offnum, flags } = xl_heap_insert.read(record.main)
  if (flags & XLH_INSERT.ALL_VISIBLE_CLEARED) return undefined // there the page's flags change too
  const [ref] = blocks
  return { lsn, endLsn, xid, block: ref.block, offnum, data: record.blockData(ref).slice() }
}
