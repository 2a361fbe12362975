// Solutions of chapter 01-wal.

import { recordCrcSolution } from '../parts/recordCrc.js'
import type { Solution } from '../solution.js'

export const walSolutions: readonly Solution[] = [recordCrcSolution]
