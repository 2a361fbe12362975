// What a command may use of the machine it runs on. Tests hand in their own.

import type { Writable } from 'node:stream'

export interface CommandIo {
  stdout: Writable & { isTTY?: boolean }
  stderr: Writable & { isTTY?: boolean }
  env: Readonly<Record<string, string | undefined>>
  /** Aborted at the first interrupt (Ctrl-C) after the call. */
  interrupted(): AbortSignal
  /** Seconds since 1970. */
  now(): bigint
}

/** The terminal and signals of this process. */
export function processIo(): CommandIo {
  return {
    stdout: process.stdout,
    stderr: process.stderr,
    env: process.env,
    interrupted() {
      const controller = new AbortController()
      process.once('SIGINT', () => controller.abort())
      return controller.signal
    },
    now: () => BigInt(Math.floor(Date.now() / 1000)),
  }
}

const CHUNK_CHARACTERS = 1 << 16

/** Writes lines in large pieces. A reader that goes away (`| head`) is no error: `closed` says that it has. */
export class LineWriter {
  closed = false
  private lines: string[] = []
  private size = 0
  private failure: Error | undefined
  private readonly onError = (error: NodeJS.ErrnoException): void => {
    this.closed = true
    if (error.code !== 'EPIPE') this.failure = error
  }

  constructor(private readonly stream: Writable) {
    stream.on('error', this.onError)
  }

  line(text: string): void {
    this.lines.push(text)
    this.size += text.length + 1
  }

  /** Time to call {@link flush}. */
  get full(): boolean {
    return this.size >= CHUNK_CHARACTERS
  }

  /** Hands everything to the stream and waits until it has room again. @throws when writing failed. */
  async flush(): Promise<void> {
    if (this.lines.length > 0 && !this.closed) {
      const text = this.lines.join('\n') + '\n'
      await new Promise<void>((done) => this.stream.write(text, () => done()))
    }
    this.lines = []
    this.size = 0
    if (this.failure) throw this.failure
  }
}
