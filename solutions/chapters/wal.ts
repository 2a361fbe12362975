// Solutions of chapter 01-wal.

import { flushBeforeWriteSolution } from '../parts/flushBeforeWrite.js'
import { joinRecordSolution } from '../parts/joinRecord.js'
import { readBlockRefsSolution } from '../parts/readBlockRefs.js'
import { readRecordHeaderSolution } from '../parts/readRecordHeader.js'
import { recordCrcSolution } from '../parts/recordCrc.js'
import type { Solution } from '../solution.js'

export const walSolutions: readonly Solution[] = [
  recordCrcSolution,
  readRecordHeaderSolution,
  readBlockRefsSolution,
  joinRecordSolution,
  flushBeforeWriteSolution,
]
