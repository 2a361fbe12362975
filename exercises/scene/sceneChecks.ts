// Checks on the crash in front of the learner: every record, page and file of it.

import {
  findStartPoint,
  formatLsn,
  nodeDisk,
  openLog,
  readControlFile,
  reference,
  relationPath,
  surveyLog,
  type CrashedScene,
  type Disk,
  type TransactionEvent,
  type WalRecord,
} from 'pgcrash'
import type { Check } from '../checking/check.js'
import { examples } from '../checking/contract.js'
import { counting, inFlightNote, type HistoryInput } from '../parts/inFlight.js'
import { sorting, temporaryNote, type PathInput } from '../parts/isTemporary.js'
import { locateNote, locating, type LocateInput } from '../parts/locateLsn.js'
import { gate, gateNote, type GateInput } from '../parts/needsRedo.js'
import { checksumming, crcNote, type RecordInput } from '../parts/recordCrc.js'
import { beginning, redoPointNote, type RedoPointInput } from '../parts/redoPoint.js'

const PAGE = 8192

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

/** Each block that the log touches, with the page as it lies on the disk: what the gate is asked first. */
function gateQuestions(scene: CrashedScene): GateInput[] {
  const disk = nodeDisk(scene.dir)
  return recordsOf(scene).flatMap((record) =>
    record.blocks.flatMap((ref): GateInput[] => {
      const pageLSN = lsnOnDisk(disk, relationPath(ref, ref.fork), ref.block)
      return pageLSN === undefined ? [] : [[pageLSN, record.endLsn, record.lsn]]
    }),
  )
}

function lsnOnDisk(disk: Disk, path: string, block: number): bigint | undefined {
  if ((disk.size(path) ?? 0) < (block + 1) * PAGE) return undefined
  const bytes = disk.read(path, block * PAGE, 8)
  const view = new DataView(bytes.buffer, bytes.byteOffset)
  return (BigInt(view.getUint32(0, true)) << 32n) | BigInt(view.getUint32(4, true))
}

type SceneCheck = (scene: CrashedScene) => Check

const builders: Readonly<Record<string, SceneCheck>> = {
  recordCrc: (scene) => {
    const inputs = recordsOf(scene).map(({ raw }): RecordInput => [raw])
    const why = 'The log goes exactly as far as its CRCs are right.'
    return examples(checksumming, {
      rule: `All ${inputs.length} records in the log of scene ${scene.name}.`,
      why,
      note: crcNote,
      inputs,
    })
  },
  locateLsn: (scene) => {
    const size = readControlFile(nodeDisk(scene.dir)).xlog_seg_size
    const inputs = recordsOf(scene).map(({ lsn }): LocateInput => [lsn, size])
    const why = 'Some of them lie in one file, some in the next.'
    return examples(locating, {
      rule: `The place of all ${inputs.length} records of scene ${scene.name}.`,
      why,
      note: locateNote,
      inputs,
    })
  },
  redoPoint: (scene) => {
    const control = readControlFile(nodeDisk(scene.dir))
    const inputs: RedoPointInput[] = [[control]]
    const why = `Recovery of this directory begins at ${formatLsn(control.checkPointCopy.redo)}.`
    return examples(beginning, {
      rule: `The control file of scene ${scene.name}, as it lies on the disk.`,
      why,
      note: redoPointNote,
      inputs,
    })
  },
  needsRedo: (scene) => {
    const inputs = gateQuestions(scene)
    const why = 'Some pages were written just before the crash, some long before.'
    return examples(gate, {
      rule: `${inputs.length} records and pages of scene ${scene.name}, the pages as they lie on the disk.`,
      why,
      note: gateNote,
      inputs,
    })
  },
  inFlight: (scene) => {
    const inputs: HistoryInput[] = [[transactionsOf(scene)]]
    const why = `PostgreSQL says that ${scene.openXid ?? 'no transaction'} was open when it was killed.`
    return examples(counting, {
      rule: `The transactions of scene ${scene.name}.`,
      why,
      note: inFlightNote,
      inputs,
    })
  },
  isTemporary: (scene) => {
    const inputs = filesOf(scene).map((path): PathInput => [path])
    const why = `${scene.temporaryFiles.length} of them are temporary.`
    return examples(sorting, {
      rule: `All ${inputs.length} files of scene ${scene.name}.`,
      why,
      note: temporaryNote,
      inputs,
    })
  },
}

/** The check of an exercise on a scene; undefined when the scene has nothing to say about it. */
export function sceneCheck(name: string, scene: CrashedScene): Check | undefined {
  return builders[name]?.(scene)
}
