// All exercises, in the order of the course.

import type { Exercise } from '../checking/check.js'
import { finalWrites } from './finalWrites.js'
import { inFlight } from './inFlight.js'
import { isTemporary } from './isTemporary.js'
import { locateLsn } from './locateLsn.js'
import { needsRedo } from './needsRedo.js'
import { recordCrc } from './recordCrc.js'
import { redoPoint } from './redoPoint.js'

export const exercises: readonly Exercise[] = [
  recordCrc,
  locateLsn,
  redoPoint,
  needsRedo,
  inFlight,
  isTemporary,
  finalWrites,
]
