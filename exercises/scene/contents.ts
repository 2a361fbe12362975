// What a crashed scene holds: the records of its log, its transactions, its files.

import {
  findStartPoint,
  nodeDisk,
  openLog,
  reference,
  surveyLog,
  type CrashedScene,
  type Disk,
  type TransactionEvent,
  type WalRecord,
} from 'pgcrash'

/** The records that recovery would replay, from the redo point on. */
export function recordsOf(scene: CrashedScene): WalRecord[] {
  const disk = nodeDisk(scene.dir)
  const reader = openLog(disk, findStartPoint(disk, reference), reference)
  const records: WalRecord[] = []
  for (;;) {
    const record = reader.read()
    if (record.kind === 'end') return records
    records.push(record)
  }
}

/** What the log of a scene says of transactions, from the redo point on. */
export function transactionsOf(scene: CrashedScene): readonly TransactionEvent[] {
  const disk = nodeDisk(scene.dir)
  const own = { ...reference, inFlight: (seen: readonly TransactionEvent[]) => reference.inFlight(seen) }
  return surveyLog(disk, findStartPoint(disk, reference), own).events
}

/** Every file of a scene, relative to its data directory. */
export function filesOf(scene: CrashedScene): string[] {
  return filesUnder(nodeDisk(scene.dir), '')
}

function filesUnder(disk: Disk, folder: string): string[] {
  return disk.list(folder).flatMap(({ name, kind }) => {
    const path = folder === '' ? name : `${folder}/${name}`
    return kind === 'directory' ? filesUnder(disk, path) : [path]
  })
}
