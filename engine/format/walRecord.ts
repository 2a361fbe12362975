// A WAL record: 24 bytes of header, then small headers that announce what follows, then the payloads themselves
// (access/xlogrecord.h).
//
//   XLogRecord │ block ref 0 │ block ref 1 │ … │ main-data header ║ image 0 │ data 0 │ image 1 │ data 1 │ … │ main
//   24 bytes     └────────── announced lengths ─────────────────┘ ║ └───────────── payloads, same order ─────────┘
//
// Nothing after the first 24 bytes is aligned. The CRC covers everything but itself, payload first.

import { struct, u16, u32, u64, u8, type Struct, type ValueOf } from '../bytes/layout.js'

const declared = struct('XLogRecord', 24, {
  xl_tot_len: u32(0), //  the whole record, this header included
  xl_xid: u32(4),
  xl_prev: u64(8), //     where the previous record starts
  xl_info: u8(16), //     high half: meaning given by the resource manager
  xl_rmid: u8(17),
  xl_crc: u32(20),
})
export type XLogRecord = ValueOf<typeof declared>
export const XLogRecord: Struct<XLogRecord> = declared

export const XLR_INFO_MASK = 0x0f
/** Checked with wal_consistency_checking: every image in the record is to be compared after redo. */
export const XLR_CHECK_CONSISTENCY = 0x02

/** First byte of a fragment header: 0 … 32 is a block reference, else one of these. */
export const FRAGMENT = {
  MAX_BLOCK_ID: 32,
  TOPLEVEL_XID: 252,
  ORIGIN: 253,
  DATA_LONG: 254,
  DATA_SHORT: 255,
} as const

/** Bits of a block reference's fork_flags. */
export const BKPBLOCK = {
  FORK_MASK: 0x0f,
  HAS_IMAGE: 0x10,
  HAS_DATA: 0x20,
  WILL_INIT: 0x40,
  SAME_REL: 0x80,
} as const

/** Bits of an image's bimg_info. */
export const BKPIMAGE = {
  HAS_HOLE: 0x01,
  APPLY: 0x02,
  COMPRESS_PGLZ: 0x04,
  COMPRESS_LZ4: 0x08,
  COMPRESS_ZSTD: 0x10,
  COMPRESSED: 0x1c,
} as const

const blockHeader = struct('XLogRecordBlockHeader', 4, { id: u8(0), fork_flags: u8(1), data_length: u16(2) })
export type XLogRecordBlockHeader = ValueOf<typeof blockHeader>
export const XLogRecordBlockHeader: Struct<XLogRecordBlockHeader> = blockHeader

const imageHeader = struct('XLogRecordBlockImageHeader', 5, {
  length: u16(0),
  hole_offset: u16(2),
  bimg_info: u8(4),
})
export type XLogRecordBlockImageHeader = ValueOf<typeof imageHeader>
export const XLogRecordBlockImageHeader: Struct<XLogRecordBlockImageHeader> = imageHeader

/** Longest record PostgreSQL writes: 1020 MiB (XLogRecordMaxSize). */
export const XLOG_RECORD_MAX_SIZE = 1020 * 1024 * 1024
/** Highest built-in resource manager id; 128 … 255 belong to extensions. */
export const RM_MAX_BUILTIN_ID = 21
export const RM_MIN_CUSTOM_ID = 128
