// Solutions of chapter 07-final-checkpoint.

import { finalWritesSolution } from '../parts/finalWrites.js'
import type { Solution } from '../solution.js'

export const finalCheckpointSolutions: readonly Solution[] = [finalWritesSolution]
