// Solutions of chapter 06-temp-cleanup.

import { isTemporarySolution } from '../parts/isTemporary.js'
import type { Solution } from '../solution.js'

export const tempCleanupSolutions: readonly Solution[] = [isTemporarySolution]
