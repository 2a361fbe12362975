// 04-startup: a row is updated on its page.

import fc from 'fast-check'
import { viewOf } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { spans } from '../../exercises/parts/pages.js'
import {
  updateFault,
  updates,
  updating,
  type HotUpdate,
  type UpdateOptions,
} from '../../exercises/parts/redoHeapUpdate.js'
import type { Solution } from '../solution.js'

// The exercise gives these.
const UPDATE_BITS = {
  XMAX: 0x1cd0,
  MOVED: 0xc000,
  COMBOCID: 0x0020,
  KEYS_UPDATED: 0x2000,
  HOT_UPDATED: 0x4000,
}

function masksOf(infobits: number): { infomask: number; infomask2: number } {
  const pairs = [
    [1, 0x1000],
    [2, 0x0080],
    [4, 0x0040],
    [8, 0x0010],
  ]
  const infomask = pairs.reduce((mask, [bit, flag]) => (infobits & bit ? mask | flag : mask), 0)
  return { infomask, infomask2: infobits & 16 ? 0x2000 : 0 }
}

/** The old version gets its end and the way to the new one; the new one takes from the old what the record left out. */
export function redoHeapUpdate(page: Uint8Array, update: HotUpdate): Uint8Array {
  const { endLsn, xid, block, oldOffnum, newOffnum, oldXmax, oldInfobits, newXmax } = update
  const { prefix, suffix, data } = update
  const view = viewOf(page)
  const { XMAX, MOVED, COMBOCID, KEYS_UPDATED, HOT_UPDATED } = UPDATE_BITS
  const newAddress = (at: number): void =>
    [block >>> 16, block & 0xffff, newOffnum].forEach((half, i) => view.setUint16(at + 2 * i, half, true))

  const oldPointer = view.getUint32(20 + 4 * oldOffnum, true)
  const old = oldPointer & 0x7fff
  const oldEnd = old + (oldPointer >>> 17)
  const { infomask, infomask2 } = masksOf(oldInfobits)
  const known = [view.getUint16(old + 18, true) & ~KEYS_UPDATED, view.getUint16(old + 20, true)]
  view.setUint16(old + 18, known[0] | infomask2 | HOT_UPDATED, true)
  view.setUint16(old + 20, (known[1] & ~(XMAX | MOVED | COMBOCID)) | infomask, true)
  view.setUint32(old + 4, oldXmax, true)
  view.setUint32(old + 8, 0, true)
  newAddress(old + 12)
  const prune = view.getUint32(20, true)
  if (prune === 0 || ((xid - prune) | 0) < 0) view.setUint32(20, xid, true)

  const columns = old + page[old + 22]
  const inData = 5 + data[4] - 23 // the short header, bitmap and padding come before the prefix
  const row = Uint8Array.of(
    ...new Uint8Array(18),
    ...data.subarray(0, inData),
    ...page.subarray(columns, columns + prefix),
    ...data.subarray(inData),
    ...page.subarray(oldEnd - suffix, oldEnd),
  )
  const upper = view.getUint16(14, true) - ((row.length + 7) & ~7)
  const pointer = 20 + 4 * newOffnum
  view.setUint32(pointer, row.length * 2 ** 17 + (1 << 15) + upper, true)
  view.setUint16(12, Math.max(view.getUint16(12, true), pointer + 4), true)
  view.setUint16(14, upper, true)
  page.set(row, upper)
  view.setUint32(upper, xid, true)
  view.setUint32(upper + 4, newXmax, true)
  newAddress(upper + 12)
  view.setUint32(0, Number(endLsn >> 32n), true)
  view.setUint32(4, Number(endLsn & 0xffffffffn), true)
  return page
}

type Part = (page: Uint8Array, update: HotUpdate) => Uint8Array

/** The right answer, with something put right or wrong before and after it. */
function variant(
  after: (page: DataView, places: { old: number; row: number }, update: HotUpdate, before: DataView) => void,
  change: (update: HotUpdate, page: DataView) => HotUpdate = (update) => update,
): Part {
  return (page, update) => {
    const before = viewOf(page.slice())
    const result = redoHeapUpdate(page, change(update, before))
    const view = viewOf(result)
    const placeOf = (offnum: number): number => view.getUint32(20 + 4 * offnum, true) & 0x7fff
    after(view, { old: placeOf(update.oldOffnum), row: placeOf(update.newOffnum) }, update, before)
    return result
  }
}

const nothing = (): void => {}

