// Describes records of resource manager RelMap: which files hold the mapped catalogs (relmapdesc.c, relmap_desc).

import type { WalRecord } from '../../wal/record.js'

const UPDATE = 0x00

export function describeRelMap(main: DataView, record: WalRecord): string {
  if (record.info !== UPDATE) return ''
  const [database, tablespace, size] = [
    main.getUint32(0, true),
    main.getUint32(4, true),
    main.getInt32(8, true),
  ]
  return `database ${database} tablespace ${tablespace} size ${size}`
}
