// The thread that surveys the log, while another one replays what it has passed. It is started by surveyor.ts.

import { workerData } from 'node:worker_threads'
import { nodeDisk } from '../disk/nodeDisk.js'
import { reference } from '../parts.js'
import { surveyLog, type Survey } from '../recovery/survey.js'
import { FINISHED, type SurveyTask } from './surveyTask.js'

const { directory, start, passed, port } = workerData as SurveyTask
const positions = new BigInt64Array(passed)

function publish(position: bigint): void {
  Atomics.store(positions, 0, position)
  Atomics.notify(positions, 0)
}

function survey(): Survey | undefined {
  try {
    const disk = nodeDisk(directory, { readOnly: true })
    const found = surveyLog(disk, start, reference, { onProgress: publish })
    disk.close()
    return found
  } catch {
    return undefined // whoever waits will read the log itself, and meet the same fault
  }
}

port.postMessage(survey())
publish(FINISHED)
port.close()
