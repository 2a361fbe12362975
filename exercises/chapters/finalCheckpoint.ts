// Exercises of chapter 07-final-checkpoint: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { finalWrites } from '../parts/finalWrites.js'

export type FinalCheckpointSignatures = Pick<Parts, 'finalWrites'>

export const finalCheckpointExercises: readonly Exercise[] = [finalWrites]

/** The engine's own parts. */
export const finalCheckpointEngine: FinalCheckpointSignatures = { finalWrites: reference.finalWrites }
