// Commit and abort records: a time, then only what this transaction has, announced by the bits of xinfo
// (access/xact.h; rmgrdesc/xactdesc.c, ParseCommitRecord and ParseAbortRecord).
//
//   xact_time 8 │ xinfo 4 │ db 8 │ n, subxids │ n, relations │ n, dropped stats │ n, messages │ 2PC xid, gid │ origin

import { CorruptData } from '../bytes/errors.js'
import { bool, i32, i64, struct, u16, u32, u64, viewOf, type Struct, type ValueOf } from '../bytes/layout.js'
import { maxAlign } from './lsn.js'
import type { RelFileLocator } from './relationPath.js'

/** Operations of resource manager 1, in bits 4 … 6 of xl_info. */
export const XACT = {
  COMMIT: 0x00,
  PREPARE: 0x10,
  ABORT: 0x20,
  COMMIT_PREPARED: 0x30,
  ABORT_PREPARED: 0x40,
  ASSIGNMENT: 0x50,
  INVALIDATION: 0x60,
  OPMASK: 0x70,
  HAS_INFO: 0x80,
} as const

/** Bits of xinfo. */
export const XINFO = {
  HAS_DBINFO: 1 << 0,
  HAS_SUBXACTS: 1 << 1,
  HAS_RELFILELOCATORS: 1 << 2,
  HAS_INVALS: 1 << 3,
  HAS_TWOPHASE: 1 << 4,
  HAS_ORIGIN: 1 << 5,
  HAS_AE_LOCKS: 1 << 6,
  HAS_GID: 1 << 7,
  HAS_DROPPED_STATS: 1 << 8,
} as const

export interface TransactionEnd {
  /** Microseconds since 2000-01-01. */
  xact_time: bigint
  xinfo: number
  dbId: number
  tsId: number
  subxids: readonly number[]
  relations: readonly RelFileLocator[]
  droppedStats: ReadonlyArray<{ kind: number; dboid: number; objid: bigint }>
  /** Cache invalidation messages, 16 bytes each, as they are. */
  messages: readonly Uint8Array[]
  twophaseXid: number
  gid: string
  originLsn: bigint
  originTimestamp: bigint
}

function tooShort(main: Uint8Array): CorruptData {
  return new CorruptData({
    file: 'WAL',
    what: `a record of resource manager Transaction ends before what it announces, after ${main.length} bytes of main data`,
  })
}

/**
 * Reads the main data of a commit or abort record. `info` is the record's xl_info.
 * @throws CorruptData when it is shorter than it says
 */
export function parseTransactionEnd(main: Uint8Array, info: number): TransactionEnd {
  const view = viewOf(main)
  let at = 0
  const take = (size: number): number => {
    if (at + size > main.length) throw tooShort(main)
    return (at += size) - size
  }
  const u32 = (): number => view.getUint32(take(4), true)
  const u64 = (): bigint => view.getBigUint64(take(8), true)
  const some = <T>(present: number, size: number, read: () => T): T[] => {
    const count = present ? u32() : 0
    if (at + count * size > main.length) throw tooShort(main)
    return Array.from({ length: count }, read)
  }
  const xact_time = BigInt.asIntN(64, u64())
  const xinfo = info & XACT.HAS_INFO ? u32() : 0
  const [dbId, tsId] = xinfo & XINFO.HAS_DBINFO ? [u32(), u32()] : [0, 0]
  const subxids = some(xinfo & XINFO.HAS_SUBXACTS, 4, u32)
  const relations = some(xinfo & XINFO.HAS_RELFILELOCATORS, 12, () => ({
    spcOid: u32(),
    dbOid: u32(),
    relNumber: u32(),
  }))
  const droppedStats = some(xinfo & XINFO.HAS_DROPPED_STATS, 16, () => ({
    kind: u32(),
    dboid: u32(),
    objid: u64(),
  }))
  const messages = some(xinfo & XINFO.HAS_INVALS, 16, () => main.subarray(take(16), at))
  const twophaseXid = xinfo & XINFO.HAS_TWOPHASE ? u32() : 0
  let gid = ''
  if (xinfo & XINFO.HAS_TWOPHASE && xinfo & XINFO.HAS_GID) {
    const end = main.indexOf(0, at)
    if (end < 0) throw tooShort(main)
    gid = new TextDecoder().decode(main.subarray(at, end))
    at = end + 1
  }
  const [originLsn, originTimestamp] = xinfo & XINFO.HAS_ORIGIN ? [u64(), BigInt.asIntN(64, u64())] : [0n, 0n]
  return {
    xact_time,
    xinfo,
    dbId,
    tsId,
    subxids,
    relations,
    droppedStats,
    messages,
    twophaseXid,
    gid,
    originLsn,
    originTimestamp,
  }
}

const NONE: readonly never[] = []

/** An end without anything that xinfo could announce. `xact_time` in microseconds since 2000-01-01. */
export function plainEnd(xact_time: bigint): TransactionEnd {
  return {
    xact_time,
    xinfo: 0,
    dbId: 0,
    tsId: 0,
    subxids: NONE,
    relations: NONE,
    droppedStats: NONE,
    messages: NONE,
    twophaseXid: 0,
    gid: '',
    originLsn: 0n,
    originTimestamp: 0n,
  }
}

const prepare = struct('xl_xact_prepare', 72, {
  magic: u32(0), //           TWOPHASE_MAGIC
  total_len: u32(4), //       of the file, CRC included
  xid: u32(8),
  database: u32(12),
  prepared_at: i64(16),
  owner: u32(24),
  nsubxacts: i32(28),
  ncommitrels: i32(32),
  nabortrels: i32(36),
  ncommitstats: i32(40),
  nabortstats: i32(44),
  ninvalmsgs: i32(48),
  initfileinval: bool(52),
  gidlen: u16(54),
  origin_lsn: u64(56),
  origin_timestamp: i64(64),
})
export type XlXactPrepare = ValueOf<typeof prepare>
export const XlXactPrepare: Struct<XlXactPrepare> = prepare
export const TWOPHASE_MAGIC = 0x57f94534

/**
 * What a PREPARE record, or a file of pg_twophase, says of its transaction (twophase.c).
 * @throws CorruptData when it is shorter than it says
 */
export function parsePrepare(main: Uint8Array): { header: XlXactPrepare; gid: string; subxids: number[] } {
  if (main.length < XlXactPrepare.size) throw tooShort(main)
  const header = XlXactPrepare.read(main)
  const gidAt = maxAlign(XlXactPrepare.size)
  const gid = new TextDecoder().decode(main.subarray(gidAt, gidAt + header.gidlen - 1))
  const subxidsAt = gidAt + maxAlign(header.gidlen)
  if (header.nsubxacts < 0 || subxidsAt + 4 * header.nsubxacts > main.length) throw tooShort(main)
  const view = viewOf(main)
  const subxids = Array.from({ length: header.nsubxacts }, (_, i) => view.getUint32(subxidsAt + 4 * i, true))
  return { header, gid, subxids }
}
