// Solutions of chapter 03-checkpoint.

import { pagesDueSolution } from '../parts/pagesDue.js'
import { readControlSolution } from '../parts/readControl.js'
import { redoPointSolution } from '../parts/redoPoint.js'
import { removableSegmentsSolution } from '../parts/removableSegments.js'
import { restorePageSolution } from '../parts/restorePage.js'
import type { Solution } from '../solution.js'

export const checkpointSolutions: readonly Solution[] = [
  redoPointSolution,
  readControlSolution,
  restorePageSolution,
  pagesDueSolution,
  removableSegmentsSolution,
]
