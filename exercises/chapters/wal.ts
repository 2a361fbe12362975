// Exercises of chapter 01-wal: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { recordCrc } from '../parts/recordCrc.js'

export type WalSignatures = Pick<Parts, 'recordCrc'>

export const walExercises: readonly Exercise[] = [recordCrc]

/** The engine's own parts. */
export const walEngine: WalSignatures = { recordCrc: reference.recordCrc }
