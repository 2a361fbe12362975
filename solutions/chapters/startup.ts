// Solutions of chapter 04-startup.

import { endOfLogSolution } from '../parts/endOfLog.js'
import { needsRedoSolution } from '../parts/needsRedo.js'
import { redoBtreeInsertSolution } from '../parts/redoBtreeInsert.js'
import { redoHeapInsertSolution } from '../parts/redoHeapInsert.js'
import { redoHeapUpdateSolution } from '../parts/redoHeapUpdate.js'
import { redoLoopSolution } from '../parts/redoLoop.js'
import { wasThereACrashSolution } from '../parts/wasThereACrash.js'
import type { Solution } from '../solution.js'

export const startupSolutions: readonly Solution[] = [
  needsRedoSolution,
  wasThereACrashSolution,
  redoLoopSolution,
  redoHeapInsertSolution,
  redoHeapUpdateSolution,
  redoBtreeInsertSolution,
  endOfLogSolution,
]
