// An index tuple: eight bytes of header, perhaps a null bitmap, then the key (access/itup.h).
//
//   │ t_tid: block high, block low, offset │ t_info │ key …
//   0                                      6        8
//
// t_tid points to the row in the table. t_info: size of the whole tuple (13 bits), one bit that belongs to the index
// method, one for variable-width keys, one for nulls.

import { struct, u16, type Struct, type ValueOf } from '../bytes/layout.js'

const declared = struct('IndexTupleData', 8, {
  bi_hi: u16(0), //     t_tid.ip_blkid: the high half stands first
  bi_lo: u16(2),
  ip_posid: u16(4), //  t_tid.ip_posid
  t_info: u16(6),
})
export type IndexTupleData = ValueOf<typeof declared>
export const IndexTupleData: Struct<IndexTupleData> = declared
export const INDEX_TUPLE_HEADER_SIZE = 8

/** Bytes of a tuple identifier (ItemPointerData): block as two halves, offset number. */
export const TID_SIZE = 6

/** Bits of t_info. */
export const INDEX_INFO = {
  SIZE_MASK: 0x1fff,
  AM_RESERVED: 0x2000,
  HAS_VARWIDTHS: 0x4000,
  HAS_NULLS: 0x8000,
} as const

/** Size in bytes of the index tuple at `at`, its header included (IndexTupleSize). */
export function indexTupleSize(view: DataView, at: number): number {
  return view.getUint16(at + 6, true) & INDEX_INFO.SIZE_MASK
}

/** The block number in the tuple's t_tid. */
export function tidBlock(view: DataView, at: number): number {
  return view.getUint16(at, true) * 65536 + view.getUint16(at + 2, true)
}

export function setTidBlock(view: DataView, at: number, block: number): void {
  view.setUint16(at, block >>> 16, true)
  view.setUint16(at + 2, block & 0xffff, true)
}
