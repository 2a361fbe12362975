// Exercises of chapter 06-temp-cleanup: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { isTemporary } from '../parts/isTemporary.js'

export type TempCleanupSignatures = Pick<Parts, 'isTemporary'>

export const tempCleanupExercises: readonly Exercise[] = [isTemporary]

/** The engine's own parts. */
export const tempCleanupEngine: TempCleanupSignatures = { isTemporary: reference.isTemporary }
