// Explains changes of tables and sequences: rows inserted, updated, deleted, locked, tidied away.

import {
  XLH_DELETE,
  XLH_INSERT,
  XLHL,
  xl_heap_delete,
  xl_heap_insert,
  xl_heap_lock,
  xl_heap_multi_insert,
  xl_heap_new_cid,
  xl_heap_prune,
  xl_heap_truncate,
  xl_heap_update,
  xl_heap_visible,
} from '../../format/heapRecords.js'
import { HeapTupleHeaderData } from '../../format/heapTuple.js'
import { VISIBILITYMAP } from '../../format/visibilityMap.js'
import { prunedItems } from '../describe/heap2.js'
import { u32List } from '../describe/text.js'
import { count, listing, type Tells, type Words } from './words.js'

function insert(words: Words, first = ''): string {
  const { offnum, flags } = xl_heap_insert.readView(words.main, 0)
  const row = words.row(0, offnum)
  if (flags & XLH_INSERT.ON_TOAST_RELATION)
    return `${words.who} stored a piece of a long value at ${row}${first}`
  const maybe = flags & XLH_INSERT.IS_SPECULATIVE ? ', to be confirmed when no other row conflicts' : ''
  return `${words.who} inserted a row at ${row}${first}${maybe}`
}

function remove(words: Words): string {
  const { offnum, flags } = xl_heap_delete.readView(words.main, 0)
  const row = words.row(0, offnum)
  if (flags & XLH_DELETE.IS_SUPER)
    return `${words.who} took back the row at ${row}: another one conflicts with it`
  if (flags & XLH_DELETE.IS_PARTITION_MOVE) return `${words.who} moved the row at ${row} to another partition`
  return `${words.who} deleted the row at ${row}`
}

function update(words: Words, after = ''): string {
  const { old_offnum, new_offnum } = xl_heap_update.readView(words.main, 0)
  const from = words.tid(words.record.block(1) ? 1 : 0, old_offnum)
  return `${words.who} updated the row at ${from}: its new version is at ${words.row(0, new_offnum)}${after}`
}

/** How strongly a row is locked (htup_details.h; heapam.c, compute_infobits). */
function lockStrength(infobits: number): string {
  const exclusive = (infobits & XLHL.XMAX_EXCL_LOCK) !== 0
  const keyShare = (infobits & XLHL.XMAX_KEYSHR_LOCK) !== 0
  if (exclusive && keyShare) return 'FOR SHARE'
  if (keyShare) return 'FOR KEY SHARE'
  if (exclusive) return infobits & XLHL.KEYS_UPDATED ? 'FOR UPDATE' : 'FOR NO KEY UPDATE'
  return 'for a change of its own'
}

function lock(words: Words, which: string): string {
  const { xmax, offnum, infobits_set } = xl_heap_lock.readView(words.main, 0)
  const row = words.row(0, offnum)
  if (infobits_set & XLHL.XMAX_IS_MULTI)
    return `${words.who} locked ${which} at ${row}, together with others: multixact ${xmax}`
  return `${words.who} locked ${which} at ${row} (${lockStrength(infobits_set)})`
}

export const heapTells: Tells = {
  INSERT: (w) => insert(w),
  'INSERT+INIT': (w) => insert(w, ', the first on this page'),
  DELETE: remove,
  UPDATE: (w) => update(w),
  'UPDATE+INIT': (w) => update(w, ', the first row on this page'),
  HOT_UPDATE: (w) => update(w, ', on the same page, so that no index needs a new entry'),
  'HOT_UPDATE+INIT': (w) => update(w, ', the first row on this page'),
  TRUNCATE: (w) => {
    const { nrelids } = xl_heap_truncate.readView(w.main, 0)
    const oids = u32List(w.main, xl_heap_truncate.size, nrelids).map(String)
    return `${w.who} truncated the tables with object ids ${listing(oids)}; only logical decoding reads this`
  },
  HEAP_CONFIRM: (w) => `${w.who} confirmed its row at ${w.row(0, w.u16(0))}: no other row conflicts`,
  LOCK: (w) => lock(w, 'the row'),
  INPLACE: (w) =>
    `${w.who} overwrote the catalog row at ${w.row(0, w.u16(0))} in place, for all to see at once`,
}

const prune =
  (who: string) =>
  (words: Words): string => {
    const { flags } = xl_heap_prune.readView(words.main, 0)
    const data = words.data(0)
    const parts: string[] = []
    if (data) {
      const { plans, redirected, dead, unused } = prunedItems(data, flags)
      const frozen = plans.reduce((sum, { offsets }) => sum + offsets.length, 0)
      if (frozen > 0) parts.push(`froze ${count(frozen, 'row')}`)
      if (redirected.length > 0)
        parts.push(`redirected ${count(redirected.length / 2, 'item')} to newer versions`)
      if (dead.length > 0) parts.push(`removed ${count(dead.length, 'dead row')} (indexes still point there)`)
      if (unused.length > 0) parts.push(`freed ${count(unused.length, 'item')}`)
    }
    return `${who} ${parts.length > 0 ? listing(parts) : 'tidied'} on ${words.page(0)}`
  }

function multiInsert(words: Words): string {
  const { ntuples } = xl_heap_multi_insert.readView(words.main, 0)
  return `${words.who} inserted ${count(ntuples, 'row')} on ${words.page(0)}`
}

export const heap2Tells: Tells = {
  REWRITE: (w) =>
    `${w.who} noted where ${count(w.u32(24), 'row')} went when a table was rewritten, for logical decoding`,
  PRUNE_ON_ACCESS: prune('a query passing by'),
  PRUNE_VACUUM_SCAN: prune('VACUUM, on its way through the table,'),
  PRUNE_VACUUM_CLEANUP: prune('VACUUM, after the indexes,'),
  VISIBLE: (w) => {
    const { flags } = xl_heap_visible.readView(w.main, 0)
    const frozen = flags & VISIBILITYMAP.ALL_FROZEN ? ', and frozen' : ''
    return `every row on ${w.page(1)} is now visible to all${frozen}: the visibility map says so`
  },
  MULTI_INSERT: multiInsert,
  'MULTI_INSERT+INIT': (w) => `${multiInsert(w)}, the first there`,
  LOCK_UPDATED: (w) => lock(w, 'a newer version of a row'),
  NEW_CID: (w) => {
    const c = xl_heap_new_cid.readView(w.main, 0)
    const { bi_hi, bi_lo, ip_posid } = c.target_tid
    const tid = `(${bi_hi * 0x10000 + bi_lo},${ip_posid})`
    return `${w.who} noted which of its commands touched the catalog row ${tid} of ${w.relation(c)}, for logical decoding`
  },
}

const SEQUENCE_TUPLE_AT = 12 // after the locator

export const sequenceTells: Tells = {
  LOG: (w) => {
    const hoff = w.main.getUint8(SEQUENCE_TUPLE_AT + HeapTupleHeaderData.at.t_hoff)
    const value = w.main.getBigInt64(SEQUENCE_TUPLE_AT + hoff, true)
    const [ref] = w.record.blocks
    const sequence = ref ? w.relation(ref, 'sequence') : 'a sequence'
    return `${w.who} set aside the values of ${sequence} up to ${value}: after a crash it goes on from there`
  },
}
