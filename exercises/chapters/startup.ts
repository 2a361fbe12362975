// Exercises of chapter 04-startup: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { needsRedo } from '../parts/needsRedo.js'

export type StartupSignatures = Pick<Parts, 'needsRedo'>

export const startupExercises: readonly Exercise[] = [needsRedo]

/** The engine's own parts. */
export const startupEngine: StartupSignatures = { needsRedo: reference.needsRedo }
