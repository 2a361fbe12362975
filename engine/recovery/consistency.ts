// A crashed directory can be brought forward, never back: pages that the server wrote before it died carry changes up
// to some position, and no earlier one gives a consistent whole (what minRecoveryPoint says of a standby).

import { join, type Disk } from '../disk/disk.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { Lsn } from '../format/lsn.js'
import { pageLsn, pageOf } from '../format/page.js'
import { FORK, parseRelationFileName } from '../format/relationPath.js'
import { databaseDirectories } from './cleanup.js'

/** The newest LSN on any page of the directory's permanent relations. Free space maps are not logged, and not looked at. */
export function newestPageLsn(disk: Disk): Lsn {
  const page = pageOf()
  let newest = 0n
  for (const directory of ['global', ...databaseDirectories(disk)]) {
    const files = disk.list(directory).map(({ name }) => ({ name, parsed: parseRelationFileName(name) }))
    const unlogged = new Set(
      files.flatMap(({ parsed }) => (parsed?.fork === FORK.INIT ? [parsed.relNumber] : [])),
    )
    for (const { name, parsed } of files) {
      if (!parsed || parsed.backend !== undefined || parsed.fork === FORK.FSM) continue
      if (unlogged.has(parsed.relNumber) && parsed.fork !== FORK.INIT) continue
      const path = join(directory, name)
      for (let at = 0; at + BLCKSZ <= (disk.size(path) ?? 0); at += BLCKSZ) {
        disk.readInto(path, at, page.bytes.subarray(0, 24))
        const lsn = pageLsn(page)
        if (lsn > newest) newest = lsn
      }
    }
  }
  return newest
}
