// 02-lsn: replayed twice, the same page.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { FIRST_RECORD, position } from '../../exercises/checking/positions.js'
import {
  pageBefore,
  redoing,
  redoNote,
  rowRecords,
  type RedoInput,
  type RowRecord,
} from '../../exercises/parts/redoInserts.js'
import type { Solution } from '../solution.js'

/** Puts a row into the page's free space and points line `line` at it (PageAddItem). The exercise gives it. */
function addRow(page: DataView, line: number, row: Uint8Array): void {
  const lower = page.getUint16(12, true)
  if (lower !== 24 + 4 * (line - 1)) throw new Error(`PANIC: failed to add tuple at line ${line}`)
  const upper = page.getUint16(14, true) - ((row.length + 7) & ~7)
  row.forEach((byte, i) => page.setUint8(upper + i, byte))
  page.setUint32(lower, ((row.length << 17) | (1 << 15) | upper) >>> 0, true)
  page.setUint16(12, lower + 4, true)
  page.setUint16(14, upper, true)
}

/** For each record the gate first; then the row, and the record's end becomes the page's LSN, its high half in front. */
export function redoInserts(page: Uint8Array, records: readonly RowRecord[]): Uint8Array {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength)
  for (const { end, line, row } of records) {
    const pageLSN = (BigInt(view.getUint32(0, true)) << 32n) | BigInt(view.getUint32(4, true))
    if (pageLSN >= end) continue // the page has this row already
    addRow(view, line, row)
    view.setUint32(0, Number(end >> 32n), true)
    view.setUint32(4, Number(end & 0xffffffffn), true)
  }
  return page
}

function rule(text: string, why: string, input: fc.Arbitrary<RedoInput>): Check {
  return generated(redoing, { rule: text, why, input, note: redoNote, runs: 12 })
}

const rows = rowRecords(position(FIRST_RECORD, 0x7fffffffn))
/** So far up that floating-point numbers are 1024 bytes apart. */
const farUp = position(1n << 62n, 1n << 63n)
/** Starts from which the first record passes a border of 4 GiB. */
const beforeABorder = fc
  .tuple(fc.bigInt({ min: 1n, max: 0xffffn }), fc.integer({ min: 1, max: 2 }))
  .map(([n, eights]) => (n << 32n) - BigInt(8 * eights))
const partly = fc.tuple(rows, fc.nat()).map(([records, n]) => {
  const applied = n % (records.length + 1)
  return { records, applied, page: pageBefore(records, applied) }
})

/** A page that was emptied by a later record: no rows, and an LSN behind all of these. */
function emptiedLater(records: readonly RowRecord[], distance: number): RedoInput {
  const page = pageBefore(records)
  const later = records[records.length - 1].end + BigInt(8 * distance)
  stamp(viewOf(page), later)
  return [page, records]
}

const viewOf = (page: Uint8Array): DataView => new DataView(page.buffer, page.byteOffset, page.byteLength)
const stamp = (view: DataView, lsn: bigint): void => {
  view.setUint32(0, Number(lsn >> 32n), true)
  view.setUint32(4, Number(lsn & 0xffffffffn), true)
}
const lsnOf = (view: DataView): bigint =>
  (BigInt(view.getUint32(0, true)) << 32n) | BigInt(view.getUint32(4, true))

interface Quirks {
  needs?: (pageLSN: bigint, record: RowRecord) => boolean
  read?: (view: DataView) => bigint
  write?: (view: DataView, lsn: bigint) => void
  /** What the page is stamped with. */
  mark?: (record: RowRecord) => bigint
  /** Is the page stamped when the row was there already? */
  always?: boolean
}

/** The redo loop with everything that can go wrong as a setting. */
function redo(quirks: Quirks): Solution<'redoInserts'>['solution'] {
  const {
    needs = (pageLSN, { end }) => pageLSN < end,
    read = lsnOf,
    write = stamp,
    mark = ({ end }) => end,
    always = false,
  } = quirks
  return (page, records) => {
    const copy = page.slice()
    const view = viewOf(copy)
    for (const record of records) {
      const needed = needs(read(view), record)
      if (needed) addRow(view, record.line, record.row)
      if (needed || always) write(view, mark(record))
    }
    return copy
  }
}

