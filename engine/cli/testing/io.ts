// Standing in for the process: what a command prints is kept, Ctrl-C is a method.

import { PassThrough } from 'node:stream'
import type { CommandIo } from '../io.js'
import { run } from '../program.js'

export interface TestIo extends CommandIo {
  /** What has been printed so far. */
  out(): string
  err(): string
  interrupt(): void
  /** Resolves when `text` has been printed on standard output. */
  printed(text: string): Promise<void>
}

export function testIo(options: { env?: CommandIo['env']; isTTY?: boolean } = {}): TestIo {
  const controller = new AbortController()
  const stdout = new PassThrough()
  const stderr = Object.assign(new PassThrough(), { isTTY: options.isTTY })
  const [out, err] = [kept(stdout), kept(stderr)]
  return {
    stdout,
    stderr,
    env: options.env ?? {},
    interrupted: () => controller.signal,
    now: () => 1_800_000_000n,
    out,
    err,
    interrupt: () => controller.abort(),
    printed: (text) =>
      new Promise((resolve) => {
        const look = (): void => {
          if (!out().includes(text)) return
          stdout.off('data', look)
          resolve()
        }
        stdout.on('data', look)
        look()
      }),
  }
}

function kept(stream: PassThrough): () => string {
  const pieces: Buffer[] = []
  stream.on('data', (piece: Buffer) => pieces.push(piece))
  return () => Buffer.concat(pieces).toString('utf8')
}

/** Runs pgcrash to its end. */
export async function pgcrash(
  ...args: string[]
): Promise<{ code: number; out: string; err: string; lines: string[] }> {
  const io = testIo()
  const code = await run(args, io)
  const [out, err] = [io.out(), io.err()]
  return { code, out, err, lines: out.split('\n').slice(0, -1) }
}
