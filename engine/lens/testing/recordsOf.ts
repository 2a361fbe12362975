// Records of a data directory, for tests.

import { nodeDisk } from '../../disk/nodeDisk.js'
import { readControlFile } from '../../format/controlFile.js'
import type { Lsn } from '../../format/lsn.js'
import { findRecord, oldestPosition } from '../../wal/findRecord.js'
import type { WalRecord } from '../../wal/record.js'
import { targetTimeline, timelineHistory } from '../../wal/timelines.js'

/** Every record from the first one at or after `from`, or from the oldest segment on. */
export function* recordsOf(directory: string, from?: Lsn): Generator<WalRecord, void, undefined> {
  const disk = nodeDisk(directory, { readOnly: true })
  try {
    const control = readControlFile(disk)
    const options = {
      disk,
      segmentSize: control.xlog_seg_size,
      timelines: timelineHistory(disk, targetTimeline(control)),
    }
    const found = findRecord(options, from ?? oldestPosition(disk, control.xlog_seg_size) ?? 0n)
    if (found.kind === 'end') throw new Error(found.reason)
    for (;;) {
      const record = found.reader.read()
      if (record.kind === 'end') return
      yield record
    }
  } finally {
    disk.close()
  }
}
