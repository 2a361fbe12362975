// Layouts against what a C compiler printed for PostgreSQL 18.3's headers: struct, size, then field and offset. Sizes
// are those in WAL, which leaves out the padding at a struct's end.

import { expect, test } from 'vitest'
import type { Struct } from '../bytes/layout.js'
import * as records from './heapRecords.js'
import {
  HEAP_TUPLE_HEADER_SIZE,
  HeapTupleHeaderData,
  ItemPointerData,
  MAX_HEAP_TUPLES_PER_PAGE,
} from './heapTuple.js'

const printed = `
  ItemPointerData 6
  HeapTupleHeaderData 23 t_ctid 12 t_infomask2 18 t_infomask 20 t_hoff 22
  xl_heap_header 5 t_infomask2 0 t_infomask 2 t_hoff 4
  xl_heap_insert 3 offnum 0 flags 2
  xl_heap_delete 8 xmax 0 offnum 4 infobits_set 6 flags 7
  xl_heap_update 14 old_xmax 0 old_offnum 4 old_infobits_set 6 flags 7 new_xmax 8 new_offnum 12
  xl_heap_truncate 12 dbId 0 nrelids 4 flags 8
  xl_heap_confirm 2 offnum 0
  xl_heap_lock 8 xmax 0 offnum 4 infobits_set 6 flags 7
  xl_heap_lock_updated 8 xmax 0 offnum 4 infobits_set 6 flags 7
  xl_heap_inplace 20 offnum 0 dbId 4 tsId 8 relcacheInitFileInval 12 nmsgs 16
  xl_heap_multi_insert 4 flags 0 ntuples 2
  xl_multi_insert_tuple 7 datalen 0 t_infomask2 2 t_infomask 4 t_hoff 6
  xl_heap_prune 2 reason 0 flags 1
  xlhp_freeze_plan 12 xmax 0 t_infomask2 4 t_infomask 6 frzflags 8 ntuples 10
  xlhp_freeze_plans 4
  xlhp_prune_items 2
  xl_heap_visible 5 snapshotConflictHorizon 0 flags 4
  xl_heap_new_cid 34 top_xid 0 cmin 4 cmax 8 combocid 12 spcOid 16 dbOid 20 relNumber 24 target_tid 28
  xl_heap_rewrite_mapping 40 mapped_xid 0 mapped_db 4 mapped_rel 8 offset 16 num_mappings 24 start_lsn 32`

const declared = new Map(
  [HeapTupleHeaderData, ItemPointerData, ...Object.values(records)]
    .filter((value) => typeof value === 'object' && 'fields' in value)
    .map((struct) => [(struct as unknown as Struct<never>).name, struct as unknown as Struct<never>]),
)

test.each(
  printed
    .trim()
    .split('\n')
    .map((line) => line.trim().split(' ')),
)('%s', (name, size, ...fields) => {
  const struct = declared.get(name)
  expect(struct?.size).toBe(Number(size))
  const at = struct?.at as unknown as Record<string, number>
  for (let i = 0; i < fields.length; i += 2) expect(at[fields[i]], fields[i]).toBe(Number(fields[i + 1]))
})

test('every declared struct is checked', () => {
  expect([...declared.keys()].filter((name) => !printed.includes(`  ${name} `))).toEqual([])
})

test('constants of htup_details.h', () => {
  expect([HEAP_TUPLE_HEADER_SIZE, MAX_HEAP_TUPLES_PER_PAGE]).toEqual([23, Math.floor((8192 - 24) / (24 + 4))])
})
