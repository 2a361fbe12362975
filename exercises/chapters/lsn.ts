// Exercises of chapter 02-lsn: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { locateLsn } from '../parts/locateLsn.js'

export type LsnSignatures = Pick<Parts, 'locateLsn'>

export const lsnExercises: readonly Exercise[] = [locateLsn]

/** The engine's own parts. */
export const lsnEngine: LsnSignatures = { locateLsn: reference.locateLsn }
