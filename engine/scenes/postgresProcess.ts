/** The parent's side of postgresChild.ts: start a real PostgreSQL on a directory, ask it, kill it. */
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

export interface StartRequest {
  readonly id: number
  readonly kind: 'start'
  readonly dir: string
  readonly startParams: readonly string[]
  readonly initdb: readonly string[]
  readonly logFile: string
  /** Die by SIGKILL as soon as start-up is over, before the first query. */
  readonly killWhenReady: boolean
}
export type Request =
  | StartRequest
  | { readonly id: number; readonly kind: 'query' | 'exec'; readonly sql: string }
  | { readonly id: number; readonly kind: 'close' }

export interface Reply {
  readonly id: number
  readonly value?: unknown
  readonly error?: { message: string; severity?: string; code?: string; detail?: string }
}

export interface ServerOptions {
  readonly startParams: readonly string[]
  readonly initdb?: readonly string[]
  readonly killWhenReady?: boolean
  /** For each answer; then the process is killed. */
  readonly timeoutSeconds?: number
}

/** PostgreSQL said no to a query: its message, and SQLSTATE where there is one. */
export class QueryFailed extends Error {
  constructor(
    message: string,
    readonly code?: string,
    readonly detail?: string,
  ) {
    super(message)
    this.name = 'QueryFailed'
  }
}

/** The process is gone, or had to be killed because it did not answer. The log says why. */
export class ServerDied extends Error {
  override name = 'ServerDied'
}

interface Waiting {
  resolve(value: unknown): void
  reject(error: Error): void
}

/** PostgreSQL runs for a second or two: what V8 would spend on making its code faster never comes back. */
const QUICK_START = ['--liftoff-only', '--no-opt', '--always-sparkplug']

/** Node's parameters: built code runs as it is, source (tests, site) through the quicker half of tsx. */
function childProgram(): string[] {
  const built = import.meta.url.endsWith('.js')
  if (built) return [...QUICK_START, fileURLToPath(new URL('./postgresChild.js', import.meta.url))]
  const script = fileURLToPath(new URL('./postgresChild.ts', import.meta.url))
  const tsx = createRequire(import.meta.url).resolve('tsx/cjs')
  return [...QUICK_START, '--require', tsx, '--eval', `require(${JSON.stringify(script)})`]
}

export class PostgresProcess {
  readonly #child: ChildProcess
  readonly #logDir: string
  readonly #timeoutSeconds: number
  readonly #gone: Promise<unknown>
  readonly #waiting = new Map<number, Waiting>()
  readonly #killAtExit = (): void => void this.#child.kill('SIGKILL')
  #lastId = 0

  private constructor(timeoutSeconds: number) {
    this.#timeoutSeconds = timeoutSeconds
    this.#logDir = mkdtempSync(join(tmpdir(), 'pgcrash-log-'))
    this.#child = spawn(process.execPath, childProgram(), {
      serialization: 'advanced',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
    })
    this.#child.on('message', (reply: Reply) => this.#settle(reply))
    this.#gone = once(this.#child, 'exit').then(() => this.#ended())
    process.on('exit', this.#killAtExit)
  }

  /**
   * Starts PostgreSQL on `dir`. A refusal comes as a rejection; then {@link log} has its sentence.
   */
  static async start(dir: string, options: ServerOptions): Promise<PostgresProcess> {
    const server = PostgresProcess.prepare(options)
    await server.boot(dir, options)
    return server
  }

  /** The process alone: {@link boot} starts PostgreSQL in it. */
  static prepare(options: ServerOptions): PostgresProcess {
    return new PostgresProcess(options.timeoutSeconds ?? 120)
  }

  async boot(dir: string, options: ServerOptions): Promise<void> {
    const { startParams, initdb = [], killWhenReady = false } = options
    const logFile = this.#logFile
    await this.#ask((id) => ({ id, kind: 'start', dir, startParams, initdb, logFile, killWhenReady }))
  }

  get #logFile(): string {
    return join(this.#logDir, 'log')
  }

  /** The server's log so far, a line each, without prefix. Empty after {@link kill} or {@link close}. */
  log(): string[] {
    if (!existsSync(this.#logFile)) return []
    return readFileSync(this.#logFile, 'utf8').split('\n').slice(0, -1)
  }

  /** Rejects with QueryFailed, or with ServerDied when the query took the server down. */
  async query(sql: string): Promise<Record<string, unknown>[]> {
    try {
      return (await this.#ask((id) => ({ id, kind: 'query', sql }))) as Record<string, unknown>[]
    } catch (error) {
      if (error instanceof QueryFailed && this.log().some((line) => /^(FATAL|PANIC):/.test(line)))
        throw new ServerDied(error.message)
      throw error
    }
  }

  async exec(sql: string): Promise<void> {
    await this.#ask((id) => ({ id, kind: 'exec', sql }))
  }

  /** A clean shutdown, with its checkpoint; then the process ends. Returns the whole log. */
  async close(): Promise<string[]> {
    await this.#ask((id) => ({ id, kind: 'close' }))
    return this.kill()
  }

  /** `kill -9`: nothing more is written. Returns the whole log. */
  async kill(): Promise<string[]> {
    this.#child.kill('SIGKILL')
    await this.#gone
    const log = this.log()
    rmSync(this.#logDir, { recursive: true, force: true })
    return log
  }

  #ask(request: (id: number) => Request): Promise<unknown> {
    const id = ++this.#lastId
    return new Promise((resolve, reject) => {
      const tooLong = setTimeout(() => {
        reject(new ServerDied(`PostgreSQL did not answer within ${this.#timeoutSeconds} s`))
        this.#child.kill('SIGKILL')
      }, this.#timeoutSeconds * 1000)
      this.#waiting.set(id, {
        resolve: (value) => (clearTimeout(tooLong), resolve(value)),
        reject: (error) => (clearTimeout(tooLong), reject(error)),
      })
      if (!this.#child.connected) return this.#ended()
      this.#child.send(request(id))
    })
  }

  #settle({ id, value, error }: Reply): void {
    const waiting = this.#waiting.get(id)
    this.#waiting.delete(id)
    if (error === undefined) waiting?.resolve(value)
    else waiting?.reject(new QueryFailed(error.message, error.code, error.detail))
  }

  #ended(): void {
    process.off('exit', this.#killAtExit)
    for (const { reject } of this.#waiting.values()) reject(new ServerDied('the PostgreSQL process ended'))
    this.#waiting.clear()
  }
}
