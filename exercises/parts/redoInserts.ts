// Twice equals once: rows are put on a page through the gate, and the page says how far it has come.

import fc from 'fast-check'
import {
  addItem,
  formatLsn,
  initPage,
  itemBytes,
  maxOffset,
  nodeDisk,
  overlayDisk,
  pageLsn,
  pageOf,
  pdLower,
  pdUpper,
  Recovery,
  reference,
  setPageLsn,
  xl_heap_insert,
  type CrashedScene,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { paddedLength, position } from '../checking/positions.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { drawPages } from './pageDrawing.js'
import { hexText } from './pages.js'

/** A record that puts one row on the page. */
export interface RowRecord {
  start: bigint
  end: bigint
  /** The line pointer that gets the row, counted from 1. */
  line: number
  /** The row as it is to stand on the page. */
  row: Uint8Array
}

export type RedoInput = [page: Uint8Array, records: readonly RowRecord[]]

/** The engine's own gate, its way to add an item, its stamp (heapam_xlog.c, heap_xlog_insert). */
export function redoneByEngine(bytes: Uint8Array, records: readonly RowRecord[]): Uint8Array {
  const page = pageOf(bytes.slice())
  for (const { start, end, line, row } of records) {
    if (!reference.needsRedo(pageLsn(page), end, start)) continue
    if (!addItem(page, row, 0, row.length, line, true)) throw new RangeError('failed to add tuple')
    setPageLsn(page, Number(end >> 32n), Number(end & 0xffffffffn))
  }
  return page.bytes
}

export const redoing: Contract<RedoInput, Uint8Array> = {
  name: 'redoInserts',
  draw: drawInserts,
  reference: redoneByEngine,
  show: (page, records) => [`the page: ${summary(page)}`, ...shorten(records.map(recordLine))].join('\n'),
  showAnswer: (answer) =>
    answer instanceof Uint8Array
      ? answer.length === 8192
        ? summary(answer)
        : `${answer.length} bytes`
      : String(answer),
}

function summary(bytes: Uint8Array): string {
  const page = pageOf(bytes)
  const lines = maxOffset(page)
  return `LSN ${formatLsn(pageLsn(page))}, ${lines} ${lines === 1 ? 'row' : 'rows'}, pd_lower ${pdLower(page)}, pd_upper ${pdUpper(page)}`
}

const recordLine = ({ start, end, line, row }: RowRecord): string =>
  `a record from ${formatLsn(start)} to ${formatLsn(end)}: line ${line}, a row of ${row.length} bytes`

const shorten = (lines: string[]): string[] =>
  lines.length <= 8 ? lines : [...lines.slice(0, 4), `… ${lines.length - 7} more …`, ...lines.slice(-3)]

/** Says whether the LSN is wrong, or the rows, and what that means. */
export function redoNote(answer: Plain, bytes: Uint8Array, records: readonly RowRecord[]): string {
  if (!(answer instanceof Uint8Array) || answer.length !== bytes.length)
    return 'The answer is the page: 8192 bytes.'
  const [page, right] = [pageOf(answer), pageOf(redoneByEngine(bytes, records))]
  if (pageLsn(page) !== pageLsn(right)) {
    const swapped = ((pageLsn(page) & 0xffffffffn) << 32n) | (pageLsn(page) >> 32n)
    if (swapped === pageLsn(right))
      return 'The halves of the LSN are swapped: on a page the high one comes first.'
    const side =
      pageLsn(page) < pageLsn(right) ? 'behind: it will be changed again' : 'ahead: it will miss changes'
    return `The page says ${formatLsn(pageLsn(page))} and is at ${formatLsn(pageLsn(right))}. It claims to be ${side}.`
  }
  if (maxOffset(page) !== maxOffset(right)) return `There should be ${maxOffset(right)} rows.`
  return `Byte ${answer.findIndex((byte, i) => byte !== right.bytes[i])} is the first that is wrong.`
}

/** Records that follow each other in the log, each for the next line of one page. */
export function rowRecords(from: fc.Arbitrary<bigint>, most = 5): fc.Arbitrary<RowRecord[]> {
  const one = fc.tuple(paddedLength, fc.integer({ min: 24, max: 90 }))
  return fc.tuple(from, fc.array(one, { minLength: 1, maxLength: most })).map(([first, records]) => {
    let start = first
    return records.map(([length, size], i) => {
      const record = {
        start,
        end: start + length,
        line: i + 1,
        row: bytesOf((0x11 * (i + 1)).toString(16).repeat(size)),
      }
      start = record.end
      return record
    })
  })
}

/** An empty page as it was before the first of these records, with the first `applied` of them made. */
export function pageBefore(records: readonly RowRecord[], applied = 0): Uint8Array {
  const page = pageOf()
  initPage(page, 0)
  const { start } = records[0]
  setPageLsn(page, Number(start >> 32n), Number(start & 0xffffffffn))
  return redoneByEngine(page.bytes, records.slice(0, applied))
}

const three: readonly RowRecord[] = [
  {
    start: 0x8ee920n,
    end: 0x8ee988n,
    line: 1,
    row: new TextEncoder().encode('shared dinner, account 3 to 4'),
  },
  {
    start: 0x8ef820n,
    end: 0x8ef890n,
    line: 2,
    row: new TextEncoder().encode('invoice 1 of a batch of forty'),
  },
  {
    start: 0x8ef958n,
    end: 0x8ef9c8n,
    line: 3,
    row: new TextEncoder().encode('invoice 2 of a batch of forty'),
  },
]

function drawInserts(answer: Answer, page: Uint8Array, records: readonly RowRecord[]): Picture {
  const right = redoneByEngine(page, records)
  return drawPages(answer, right, 'heap', (of, line) => hexText(itemBytes(of, line), 6))
}

export const redoInserts: Exercise = {
  name: 'redoInserts',
  notebook: '02-lsn',
  visible: [
    examples(redoing, {
      rule: 'Three rows for an empty page; for one that has the first; and for one that has them all.',
      why: 'The three pages reached the disk at different moments. After replay they are the same.',
      note: redoNote,
      inputs: [0, 1, 3].map((applied): RedoInput => [pageBefore(three, applied), three]),
    }),
    generated(redoing, {
      rule: 'A page that has none of the rows yet.',
      why: 'This is what replay is for.',
      note: redoNote,
      runs: 12,
      input: rowRecords(position()).map((records): RedoInput => [pageBefore(records), records]),
    }),
  ],
  onScene(scene) {
    const { page, records } = longestRun(scene)
    const half = redoneByEngine(page, records.slice(0, records.length >> 1))
    const inputs: RedoInput[] = [
      [page, records],
      [half, records],
      [redoneByEngine(page, records), records],
      [page, [...records, ...records]],
    ]
    const why = 'Whatever moment the page is from, it ends as the same bytes.'
    return examples(redoing, {
      rule: `${records.length} rows that scene ${scene.name} puts on one page: on the page before them, between them, behind them, and all of them twice.`,
      why,
      note: redoNote,
      inputs,
    })
  },
}

/** Insertions into a page, and its bytes before and after them. */
interface Insertions {
  readonly page: Uint8Array
  readonly records: RowRecord[]
  after: Uint8Array
}

/** The longest run of plain insertions into one page of a table, and the page as it was before them. */
export function longestRun(scene: CrashedScene): Insertions {
  const runs = new Map<unknown, Insertions>()
  let longest: Insertions = { page: new Uint8Array(0), records: [], after: new Uint8Array(0) }
  for (const { record, blocks } of new Recovery(overlayDisk(nodeDisk(scene.dir))).replay()) {
    for (const { page, outcome } of blocks) {
      if (page === undefined || (record.xl_rmid !== HEAP && !runs.has(page))) continue
      const run = runs.get(page)
      const plain = record.xl_rmid === HEAP && record.info === INSERT && blocks.length === 1
      if (run && plain && outcome === 'needsRedo') {
        const { offnum } = xl_heap_insert.read(record.main)
        const row = itemBytes(page, offnum).slice()
        run.records.push({ start: record.lsn, end: record.endLsn, line: offnum, row })
        run.after = page.bytes.slice()
        if (run.records.length > longest.records.length) longest = run
      } else runs.set(page, { page: page.bytes.slice(), records: [], after: page.bytes.slice() })
    }
  }
  return longest
}

/** Resource manager and operation of an insertion into a page that was there before. */
const [HEAP, INSERT] = [10, 0x00]
