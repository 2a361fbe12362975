// Describes records of resource manager Tablespace (tblspcdesc.c, tblspc_desc).

import type { WalRecord } from '../../wal/record.js'
import { cString } from './text.js'

const CREATE = 0x00
const DROP = 0x10

export function describeTablespace(main: DataView, record: WalRecord): string {
  if (record.info === CREATE) return `${main.getUint32(0, true)} "${cString(main, 4)}"`
  if (record.info === DROP) return `${main.getUint32(0, true)}`
  return ''
}
