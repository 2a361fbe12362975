// WAL records for tests, said in a few words. The bytes are laid out as PostgreSQL's XLogRecordAssemble lays them out
// (xloginsert.c) and then go through the engine's own decoder: what a test redoes is what a log would hold.
//
//   walRecord({ rmid: 10, info: 0x50, xid: 700, blocks: [{ block: 3 }], main: le16(7) })

import { crcFinish, crcUpdate, CRC_INIT } from '../../bytes/crc32c.js'
import { viewOf, type Struct } from '../../bytes/layout.js'
import { BLCKSZ } from '../../format/controlFile.js'
import { maxAlign, type Lsn } from '../../format/lsn.js'
import { FORK } from '../../format/relationPath.js'
import { BKPBLOCK, BKPIMAGE, FRAGMENT, XLogRecord } from '../../format/walRecord.js'
import { decodeRecord } from '../../wal/decoder.js'
import { WalRecord } from '../../wal/record.js'

/** The relation of a block that names none. */
export const TEST_RELATION = { spcOid: 1663, dbOid: 5, relNumber: 16384 } as const

/** Where a record starts when the test does not care. */
export const TEST_LSN: Lsn = 0x2000028n

/** One block reference; ids count up from 0 when not given. */
export interface BlockSpec {
  block: number
  id?: number
  /** 0 main, 1 fsm, 2 vm, 3 init. */
  fork?: number
  spcOid?: number
  dbOid?: number
  relNumber?: number
  /** Redo makes the page from nothing (BKPBLOCK_WILL_INIT). */
  willInit?: boolean
  data?: Uint8Array
  /**
   * A whole page of 8192 bytes. The hole between pd_lower and pd_upper is left out, as PostgreSQL does
   * (REGBUF_STANDARD), but not in the maps, which keep their bytes just there.
   */
  image?: Uint8Array
  /** The image is there to be compared only (BKPIMAGE_APPLY not set). */
  imageForCheckOnly?: boolean
}

export interface RecordSpec {
  rmid: number
  /** xl_info: operation in the high half. */
  info: number
  xid?: number
  blocks?: readonly BlockSpec[]
  main?: Uint8Array
  lsn?: Lsn
  xl_prev?: Lsn
  toplevelXid?: number
  origin?: number
}

/** A record as redo gets it. Throws when the decoder finds the bytes wrong. */
export function walRecord(spec: RecordSpec): WalRecord {
  const lsn = spec.lsn ?? TEST_LSN
  const bytes = encodeRecord(spec)
  const end = lsn + BigInt(maxAlign(bytes.length))
  const halves = [lsn >> 32n, lsn & 0xffffffffn, end >> 32n, end & 0xffffffffn].map(Number)
  const record = new WalRecord(
    bytes,
    viewOf(bytes),
    0,
    bytes.length,
    spec.xid ?? 0,
    spec.info,
    spec.rmid,
    halves[0],
    halves[1],
    halves[2],
    halves[3],
  )
  const wrong = decodeRecord(record)
  if (wrong !== undefined) throw new Error(wrong)
  return record
}

/** The record's bytes as they stand in WAL (page headers aside), CRC included. */
export function encodeRecord(spec: RecordSpec): Uint8Array {
  const headers: Uint8Array[] = []
  const payloads: Uint8Array[] = []
  let previous: BlockSpec | undefined
  spec.blocks?.forEach((block, index) => {
    headers.push(...blockHeader(block, block.id ?? index, previous, payloads))
    previous = block
  })
  if (spec.origin !== undefined) headers.push(Uint8Array.of(FRAGMENT.ORIGIN), le16(spec.origin))
  if (spec.toplevelXid !== undefined)
    headers.push(Uint8Array.of(FRAGMENT.TOPLEVEL_XID), le32(spec.toplevelXid))
  const main = spec.main ?? new Uint8Array(0)
  if (main.length > 255) headers.push(Uint8Array.of(FRAGMENT.DATA_LONG), le32(main.length))
  else if (main.length > 0) headers.push(Uint8Array.of(FRAGMENT.DATA_SHORT, main.length))
  payloads.push(main)
  const bytes = concat(new Uint8Array(XLogRecord.size), ...headers, ...payloads)
  XLogRecord.write(bytes, 0, {
    xl_tot_len: bytes.length,
    xl_xid: spec.xid ?? 0,
    xl_prev: spec.xl_prev ?? 0n,
    xl_info: spec.info,
    xl_rmid: spec.rmid,
    xl_crc: 0,
  })
  const payloadCrc = crcUpdate(CRC_INIT, bytes, XLogRecord.size, bytes.length)
  viewOf(bytes).setUint32(XLogRecord.at.xl_crc, crcFinish(crcUpdate(payloadCrc, bytes, 0, 20)), true)
  return bytes
}

