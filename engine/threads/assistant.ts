// One thread replays. Where there is a second processor, another one takes from it what it can:
//
//   assistant   survey  ══ batch ══ batch ══ batch ══ end of the log     every record checked and decoded
//               redo     ·· ·· ··   ·· ·· ··   ·· ·· ·· ══ pages         of tables that change often: recovery/share.ts
//               memory             ▒▒▒▒       ▒▒▒▒                       for pages, found by the system; while he waits
//               files                                     ≡≡≡≡           synced, as the dead server left them
//               pages                                          ▐▐▐▐▐▐    the last ones that the final checkpoint writes
//   replay            ── page ── page ── page ── page ── page ─ ▐▐▐▐▐▐   behind it, in memory; waits where it would overtake
//
// Nothing is used by both at once: a batch of records goes there and back, memory for pages stays where it was made, and
// the assistant sees that of replay again when it is over. It is shared memory all the same, not memory that changes
// hands: V8 would count hundreds of megabytes that come and go, and look for garbage again and again.

import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { MessageChannel, receiveMessageOnPort, Worker, type MessagePort } from 'node:worker_threads'
import { DiskFault } from '../bytes/errors.js'
import type { OrderedRun, PieceOfMemory, WriterBeside } from '../buffers/bufferPool.js'
import { join, type Disk } from '../disk/disk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { locateLsn } from '../format/lsn.js'
import type { Assistant, HandedOver } from '../recovery/handedOver.js'
import type { Choice } from '../recovery/share.js'
import type { StartPoint } from '../recovery/startup.js'
import type { Survey } from '../recovery/survey.js'
import { listSegments, WAL_DIRECTORY } from '../wal/segments.js'
import {
  DONE_WITH,
  PIECE_BYTES,
  PIECES,
  Signals,
  WANTS,
  type AssistantLines,
  type AssistantTask,
  type WriteOrder,
} from './assistantTask.js'

/** A thread that says nothing for so long, in milliseconds, is given up. It has a few megabytes to read meanwhile. */
const PATIENCE = 60_000

/** Less log than this, in bytes, is replayed sooner than a thread is started. */
const WORTHWHILE = 64 * 1024 * 1024

/**
 * A thread made ready for the recovery of a directory, when that looks as if it will be worth it: much log, and a
 * processor to spare. It loads its code while this one loads its own.
 */
export function threadFor(directory: string): AssistantThread | undefined {
  return availableParallelism() > 1 && logBytes(directory) >= WORTHWHILE ? new AssistantThread() : undefined
}

/** Bytes in the files of pg_wal, as far as they can be seen. */
function logBytes(directory: string): number {
  const disk = nodeDisk(directory, { readOnly: true })
  try {
    return disk
      .list(WAL_DIRECTORY)
      .reduce((sum, { name }) => sum + (disk.size(join(WAL_DIRECTORY, name)) ?? 0), 0)
  } catch {
    return 0 // whoever opens the directory will say what is wrong with it
  } finally {
    disk.close()
  }
}

export interface AssistantOptions {
  /** He may write pages himself, past the disk that is worked on. */
  writes?: boolean
  /** Most pages that he may hold of relations that he replays himself; none when not given. */
  pages?: number
  /** How those are chosen; as usual when not given. */
  choice?: Choice
  /** One that was made ready. */
  thread?: AssistantThread
}

/** An assistant where that is sooner. */
export function assistantFor(
  disk: Disk,
  start: StartPoint,
  options: AssistantOptions = {},
): Assistant | undefined {
  const { xlog_seg_size } = start.control
  const { segment } = locateLsn(start.redo, xlog_seg_size)
  const segments = listSegments(disk, xlog_seg_size).filter((file) => file.segment >= segment)
  const enough = segments.length * xlog_seg_size >= WORTHWHILE && availableParallelism() > 1
  return enough ? startAssistant(disk.name, start, options) : undefined
}

/** Starts an assistant for the recovery of a directory; it ends when it is dismissed, or with this process. */
export function startAssistant(
  directory: string,
  start: StartPoint,
  options: AssistantOptions = {},
): Assistant {
  const { thread = new AssistantThread(), pages = 0, writes = false, choice } = options
  return thread.begin({ directory, start, pages, writes, choice })
}

/** A thread that waits for its task. */
export class AssistantThread {
  private readonly signals = new Signals()
  private readonly tasks = new MessageChannel()
  private readonly records = new MessageChannel()
  private readonly survey = new MessageChannel()
  private readonly memory = new MessageChannel()
  private readonly pages = new MessageChannel()

