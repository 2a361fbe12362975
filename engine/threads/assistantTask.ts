// What passes between the thread that replays and its assistant.

import type { MessagePort } from 'node:worker_threads'
import type { Lsn } from '../format/lsn.js'
import type { StartPoint } from '../recovery/startup.js'

export interface AssistantTask {
  directory: string
  start: StartPoint
  signals: SharedArrayBuffer
  /** The survey's way back: a Survey, or undefined when it failed. */
  survey: MessagePort
  /** Memory for pages, piece after piece. */
  memory: MessagePort
}

/** The position that the survey has passed when its result has been sent. */
export const FINISHED = 0x7fffffffffffffffn
/** The assistant may go. */
const DISMISSED = -1

/** Two numbers that both threads see: how far the survey is, and how many pieces of memory were taken. */
export class Signals {
  private readonly position: BigInt64Array
  private readonly count: Int32Array

  constructor(readonly memory = new SharedArrayBuffer(16)) {
    this.position = new BigInt64Array(memory, 0, 1)
    this.count = new Int32Array(memory, 8, 1)
  }

  get passed(): Lsn {
    return Atomics.load(this.position, 0)
  }

  set passed(position: Lsn) {
    Atomics.store(this.position, 0, position)
    Atomics.notify(this.position, 0)
  }

  /** Waits until `passed` is another one than `seen`. False when that takes more than so many milliseconds. */
  waitForSurvey(seen: Lsn, patience: number): boolean {
    return Atomics.wait(this.position, 0, seen, patience) !== 'timed-out'
  }

  /** Pieces of memory taken so far; undefined when no more are wanted. */
  get taken(): number | undefined {
    const taken = Atomics.load(this.count, 0)
    return taken === DISMISSED ? undefined : taken
  }

  take(): void {
    Atomics.add(this.count, 0, 1)
    Atomics.notify(this.count, 0)
  }

  dismiss(): void {
    Atomics.store(this.count, 0, DISMISSED)
    Atomics.notify(this.count, 0)
  }

  /** Waits until more than `seen` pieces were taken, or no more are wanted. */
  waitForTaken(seen: number): void {
    Atomics.wait(this.count, 0, seen)
  }
}
