// What passes between the thread that replays and its assistant.

import type { MessagePort } from 'node:worker_threads'
import { PAGES_IN_PIECE, type OrderedRun, type PieceOfMemory } from '../buffers/bufferPool.js'
import { BLCKSZ } from '../format/controlFile.js'
import type { Choice } from '../recovery/share.js'
import type { StartPoint } from '../recovery/startup.js'

/** What the thread begins with: how to be heard, and to hear. */
export interface AssistantLines {
  signals: SharedArrayBuffer
  /** The task, when it is known. */
  tasks: MessagePort
  /** Records on their way there, used memory on its way back: HandedOver. */
  records: MessagePort
  /** The survey's way back: a Survey, or undefined when it failed. */
  survey: MessagePort
  /** Memory for pages that is ready, piece after piece: PieceOfMemory. */
  memory: MessagePort
  /** Pages to write, on their way there; what went wrong, on its way back. */
  pages: MessagePort
}

export interface AssistantTask {
  directory: string
  start: StartPoint
  /** Most pages that the assistant may hold in memory of relations that he replays himself; see share.ts. */
  pages: number
  /** How those are chosen; as usual when not given. */
  choice?: Choice
  /** He may write pages, and sync files. */
  writes: boolean
}

/** Pages to write, and the memory they are in, but for that which the assistant has given. */
export interface WriteOrder {
  runs: OrderedRun[]
  checksums: boolean
  pieces: PieceOfMemory[]
}

export const PIECE_BYTES = PAGES_IN_PIECE * BLCKSZ

/** Numbers of pieces of memory begin here: of those made ready for replay, made by it, made for the assistant's share. */
export const PIECES = { ready: 0, replay: 1 << 20, share: 2 << 20 } as const

// Places in the shared numbers.
const SAID = 0
const ASKED = 1
const TAKEN = 2
const WANTED = 3
const CLAIMED = 4
const DONE = 5

/** What SAID is when the survey has been sent: nothing follows. */
const FINISHED = -1

/** How far the assistant is with an order: at work, all written, all synced. Above the last come steps of work. */
export const DONE_WITH = { synced: -2, writing: -1 } as const

/** What the replaying thread still wants. */
export const WANTS = { records: 0, survey: 1, nothing: 2 } as const

/** A few numbers that both threads see, and wait for. What was sent before one changes is there afterwards. */
export class Signals {
  private readonly numbers: Int32Array

  constructor(readonly memory = new SharedArrayBuffer(24)) {
    this.numbers = new Int32Array(memory)
  }

  /** How often the assistant has let itself be heard. */
  get said(): number {
    return Atomics.load(this.numbers, SAID)
  }

  get finished(): boolean {
    return this.said === FINISHED
  }

  /** The assistant: something was sent, or I am still at work. */
  say(): void {
    Atomics.store(this.numbers, SAID, (this.said + 1) & 0x3fffffff)
    Atomics.notify(this.numbers, SAID)
  }

  /** All is sent. */
  finish(): void {
    Atomics.store(this.numbers, SAID, FINISHED)
    Atomics.notify(this.numbers, SAID)
  }

  /** Waits until the assistant was heard again since `said` was `seen`. False when that takes so many milliseconds. */
  waitForWord(seen: number, patience: number): boolean {
    return Atomics.wait(this.numbers, SAID, seen, patience) !== 'timed-out'
  }

  /** How often the replaying thread has taken, given back or asked for something. */
  get asked(): number {
    return Atomics.load(this.numbers, ASKED)
  }

  /** Pieces of memory taken so far. */
  get taken(): number {
    return Atomics.load(this.numbers, TAKEN)
  }

  /** The most that is still wanted: one of WANTS. */
  get wanted(): number {
    return Atomics.load(this.numbers, WANTED)
  }

  /** The replaying thread: a piece of memory was taken. */
  take(): void {
    Atomics.add(this.numbers, TAKEN, 1)
    this.ask()
  }

  /** From now on only the survey is wanted, or nothing. */
  want(what: number): void {
    if (what <= this.wanted) return
    Atomics.store(this.numbers, WANTED, what)
    this.ask()
  }

  /** Either: takes one of `most` runs to write, from its own end; false when all are taken. */
  claim(most: number): boolean {
    return Atomics.add(this.numbers, CLAIMED, 1) < most
  }

  /** Nobody takes a run any more. */
  endClaims(): void {
    Atomics.store(this.numbers, CLAIMED, 1 << 30)
  }

  /** How much of an order is done: grows while runs are written and files are synced, or is one of DONE_WITH. */
  get done(): number {
    return Atomics.load(this.numbers, DONE)
  }
  set done(step: number) {
    Atomics.store(this.numbers, DONE, step)
    Atomics.notify(this.numbers, DONE)
  }

  /** Waits until `done` is another than was `seen`. False when that takes so many milliseconds. */
  waitForStep(seen: number, patience: number): boolean {
    return Atomics.wait(this.numbers, DONE, seen, patience) !== 'timed-out'
  }

  /** The replaying thread: look what there is. */
  ask(): void {
    Atomics.add(this.numbers, ASKED, 1)
    Atomics.notify(this.numbers, ASKED)
  }

  /** Waits until the replaying thread was heard again since `asked` was `seen`. */
  waitForRequest(seen: number): void {
    Atomics.wait(this.numbers, ASKED, seen)
  }
}
