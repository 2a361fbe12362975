// Solutions of chapter 02-lsn.

import { locateLsnSolution } from '../parts/locateLsn.js'
import { printLsnSolution } from '../parts/printLsn.js'
import { readLsnSolution } from '../parts/readLsn.js'
import { recordBytesBetweenSolution } from '../parts/recordBytesBetween.js'
import { redoInsertsSolution } from '../parts/redoInserts.js'
import type { Solution } from '../solution.js'

export const lsnSolutions: readonly Solution[] = [
  locateLsnSolution,
  readLsnSolution,
  printLsnSolution,
  recordBytesBetweenSolution,
  redoInsertsSolution,
]
