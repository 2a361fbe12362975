// The parts of a WAL record, in the order in which they lie, each with its fields: what a figure of the record labels.
// Nothing is decoded here that decoder.ts does not check first; this only keeps where everything stood.

import { resourceManagerName, operationName } from '../../format/recordNames.js'
import { formatLsn } from '../../format/lsn.js'
import { FORK_NAMES } from '../../format/relationPath.js'
import {
  BKPBLOCK,
  BKPIMAGE,
  FRAGMENT,
  XLogRecord,
  XLogRecordBlockHeader,
  XLogRecordBlockImageHeader,
} from '../../format/walRecord.js'
import type { BlockRef, WalRecord } from '../../wal/record.js'

export interface ByteField {
  readonly name: string
  /** Offset from the record's first byte, and length. */
  readonly at: number
  readonly size: number
  /** What the bytes say; '' when there is nothing to add. */
  readonly value: string
}

export interface RecordPart {
  readonly kind: 'header' | 'announcement' | 'image' | 'data' | 'main'
  readonly title: string
  readonly at: number
  readonly size: number
  readonly fields: readonly ByteField[]
}

/** Fields of a payload, as a declared struct gives them. */
export interface PayloadFields {
  readonly fields: ReadonlyArray<{ readonly name: string; readonly offset: number; readonly size: number }>
}

/** Structs to label payloads with: the data of block 0, and the main data. */
export interface PayloadStructs {
  readonly data?: PayloadFields
  readonly main?: PayloadFields
}

/** All parts of a decoded record; together they are all its bytes. */
export function partsOf(record: WalRecord, structs: PayloadStructs = {}): RecordPart[] {
  const announcements = announcementFields(record)
  const last = announcements.at(-1)
  const announced: RecordPart = {
    kind: 'announcement',
    title: 'Announced: what follows, and how long it is',
    at: XLogRecord.size,
    size: last ? last.at + last.size - XLogRecord.size : 0,
    fields: announcements,
  }
  const payloads = record.blocks.flatMap((ref) => blockPayloads(record, ref, structs))
  const main: RecordPart = {
    kind: 'main',
    title: 'Main data',
    at: record.mainAt - record.at,
    size: record.mainLength,
    fields: payloadFields(record, record.mainAt - record.at, record.mainLength, structs.main),
  }
  return [headerPart(record), announced, ...payloads, main].filter(({ size }) => size > 0)
}

function headerPart(record: WalRecord): RecordPart {
  const values: Readonly<Record<string, string>> = {
    xl_tot_len: String(record.xl_tot_len),
    xl_xid: String(record.xl_xid),
    xl_prev: formatLsn(record.xl_prev),
    xl_info: operationName(record.xl_rmid, record.xl_info),
    xl_rmid: resourceManagerName(record.xl_rmid),
    xl_crc: hex(record.xl_crc, 8),
  }
  const fields = XLogRecord.fields.map(({ name, offset, size }) => ({
    name,
    at: offset,
    size,
    value: values[name] ?? '',
  }))
  const padding = { name: 'zeroes', at: XLogRecord.at.xl_rmid + 1, size: 2, value: '' }
  fields.splice(fields.length - 1, 0, padding)
  return { kind: 'header', title: 'Header (XLogRecord)', at: 0, size: XLogRecord.size, fields }
}

function blockPayloads(record: WalRecord, ref: BlockRef, structs: PayloadStructs): RecordPart[] {
  const data = ref.id === 0 ? structs.data : undefined
  const at = ref.dataAt - record.at
  return [
    {
      kind: 'image',
      title: `Image of block reference ${ref.id}: the whole page, its hole left out`,
      at: (ref.image?.at ?? 0) - record.at,
      size: ref.image?.length ?? 0,
      fields: [],
    },
    {
      kind: 'data',
      title: `Data of block reference ${ref.id}`,
      at,
      size: ref.dataLength,
      fields: payloadFields(record, at, ref.dataLength, data),
    },
  ]
}

