// Layouts against what a C compiler prints for PostgreSQL 18.3's headers.

import { expect, test } from 'vitest'
import type { Struct } from '../bytes/layout.js'
import { BTMetaPageData, BTPageOpaqueData, BTREE_MAGIC, BTREE_VERSION } from './btreePage.js'
import * as records from './btreeRecords.js'
import { IndexTupleData } from './indexTuple.js'

const printed = `
  IndexTupleData 8
  BTPageOpaqueData 16 btpo_prev 0 btpo_next 4 btpo_level 8 btpo_flags 12 btpo_cycleid 14
  BTMetaPageData 48 btm_magic 0 btm_version 4 btm_root 8 btm_level 12 btm_fastroot 16 btm_fastlevel 20
    btm_last_cleanup_num_delpages 24 btm_last_cleanup_num_heap_tuples 32 btm_allequalimage 40
  xl_btree_metadata 28 version 0 root 4 level 8 fastroot 12 fastlevel 16 last_cleanup_num_delpages 20 allequalimage 24
  xl_btree_insert 2
  xl_btree_split 12 level 0 firstrightoff 4 newitemoff 6 postingoff 8
  xl_btree_dedup 2
  xl_btree_delete 12 ndeleted 4 nupdated 6
  xl_btree_vacuum 4 ndeleted 0 nupdated 2
  xl_btree_update 2
  xl_btree_mark_page_halfdead 20 poffset 0 leafblk 4 leftblk 8 rightblk 12 topparent 16
  xl_btree_unlink_page 40 leftsib 0 rightsib 4 level 8 safexid 16 leafleftsib 24 leafrightsib 28 leaftopparent 32
  xl_btree_newroot 8 rootblk 0 level 4`

const declared: Array<Struct<never>> = [
  IndexTupleData,
  BTPageOpaqueData,
  BTMetaPageData,
  records.xl_btree_metadata,
  records.xl_btree_insert,
  records.xl_btree_split,
  records.xl_btree_dedup,
  records.xl_btree_delete,
  records.xl_btree_vacuum,
  records.xl_btree_update,
  records.xl_btree_mark_page_halfdead,
  records.xl_btree_unlink_page,
  records.xl_btree_newroot,
] as unknown as Array<Struct<never>>

test.each(declared.map((layout) => [layout.name, layout] as const))('%s lies as in C', (name, layout) => {
  const words = printed.split(/\s+/)
  const at = words.indexOf(name)
  expect(layout.size).toBe(Number(words[at + 1]))
  const offsets: Record<string, number> = layout.at
  for (let i = at + 2; i < words.length && !/^(xl_|BT|Index)/.test(words[i]); i += 2)
    expect([words[i], offsets[words[i]]]).toEqual([words[i], Number(words[i + 1])])
})

test('the magic number and version of a btree', () => {
  expect([BTREE_MAGIC, BTREE_VERSION]).toEqual([340322, 4])
})
