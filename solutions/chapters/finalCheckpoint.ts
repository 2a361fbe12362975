// Solutions of chapter 07-final-checkpoint.

import { afterPowerCutSolution } from '../parts/afterPowerCut.js'
import { checkpointRecordSolution } from '../parts/checkpointRecord.js'
import { finalWritesSolution } from '../parts/finalWrites.js'
import { rewriteControlSolution } from '../parts/rewriteControl.js'
import type { Solution } from '../solution.js'

export const finalCheckpointSolutions: readonly Solution[] = [
  finalWritesSolution,
  checkpointRecordSolution,
  rewriteControlSolution,
  afterPowerCutSolution,
]
