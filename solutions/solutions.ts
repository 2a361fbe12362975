// All solutions, by exercise.

import { finalWritesSolution } from './parts/finalWrites.js'
import { inFlightSolution } from './parts/inFlight.js'
import { isTemporarySolution } from './parts/isTemporary.js'
import { locateLsnSolution } from './parts/locateLsn.js'
import { needsRedoSolution } from './parts/needsRedo.js'
import { recordCrcSolution } from './parts/recordCrc.js'
import { redoPointSolution } from './parts/redoPoint.js'
import type { Solution } from './solution.js'

export const solutions: readonly Solution[] = [
  recordCrcSolution,
  locateLsnSolution,
  redoPointSolution,
  needsRedoSolution,
  inFlightSolution,
  isTemporarySolution,
  finalWritesSolution,
]

/** The instructor's side of an exercise. Throws for a name that is none. */
export function solutionOf(name: string): Solution {
  const solution = solutions.find((candidate) => candidate.name === name)
  if (!solution) throw new Error(`there is no solution of "${name}"`)
  return solution
}
