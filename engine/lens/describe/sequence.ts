// Describes records of resource manager Sequence (seqdesc.c, seq_desc).

import type { WalRecord } from '../../wal/record.js'
import { u32List } from './text.js'

const LOG = 0x00

export function describeSequence(main: DataView, record: WalRecord): string {
  return record.info === LOG ? `rel ${u32List(main, 0, 3).join('/')}` : ''
}
