// Solutions of chapter 04-startup.

import { needsRedoSolution } from '../parts/needsRedo.js'
import type { Solution } from '../solution.js'

export const startupSolutions: readonly Solution[] = [needsRedoSolution]
