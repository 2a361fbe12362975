// Describes records of resource manager CommitTs: pages of pg_commit_ts (committsdesc.c, commit_ts_desc).

import type { WalRecord } from '../../wal/record.js'

const ZEROPAGE = 0x00
const TRUNCATE = 0x10

export function describeCommitTs(main: DataView, record: WalRecord): string {
  if (record.info === ZEROPAGE) return `${main.getBigInt64(0, true)}`
  if (record.info === TRUNCATE)
    return `pageno ${main.getBigInt64(0, true)}, oldestXid ${main.getUint32(8, true)}`
  return ''
}
