// Exercises of chapter 03-checkpoint: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { redoPoint } from '../parts/redoPoint.js'

export type CheckpointSignatures = Pick<Parts, 'redoPoint'>

export const checkpointExercises: readonly Exercise[] = [redoPoint]

/** The engine's own parts. */
export const checkpointEngine: CheckpointSignatures = { redoPoint: reference.redoPoint }
