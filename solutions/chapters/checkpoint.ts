// Solutions of chapter 03-checkpoint.

import { redoPointSolution } from '../parts/redoPoint.js'
import type { Solution } from '../solution.js'

export const checkpointSolutions: readonly Solution[] = [redoPointSolution]
