import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { createInterface } from 'node:readline'
import { once } from 'node:events'
import { mkdirSync, mkdtempSync } from 'node:fs'
import type { Readable, Writable } from 'node:stream'
import { inProject, jupyterEnvironment, venvPython } from '../environment.mjs'

export interface Request {
  readonly code: string
  readonly stopOnError?: boolean
  /** Interrupts the kernel when the first output arrives. */
  readonly interrupt?: boolean
  /** Seconds that the sender's clock is ahead. */
  readonly ahead?: number
}

export interface Reply {
  readonly status: string
  readonly execution_count?: number
  readonly ename?: string
  readonly evalue?: string
  readonly traceback?: readonly string[]
}

export interface Output {
  readonly type: string
  readonly content: Record<string, unknown>
}

export interface Result {
  readonly reply: Reply
  readonly outputs: readonly Output[]
}

/** A folder for notebooks and kernels. It must lie in the project: there the kernel finds node_modules. */
export function makeFolder(): string {
  mkdirSync(inProject('.cache'), { recursive: true })
  return mkdtempSync(inProject('.cache', 'test-'))
}

/** All that a cell printed to one stream. */
export function printed({ outputs }: Result, name: 'stdout' | 'stderr'): string {
  const texts = outputs.filter(({ type, content }) => type === 'stream' && content.name === name)
  return texts.map(({ content }) => String(content.text)).join('')
}

/** A running kernel. */
export class KernelSession {
  readonly #process: ChildProcessByStdio<Writable, Readable, null>
  readonly #lines: AsyncIterator<string>
  #exitCode: Promise<number> | undefined
  /** Outputs that came when their cell was done. */
  readonly strays: Output[] = []

  constructor(folder: string, kernelFolder?: string) {
    this.#process = spawn(venvPython, [inProject('.jupyter', 'testing', 'session.py')], {
      cwd: folder,
      env: jupyterEnvironment(kernelFolder),
      stdio: ['pipe', 'pipe', 'inherit'],
    })
    this.#lines = createInterface({ input: this.#process.stdout })[Symbol.asyncIterator]()
  }

  /** Runs one cell. */
  async run(code: string): Promise<Result> {
    const [result] = await this.send([{ code }])
    return result!
  }

  /** Sends all requests at once. */
  send(requests: readonly Request[]): Promise<readonly Result[]> {
    return this.#step(requests)
  }

  /** Asks for the history of inputs, as JupyterLab does: the kernel has none. */
  async askForHistory(): Promise<void> {
    await this.#step([{ history: true }])
  }

  /** Shuts the kernel down. Resolves to its exit code, which is negative when it had to be killed. */
  end(): Promise<number> {
    this.#exitCode ??= this.#shutDown()
    return this.#exitCode
  }

  async #shutDown(): Promise<number> {
    const closed = once(this.#process, 'close')
    this.#process.stdin.end()
    const { exitCode } = JSON.parse(await this.#readLine()) as { exitCode: number }
    await closed
    return exitCode
  }

  async #step(requests: readonly object[]): Promise<readonly Result[]> {
    this.#process.stdin.write(`${JSON.stringify({ requests })}\n`)
    const answer = JSON.parse(await this.#readLine()) as { results: Result[]; strays: Output[] }
    this.strays.push(...answer.strays)
    return answer.results
  }

  async #readLine(): Promise<string> {
    const { value, done } = await this.#lines.next()
    if (done === true) throw new Error('the session ended')
    return value
  }
}
