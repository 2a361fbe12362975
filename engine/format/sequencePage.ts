// A sequence is a table of one row on one page; its special space holds a magic number (commands/sequence.c).

import { struct, u32, type Struct, type ValueOf } from '../bytes/layout.js'

const magic = struct('sequence_magic', 4, { magic: u32(0) })
export type sequence_magic = ValueOf<typeof magic>
export const sequence_magic: Struct<sequence_magic> = magic
export const SEQ_MAGIC = 0x1717

/** The main data starts with the sequence's locator (xl_seq_rec, 12 bytes); the row follows. */
const logged = struct('xl_seq_rec', 12, { spcOid: u32(0), dbOid: u32(4), relNumber: u32(8) })
export type xl_seq_rec = ValueOf<typeof logged>
export const xl_seq_rec: Struct<xl_seq_rec> = logged
