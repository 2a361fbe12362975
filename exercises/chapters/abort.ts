// Exercises of chapter 05-abort: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { inFlight } from '../parts/inFlight.js'

export type AbortSignatures = Pick<Parts, 'inFlight'>

export const abortExercises: readonly Exercise[] = [inFlight]

/** The engine's own parts. */
export const abortEngine: AbortSignatures = { inFlight: reference.inFlight }
