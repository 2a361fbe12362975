// Exercises of chapter 06-temp-cleanup: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, type Parts, type StatusPagePlace, type UnloggedReset } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { isTemporary } from '../parts/isTemporary.js'
import { oldSegments, oldSegmentsByEngine, type OldInput } from '../parts/oldSegments.js'
import { planCleanup, planCleanupByEngine, type Cleanup } from '../parts/planCleanup.js'
import { readStatusPage, readStatusPageByEngine, type PageInput } from '../parts/readStatusPage.js'
import { resetUnlogged, resetUnloggedByEngine } from '../parts/resetUnlogged.js'

export interface TempCleanupSignatures extends Pick<Parts, 'isTemporary'> {
  resetUnlogged(names: readonly string[]): UnloggedReset
  planCleanup(paths: readonly string[]): Cleanup
  readStatusPage(...input: PageInput): StatusPagePlace
  oldSegments(...input: OldInput): string[]
}

export const tempCleanupExercises: readonly Exercise[] = [
  isTemporary,
  resetUnlogged,
  planCleanup,
  readStatusPage,
  oldSegments,
]

/** The engine's own parts. */
export const tempCleanupEngine: TempCleanupSignatures = {
  isTemporary: reference.isTemporary,
  resetUnlogged: resetUnloggedByEngine,
  planCleanup: planCleanupByEngine,
  readStatusPage: readStatusPageByEngine,
  oldSegments: oldSegmentsByEngine,
}
