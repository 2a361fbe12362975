// Describes records of resource manager ReplicationOrigin (replorigindesc.c, replorigin_desc).

import { formatLsn } from '../../format/lsn.js'
import type { WalRecord } from '../../wal/record.js'

const SET = 0x00
const DROP = 0x10

export function describeReplicationOrigin(main: DataView, record: WalRecord): string {
  if (record.info === SET) {
    const [node, force] = [main.getUint16(8, true), main.getUint8(10)]
    return `set ${node}; lsn ${formatLsn(main.getBigUint64(0, true))}; force: ${force}`
  }
  return record.info === DROP ? `drop ${main.getUint16(0, true)}` : ''
}
