// Exercises of chapter 07-final-checkpoint: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type CheckPoint, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { afterPowerCut, cutting, type DiskCall, type Fate } from '../parts/afterPowerCut.js'
import { checkpointRecord, writing } from '../parts/checkpointRecord.js'
import { finalWrites } from '../parts/finalWrites.js'
import { rewriteControl, rewriting } from '../parts/rewriteControl.js'

export interface FinalCheckpointSignatures extends Pick<Parts, 'finalWrites'> {
  /** The 114 bytes of a shutdown checkpoint's record at `start`; the record before it starts at `previous`. */
  checkpointRecord(checkpoint: CheckPoint, start: bigint, previous: bigint): Uint8Array
  /** pg_control's 8192 bytes when recovery is over. `record` stands at `start`; `time` in seconds since 1970. */
  rewriteControl(control: Uint8Array, record: Uint8Array, start: bigint, time: bigint): Uint8Array
  /** What the next start finds when the power fails after the first `made` calls. */
  afterPowerCut(calls: readonly DiskCall[], made: number): Fate
}

export const finalCheckpointExercises: readonly Exercise[] = [
  finalWrites,
  checkpointRecord,
  rewriteControl,
  afterPowerCut,
]

/** The engine's own parts. */
export const finalCheckpointEngine: FinalCheckpointSignatures = {
  finalWrites: reference.finalWrites,
  checkpointRecord: writing.reference,
  rewriteControl: rewriting.reference,
  afterPowerCut: cutting.reference,
}