/** A new version whose columns are put together in another way. */
function assembled(
  columnsOf: (pieces: {
    bitmap: Uint8Array
    changed: Uint8Array
    /** Bytes of the old version, counted from its columns, from its end, from its first byte. */
    prefix(from: 'columns' | 'row' | 'new t_hoff'): Uint8Array
    suffix(from: 'end' | 'aligned end'): Uint8Array
  }) => readonly Uint8Array[],
): Part {
  return (page, update) => {
    const view = viewOf(page)
    const pointer = view.getUint32(20 + 4 * update.oldOffnum, true)
    const old = pointer & 0x7fff
    const end = old + (pointer >>> 17)
    const { data, prefix, suffix } = update
    const inData = 5 + data[4] - 23
    const starts = { columns: old + page[old + 22], row: old, 'new t_hoff': old + data[4] }
    const pieces = columnsOf({
      bitmap: data.subarray(5, inData),
      changed: data.subarray(inData),
      prefix: (from) => page.slice(starts[from], starts[from] + prefix),
      suffix: (from) => {
        const to = from === 'end' ? end : (end + 7) & ~7
        return page.slice(to - suffix, to)
      },
    })
    const whole = Uint8Array.of(...data.subarray(0, 5), ...pieces.flatMap((piece) => [...piece]))
    return redoHeapUpdate(page, { ...update, prefix: 0, suffix: 0, data: whole })
  }
}

/** Forgets that old and new version have anything in common. */
const recordOnly = assembled(({ bitmap, changed }) => [bitmap, changed])

function rule(text: string, why: string, options: UpdateOptions): Check {
  return generated(updating, { rule: text, why, fault: updateFault, input: updates(options), runs: 25 })
}

const inCommon = fc.record({ prefix: fc.integer({ min: 3, max: 9 }), suffix: fc.integer({ min: 3, max: 9 }) })
const prefixOnly = inCommon.map(({ prefix }) => ({ prefix, suffix: 0 }))
const suffixOnly = inCommon.map(({ suffix }) => ({ prefix: 0, suffix }))
const someXid = fc.integer({ min: 700, max: 9999 })

