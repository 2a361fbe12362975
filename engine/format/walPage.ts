// A WAL segment is a file of 8192-byte pages. Every page opens with a header; the first page of a segment with a
// longer one, which says whose log this is (access/xlog_internal.h, XLogPageHeaderData).
//
//   │ magic │ info │ tli │ pageaddr │ rem_len │pad│ sysid │ seg_size │ blcksz │ records …
//   0       2      4     8          16        20  24      32         36       40
//                                                 └──── long header only ───┘

import { struct, u16, u32, u64, type Struct, type ValueOf } from '../bytes/layout.js'
import type { Lsn } from './lsn.js'

export const XLOG_BLCKSZ = 8192
export const XLOG_PAGE_MAGIC = 0xd118

const short = struct('XLogPageHeaderData', 24, {
  xlp_magic: u16(0),
  xlp_info: u16(2),
  xlp_tli: u32(4),
  xlp_pageaddr: u64(8), //    LSN of this page's first byte
  xlp_rem_len: u32(16), //    bytes still to come of a record begun on an earlier page
})
export type XLogPageHeader = ValueOf<typeof short>
export const XLogPageHeader: Struct<XLogPageHeader> = short

const long = struct('XLogLongPageHeaderData', 40, {
  xlp_magic: u16(0),
  xlp_info: u16(2),
  xlp_tli: u32(4),
  xlp_pageaddr: u64(8),
  xlp_rem_len: u32(16),
  xlp_sysid: u64(24),
  xlp_seg_size: u32(32),
  xlp_xlog_blcksz: u32(36),
})
export type XLogLongPageHeader = ValueOf<typeof long>
export const XLogLongPageHeader: Struct<XLogLongPageHeader> = long

/** Bits of xlp_info. */
export const XLP = {
  FIRST_IS_CONTRECORD: 0x0001,
  LONG_HEADER: 0x0002,
  BKP_REMOVABLE: 0x0004,
  FIRST_IS_OVERWRITE_CONTRECORD: 0x0008,
  ALL_FLAGS: 0x000f,
} as const

/** Bytes before the first record of a page: 40 on a segment's first page, else 24. `offset` is in the segment. */
export function pageHeaderSize(offset: number): number {
  return offset < XLOG_BLCKSZ ? XLogLongPageHeader.size : XLogPageHeader.size
}

/**
 * Bytes of the log before a position that can hold records: page headers are not counted. `lsn` must not lie inside a
 * header; a page's first byte counts as the end of the page before. PostgreSQL reserves room for records in this count,
 * because there reserving is one addition (xlog.c, XLogRecPtrToBytePos, ReserveXLogInsertLocation).
 */
export function recordBytesBefore(lsn: Lsn, segmentSize: number): bigint {
  const [page, segment] = [BigInt(XLOG_BLCKSZ), BigInt(segmentSize)]
  const [short, long] = [BigInt(XLogPageHeader.size), BigInt(XLogLongPageHeader.size)]
  // Headers that lie before `lsn`: those of a page begun at it, or later, do not.
  const pages = (lsn + page - 1n) / page
  const segments = (lsn + segment - 1n) / segment
  return lsn - pages * short - segments * (long - short)
}
