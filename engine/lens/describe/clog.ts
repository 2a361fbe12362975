// Describes records of resource manager CLOG: pages of pg_xact (clogdesc.c, clog_desc).

import type { WalRecord } from '../../wal/record.js'

const ZEROPAGE = 0x00
const TRUNCATE = 0x10

export function describeClog(main: DataView, record: WalRecord): string {
  if (record.info === ZEROPAGE) return `page ${main.getBigInt64(0, true)}`
  if (record.info === TRUNCATE)
    return `page ${main.getBigInt64(0, true)}; oldestXact ${main.getUint32(8, true)}`
  return ''
}
