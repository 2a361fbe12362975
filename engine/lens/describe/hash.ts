// Describes records of resource manager Hash (hashdesc.c, hash_desc).

import {
  XLH_SPLIT_META_UPDATE,
  XLOG_HASH,
  xl_hash_add_ovfl_page,
  xl_hash_delete,
  xl_hash_init_bitmap_page,
  xl_hash_init_meta_page,
  xl_hash_insert,
  xl_hash_move_page_contents,
  xl_hash_split_allocate_page,
  xl_hash_split_complete,
  xl_hash_squeeze_page,
  xl_hash_update_meta_page,
  xl_hash_vacuum_one_page,
} from '../../format/hashRecords.js'
import type { WalRecord } from '../../wal/record.js'
import { flag, generalText } from './text.js'

export function describeHash(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_HASH.INIT_META_PAGE: {
      const meta = xl_hash_init_meta_page.readView(main, 0)
      return `num_tuples ${generalText(meta.num_tuples)}, fillfactor ${meta.ffactor}`
    }
    case XLOG_HASH.INIT_BITMAP_PAGE:
      return `bmsize ${xl_hash_init_bitmap_page.readView(main, 0).bmsize}`
    case XLOG_HASH.INSERT:
      return `off ${xl_hash_insert.readView(main, 0).offnum}`
    case XLOG_HASH.ADD_OVFL_PAGE: {
      const { bmsize, bmpage_found } = xl_hash_add_ovfl_page.readView(main, 0)
      return `bmsize ${bmsize}, bmpage_found ${flag(bmpage_found)}`
    }
    case XLOG_HASH.SPLIT_ALLOCATE_PAGE: {
      const { new_bucket, flags } = xl_hash_split_allocate_page.readView(main, 0)
      const masks = `meta_page_masks_updated ${flag(flags & XLH_SPLIT_META_UPDATE.MASKS)}`
      return `new_bucket ${new_bucket}, ${masks}, issplitpoint_changed ${flag(flags & XLH_SPLIT_META_UPDATE.SPLITPOINT)}`
    }
    case XLOG_HASH.SPLIT_COMPLETE: {
      const { old_bucket_flag, new_bucket_flag } = xl_hash_split_complete.readView(main, 0)
      return `old_bucket_flag ${old_bucket_flag}, new_bucket_flag ${new_bucket_flag}`
    }
    default:
      return describeRemoval(main, record)
  }
}

/** Records that move entries together, or remove them. */
function describeRemoval(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case XLOG_HASH.MOVE_PAGE_CONTENTS: {
      const { ntups, is_prim_bucket_same_wrt } = xl_hash_move_page_contents.readView(main, 0)
      return `ntups ${ntups}, is_primary ${flag(is_prim_bucket_same_wrt)}`
    }
    case XLOG_HASH.SQUEEZE_PAGE: {
      const s = xl_hash_squeeze_page.readView(main, 0)
      const links = `prevblkno ${s.prevblkno}, nextblkno ${s.nextblkno}`
      return `${links}, ntups ${s.ntups}, is_primary ${flag(s.is_prim_bucket_same_wrt)}`
    }
    case XLOG_HASH.DELETE: {
      const { clear_dead_marking, is_primary_bucket_page } = xl_hash_delete.readView(main, 0)
      return `clear_dead_marking ${flag(clear_dead_marking)}, is_primary ${flag(is_primary_bucket_page)}`
    }
    case XLOG_HASH.UPDATE_META_PAGE:
      return `ntuples ${generalText(xl_hash_update_meta_page.readView(main, 0).ntuples)}`
    case XLOG_HASH.VACUUM_ONE_PAGE: {
      const v = xl_hash_vacuum_one_page.readView(main, 0)
      const horizon = `snapshotConflictHorizon ${v.snapshotConflictHorizon}`
      return `ntuples ${v.ntuples}, ${horizon}, isCatalogRel ${flag(v.isCatalogRel)}`
    }
    default:
      return ''
  }
}
