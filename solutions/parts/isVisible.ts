// 05-abort: which rows count after recovery.

import fc from 'fast-check'
import { HEAP } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  looking,
  rowNote,
  rowOf,
  xid,
  type RowHeader,
  type RowInput,
} from '../../exercises/parts/isVisible.js'
import type { Solution } from '../solution.js'

const HEAP_XMAX_KEYSHR_LOCK = 0x0010
const HEAP_XMAX_EXCL_LOCK = 0x0040
const HEAP_XMAX_LOCK_ONLY = 0x0080
const HEAP_XMIN_COMMITTED = 0x0100
const HEAP_XMIN_INVALID = 0x0200
const HEAP_XMAX_COMMITTED = 0x0400
const HEAP_XMAX_INVALID = 0x0800
const HEAP_XMAX_IS_MULTI = 0x1000

/** First who made it, then who ended it; a hint bit answers before pg_xact is asked. */
export function isVisible(
  row: { t_xmin: number; t_xmax: number; t_infomask: number; updater: number },
  committed: readonly number[],
): boolean {
  const is = (bits: number): boolean => (row.t_infomask & bits) !== 0
  // Both bits of xmin together are HEAP_XMIN_FROZEN, so "committed" is looked at first.
  if (!is(HEAP_XMIN_COMMITTED) && (is(HEAP_XMIN_INVALID) || !committed.includes(row.t_xmin))) return false
  if (is(HEAP_XMAX_INVALID) || is(HEAP_XMAX_LOCK_ONLY)) return true
  const lock = row.t_infomask & (HEAP_XMAX_IS_MULTI | HEAP_XMAX_KEYSHR_LOCK | HEAP_XMAX_EXCL_LOCK)
  if (lock === HEAP_XMAX_EXCL_LOCK) return true // a lock for update, taken before 9.3
  if (is(HEAP_XMAX_IS_MULTI)) return !committed.includes(row.updater)
  return !is(HEAP_XMAX_COMMITTED) && !committed.includes(row.t_xmax)
}

function rule(text: string, why: string, input: fc.Arbitrary<RowInput>): Check {
  return generated(looking, { rule: text, why, note: rowNote, input })
}

/** Bits that say nothing of transactions. */
const otherBits = fc
  .subarray([HEAP.HASNULL, HEAP.HASVARWIDTH, HEAP.HASEXTERNAL, HEAP.COMBOCID, HEAP.UPDATED])
  .map((bits) => bits.reduce((mask, bit) => mask | bit, 0))
const lockBits = fc.constantFrom(
  HEAP.XMAX_KEYSHR_LOCK,
  HEAP.XMAX_EXCL_LOCK,
  HEAP.XMAX_KEYSHR_LOCK | HEAP.XMAX_EXCL_LOCK,
)
const made = fc.constantFrom(0, HEAP.XMIN_COMMITTED, HEAP.XMIN_INVALID, HEAP.XMIN_FROZEN)
const ended = fc.constantFrom(0, HEAP.XMAX_COMMITTED, HEAP.XMAX_INVALID)
/** Multixacts are counted by themselves: their numbers are also those of transactions. */
const multi = fc.oneof(fc.integer({ min: 1, max: 9 }), xid)
const WINNER = 760

/** The solution, asked about another header. */
const seenAs =
  (change: (row: RowHeader, committed: readonly number[]) => Partial<RowHeader>) =>
  (...[row, committed]: RowInput): boolean =>
    isVisible({ ...row, ...change(row, committed) }, committed)
const without = (bits: number): ((...input: RowInput) => boolean) =>
  seenAs(({ t_infomask }) => ({ t_infomask: t_infomask & ~bits }))