export const redoInsertsSolution: Solution<'redoInserts'> = {
  name: 'redoInserts',
  solution: redoInserts,
  hidden: [
    rule(
      'Rows that the page misses are put on it, in the order of the log; those it has are left alone.',
      'A page on disk stopped at a moment of its own.',
      partly.map(({ page, records }): RedoInput => [page, records]),
    ),
    rule(
      'Replayed twice, the log leaves the same bytes as replayed once.',
      'Recovery itself can be killed, and then begins where it began before.',
      partly.map(({ page, records }): RedoInput => [page, [...records, ...records]]),
    ),
    rule(
      'The same, when the first replay was interrupted.',
      'Some pages had been written by then, and this one may be among them.',
      fc
        .tuple(rows, fc.nat())
        .map(([records, n]): RedoInput => [
          pageBefore(records),
          [...records.slice(0, 1 + (n % records.length)), ...records],
        ]),
    ),
    rule(
      'A page from later on stays as it is, even if the rows are gone from it.',
      'They were deleted and cleaned away by a record further on; the LSN knows, the line pointers do not.',
      fc
        .tuple(rows, fc.integer({ min: 1, max: 500 }))
        .map(([records, distance]) => emptiedLater(records, distance)),
    ),
    rule(
      'Over a border of 4 GiB: on a page the high half of the LSN comes first, and it decides.',
      'With the halves swapped the page would be from the far future, and no record would ever reach it.',
      rowRecords(beforeABorder).map((records): RedoInput => [pageBefore(records), [...records, ...records]]),
    ),
    rule(
      'Positions are exact, however large.',
      'As numbers, the ends of two records in a row become one, and the second record is passed over.',
      rowRecords(farUp).map((records): RedoInput => [pageBefore(records), records]),
    ),
  ],
  alsoRight: {
    'on a copy': redo({}),
    'the records that are missing first, then each once': (page, records) => {
      let reached = lsnOf(viewOf(page))
      const missing = records.filter(({ end }) => end > reached && (reached = end) === end)
      return redo({ needs: () => true })(page, missing)
    },
  },
  wrong: {
    'no gate': redo({ needs: () => true }),
    '<= for <': redo({ needs: (pageLSN, { end }) => pageLSN <= end }),
    'the start for the end': redo({ needs: (pageLSN, { start }) => pageLSN < start }),
    'stamped with the start': redo({ mark: ({ start }) => start }),
    'never stamped': redo({ write: () => {} }),
    'stamped whether applied or not': redo({ always: true }),
    'the low half first': redo({ write: (view, lsn) => view.setBigUint64(0, lsn, true) }),
    'the low half first, read and written': redo({
      read: (view) => view.getBigUint64(0, true),
      write: (view, lsn) => view.setBigUint64(0, lsn, true),
    }),
    'the highest byte first': redo({
      read: (view) => view.getBigUint64(0),
      write: (view, lsn) => view.setBigUint64(0, lsn),
    }),
    'only the low half': redo({
      needs: (pageLSN, { end }) => (pageLSN & 0xffffffffn) < (end & 0xffffffffn),
      write: (view, lsn) => view.setUint32(4, Number(lsn & 0xffffffffn), true),
    }),
    'as floating-point numbers': redo({ needs: (pageLSN, { end }) => Number(pageLSN) < Number(end) }),
    'asked once, before the first record': (page, records) => {
      const reached = lsnOf(viewOf(page))
      return redo({ needs: (_, { end }) => reached < end })(page, records)
    },
    'by the line pointers, not by the LSN': (page, records) => {
      const lines = (): number => (viewOf(page).getUint16(12, true) - 24) / 4
      for (const { line, row, end } of records) {
        if (line <= lines()) continue
        addRow(viewOf(page), line, row)
        stamp(viewOf(page), end)
      }
      return page
    },
    'the last record of all': (page, records) => redo({})(page, records.slice(-1)),
  },
}
