/** pgcrash as a person runs it: what it prints, how it ends. */
import { run } from '../cli/program.js'
import { testDirectory } from '../cli/testing/directory.js'
import { testIo } from '../cli/testing/io.js'
import type { ExitCode } from '../cli/exit.js'

export interface Result {
  readonly code: number
  readonly out: string
  readonly err: string
}

export async function onCommandLine(...args: string[]): Promise<Result> {
  const io = testIo()
  const code = await run(args, io)
  return { code, out: io.out(), err: io.err() }
}

/** What is wrong with a refusal; undefined when it is one sentence, the right one, and the exit code that is documented. */
export function complaintAbout(
  { code, out, err }: Result,
  expected: ExitCode,
  says: RegExp,
): string | undefined {
  if (code !== expected) return `exit code ${code} instead of ${expected}: ${err}${out}`
  if (!/^pgcrash: error: [^\n]+\n$/.test(err)) return `not one sentence: ${err}`
  return says.test(err) ? undefined : `it says ${err}`
}

let made: ReturnType<typeof testDirectory> | undefined

/** A small directory that our own writer wrote; it goes with this process. */
export function writtenDirectory(): string {
  if (!made) {
    const directory = (made = testDirectory())
    process.once('exit', () => directory.remove())
  }
  return made.path
}
