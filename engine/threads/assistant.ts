// One thread replays. Where there is a second processor, another one takes from it what needs no page:
//
//   assistant   survey  ══ checked ══ checked ══ end of the log      every record's checksum, every transaction's fate
//               memory  ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒ ▒▒▒▒      for pages, found by the system before it is needed
//   replay      ── page ── page ── page ── page ── page ── page      behind it, in memory; waits where it would overtake
//
// Both read the files by themselves. What passes between them is one position, the survey when it is complete, and
// memory, which changes hands whole: nothing is shared.

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import type { Disk } from '../disk/disk.js'
import { INVALID_LSN, locateLsn, type Lsn } from '../format/lsn.js'
import type { Assistant } from '../recovery/recovery.js'
import type { StartPoint } from '../recovery/startup.js'
import type { Survey } from '../recovery/survey.js'
import { listSegments } from '../wal/segments.js'
import { FINISHED, Signals, type AssistantTask } from './assistantTask.js'

/** A thread that says nothing for so long, in milliseconds, is given up. It has a few megabytes to read meanwhile. */
const PATIENCE = 60_000

/** Less log than this, in bytes, is replayed sooner than a thread is started. */
const WORTHWHILE = 64 * 1024 * 1024

/** An assistant where that is sooner: much log, and a processor to spare. */
export function assistantFor(disk: Disk, start: StartPoint): Assistant | undefined {
  const { xlog_seg_size } = start.control
  const { segment } = locateLsn(start.redo, xlog_seg_size)
  const segments = listSegments(disk, xlog_seg_size).filter((file) => file.segment >= segment)
  const enough = segments.length * xlog_seg_size >= WORTHWHILE && availableParallelism() > 1
  return enough ? startAssistant(disk.name, start) : undefined
}

/** Starts an assistant for the recovery of a directory, in a thread that ends when it is dismissed, or with this process. */
export function startAssistant(directory: string, start: StartPoint): Assistant {
  const signals = new Signals()
  const survey = new MessageChannel()
  const memory = new MessageChannel()
  startThread({ directory, start, signals: signals.memory, survey: survey.port2, memory: memory.port2 })
  return new ThreadedAssistant(signals, survey.port1, memory.port1)
}

class ThreadedAssistant implements Assistant {
  private received = false
  private survey: Survey | undefined

  constructor(
    private readonly signals: Signals,
    private readonly surveyPort: MessagePort,
    private readonly memoryPort: MessagePort,
  ) {}

  passes(position: Lsn): Lsn {
    const now = this.received ? FINISHED : this.wait(position)
    return now === FINISHED ? (this.result()?.endOfLog ?? INVALID_LSN) : now
  }

  result(): Survey | undefined {
    if (this.received) return this.survey
    this.wait(FINISHED)
    this.survey = receive<Survey | undefined>(this.surveyPort)
    this.received = true
    this.surveyPort.close()
    return this.survey
  }

  memory(): ArrayBuffer | undefined {
    const piece = receive<ArrayBuffer>(this.memoryPort)
    if (piece) this.signals.take()
    return piece
  }

  dismiss(): void {
    this.signals.dismiss()
    this.memoryPort.close()
  }

  private wait(position: Lsn): Lsn {
    for (;;) {
      const now = this.signals.passed
      if (now >= position) return now
      if (!this.signals.waitForSurvey(now, PATIENCE)) this.signals.passed = FINISHED
    }
  }
}

/** The next message that has arrived, without waiting; undefined when there is none. */
function receive<T>(port: MessagePort): T | undefined {
  return (receiveMessageOnPort(port) as { message: T } | undefined)?.message
}

function startThread(task: AssistantTask): void {
  // A thread cannot begin in TypeScript: run from source, as tests are, it is the built one.
  const folder = import.meta.url.endsWith('.js') ? '.' : '../dist/threads'
  const script = fileURLToPath(new URL(`${folder}/assistantThread.js`, import.meta.url))
  const thread = new Worker(script, { workerData: task, transferList: [task.survey, task.memory] })
  thread.on('error', () => {}) // whoever waits for it gives it up, and does its work himself
  thread.unref()
}
