/**
 * PostgreSQL as the judge of a directory. What it says, a refusal included, is a value: a judge
 * that can be crashed by what it looks at is none.
 */
import { existsSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { amcheck, checksums, type AmcheckReport, type ChecksumReport } from './checks.js'
import { contents, type Ask, type Contents } from './contents.js'
import { PostgresProcess, QueryFailed, ServerDied } from './postgresProcess.js'
import { greeting, startParams } from './serverSettings.js'

/** PostgreSQL started on the directory. */
export interface Opened<T> extends Contents {
  readonly outcome: 'opened'
  /** The server log, a line each, as in `NOTICE:  database system was shut down at …`. */
  readonly log: readonly string[]
  readonly amcheck: AmcheckReport
  readonly checksums: ChecksumReport
  /** What `run` returned. */
  readonly answer: T
}

/** PostgreSQL did not start, or went down while it was asked. */
export interface Refused {
  readonly outcome: 'refused'
  /** `none`: it stopped without a word, or had to be stopped. */
  readonly severity: 'ERROR' | 'FATAL' | 'PANIC' | 'none'
  readonly sentence: string
  /** DETAIL and HINT, where there are any. */
  readonly detail: string | null
  readonly log: readonly string[]
}

export interface Recovered {
  readonly outcome: 'recovered'
  readonly dir: string
  readonly log: readonly string[]
}

export interface JudgeOptions {
  /** For each answer of PostgreSQL; default 120. */
  readonly timeoutSeconds?: number
  /** `rows`: leave amcheck and the checksums out, their reports stay empty. Default `all`. */
  readonly look?: 'all' | 'rows'
}

/**
 * A stand-alone backend tells of a clean start with a NOTICE (a server: a LOG). And segments stay
 * after the first checkpoint, so that pg_walinspect can read what was replayed.
 */
const judgeParams = startParams({ log_min_messages: 'notice', wal_keep_size: '64MB' })

/**
 * Starts PostgreSQL on `dir` (never initdb), reads all of it, lets `run` ask what else it wants,
 * and shuts down cleanly. That changes `dir`, as a start of any server does: give it a copy.
 * An error that `run` throws comes back to its caller.
 */
export async function openWithPostgres<T = undefined>(
  dir: string,
  run?: (ask: Ask) => Promise<T>,
  options: JudgeOptions = {},
): Promise<Opened<T> | Refused> {
  const missing = notADirectory(dir)
  if (missing !== undefined) return missing
  const { timeoutSeconds, look = 'all' } = options
  const server = PostgresProcess.prepare({ startParams: judgeParams, timeoutSeconds })
  try {
    await server.boot(dir, { startParams: judgeParams })
  } catch (error) {
    return refusal(error, await server.kill())
  }
  try {
    const ask: Ask = (sql) => server.query(sql)
    const found = await contents(ask)
    const pages = look === 'all' ? await checksums(ask) : { pages: 0, failures: [] }
    const structure = look === 'all' ? await amcheck(ask) : { indexes: 0, tables: 0, problems: [] }
    const answer = (await run?.(ask)) as T
    const log = await server.close()
    // The process is gone, and its lock file names one: a server outside WebAssembly removes it.
    rmSync(join(dir, 'postmaster.pid'), { force: true })
    return { outcome: 'opened', log, ...found, amcheck: structure, checksums: pages, answer }
  } catch (error) {
    const log = await server.kill()
    if (error instanceof ServerDied) return refusal(error, log)
    throw error
  }
}

/**
 * Lets PostgreSQL recover `dir` in place, and kills it the moment that it is ready, before the
 * first query: on disk is what its end-of-recovery checkpoint wrote and nothing later. pg_control
 * says `in production`, its checkpoint is that one.
 */
export async function recoverWithPostgres(
  dir: string,
  options: Pick<JudgeOptions, 'timeoutSeconds'> = {},
): Promise<Recovered | Refused> {
  const missing = notADirectory(dir)
  if (missing !== undefined) return missing
  const request = { startParams: startParams(), killWhenReady: true, ...options }
  const server = PostgresProcess.prepare(request)
  const error: unknown = await server.boot(dir, request).catch((died: unknown) => died)
  const log = await server.kill()
  if (!log.at(-1)?.startsWith(greeting)) return refusal(error, log)
  rmSync(join(dir, 'postmaster.pid'), { force: true })
  return { outcome: 'recovered', dir, log: log.slice(0, -1) }
}

/** PGlite would run initdb in such a folder. */
function notADirectory(dir: string): Refused | undefined {
  const file = join(dir, 'PG_VERSION')
  if (existsSync(file)) return undefined
  const sentence = `"${dir}" is not a valid database directory`
  return { outcome: 'refused', severity: 'FATAL', sentence, detail: `File "${file}" is missing.`, log: [] }
}

/** The last and worst that the log has to say, or, where it is silent, what the process said. */
function refusal(error: unknown, log: readonly string[]): Refused {
  for (const severity of ['PANIC', 'FATAL', 'ERROR'] as const) {
    const at = log.findLastIndex((line) => line.startsWith(`${severity}:  `))
    if (at === -1) continue
    const more = log.slice(at + 1).filter((line) => /^(DETAIL|HINT): {2}/.test(line))
    const detail = more.length > 0 ? more.map((line) => line.replace(/^\w+: {2}/, '')).join(' ') : null
    return { outcome: 'refused', severity, sentence: log[at].slice(severity.length + 3), detail, log }
  }
  if (!(error instanceof ServerDied || error instanceof QueryFailed)) throw error
  return { outcome: 'refused', severity: 'none', sentence: error.message, detail: null, log }
}
