// Exercises of chapter 03-checkpoint: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { pagesDue, schedule, type RunningCheckpoint } from '../parts/pagesDue.js'
import { opening, readControl, type ControlAnswers } from '../parts/readControl.js'
import { redoPoint } from '../parts/redoPoint.js'
import { removableSegments, removal } from '../parts/removableSegments.js'
import { restorePage, restoring, type StoredImage } from '../parts/restorePage.js'

export interface CheckpointSignatures extends Pick<Parts, 'redoPoint'> {
  /** What recovery needs of pg_control, from its first sector of 512 bytes. */
  readControl(sector: Uint8Array): ControlAnswers
  /** A page of 8192 bytes from the image in a record that ends at `recordEnd`. */
  restorePage(image: StoredImage, recordEnd: bigint): Uint8Array
  /** How many of a checkpoint's pages are to be written by now. */
  pagesDue(checkpoint: RunningCheckpoint): number
  /** The names in pg_wal that a completed checkpoint lets go, in the order given. `segmentSize` in bytes. */
  removableSegments(names: readonly string[], redo: bigint, segmentSize: number, timeline: number): string[]
}

export const checkpointExercises: readonly Exercise[] = [
  redoPoint,
  readControl,
  restorePage,
  pagesDue,
  removableSegments,
]

/** The engine's own parts. */
export const checkpointEngine: CheckpointSignatures = {
  redoPoint: reference.redoPoint,
  readControl: opening.reference,
  restorePage: restoring.reference,
  pagesDue: schedule.reference,
  removableSegments: removal.reference,
}
