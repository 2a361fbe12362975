// One process with a learner's cell in it, seen from the judge: questions go in, data comes out. What is asked together
// has a number that nobody can know before it is asked; an answer without it is none.

import { spawn, type ChildProcess } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import type { Duplex } from 'node:stream'
import { NoAnswer } from '../../exercises/checking/check.js'
import { printable } from '../../exercises/checking/printable.js'
import type { Isolation } from './isolation.js'
import { limits, type Patience } from './limits.js'

/** What a child may answer. */
export type Reply =
  | { readonly kind: 'loaded' | 'absent' }
  | { readonly kind: 'value'; readonly text: string }
  | { readonly kind: 'threw'; readonly name: string; readonly message: string }
  | { readonly kind: 'not plain'; readonly what: string }

interface Waiting {
  readonly nonce: string
  /** Answers still to come. */
  left: number
  readonly clock: NodeJS.Timeout
  answered(reply: Reply): void
  resolve(): void
  reject(reason: NoAnswer): void
}

const tooLong = new NoAnswer('no evidence', `it sent more than ${limits.reply} characters`)
const unasked = new NoAnswer('no evidence', 'it sent an answer that nobody had asked for')

/** An input, as encoded, as the line that a question is. */
export function questionLine(input: string): Buffer {
  return Buffer.from(ascii(input) + '\n', 'latin1')
}

export class Sandbox {
  readonly #child: ChildProcess
  readonly #channel: Duplex
  readonly #gone: Promise<void>
  #waiting: Waiting | undefined
  #received = ''
  #over: NoAnswer | undefined

