// A decoded record points into the bytes it was read from: nothing is copied until somebody asks.

import { viewOf } from '../bytes/layout.js'
import { BKPBLOCK, BKPIMAGE } from '../format/walRecord.js'
import { lsnOf, type Lsn } from '../format/lsn.js'
import type { RelFileLocator } from '../format/relationPath.js'

/** A full-page image inside a record; `at` is an offset in the record's buffer. */
export interface BlockImage {
  at: number
  readonly length: number
  readonly hole_offset: number
  readonly hole_length: number
  readonly bimg_info: number
}

/** One page that a record touches. */
export class BlockRef implements RelFileLocator {
  /** Offset of the block's data in the record's buffer, and its length in bytes. */
  dataAt = 0
  dataLength = 0
  image: BlockImage | undefined = undefined
  constructor(
    readonly id: number,
    readonly flags: number,
    readonly spcOid: number,
    readonly dbOid: number,
    readonly relNumber: number,
    readonly block: number,
  ) {}
  get fork(): number {
    return this.flags & BKPBLOCK.FORK_MASK
  }
  get willInit(): boolean {
    return (this.flags & BKPBLOCK.WILL_INIT) !== 0
  }
  /** An image that redo must put in place (BKPIMAGE_APPLY), not one that is there to be compared. */
  get appliesImage(): boolean {
    return this.image !== undefined && (this.image.bimg_info & BKPIMAGE.APPLY) !== 0
  }
}

const NO_BYTES = new Uint8Array(0)
const NO_BLOCKS: readonly BlockRef[] = []

/** A whole record, checked and decoded. */
export class WalRecord {
  readonly kind = 'record'
  blocks: readonly BlockRef[] = NO_BLOCKS
  /** Offset of the main data in `bytes`, and its length. */
  mainAt = 0
  mainLength = 0
  /** Top-level transaction of a subtransaction's first record; 0 when not given. */
  toplevelXid = 0
  /** Replication origin; 0 when not given. */
  origin = 0
  constructor(
    /** The record's bytes stand in `bytes` from `at` on, page headers taken out; `view` sees the same memory. */
    readonly bytes: Uint8Array,
    readonly view: DataView,
    readonly at: number,
    readonly xl_tot_len: number,
    readonly xl_xid: number,
    readonly xl_info: number,
    readonly xl_rmid: number,
    /** Start and end of the record as 32-bit halves: what the hot loop compares with a page's LSN. */
    readonly lsnHigh: number,
    readonly lsnLow: number,
    readonly endHigh: number,
    readonly endLow: number,
  ) {}
  /** Where the record starts. */
  get lsn(): Lsn {
    return lsnOf(this.lsnHigh, this.lsnLow)
  }
  /** The first position after the record (EndRecPtr): the LSN that redo compares and stamps. */
  get endLsn(): Lsn {
    return lsnOf(this.endHigh, this.endLow)
  }
  get xl_prev(): Lsn {
    return this.view.getBigUint64(this.at + 8, true)
  }
  get xl_crc(): number {
    return this.view.getUint32(this.at + 20, true)
  }
  /** The record as it is in WAL, without page headers. */
  get raw(): Uint8Array {
    return this.bytes.subarray(this.at, this.at + this.xl_tot_len)
  }
  get main(): Uint8Array {
    return this.bytes.subarray(this.mainAt, this.mainAt + this.mainLength)
  }
  /** The operation, as the resource manager reads it: the high half of xl_info. */
  get info(): number {
    return this.xl_info & 0xf0
  }
  /** The block reference with this id; undefined when the record has none. */
  block(id: number): BlockRef | undefined {
    const blocks = this.blocks
    for (let i = 0; i < blocks.length; i++) if (blocks[i].id === id) return blocks[i]
    return undefined
  }
  blockData(ref: BlockRef): Uint8Array {
    return this.bytes.subarray(ref.dataAt, ref.dataAt + ref.dataLength)
  }
  imageBytes(image: BlockImage): Uint8Array {
    return this.bytes.subarray(image.at, image.at + image.length)
  }
}

/** What may be written again in objects that nobody keeps. */
type Reused<T> = { -readonly [K in keyof T]: T[K] }

/**
 * One record and its block references, filled in anew for each record of the log: what a reader hands out to loops that
 * keep none. Millions of records then leave nothing to clear away.
 */
export class ReusedRecord {
  private readonly refs: BlockRef[] = []
  private readonly lists: BlockRef[][] = [[]]
  private readonly record = new WalRecord(NO_BYTES, viewOf(NO_BYTES), 0, 0, 0, 0, 0, 0, 0, 0, 0)

  /** The record, without blocks and main data so far. */
  become(
    bytes: Uint8Array,
    view: DataView,
    at: number,
    lsnHigh: number,
    lsnLow: number,
    endHigh: number,
    endLow: number,
  ): WalRecord {
    const record: Reused<WalRecord> = this.record
    record.bytes = bytes
    record.view = view
    record.at = at
    record.xl_tot_len = view.getUint32(at, true)
    record.xl_xid = view.getUint32(at + 4, true)
    record.xl_info = view.getUint8(at + 16)
    record.xl_rmid = view.getUint8(at + 17)
    record.lsnHigh = lsnHigh
    record.lsnLow = lsnLow
    record.endHigh = endHigh
    record.endLow = endLow
    record.blocks = NO_BLOCKS
    record.mainAt = record.mainLength = record.toplevelXid = record.origin = 0
    return this.record
  }

  /** Block reference number `n` of the record. */
  ref(
    n: number,
    id: number,
    flags: number,
    spcOid: number,
    dbOid: number,
    relNumber: number,
    block: number,
  ): BlockRef {
    if (n === this.refs.length) {
      this.refs.push(new BlockRef(id, flags, spcOid, dbOid, relNumber, block))
      this.lists.push([...this.refs])
    }
    const ref: Reused<BlockRef> = this.refs[n]
    ref.id = id
    ref.flags = flags
    ref.spcOid = spcOid
    ref.dbOid = dbOid
    ref.relNumber = relNumber
    ref.block = block
    return this.refs[n]
  }

  /** The first `n` block references. */
  list(n: number): readonly BlockRef[] {
    return this.lists[n]
  }
}

/** How and why the log ended: not an error, the usual end of crash recovery. */
export interface EndOfWal {
  readonly kind: 'end'
  /** Where the next record would have started. */
  readonly lsn: Lsn
  /** PostgreSQL's own sentence for the first check that failed. */
  readonly reason: string
  readonly cause: EndCause
  /**
   * When the log ends inside a record that goes over pages: where the record starts, and the page on which its
   * continuation is missing. PostgreSQL then writes on from that page.
   */
  readonly aborted?: { readonly record: Lsn; readonly missingContinuation: Lsn }
}

export type EndCause =
  | 'zeroes' //            an empty place after the last record: the clean end
  | 'missing segment' //   no file holds the next byte
  | 'page' //              a page header that is not the expected one
  | 'stale page' //        a page of a recycled segment
  | 'timeline' //          a whole record, on a page of a timeline that is not in our history
  | 'header' //            a record header that cannot be
  | 'stale record' //      a record of a recycled segment: its xl_prev is not ours
  | 'continuation' //      the rest of a record is not on the next page
  | 'checksum' //          the record's CRC does not match
  | 'contents' //          CRC right, lengths inside wrong
  | 'requested' //         the log goes on, but nobody asked for more
