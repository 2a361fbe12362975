// What passes between the thread that replays and the one that surveys.

import type { MessagePort } from 'node:worker_threads'
import type { StartPoint } from '../recovery/startup.js'

export interface SurveyTask {
  directory: string
  start: StartPoint
  /** One 64-bit number: the position that the survey has passed; FINISHED when its result has been sent. */
  passed: SharedArrayBuffer
  /** The result's way back: a Survey, or undefined when it failed. */
  port: MessagePort
}

export const FINISHED = 0x7fffffffffffffffn
