// All solutions, by exercise.

import { walSolutions } from './chapters/wal.js'
import { lsnSolutions } from './chapters/lsn.js'
import { checkpointSolutions } from './chapters/checkpoint.js'
import { startupSolutions } from './chapters/startup.js'
import { abortSolutions } from './chapters/abort.js'
import { tempCleanupSolutions } from './chapters/tempCleanup.js'
import { finalCheckpointSolutions } from './chapters/finalCheckpoint.js'
import { capstoneSolutions } from './chapters/capstone.js'
import type { Solution } from './solution.js'

export const solutions: readonly Solution[] = [
  ...walSolutions,
  ...lsnSolutions,
  ...checkpointSolutions,
  ...startupSolutions,
  ...abortSolutions,
  ...tempCleanupSolutions,
  ...finalCheckpointSolutions,
  ...capstoneSolutions,
]

/** The instructor's side of an exercise. Throws for a name that is none. */
export function solutionOf(name: string): Solution {
  const solution = solutions.find((candidate) => candidate.name === name)
  if (!solution) throw new Error(`there is no solution of "${name}"`)
  return solution
}
