// Solutions of chapter 02-lsn.

import { locateLsnSolution } from '../parts/locateLsn.js'
import type { Solution } from '../solution.js'

export const lsnSolutions: readonly Solution[] = [locateLsnSolution]
