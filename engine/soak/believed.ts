/** Redo of one record on a crashed directory, all of it forgotten afterwards. */
import type { Disk } from '../disk/disk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { reference } from '../parts.js'
import { Recovery } from '../recovery/recovery.js'
import { applyRecord } from '../recovery/replay.js'
import type { WalRecord } from '../wal/record.js'
import { readingDisk } from './bothRecover.js'

/** Applies the record, to whatever pages it finds: they count as older always. `wal` lends the directory's log. */
export function redoOnCopy(dir: string, wal: Disk, record: WalRecord): void {
  const copy = overlayDisk(readingDisk(dir))
  const disk: Disk = {
    ...copy,
    read: (path, ...range) => (path.startsWith('pg_wal/') ? wal : copy).read(path, ...range),
  }
  const { context } = new Recovery(disk, { ...reference, needsRedo: () => true })
  applyRecord(record, context)
  context.pool.flushAll()
  for (const table of Object.values(context.tables)) table.flush()
}
