// Solutions of chapter 05-abort.

import { didCommitSolution } from '../parts/didCommit.js'
import { inFlightSolution } from '../parts/inFlight.js'
import { isVisibleSolution } from '../parts/isVisible.js'
import { locateStatusSolution } from '../parts/locateStatus.js'
import { markAbortedSolution } from '../parts/markAborted.js'
import type { Solution } from '../solution.js'

export const abortSolutions: readonly Solution[] = [
  inFlightSolution,
  locateStatusSolution,
  markAbortedSolution,
  didCommitSolution,
  isVisibleSolution,
]