  /** Starts a process; `folder` holds the child's code. */
  constructor(
    isolation: Isolation,
    folder: string,
    private readonly patience: Patience = limits,
  ) {
    const { file, args, uid } = isolation.command(folder)
    this.#child = spawn(file, args, {
      cwd: folder,
      env: {},
      detached: true, // a group of its own, so that what it leaves behind can be ended with it
      stdio: ['ignore', 'ignore', 'ignore', 'pipe'],
      ...(uid === undefined ? {} : { uid, gid: uid }),
    })
    this.#channel = this.#child.stdio[3] as Duplex
    this.#channel.setEncoding('utf8')
    this.#channel.on('data', (text: string) => this.#receive(text))
    this.#channel.on('error', () => {}) // the process is gone: `exit` tells
    this.#gone = new Promise((resolve) => {
      this.#child.once('error', (error) => (this.#end(new NoAnswer('crashed', error.message)), resolve()))
      this.#child.once(
        'exit',
        (code, signal) => (this.#end(new NoAnswer('crashed', obituary(code, signal))), resolve()),
      )
    })
  }

  /** True when the process can be asked no more. */
  get over(): boolean {
    return this.#over !== undefined
  }

  /** Runs the cell and looks for the function `name` in it. Throws NoAnswer. */
  async load(code: string, name: string): Promise<Reply> {
    const replies: Reply[] = []
    await this.#ask({ load: { code, name } }, [], 1, this.patience.load, (reply) => replies.push(reply))
    return replies[0]
  }

  /**
   * Asks the part, one input after the other; each is a line of `lines`, see {@link questionLine}. There is a limit on
   * each answer, a shorter one for many together. Throws NoAnswer when one is missing; `answered` was told those before.
   */
  async ask(lines: readonly Buffer[], answered: (reply: Reply) => void): Promise<void> {
    const { answer } = this.patience
    const milliseconds = lines.length > 1 ? Math.min(limits.together, answer) : answer
    await this.#ask({ inputs: lines.length }, lines, lines.length, milliseconds, answered)
  }

  /** Ends the process, everything it started, and waits until it is gone. */
  async kill(): Promise<void> {
    this.#end(new NoAnswer('no evidence', 'the process was ended'))
    killGroup(this.#child.pid)
    this.#child.kill('SIGKILL')
    await this.#gone
    this.#channel.destroy()
  }

  #ask(
    question: object,
    lines: readonly Buffer[],
    answers: number,
    milliseconds: number,
    answered: (reply: Reply) => void,
  ): Promise<void> {
    if (this.#over) return Promise.reject(this.#over)
    const nonce = randomUUID()
    return new Promise((resolve, reject) => {
      const waiting: Waiting = {
        nonce,
        left: answers,
        clock: setTimeout(() => this.#lookAgain(waiting, milliseconds), milliseconds),
        answered,
        resolve,
        reject,
      }
      this.#waiting = waiting
      this.#channel.cork()
      this.#channel.write(ascii(JSON.stringify({ nonce, ...question })) + '\n')
      for (const line of lines) this.#channel.write(line)
      this.#channel.uncork()
    })
  }

  /** The judge itself may have been busy: an answer that has arrived by now was in time. */
  #lookAgain(waiting: Waiting, milliseconds: number): void {
    const { left } = waiting
    setImmediate(() => {
      if (this.#waiting !== waiting || waiting.left !== left) return
      this.#stop(new NoAnswer('timed out', `no answer within ${milliseconds / 1000} seconds`))
    })
  }

  #receive(text: string): void {
    if (this.#over) return
    const lines = (this.#received + text).split('\n')
    this.#received = lines.pop() ?? ''
    for (const line of lines) if (!this.#over) this.#accept(line)
    if (this.#over) return
    if (this.#received.length > limits.reply) this.#stop(tooLong)
    else if (this.#received !== '' && !this.#waiting) this.#stop(unasked)
  }

  /** One answer. */
  #accept(line: string): void {
    const waiting = this.#waiting
    if (line.length > limits.reply) return this.#stop(tooLong)
    if (!waiting) return this.#stop(unasked)
    const reply = readReply(line, waiting.nonce)
    if (!reply)
      return this.#stop(new NoAnswer('no evidence', 'it sent something that is no answer to the question'))
    waiting.left--
    waiting.clock.refresh()
    waiting.answered(reply)
    if (waiting.left > 0) return
    this.#waiting = undefined
    clearTimeout(waiting.clock)
    waiting.resolve()
  }

  #stop(reason: NoAnswer): void {
    this.#end(reason)
    void this.kill()
  }

  #end(reason: NoAnswer): void {
    this.#over ??= reason
    const waiting = this.#waiting
    this.#waiting = undefined
    if (!waiting) return
    clearTimeout(waiting.clock)
    waiting.reject(this.#over)
  }
}

/** Ends all processes of a group. */
function killGroup(pid: number | undefined): void {
  if (pid === undefined) return
  try {
    process.kill(-pid, 'SIGKILL')
  } catch {
    // gone already
  }
}

/** JSON in ASCII. */
function ascii(json: string): string {
  return json.replace(/[\u007f-\uffff]/g, (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`)
}

function obituary(code: number | null, signal: string | null): string {
  const aborted = signal === 'SIGABRT' || signal === 'SIGTRAP' || code === 133 || code === 134
  if (aborted)
    return `it ran out of memory (${limits.heap} MiB of heap, ${limits.data} MiB in all) or aborted`
  return `the process ended before it answered (${signal ?? `exit code ${code}`})`
}

function readReply(line: string, nonce: string): Reply | undefined {
  let message: unknown
  try {
    message = JSON.parse(line)
  } catch {
    return undefined
  }
  if (typeof message !== 'object' || message === null) return undefined
  const { nonce: echoed, ...answer } = message as Record<string, unknown>
  const [[kind, value] = [], ...more] = Object.entries(answer)
  if (echoed !== nonce || more.length > 0) return undefined
  if ((kind === 'loaded' || kind === 'absent') && value === true) return { kind }
  if (kind === 'value' && typeof value === 'string') return { kind: 'value', text: value }
  if (kind === 'notPlain' && typeof value === 'string')
    return { kind: 'not plain', what: printable(value, 100) }
  if (kind === 'threw') return readThrown(value)
  return undefined
}

function readThrown(value: unknown): Reply | undefined {
  if (typeof value !== 'object' || value === null) return undefined
  const { name, message } = value as Record<string, unknown>
  if (typeof name !== 'string' || typeof message !== 'string') return undefined
  return { kind: 'threw', name: printable(name, 50), message: printable(message, 300) }
}