export const redoHeapUpdateSolution: Solution<'redoHeapUpdate'> = {
  name: 'redoHeapUpdate',
  solution: redoHeapUpdate,
  hidden: [
    rule(
      'The old version stays where it is; its t_xmax ends it, its t_ctid leads on, HEAP_HOT_UPDATED is set.',
      'Index entries lead to the old version only. Whoever comes from there finds the current row by these.',
      { reuse: true },
    ),
    rule(
      'The prefix is counted from where the columns of the old version begin, and follows the new bitmap.',
      'A column that becomes null, or is null no more, moves the start of the columns: the two t_hoff differ.',
      {
        common: prefixOnly,
        headers: fc.constantFrom({ oldHoff: 24, newHoff: 32 }, { oldHoff: 32, newHoff: 24 }),
      },
    ),
    rule(
      "The suffix is counted from the old version's true end, which its line pointer knows.",
      'What lies between a row and the next multiple of eight belongs to nobody.',
      { common: suffixOnly },
    ),
    rule(
      'With both, the changed columns stand between them.',
      'log_heap_update leaves both out when that saves bytes: one column in the middle of a long row.',
      { common: inCommon },
    ),
    rule(
      'What was known of the old t_xmax is wiped out, HEAP_XMAX_INVALID above all; then come the bits of infobits.',
      'With HEAP_XMAX_INVALID still set, the old version never ends, and the row is there twice.',
      {
        old: fc
          .tuple(fc.constantFrom(0x0000, 0x0800, 0x0400, 0x00c0, 0x1080, 0x8000), fc.constantFrom(2, 0x2002))
          .map(([bits, t_infomask2]) => ({ t_infomask: 0x0102 | bits, t_infomask2 })),
        infobits: fc.constantFrom(0, 1, 5, 9, 16),
      },
    ),
    rule(
      'The command in the old version is 0, and HEAP_COMBOCID says no more that it is two commands in one.',
      'A combo id stands for a pair of commands in the memory of a session that is gone.',
      {
        old: fc
          .integer({ min: 1, max: 9 })
          .map((t_cid) => ({ t_cid, t_infomask: 0x0102 | 0x0020 | 0x0800, t_xmax: 650 })),
      },
    ),
    rule(
      'pd_prune_xid is the oldest transaction that left something to prune here, counted round 2^32.',
      'Until that one is over for everybody, looking for dead rows on this page is in vain.',
      {
        xids: fc.constantFrom(
          { pruneXid: 700, xid: 761 },
          { pruneXid: 800, xid: 761 },
          { pruneXid: 4294967290, xid: 761 },
          { pruneXid: 761, xid: 4294967290 },
          { pruneXid: 0, xid: 4294967290 },
        ),
      },
    ),
    rule(
      'The t_xmax of the new version comes from the record: whoever locked the old one has locked the new one too.',
      'A lock does not end a row, and an UPDATE does not end a lock.',
      { newXmax: fc.oneof(fc.constant(0), someXid), infobits: fc.constantFrom(0, 1) },
    ),
    rule(
      'The page is stamped once, with the end of the record, high half first.',
      'One record, one change: after a crash both versions are on the page, or none of it.',
      { span: spans(1n << 32n, 1n << 40n) },
    ),
  ],
  alsoRight: {
    'the new columns first, then all in one piece': assembled(({ bitmap, changed, prefix, suffix }) => [
      bitmap,
      prefix('columns'),
      changed,
      suffix('end'),
    ]),
  },
  wrong: {
    'the old version still points to itself': variant((view, { old }, { block, oldOffnum }) => {
      view.setUint16(old + 12, block >>> 16, true)
      view.setUint16(old + 14, block & 0xffff, true)
      view.setUint16(old + 16, oldOffnum, true)
    }),
    'the new version points back': variant((view, { row }, { oldOffnum }) =>
      view.setUint16(row + 16, oldOffnum, true),
    ),
    'the old version is taken off the page': variant((view, _places, { oldOffnum }) =>
      view.setUint32(20 + 4 * oldOffnum, 0, true),
    ),
    'HEAP_HOT_UPDATED forgotten': variant((view, { old }) =>
      view.setUint16(old + 18, view.getUint16(old + 18, true) & ~UPDATE_BITS.HOT_UPDATED, true),
    ),
    'the old t_infomask stays': variant((view, { old }, _update, before) =>
      view.setUint16(old + 20, before.getUint16(old + 20, true), true),
    ),
    'only HEAP_XMAX_INVALID is wiped out': variant((view, { old }, { oldInfobits }, before) =>
      view.setUint16(
        old + 20,
        (before.getUint16(old + 20, true) & ~0x0820) | masksOf(oldInfobits).infomask,
        true,
      ),
    ),
    'infobits are not looked at': variant(nothing, (update) => ({ ...update, oldInfobits: 0 })),
    'the command stays in the old version': variant((view, { old }, _update, before) =>
      view.setUint32(old + 8, before.getUint32(old + 8, true), true),
    ),
    'HEAP_COMBOCID stays': variant((view, { old }, _update, before) =>
      view.setUint16(
        old + 20,
        view.getUint16(old + 20, true) | (before.getUint16(old + 20, true) & UPDATE_BITS.COMBOCID),
        true,
      ),
    ),
    'pd_prune_xid forgotten': variant((view, _places, _update, before) =>
      view.setUint32(20, before.getUint32(20, true), true),
    ),
    'pd_prune_xid is the last one': variant((view, _places, { xid }) => view.setUint32(20, xid, true)),
    'pd_prune_xid is the smaller number': variant((view, _places, { xid }, before) => {
      const known = before.getUint32(20, true)
      view.setUint32(20, known === 0 ? xid : Math.min(known, xid), true)
    }),
    'the new t_xmax is 0': variant(nothing, (update) => ({ ...update, newXmax: 0 })),
    'the new t_xmax is the old one': variant(nothing, (update) => ({ ...update, newXmax: update.oldXmax })),
    'what the record has is all': recordOnly,
    'the prefix before the bitmap': assembled(({ bitmap, changed, prefix, suffix }) => [
      prefix('columns'),
      bitmap,
      changed,
      suffix('end'),
    ]),
    'the prefix from the first byte of the old row': assembled(({ bitmap, changed, prefix, suffix }) => [
      bitmap,
      prefix('row'),
      changed,
      suffix('end'),
    ]),
    'the prefix from where the new columns begin': assembled(({ bitmap, changed, prefix, suffix }) => [
      bitmap,
      prefix('new t_hoff'),
      changed,
      suffix('end'),
    ]),
    'the suffix from the aligned end': assembled(({ bitmap, changed, prefix, suffix }) => [
      bitmap,
      prefix('columns'),
      changed,
      suffix('aligned end'),
    ]),
    'the suffix before the changed columns': assembled(({ bitmap, changed, prefix, suffix }) => [
      bitmap,
      prefix('columns'),
      suffix('end'),
      changed,
    ]),
    'low half of the LSN first': variant((view, _places, { endLsn }) => view.setBigUint64(0, endLsn, true)),
    'stamped with the start of the record': variant((view, _places, { lsn }) => {
      view.setUint32(0, Number(lsn >> 32n), true)
      view.setUint32(4, Number(lsn & 0xffffffffn), true)
    }),
  },
}