function blockHeader(
  spec: BlockSpec,
  id: number,
  previous: BlockSpec | undefined,
  payloads: Uint8Array[],
): Uint8Array[] {
  const locator = locatorOf(spec)
  const same = previous !== undefined && locatorOf(previous).every((n, i) => n === locator[i])
  const data = spec.data ?? new Uint8Array(0)
  let flags = spec.fork ?? 0
  if (spec.image) flags |= BKPBLOCK.HAS_IMAGE
  if (data.length > 0) flags |= BKPBLOCK.HAS_DATA
  if (spec.willInit) flags |= BKPBLOCK.WILL_INIT
  if (same) flags |= BKPBLOCK.SAME_REL
  const parts = [Uint8Array.of(id, flags), le16(data.length)]
  if (spec.image) parts.push(imageHeader(spec, spec.image, payloads))
  if (!same) parts.push(...locator.map(le32))
  parts.push(le32(spec.block))
  payloads.push(data)
  return parts
}

function locatorOf(spec: BlockSpec): number[] {
  const { spcOid, dbOid, relNumber } = { ...TEST_RELATION, ...spec }
  return [spcOid, dbOid, relNumber]
}

function imageHeader(spec: BlockSpec, page: Uint8Array, payloads: Uint8Array[]): Uint8Array {
  const lower = viewOf(page).getUint16(12, true)
  const upper = viewOf(page).getUint16(14, true)
  const isMap = spec.fork === FORK.FSM || spec.fork === FORK.VM
  const hole = !isMap && lower >= 24 && upper > lower && upper <= BLCKSZ
  const stored = hole ? concat(page.subarray(0, lower), page.subarray(upper)) : page
  payloads.push(stored)
  const info = (hole ? BKPIMAGE.HAS_HOLE : 0) | (spec.imageForCheckOnly ? 0 : BKPIMAGE.APPLY)
  return concat(le16(stored.length), le16(hole ? lower : 0), Uint8Array.of(info))
}

/** Two bytes, low one first. */
export const le16 = (n: number): Uint8Array => Uint8Array.of(n & 0xff, (n >>> 8) & 0xff)

/** Four bytes, low one first. */
export const le32 = (n: number): Uint8Array =>
  Uint8Array.of(n & 0xff, (n >>> 8) & 0xff, (n >>> 16) & 0xff, (n >>> 24) & 0xff)

/** A list of two-byte numbers: offset numbers in a record. */
export const le16s = (...numbers: number[]): Uint8Array => concat(...numbers.map(le16))

/** All parts one after the other. */
export function concat(...parts: Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0))
  let at = 0
  for (const part of parts) {
    whole.set(part, at)
    at += part.length
  }
  return whole
}

/** The bytes of a declared struct with these values. */
export function packed<V>(declared: Struct<V>, value: V): Uint8Array {
  const bytes = new Uint8Array(declared.size)
  declared.write(bytes, 0, value)
  return bytes
}

/** Text as bytes, for tuple contents. */
export const ascii = (text: string): Uint8Array => Uint8Array.from(text, (c) => c.charCodeAt(0))