export const isVisibleSolution: Solution<'isVisible'> = {
  name: 'isVisible',
  solution: isVisible,
  hidden: [
    rule(
      'Without hint bits pg_xact is asked about both, whatever else the row says of itself.',
      'A row counts if t_xmin committed and t_xmax did not (HeapTupleSatisfiesMVCC, heapam_visibility.c).',
      fc
        .tuple(xid, xid, otherBits, fc.boolean())
        .map(([xmin, xmax, bits, whole]) =>
          whole ? rowOf(xmin, 0, bits | HEAP.XMAX_INVALID) : rowOf(xmin, xmax, bits),
        ),
    ),
    rule(
      'Hint bits of t_xmin are believed; both together mean frozen.',
      'A frozen row may be older than pg_xact itself: nobody is left to ask.',
      fc.tuple(xid, made).map(([xmin, hint]) => rowOf(xmin, 0, hint | HEAP.XMAX_INVALID)),
    ),
    rule(
      'Hint bits of t_xmax are believed.',
      'HEAP_XMAX_INVALID: the deletion was lost. Whoever asks pg_xact again pays for it, or asks about an id that is used anew.',
      fc.tuple(made, xid, ended).map(([before, xmax, hint]) => rowOf(WINNER, xmax, before | hint)),
    ),
    rule(
      'A lock is no end.',
      'SELECT … FOR UPDATE writes its id into t_xmax, too; its commit gives the row back (HEAP_XMAX_LOCK_ONLY).',
      fc
        .tuple(made, xid, lockBits, fc.boolean())
        .map(([before, xmax, lock, only]) =>
          only ? rowOf(WINNER, xmax, before | lock | HEAP.XMAX_LOCK_ONLY) : rowOf(WINNER, xmax, before),
        ),
    ),
    rule(
      'Of a multixact, the member that updates decides; one that only locks ends nothing.',
      'The number in t_xmax is no transaction: a transaction of the same number has nothing to do with this row.',
      fc
        .tuple(multi, fc.option(xid, { nil: 0 }), lockBits, fc.constantFrom(0, HEAP.XMAX_INVALID))
        .map(([id, updater, lock, hint]) => {
          const only = updater === 0 ? HEAP.XMAX_LOCK_ONLY : 0
          const bits = HEAP.XMAX_IS_MULTI | HEAP.XMIN_COMMITTED | lock | hint | only
          return rowOf(WINNER, id, bits, updater)
        }),
    ),
    rule(
      'A row locked before PostgreSQL 9.3 has HEAP_XMAX_EXCL_LOCK alone.',
      'Clusters are upgraded, and pg_upgrade takes pages along as they are (HEAP_XMAX_IS_LOCKED_ONLY, htup_details.h).',
      fc
        .tuple(made, xid, lockBits, fc.constantFrom(0, HEAP.XMAX_COMMITTED))
        .map(([before, xmax, lock, hint]) => rowOf(WINNER, xmax, before | lock | hint)),
    ),
  ],
  alsoRight: {
    'who made it, who ended it': ({ t_xmin, t_xmax, t_infomask, updater }, committed) => {
      const hint = (t_infomask >> 8) & 3
      const begun = hint === 0 ? committed.includes(t_xmin) : hint !== 2
      const locks = t_infomask & 0x0080 || (t_infomask & 0x1050) === 0x0040
      const ender = t_infomask & 0x0800 || locks ? 0 : t_infomask & 0x1000 ? updater : t_xmax
      const hinted = (t_infomask & 0x1400) === 0x0400
      return begun && (ender === 0 || !(hinted || committed.includes(ender)))
    },
  },
  wrong: {
    'only who made it': ({ t_xmin, t_infomask }, committed) =>
      isVisible({ t_xmin, t_xmax: 0, t_infomask: t_infomask | HEAP.XMAX_INVALID, updater: 0 }, committed),
    'any t_xmax ends it': seenAs(({ t_xmax, t_infomask }) =>
      t_xmax !== 0 ? { t_infomask: (t_infomask & 0x0300) | HEAP.XMAX_COMMITTED } : {},
    ),
    'frozen is invalid': seenAs(({ t_infomask }) =>
      t_infomask & HEAP.XMIN_INVALID ? { t_infomask: t_infomask & ~HEAP.XMIN_COMMITTED } : {},
    ),
    'no hint bits of t_xmin': without(HEAP.XMIN_FROZEN),
    'no hint bits of t_xmax': without(HEAP.XMAX_COMMITTED | HEAP.XMAX_INVALID),
    'HEAP_XMIN_INVALID not looked at': seenAs(({ t_infomask }) =>
      (t_infomask & HEAP.XMIN_FROZEN) === HEAP.XMIN_INVALID
        ? { t_infomask: t_infomask & ~HEAP.XMIN_INVALID }
        : {},
    ),
    'HEAP_XMAX_COMMITTED not looked at': without(HEAP.XMAX_COMMITTED),
    'HEAP_XMAX_INVALID not looked at': without(HEAP.XMAX_INVALID),
    'a lock ends it': seenAs(({ t_infomask }) =>
      t_infomask & HEAP.XMAX_IS_MULTI ? {} : { t_infomask: t_infomask & ~0x00d0 },
    ),
    'every lock bit is a lock': seenAs(({ t_infomask }) =>
      t_infomask & 0x0050 ? { t_infomask: t_infomask | HEAP.XMAX_LOCK_ONLY } : {},
    ),
    'only HEAP_XMAX_LOCK_ONLY is a lock': seenAs(({ t_infomask }) =>
      t_infomask & (HEAP.XMAX_IS_MULTI | HEAP.XMAX_LOCK_ONLY) ? {} : { t_infomask: t_infomask & ~0x0050 },
    ),
    'a multixact is a transaction': without(HEAP.XMAX_IS_MULTI),
    'a multixact only locks': seenAs(({ t_infomask }) =>
      t_infomask & HEAP.XMAX_IS_MULTI ? { t_infomask: t_infomask | HEAP.XMAX_LOCK_ONLY } : {},
    ),
    'a multixact is over': seenAs(({ t_infomask }) =>
      (t_infomask & (HEAP.XMAX_IS_MULTI | HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_INVALID)) === HEAP.XMAX_IS_MULTI
        ? { t_infomask: (t_infomask & 0x0300) | HEAP.XMAX_COMMITTED }
        : {},
    ),
  },
}
