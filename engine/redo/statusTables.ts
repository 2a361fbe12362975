// The status tables of a cluster, by name (slru.c keeps each in a directory of its own).

import { Slru } from '../buffers/slru.js'
import type { Disk } from '../disk/disk.js'

/** The status tables that recovery and the writing side work with. */
export interface StatusTables {
  xact: Slru
  multiOffsets: Slru
  multiMembers: Slru
  commitTs: Slru
}

/** Opens them; nothing is read yet. `log` hears of files that are missing and read as zeroes. */
export function openStatusTables(disk: Disk, log?: (sentence: string) => void): StatusTables {
  return {
    xact: new Slru(disk, 'pg_xact', log),
    multiOffsets: new Slru(disk, 'pg_multixact/offsets', log),
    multiMembers: new Slru(disk, 'pg_multixact/members', log),
    commitTs: new Slru(disk, 'pg_commit_ts', log),
  }
}
