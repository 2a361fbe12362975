// Solutions of chapter 08-capstone.

import { planRecoverySolution } from '../parts/planRecovery.js'
import type { Solution } from '../solution.js'

export const capstoneSolutions: readonly Solution[] = [planRecoverySolution]