function payloadFields(
  record: WalRecord,
  at: number,
  length: number,
  struct: PayloadFields | undefined,
): ByteField[] {
  return (struct?.fields ?? [])
    .filter(({ offset, size }) => offset + size <= length)
    .map(({ name, offset, size }) => {
      return { name, at: at + offset, size, value: payloadValue(record, name, at + offset, size) }
    })
}

/** Bits read better as digits of 16, positions as LSNs. */
function payloadValue(record: WalRecord, name: string, at: number, size: number): string {
  if (size === 8) {
    const value = record.view.getBigUint64(record.at + at, true)
    return name === 'redo' ? formatLsn(value) : String(value)
  }
  const value = number(record, at, size)
  return /mask|flags/.test(name) ? `${hex(Number(value), 2 * size)}h` : value
}

/** Walks the headers between the record's own and the payloads (xlogreader.c, DecodeXLogRecord). */
function announcementFields(record: WalRecord): ByteField[] {
  const fields: ByteField[] = []
  let at = XLogRecord.size
  const add = (name: string, size: number, value = number(record, at, size)): void => {
    fields.push({ name, at, size, value })
    at += size
  }
  for (const ref of record.blocks) {
    at = skipToBlock(record, at, add)
    addBlockHeader(ref, add)
  }
  at = skipToBlock(record, at, add)
  if (record.mainLength === 0) return fields
  const short = record.bytes[record.at + at] === FRAGMENT.DATA_SHORT
  add('main data', 1, short ? 'short' : 'long')
  add('length', short ? 1 : 4)
  return fields
}

/** Origin and top-level transaction may stand among the block references. */
function skipToBlock(
  record: WalRecord,
  at: number,
  add: (name: string, size: number, value?: string) => void,
): number {
  for (;;) {
    const id = record.bytes[record.at + at]
    if (at + 1 >= record.xl_tot_len || (id !== FRAGMENT.ORIGIN && id !== FRAGMENT.TOPLEVEL_XID)) return at
    const size = id === FRAGMENT.ORIGIN ? 2 : 4
    add(id === FRAGMENT.ORIGIN ? 'origin' : 'top-level xid', 1 + size, '')
    at += 1 + size
  }
}

function addBlockHeader(ref: BlockRef, add: (name: string, size: number, value?: string) => void): void {
  for (const { name, size } of XLogRecordBlockHeader.fields)
    add(name, size, name === 'fork_flags' ? forkFlags(ref) : undefined)
  if (ref.image) {
    const { bimg_info } = ref.image
    for (const { name, size } of XLogRecordBlockImageHeader.fields)
      add(name, size, name === 'bimg_info' ? flagNames(bimg_info, BKPIMAGE) : undefined)
    if (bimg_info & BKPIMAGE.COMPRESSED && bimg_info & BKPIMAGE.HAS_HOLE) add('hole_length', 2)
  }
  if (!(ref.flags & BKPBLOCK.SAME_REL)) for (const name of ['spcOid', 'dbOid', 'relNumber']) add(name, 4)
  add('block number', 4)
}

function forkFlags(ref: BlockRef): string {
  const { FORK_MASK: _, ...flags } = BKPBLOCK
  return [FORK_NAMES[ref.fork], flagNames(ref.flags, flags)].filter(Boolean).join(' ')
}

function flagNames(value: number, names: Readonly<Record<string, number>>): string {
  const set = Object.entries(names).filter(([, bit]) => (bit & (bit - 1)) === 0 && (value & bit) !== 0)
  return set.map(([name]) => name).join(' ')
}

function number(record: WalRecord, at: number, size: number): string {
  const { view } = record
  if (size === 1) return String(view.getUint8(record.at + at))
  if (size === 2) return String(view.getUint16(record.at + at, true))
  if (size === 4) return String(view.getUint32(record.at + at, true))
  return ''
}

const hex = (n: number, digits: number): string => n.toString(16).toUpperCase().padStart(digits, '0')
