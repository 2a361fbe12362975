// Exercises of chapter 08-capstone: what each part's type is, which part of the engine it stands for, and its checks.

import type { Exercise } from '../checking/check.js'
import type { Crash, RecoveryPlan } from '../parts/crashes.js'
import { planning, planRecovery } from '../parts/planRecovery.js'

export interface CapstoneSignatures {
  /** What a recovery does, in its order. */
  planRecovery(crash: Crash): RecoveryPlan
}

export const capstoneExercises: readonly Exercise[] = [planRecovery]

/** The engine's own parts. */
export const capstoneEngine: CapstoneSignatures = { planRecovery: planning.reference }
