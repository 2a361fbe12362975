// Describes records of resource manager LogicalMessage: pg_logical_emit_message (logicalmsgdesc.c).
//
//   64-bit server   dbId 4 │ transactional 1 │ pad │ prefix_size 8 │ message_size 8 │ prefix, zero byte │ message
//   32-bit server   dbId 4 │ transactional 1 │ pad │ prefix_size 4 │ message_size 4 │ prefix, zero byte │ message
//
// It is the one record that holds a C size_t, so PGlite, a 32-bit build, writes it shorter. Which of the two it is shows
// in the sizes: only with the right ones do the parts fill the record.

import type { WalRecord } from '../../wal/record.js'
import { cString } from './text.js'

const MESSAGE = 0x00

const TRANSACTIONAL_AT = 4
const SIZES_AT = 8

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'))

export interface LogicalMessage {
  /** Is the message forgotten when its transaction aborts? */
  transactional: boolean
  prefix: string
  /** Where the message itself begins in the main data, and its bytes. */
  at: number
  size: number
}

/** Takes a message's main data apart. @throws RangeError when the sizes do not fit. */
export function parseLogicalMessage(main: DataView): LogicalMessage {
  for (const wide of [true, false]) {
    const width = wide ? 8 : 4
    const prefixAt = SIZES_AT + 2 * width
    if (main.byteLength < prefixAt) continue
    const sizeAt = (at: number): number =>
      wide ? Number(main.getBigUint64(at, true)) : main.getUint32(at, true)
    const prefixSize = sizeAt(SIZES_AT)
    const size = sizeAt(SIZES_AT + width)
    if (prefixAt + prefixSize + size !== main.byteLength) continue
    const transactional = main.getUint8(TRANSACTIONAL_AT) !== 0
    return { transactional, prefix: cString(main, prefixAt), at: prefixAt + prefixSize, size }
  }
  throw new RangeError('the sizes of prefix and message do not fit the record')
}

export function describeLogicalMessage(main: DataView, record: WalRecord): string {
  if (record.info !== MESSAGE) return ''
  const { transactional, prefix, at, size } = parseLogicalMessage(main)
  const payload: string[] = []
  for (let i = 0; i < size; i++) payload.push(HEX[main.getUint8(at + i)])
  const kind = transactional ? 'transactional' : 'non-transactional'
  return `${kind}, prefix "${prefix}"; payload (${size} bytes): ${payload.join(' ')}`
}
