// A stretch of the log for people to look at: its records, and a table of them.

import type { Disk } from '../disk/disk.js'
import { readControlFile } from '../format/controlFile.js'
import { formatLsn, parseLsn, type Lsn } from '../format/lsn.js'
import { operationName, resourceManagerName } from '../format/recordNames.js'
import { relationPath } from '../format/relationPath.js'
import { targetTimeline, timelineHistory } from '../wal/timelines.js'
import { WalReader } from '../wal/reader.js'
import type { WalRecord } from '../wal/record.js'

/**
 * The whole records that start at `from` or later and before `to`, as far as the log can be read. `from` must be where
 * a record starts. Both may be text, "0/1A2B3C8". @throws RangeError for a text that is no LSN; errors of
 * {@link readControlFile}.
 */
export function recordsBetween(disk: Disk, from: Lsn | string, to: Lsn | string): WalRecord[] {
  const control = readControlFile(disk)
  const reader = new WalReader({
    disk,
    segmentSize: control.xlog_seg_size,
    timelines: timelineHistory(disk, targetTimeline(control)),
    systemIdentifier: control.system_identifier,
  })
  reader.beginAt(positionOf(from))
  const limit = positionOf(to)
  const records: WalRecord[] = []
  for (let next = reader.read(); next.kind === 'record' && next.lsn < limit; next = reader.read())
    records.push(next)
  return records
}

function positionOf(position: Lsn | string): Lsn {
  const lsn = typeof position === 'string' ? parseLsn(position) : position
  if (lsn === undefined) throw new RangeError(`"${position}" is no LSN; one looks like 0/1A2B3C8`)
  return lsn
}

/** A row of {@link recordRows}. */
export interface RecordRow {
  readonly position: string
  /** Length of the record, without page headers and padding. */
  readonly bytes: number
  /** The resource manager. */
  readonly 'written by': string
  readonly operation: string
  /** Files and blocks that the record changes; "copy" where it holds the whole page. */
  readonly pages: string
}

/** Records as rows for `table`, a line each. */
export function recordRows(records: readonly WalRecord[]): RecordRow[] {
  return records.map((record) => ({
    position: formatLsn(record.lsn),
    bytes: record.xl_tot_len,
    'written by': resourceManagerName(record.xl_rmid),
    operation: operationName(record.xl_rmid, record.xl_info),
    pages: record.blocks
      .map((ref) => `${relationPath(ref, ref.fork)} block ${ref.block}${ref.image ? ', copy' : ''}`)
      .join('; '),
  }))
}
