// Solutions of chapter 05-abort.

import { inFlightSolution } from '../parts/inFlight.js'
import type { Solution } from '../solution.js'

export const abortSolutions: readonly Solution[] = [inFlightSolution]
