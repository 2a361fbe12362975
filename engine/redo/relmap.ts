// Resource manager 7, RelMap: pg_filenode.map, which says where the catalogs themselves lie
// (utils/cache/relmapper.c, relmap_redo). Replaced whole, under a temporary name first.

import { crc32c } from '../bytes/crc32c.js'
import { CorruptData } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { join } from '../disk/disk.js'
import { formatLsn } from '../format/lsn.js'
import { databasePath } from '../format/relationPath.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const RELMAPPER_FILENAME = 'pg_filenode.map'
const RELMAP_SIZE = 524
const CRC_AT = 520

export const relmap: ResourceManager = {
  id: 7,
  name: 'RelMap',
  identify: namesByInfo({ 0x00: 'UPDATE' }),
  redo(record, context) {
    if (record.info !== 0) throw malformed(record, `relmap_redo: unknown op code ${record.info}`)
    needMain(record, 12)
    const { view, mainAt } = record
    const [dbid, tsid, nbytes] = [0, 4, 8].map((at) => view.getUint32(mainAt + at, true))
    if (nbytes !== RELMAP_SIZE)
      throw new CorruptData({
        file: `WAL record at ${formatLsn(record.lsn)}`,
        what: 'wrong size in relmap update record',
        expected: `${RELMAP_SIZE}`,
        found: `${nbytes}`,
      })
    needMain(record, 12 + RELMAP_SIZE)
    const map = record.bytes.slice(mainAt + 12, mainAt + 12 + RELMAP_SIZE)
    viewOf(map).setUint32(CRC_AT, crc32c(map, 0, CRC_AT), true)
    const path = join(databasePath(tsid, dbid), RELMAPPER_FILENAME)
    context.disk.write(`${path}.tmp`, 0, map)
    context.disk.sync(`${path}.tmp`)
    context.disk.rename(`${path}.tmp`, path)
  },
}
