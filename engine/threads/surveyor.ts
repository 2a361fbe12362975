// Reading and checking the log takes a good part of a recovery, and needs no page. Where there is a second processor it
// is done by a second thread:
//
//   survey   ══ checked ══ checked ══ checked ══ end of the log      every record's checksum, every transaction's fate
//   replay      ── page ── page ── page ── page ── page ── page      behind it, in memory; waits where it would overtake
//
// Both read the files by themselves. What passes between them is one position, and the survey when it is complete.

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { MessageChannel, receiveMessageOnPort, Worker } from 'node:worker_threads'
import type { Disk } from '../disk/disk.js'
import { INVALID_LSN, locateLsn, type Lsn } from '../format/lsn.js'
import type { Surveyor } from '../recovery/recovery.js'
import type { StartPoint } from '../recovery/startup.js'
import type { Survey } from '../recovery/survey.js'
import { listSegments } from '../wal/segments.js'
import { FINISHED, type SurveyTask } from './surveyTask.js'

/** A thread that says nothing for so long, in milliseconds, is given up. It has a few megabytes to read meanwhile. */
const PATIENCE = 60_000

/** Less log than this, in bytes, is read sooner than a thread is started. */
const WORTHWHILE = 64 * 1024 * 1024

/** A survey by a second thread where that is sooner: much log, and a processor to spare. */
export function surveyBeside(disk: Disk, start: StartPoint): Surveyor | undefined {
  const { xlog_seg_size } = start.control
  const { segment } = locateLsn(start.redo, xlog_seg_size)
  const segments = listSegments(disk, xlog_seg_size).filter((file) => file.segment >= segment)
  const enough = segments.length * xlog_seg_size >= WORTHWHILE && availableParallelism() > 1
  return enough ? surveyInThread(disk.name, start) : undefined
}

/** Starts the survey of a directory's log in a thread of its own, which ends with it, and with this process. */
export function surveyInThread(directory: string, start: StartPoint): Surveyor {
  const passed = new SharedArrayBuffer(8)
  const positions = new BigInt64Array(passed)
  const { port1, port2 } = new MessageChannel()
  startThread({ directory, start, passed, port: port2 })
  let survey: Survey | undefined
  let received = false

  const passes = (position: Lsn): Lsn => {
    for (;;) {
      const now = Atomics.load(positions, 0)
      if (now >= position) return now
      if (Atomics.wait(positions, 0, now, PATIENCE) === 'timed-out') Atomics.store(positions, 0, FINISHED)
    }
  }
  const result = (): Survey | undefined => {
    if (received) return survey
    passes(FINISHED)
    survey = (receiveMessageOnPort(port1) as { message?: Survey } | undefined)?.message
    received = true
    port1.close()
    return survey
  }
  return {
    result,
    passes(position) {
      const now = received ? FINISHED : passes(position)
      return now === FINISHED ? (result()?.endOfLog ?? INVALID_LSN) : now
    },
  }
}

function startThread(task: SurveyTask): void {
  // A thread cannot begin in TypeScript: run from source, as tests are, it is the built one.
  const folder = import.meta.url.endsWith('.js') ? '.' : '../dist/threads'
  const script = fileURLToPath(new URL(`${folder}/surveyThread.js`, import.meta.url))
  const thread = new Worker(script, { workerData: task, transferList: [task.port] })
  thread.on('error', () => {}) // whoever waits for it gives it up, and surveys the log himself
  thread.unref()
}
