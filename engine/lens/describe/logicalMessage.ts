// Describes records of resource manager LogicalMessage: pg_logical_emit_message (logicalmsgdesc.c).

import type { WalRecord } from '../../wal/record.js'
import { cString } from './text.js'

const MESSAGE = 0x00

const TRANSACTIONAL_AT = 4
const PREFIX_SIZE_AT = 8
const MESSAGE_SIZE_AT = 16
const MESSAGE_AT = 24 // the prefix with its zero byte, then the payload

const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).toUpperCase().padStart(2, '0'))

export function describeLogicalMessage(main: DataView, record: WalRecord): string {
  if (record.info !== MESSAGE) return ''
  const kind = main.getUint8(TRANSACTIONAL_AT) ? 'transactional' : 'non-transactional'
  const size = Number(main.getBigUint64(MESSAGE_SIZE_AT, true))
  const at = MESSAGE_AT + Number(main.getBigUint64(PREFIX_SIZE_AT, true))
  const payload: string[] = []
  for (let i = 0; i < size; i++) payload.push(HEX[main.getUint8(at + i)])
  return `${kind}, prefix "${cString(main, MESSAGE_AT)}"; payload (${size} bytes): ${payload.join(' ')}`
}
