// All exercises, in the order of the course: their checks, their types, and the engine's own parts for them.

import type { Exercise } from './checking/check.js'
import { walEngine, walExercises, type WalSignatures } from './chapters/wal.js'
import { lsnEngine, lsnExercises, type LsnSignatures } from './chapters/lsn.js'
import { checkpointEngine, checkpointExercises, type CheckpointSignatures } from './chapters/checkpoint.js'
import { startupEngine, startupExercises, type StartupSignatures } from './chapters/startup.js'
import { abortEngine, abortExercises, type AbortSignatures } from './chapters/abort.js'
import {
  tempCleanupEngine,
  tempCleanupExercises,
  type TempCleanupSignatures,
} from './chapters/tempCleanup.js'
import {
  finalCheckpointEngine,
  finalCheckpointExercises,
  type FinalCheckpointSignatures,
} from './chapters/finalCheckpoint.js'
import { capstoneEngine, capstoneExercises, type CapstoneSignatures } from './chapters/capstone.js'

export const exercises: readonly Exercise[] = [
  ...walExercises,
  ...lsnExercises,
  ...checkpointExercises,
  ...startupExercises,
  ...abortExercises,
  ...tempCleanupExercises,
  ...finalCheckpointExercises,
  ...capstoneExercises,
]

/** Name and type of everything that can be written as an exercise. */
export interface Signatures
  extends
    WalSignatures,
    LsnSignatures,
    CheckpointSignatures,
    StartupSignatures,
    AbortSignatures,
    TempCleanupSignatures,
    FinalCheckpointSignatures,
    CapstoneSignatures {}
export type ExerciseName = keyof Signatures

/** The engine's own part for every exercise. */
export const engineParts: Signatures = {
  ...walEngine,
  ...lsnEngine,
  ...checkpointEngine,
  ...startupEngine,
  ...abortEngine,
  ...tempCleanupEngine,
  ...finalCheckpointEngine,
  ...capstoneEngine,
}
