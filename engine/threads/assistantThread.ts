// The assistant's thread, started by assistant.ts: it surveys the log, and sees until it is dismissed that memory for
// pages is at hand.

import { workerData } from 'node:worker_threads'
import { nodeDisk } from '../disk/nodeDisk.js'
import { BLCKSZ } from '../format/controlFile.js'
import { reference } from '../parts.js'
import { surveyLog, type Survey } from '../recovery/survey.js'
import { FINISHED, Signals, type AssistantTask } from './assistantTask.js'

const PIECE_BYTES = 64 * BLCKSZ
/** Pieces that wait to be taken. */
const AT_HAND = 32
/** What the system gives memory in, bytes. */
const SYSTEM_PAGE = 4096

const task = workerData as AssistantTask
const signals = new Signals(task.signals)

let pieces = 0
/** Makes pieces until enough are at hand. False when no more are wanted. */
function stock(): boolean {
  for (let taken; (taken = signals.taken) !== undefined; pieces++) {
    if (pieces >= taken + AT_HAND) return true
    const piece = new ArrayBuffer(PIECE_BYTES)
    const bytes = new Uint8Array(piece)
    for (let at = 0; at < PIECE_BYTES; at += SYSTEM_PAGE) bytes[at] = 0 // the system finds the memory now, not later
    task.memory.postMessage(piece, [piece])
  }
  return false
}

function survey(): Survey | undefined {
  try {
    const disk = nodeDisk(task.directory, { readOnly: true })
    const found = surveyLog(disk, task.start, reference, {
      onProgress: (position) => {
        signals.passed = position
        stock()
      },
    })
    disk.close()
    return found
  } catch {
    return undefined // whoever waits will read the log itself, and meet the same fault
  }
}

task.survey.postMessage(survey())
signals.passed = FINISHED
while (stock()) signals.waitForTaken(pieces - AT_HAND)
task.survey.close()
task.memory.close()
