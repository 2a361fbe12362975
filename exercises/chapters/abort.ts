// Exercises of chapter 05-abort: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { didCommit, didCommitByEngine, type FateInput } from '../parts/didCommit.js'
import { inFlight } from '../parts/inFlight.js'
import { isVisible, isVisibleByEngine, type RowInput } from '../parts/isVisible.js'
import { locateStatus, locateStatusByEngine, type StatusPlace } from '../parts/locateStatus.js'
import { markAborted, markAbortedByEngine, type MarkInput } from '../parts/markAborted.js'

export interface AbortSignatures extends Pick<Parts, 'inFlight'> {
  locateStatus(xid: number): StatusPlace
  markAborted(...input: MarkInput): Uint8Array
  didCommit(...input: FateInput): boolean
  isVisible(...input: RowInput): boolean
}

export const abortExercises: readonly Exercise[] = [inFlight, locateStatus, markAborted, didCommit, isVisible]

/** The engine's own parts. */
export const abortEngine: AbortSignatures = {
  inFlight: reference.inFlight,
  locateStatus: locateStatusByEngine,
  markAborted: markAbortedByEngine,
  didCommit: didCommitByEngine,
  isVisible: isVisibleByEngine,
}
