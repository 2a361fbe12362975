// Small pieces of text that several descriptions share (rmgrdesc_utils.c and the formats of printf).

import type { RelFileLocator } from '../../format/relationPath.js'
import type { WalRecord } from '../../wal/record.js'

/** "T" or "F". */
export const flag = (set: boolean | number): string => (set ? 'T' : 'F')

/** "0x0A". */
export const hexByte = (n: number): string => `0x${n.toString(16).toUpperCase().padStart(2, '0')}`

export const locatorText = ({ spcOid, dbOid, relNumber }: RelFileLocator): string =>
  `${spcOid}/${dbOid}/${relNumber}`

/** "epoch:xid" of a 64-bit transaction id. */
export const fullXidText = (xid: bigint): string => `${xid >> 32n}:${xid & 0xffffffffn}`

/** A list in brackets, a space before it (array_desc). */
export const listText = (items: readonly (string | number)[]): string => ` [${items.join(', ')}]`

/** The names of the set bits, in brackets. */
export function bitsText(bits: number, names: ReadonlyArray<readonly [bit: number, name: string]>): string {
  return `[${names
    .filter(([bit]) => bits & bit)
    .map(([, name]) => name)
    .join(', ')}]`
}

/** `count` 16-bit numbers from `at`: offset numbers, mostly. */
export function u16List(view: DataView, at: number, count: number): number[] {
  const list: number[] = []
  for (let i = 0; i < count; i++) list.push(view.getUint16(at + 2 * i, true))
  return list
}

/** `count` 32-bit numbers from `at`. */
export function u32List(view: DataView, at: number, count: number): number[] {
  const list: number[] = []
  for (let i = 0; i < count; i++) list.push(view.getUint32(at + 4 * i, true))
  return list
}

/** Text up to a zero byte, or to the end of what `view` sees. */
export function cString(view: DataView, at: number): string {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + at, view.byteLength - at)
  const end = bytes.indexOf(0)
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(end < 0 ? bytes : bytes.subarray(0, end))
}

/** A block number kept as two 16-bit halves, high first, so that it need not be aligned (BlockIdData). */
export function blockIdAt(view: DataView, at: number): number {
  return view.getUint16(at, true) * 0x10000 + view.getUint16(at + 2, true)
}

/** The data of block reference `id`, seen like main data; undefined when the record has none. */
export function blockDataView(record: WalRecord, id: number): DataView | undefined {
  const ref = record.block(id)
  if (!ref || ref.dataLength === 0) return undefined
  return new DataView(record.bytes.buffer, record.bytes.byteOffset + ref.dataAt, ref.dataLength)
}

/** A number as printf's %g prints it: six digits that count, no zeroes at the end. */
export function generalText(n: number): string {
  if (!Number.isFinite(n)) return Number.isNaN(n) ? 'nan' : n < 0 ? '-inf' : 'inf'
  const [digits, exponent] = n.toExponential(5).split('e')
  const power = Number(exponent)
  const trim = (text: string): string => (text.includes('.') ? text.replace(/\.?0+$/, '') : text)
  if (power >= -4 && power < 6) return trim(n.toFixed(5 - power))
  return `${trim(digits)}e${power < 0 ? '-' : '+'}${String(Math.abs(power)).padStart(2, '0')}`
}
