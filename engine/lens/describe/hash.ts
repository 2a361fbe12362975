// Describes records of resource manager Hash (hashdesc.c, hash_desc).

import { bool, f64, struct, u16, u32, u8, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'
import { flag, generalText } from './text.js'

const INIT_META_PAGE = 0x00
const INIT_BITMAP_PAGE = 0x10
const INSERT = 0x20
const ADD_OVFL_PAGE = 0x30
const SPLIT_ALLOCATE_PAGE = 0x40
const SPLIT_COMPLETE = 0x60
const MOVE_PAGE_CONTENTS = 0x70
const SQUEEZE_PAGE = 0x80
const DELETE = 0x90
const UPDATE_META_PAGE = 0xb0
const VACUUM_ONE_PAGE = 0xc0

const META_UPDATE_MASKS = 0x01
const META_UPDATE_SPLITPOINT = 0x02

const xl_hash_init_meta_page: Struct<{ num_tuples: number; ffactor: number }> = struct(
  'xl_hash_init_meta_page',
  14,
  {
    num_tuples: f64(0),
    ffactor: u16(12),
  },
)
const xl_hash_split_allocate_page: Struct<{ new_bucket: number; flags: number }> = struct(
  'xl_hash_split_allocate_page',
  9,
  { new_bucket: u32(0), flags: u8(8) },
)

interface Squeeze {
  prevblkno: number
  nextblkno: number
  ntups: number
  is_prim_bucket_same_wrt: boolean
}
const xl_hash_squeeze_page: Struct<Squeeze> = struct('xl_hash_squeeze_page', 12, {
  prevblkno: u32(0),
  nextblkno: u32(4),
  ntups: u16(8),
  is_prim_bucket_same_wrt: bool(10),
})

interface VacuumOnePage {
  snapshotConflictHorizon: number
  ntuples: number
  isCatalogRel: boolean
}
const xl_hash_vacuum_one_page: Struct<VacuumOnePage> = struct('xl_hash_vacuum_one_page', 8, {
  snapshotConflictHorizon: u32(0),
  ntuples: u16(4),
  isCatalogRel: bool(6),
})

export function describeHash(main: DataView, record: WalRecord): string {
  const u16 = (at: number): number => main.getUint16(at, true)
  const isSet = (at: number): string => flag(main.getUint8(at))
  switch (record.info) {
    case INIT_META_PAGE: {
      const meta = xl_hash_init_meta_page.readView(main, 0)
      return `num_tuples ${generalText(meta.num_tuples)}, fillfactor ${meta.ffactor}`
    }
    case INIT_BITMAP_PAGE:
      return `bmsize ${u16(0)}`
    case INSERT:
      return `off ${u16(0)}`
    case ADD_OVFL_PAGE:
      return `bmsize ${u16(0)}, bmpage_found ${isSet(2)}`
    case SPLIT_ALLOCATE_PAGE: {
      const { new_bucket, flags } = xl_hash_split_allocate_page.readView(main, 0)
      const masks = `meta_page_masks_updated ${flag(flags & META_UPDATE_MASKS)}`
      return `new_bucket ${new_bucket}, ${masks}, issplitpoint_changed ${flag(flags & META_UPDATE_SPLITPOINT)}`
    }
    case SPLIT_COMPLETE:
      return `old_bucket_flag ${u16(0)}, new_bucket_flag ${u16(2)}`
    case MOVE_PAGE_CONTENTS:
      return `ntups ${u16(0)}, is_primary ${isSet(2)}`
    case SQUEEZE_PAGE: {
      const s = xl_hash_squeeze_page.readView(main, 0)
      const links = `prevblkno ${s.prevblkno}, nextblkno ${s.nextblkno}`
      return `${links}, ntups ${s.ntups}, is_primary ${flag(s.is_prim_bucket_same_wrt)}`
    }
    case DELETE:
      return `clear_dead_marking ${isSet(0)}, is_primary ${isSet(1)}`
    case UPDATE_META_PAGE:
      return `ntuples ${generalText(main.getFloat64(0, true))}`
    case VACUUM_ONE_PAGE: {
      const v = xl_hash_vacuum_one_page.readView(main, 0)
      const horizon = `snapshotConflictHorizon ${v.snapshotConflictHorizon}`
      return `ntuples ${v.ntuples}, ${horizon}, isCatalogRel ${flag(v.isCatalogRel)}`
    }
    default:
      return ''
  }
}
