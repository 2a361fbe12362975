// A row is updated on its page: the old version stays and points to the new one, of which the record holds only what
// changed (heap_xlog_update, for a HOT update).

import fc from 'fast-check'
import {
  formatLsn,
  HEAP,
  HEAP2,
  viewOf,
  xl_heap_update,
  XLH_UPDATE,
  XLHL,
  XLOG_HEAP,
  type HeapTupleHeaderData,
  type WalRecord,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { columnsOf, heapPage, rowData, rowWords, type Slot } from './heapPages.js'
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
import { pageAnswer } from './redoHeapInsert.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { drawPages } from './pageDrawing.js'

/** What a record of Heap/HOT_UPDATE says. */
export interface HotUpdate extends Span {
  readonly xid: number
  readonly block: number
  /** Line pointers of the old and of the new version. */
  readonly oldOffnum: number
  readonly newOffnum: number
  /** t_xmax of the old version, with bits that say what kind of xmax it is; t_xmax of the new one. */
  readonly oldXmax: number
  readonly oldInfobits: number
  readonly newXmax: number
  /** So many bytes of columns are the same at the start and at the end of both versions; the record leaves them out. */
  readonly prefix: number
  readonly suffix: number
  /** xl_heap_header, then bitmap and padding, then the columns without prefix and suffix. */
  readonly data: Uint8Array
}
export type UpdateInput = [page: Uint8Array, update: HotUpdate]

const HEAP_RMID = 10

export const updating: Contract<UpdateInput, Uint8Array> = {
  name: 'redoHeapUpdate',
  draw: drawUpdate,
  reference: (page, update) =>
    redone(page, {
      ...update,
      rmid: HEAP_RMID,
      info: XLOG_HEAP.HOT_UPDATE,
      main: mainOf(update),
      data: dataOf(update),
    }),
  show: (page, update) =>
    [
      `page    ${pageWords(page, rowWords, update.oldOffnum)}`,
      `record  from ${formatLsn(update.lsn)} to ${formatLsn(update.endLsn)}, xid ${update.xid}: block ${update.block}, line pointer ${update.oldOffnum} becomes ${update.newOffnum}`,
      `        old xmax ${update.oldXmax}, infobits ${update.oldInfobits}; new xmax ${update.newXmax}; prefix ${update.prefix}, suffix ${update.suffix} bytes`,
      `data    ${hexText(update.data)}`,
    ].join('\n'),
  showAnswer: pageAnswer,
  replay: (page, update) => replayOnPage('redoHeapUpdate', page, update),
}

function mainOf({
  oldXmax,
  oldOffnum,
  oldInfobits,
  newXmax,
  newOffnum,
  prefix,
  suffix,
}: HotUpdate): Uint8Array {
  const main = new Uint8Array(xl_heap_update.size)
  xl_heap_update.write(main, 0, {
    old_xmax: oldXmax,
    old_offnum: oldOffnum,
    old_infobits_set: oldInfobits,
    flags: (prefix > 0 ? XLH_UPDATE.PREFIX_FROM_OLD : 0) | (suffix > 0 ? XLH_UPDATE.SUFFIX_FROM_OLD : 0),
    new_xmax: newXmax,
    new_offnum: newOffnum,
  })
  return main
}

/** The two lengths in front, each only when it is not 0: so the record has them. */
function dataOf({ prefix, suffix, data }: HotUpdate): Uint8Array {
  const lengths = [prefix, suffix].filter((length) => length > 0)
  const bytes = new Uint8Array(2 * lengths.length + data.length)
  lengths.forEach((length, i) => viewOf(bytes).setUint16(2 * i, length, true))
  bytes.set(data, 2 * lengths.length)
  return bytes
}

const OLD_REASONS: Readonly<Record<string, string>> = {
  t_xmax: 'This is the old version: whoever updated the row has ended it.',
  t_cid: 'The command that ended the row does not live on: 0.',
  t_ctid: 'From the old version one gets to the new one.',
  t_infomask: 'What was known of the old xmax goes, HEAP_COMBOCID goes, and the bits of the new xmax come.',
  t_infomask2:
    'HEAP_HOT_UPDATED says that the new version is on this page and in no index; KEYS_UPDATED is set anew.',
}
const NEW_REASONS: Readonly<Record<string, string>> = {
  t_xmin: 'Who made this version stands in the record: its transaction.',
  t_xmax: 'Those who had locked the old version hold on to the new one: the record has its xmax.',
  t_cid: 'No command of that session lives on: 0.',
  t_ctid: 'The newest version points to itself.',
  t_infomask: 'The record has it, and no bit more.',
  t_infomask2: 'The record has it: HEAP_ONLY_TUPLE is among its bits.',
  data: 'Bitmap and padding, the prefix from the old columns, what the record has, the suffix from the old end.',
}

function updateSlips({ oldOffnum }: HotUpdate): Slip[] {
  return [
    (place) => {
      const [, offnum, field = ''] = /^tuple (\d+), (\w+)$/.exec(place) ?? []
      if (offnum === undefined) return undefined
      return (Number(offnum) === oldOffnum ? OLD_REASONS : NEW_REASONS)[field]
    },
    (place) =>
      place === 'pd_prune_xid'
        ? 'The page will be worth pruning once this transaction is over; the oldest such transaction is kept, counted round 2^32.'
        : undefined,
  ]
}

/** What is wrong with an answer. */
export function updateFault(answer: Plain, page: Uint8Array, update: HotUpdate): string | undefined {
  const slips = [...commonSlips(update), ...updateSlips(update)]
  return pageFault(answer, updating.reference(page, update), 'heap', slips)
}

export interface UpdateOptions {
  /** What the old and the new version have in common. */
  readonly common?: fc.Arbitrary<{ prefix: number; suffix: number }>
  /** t_infomask, t_infomask2, t_xmax and t_cid of the old version. */
  readonly old?: fc.Arbitrary<Partial<HeapTupleHeaderData>>
  readonly infobits?: fc.Arbitrary<number>
  readonly newXmax?: fc.Arbitrary<number>
  /** pd_prune_xid of the page, and the updating transaction. */
  readonly xids?: fc.Arbitrary<{ pruneXid: number; xid: number }>
  /** One of the two versions has a column that is null, and so a larger header. */
  readonly headers?: fc.Arbitrary<{ oldHoff: number; newHoff: number }>
  readonly reuse?: boolean
  readonly span?: fc.Arbitrary<Span>
}

const someXid = fc.integer({ min: 700, max: 9999 })

/** A page that misses an update, and the update. */
export function updates(options: UpdateOptions = {}): fc.Arbitrary<UpdateInput> {
  return fc
    .record({
      before: fc.nat({ max: 2 }),
      after: fc.nat({ max: 2 }),
      length: fc.integer({ min: 1, max: 12 }),
      common: options.common ?? fc.constant({ prefix: 0, suffix: 0 }),
      old: options.old ?? fc.constant({}),
      oldInfobits: options.infobits ?? fc.constant(0),
      newXmax: options.newXmax ?? fc.constant(0),
      xids: options.xids ?? someXid.map((xid) => ({ pruneXid: 0, xid })),
      headers: options.headers ?? fc.constant({ oldHoff: 24, newHoff: 24 }),
      span: options.span ?? spans(),
      block: fc.nat({ max: 9 }),
    })
    .map(({ before, after, length, common, old, xids, headers, span, ...rest }): UpdateInput => {
      const { prefix, suffix } = common
      const slots: Slot[] = Array.from({ length: before }, () => ({ kind: 'row', text: 'x' }))
      // Letters that differ from place to place, so that a byte too many or too few is seen.
      const text = lettersOf(Math.max(prefix + suffix, 1) + (length % 5))
      slots.push({ kind: 'row', text, header: { t_hoff: headers.oldHoff, ...old } })
      for (let i = 0; i < after; i++) slots.push({ kind: 'row', text: 'y'.repeat(i + 1) })
      if (options.reuse) slots.push({ kind: 'unused' }, { kind: 'row', text: 'z' })
      const { newHoff } = headers
      const wide = newHoff > 24 // ten columns, eight of them null
      const data = rowData(new TextEncoder().encode('N'.repeat(length)), {
        t_infomask2: HEAP2.ONLY_TUPLE | (wide ? 10 : 2),
        t_infomask: HEAP.HASVARWIDTH | HEAP.UPDATED | HEAP.XMAX_INVALID | (wide ? HEAP.HASNULL : 0),
        t_hoff: newHoff,
        bitmap: wide ? [3, 0] : [0],
      })
      const page = heapPage({
        slots,
        block: rest.block,
        lsn: span.lsn - 0x60n,
        filler: 0x5a,
        pruneXid: xids.pruneXid,
      })
      const newOffnum = options.reuse ? slots.length - 1 : slots.length + 1
      const oldXmax = rest.oldInfobits & XLHL.XMAX_IS_MULTI ? 17 : xids.xid
      const { block, oldInfobits, newXmax } = rest
      const offnums = { oldOffnum: before + 1, newOffnum }
      return [
        page,
        { ...span, xid: xids.xid, block, ...offnums, oldXmax, oldInfobits, newXmax, prefix, suffix, data },
      ]
    })
}

const lettersOf = (length: number): string =>
  Array.from({ length }, (_, i) => String.fromCharCode(97 + (i % 26))).join('')

// Account 1 held 100, and gets 142: the last letters stay, the number of the row in front stays.
const span = { lsn: 0x1a2b3c8n, endLsn: 0x1a2b418n }
const accounts: readonly Slot[] = [
  { kind: 'row', text: 'alice: 100 euros' },
  { kind: 'row', text: 'bob: 7 euros' },
]
const page = heapPage({ slots: accounts, block: 0, lsn: 0x1a2b000n })
const newHeader = {
  t_infomask2: HEAP2.ONLY_TUPLE | 2,
  t_infomask: HEAP.HASVARWIDTH | HEAP.UPDATED | HEAP.XMAX_INVALID,
}
const update: HotUpdate = {
  ...span,
  xid: 761,
  block: 0,
  oldOffnum: 1,
  newOffnum: 3,
  oldXmax: 761,
  oldInfobits: 0,
  newXmax: 0,
  prefix: 0,
  suffix: 0,
  data: rowData(columnsOf(1, 'alice: 142 euros'), newHeader),
}
const short: HotUpdate = {
  ...update,
  prefix: 13, // the number, the length, "alice: 1"
  suffix: 6, //  " euros"
  data: rowData(new TextEncoder().encode('42'), newHeader),
}

const MOST_OF_A_SCENE = 40

function drawUpdate(answer: Answer, page: Uint8Array, update: HotUpdate): Picture {
  return drawPages(answer, updating.reference(page, update), 'heap', rowWords)
}

export const redoHeapUpdate: Exercise = {
  name: 'redoHeapUpdate',
  notebook: '04-startup',
  visible: [
    examples(updating, {
      rule: 'alice gets 42 euros more: once with all columns in the record, once with the two digits that changed.',
      why: 'Both records leave the same page, down to the row that is no longer current.',
      fault: updateFault,
      inputs: [
        [page, update],
        [page, short],
      ],
    }),
    generated(updating, {
      rule: 'Rows that have some bytes at the start in common with their old version.',
      why: 'An UPDATE of one column is the usual one, and the log of a busy server is mostly that.',
      fault: updateFault,
      runs: 30,
      input: updates({ common: fc.integer({ min: 3, max: 9 }).map((prefix) => ({ prefix, suffix: 0 })) }),
    }),
  ],
  onScene(scene) {
    const inputs = redosOf(scene, hotUpdateOf, MOST_OF_A_SCENE).map(({ page, change }): UpdateInput => [
      page,
      change,
    ])
    const why = 'PostgreSQL wrote these records, and the page is what redo had made of it up to there.'
    return examples(updating, {
      rule: `The first ${inputs.length} HOT updates that the log of scene ${scene.name} leaves to be redone.`,
      why,
      fault: updateFault,
      inputs,
    })
  },
}

const ALL_VISIBLE_CLEARED = XLH_UPDATE.OLD_ALL_VISIBLE_CLEARED | XLH_UPDATE.NEW_ALL_VISIBLE_CLEARED

/** What a record of the log says, when it is a HOT update; undefined for any other. */
export function hotUpdateOf(record: WalRecord): HotUpdate | undefined {
  if (record.xl_rmid !== HEAP_RMID || record.info !== XLOG_HEAP.HOT_UPDATE) return undefined
  const logged = xl_heap_update.read(record.main)
  if (logged.flags & ALL_VISIBLE_CLEARED) return undefined // there the page's flags change too
  const [ref] = record.blocks
  let data = record.blockData(ref)
  const length = (flag: number): number => {
    if ((logged.flags & flag) === 0) return 0
    const found = viewOf(data).getUint16(0, true)
    data = data.subarray(2)
    return found
  }
  const prefix = length(XLH_UPDATE.PREFIX_FROM_OLD)
  const suffix = length(XLH_UPDATE.SUFFIX_FROM_OLD)
  return {
    lsn: record.lsn,
    endLsn: record.endLsn,
    xid: record.xl_xid,
    block: ref.block,
    oldOffnum: logged.old_offnum,
    newOffnum: logged.new_offnum,
    oldXmax: logged.old_xmax,
    oldInfobits: logged.old_infobits_set,
    newXmax: logged.new_xmax,
    prefix,
    suffix,
    data: data.slice(),
  }
}
