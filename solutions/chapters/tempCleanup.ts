// Solutions of chapter 06-temp-cleanup.

import { isTemporarySolution } from '../parts/isTemporary.js'
import { oldSegmentsSolution } from '../parts/oldSegments.js'
import { planCleanupSolution } from '../parts/planCleanup.js'
import { readStatusPageSolution } from '../parts/readStatusPage.js'
import { resetUnloggedSolution } from '../parts/resetUnlogged.js'
import type { Solution } from '../solution.js'

export const tempCleanupSolutions: readonly Solution[] = [
  isTemporarySolution,
  resetUnloggedSolution,
  planCleanupSolution,
  readStatusPageSolution,
  oldSegmentsSolution,
]