  constructor() {
    const { signals, tasks, records, survey, memory, pages } = this
    const ports = { tasks, records, survey, memory, pages }
    const theirs = Object.fromEntries(Object.entries(ports).map(([name, { port2 }]) => [name, port2]))
    // A thread cannot begin in TypeScript: run from source, as tests are, it is the built one.
    const folder = import.meta.url.endsWith('.js') ? '.' : '../dist/threads'
    const script = fileURLToPath(new URL(`${folder}/assistantThread.js`, import.meta.url))
    const workerData = { signals: signals.memory, ...theirs } as unknown as AssistantLines
    const thread = new Worker(script, { workerData, transferList: Object.values(theirs) })
    thread.on('error', () => {}) // whoever waits for it gives it up, and does its work himself
    thread.unref()
  }

  begin(task: AssistantTask): Assistant {
    const { signals, records, survey, memory, pages } = this
    this.tasks.port1.postMessage(task)
    signals.ask()
    return new ThreadedAssistant(signals, records.port1, survey.port1, memory.port1, pages.port1, task.writes)
  }

  /** There will be no task; nothing happens when there was one. */
  leave(): void {
    this.signals.want(WANTS.nothing)
  }
}

class ThreadedAssistant implements Assistant {
  private givenUp = false
  private received = false
  private survey: Survey | undefined
  /** Memory that we have made ourselves. */
  private readonly pieces: PieceOfMemory[] = []
  /** Runs of pages in the order that he has to write. */
  private ordered: number | undefined
  readonly writer: WriterBeside | undefined

  constructor(
    private readonly signals: Signals,
    private readonly recordsPort: MessagePort,
    private readonly surveyPort: MessagePort,
    private readonly memoryPort: MessagePort,
    private readonly pagesPort: MessagePort,
    writes: boolean,
  ) {
    if (writes)
      this.writer = {
        write: this.write.bind(this),
        claim: () => this.givenUp || signals.claim(this.ordered ?? 0),
        written: () => this.waitUntil(DONE_WITH.writing),
        synced: () => this.waitUntil(DONE_WITH.synced),
      }
  }

  records(): HandedOver | undefined {
    return this.waitFor(() => receive<HandedOver>(this.recordsPort))
  }

  giveBack(batch: HandedOver): void {
    this.recordsPort.postMessage(batch)
    this.signals.ask()
  }

  result(): Survey | undefined {
    if (this.received) return this.survey
    this.signals.want(WANTS.survey)
    this.waitFor(() => undefined)
    this.survey = receive<Survey | undefined>(this.surveyPort)
    this.received = true
    this.surveyPort.close()
    return this.survey
  }

  memory(): PieceOfMemory {
    const ready = receive<PieceOfMemory>(this.memoryPort)
    if (ready) this.signals.take()
    else
      this.pieces.push({
        number: PIECES.replay + this.pieces.length,
        memory: new SharedArrayBuffer(PIECE_BYTES),
      })
    return ready ?? this.pieces[this.pieces.length - 1]
  }

  dismiss(): void {
    this.signals.endClaims()
    this.signals.want(WANTS.nothing)
    try {
      if (this.ordered !== undefined) this.waitUntil(DONE_WITH.writing) // nobody else may write when we are done
    } catch {
      // whoever dismisses him early has met a fault himself
    }
    this.memoryPort.close()
  }

  private write(runs: OrderedRun[], checksums: boolean): void {
    if (this.givenUp) return // he might come to himself when all is done
    this.ordered = runs.length
    const order: WriteOrder = { runs, checksums, pieces: this.pieces }
    this.pagesPort.postMessage(order)
    this.signals.ask()
  }

  /** Waits until the order is done that far; false when he is not heard of any more. */
  private waitUntil(wanted: number): boolean {
    for (let seen; !this.givenUp && (seen = this.signals.done) > wanted;)
      if (!this.signals.waitForStep(seen, PATIENCE)) this.givenUp = true
    const fault = receive<string>(this.pagesPort)
    if (fault !== undefined) throw new DiskFault(fault)
    return !this.givenUp
  }

  /** Waits until a question has an answer; undefined when none can come any more. */
  private waitFor<T>(answer: () => T | undefined): T | undefined {
    for (;;) {
      const { said, finished } = this.signals
      const found = answer()
      if (found !== undefined) return found
      if (finished || this.givenUp) return undefined
      if (!this.signals.waitForWord(said, PATIENCE)) this.givenUp = true
    }
  }
}

/** The next message that has arrived, without waiting; undefined when there is none. */
function receive<T>(port: MessagePort): T | undefined {
  return (receiveMessageOnPort(port) as { message: T } | undefined)?.message
}
