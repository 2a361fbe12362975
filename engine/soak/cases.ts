/**
 * What every idea has in common: its cases are numbered, a seed makes them, and each can be made again alone.
 *
 *   idea ── 0 … total-1, or without end ──► some of them, spread evenly ──► check(case, random) ──► what is wrong
 */
import { randomFrom } from '../bytes/random.js'

export interface SoakOptions {
  /** The same seed makes the same cases. */
  readonly seed: number
  /** At most so many cases; an idea that has fewer does all. */
  readonly count: number
  /** Hears how far it is. */
  readonly log: (line: string) => void
  /** Only this case. */
  readonly onlyCase?: number
}

export interface Failure {
  readonly case: number
  readonly what: string
}

export interface SoakResult {
  readonly cases: number
  readonly failures: readonly Failure[]
}

/** One way of doing harm, and what must come of it. */
export interface Idea {
  /** As in "T3". */
  readonly id: string
  readonly what: string
  /** How many cases CI takes, and how many `npm run soak`. */
  readonly ci: number
  readonly full: number
  /** PostgreSQL's own binaries make its cases, or judge them. */
  readonly needsNative?: boolean
  run(options: SoakOptions): Promise<SoakResult>
}

/** A whole number of 0 … n-1. */
export type Pick = (n: number) => number

/** What is wrong in a case; undefined when nothing is. Whatever it throws is a failure too. */
export type Check = (index: number, pick: Pick) => string | undefined | Promise<string | undefined>

const LOG_EVERY_MS = 500

/** Does `options.count` of an idea's cases; `total` is how many there are, Infinity for random ones. */
export async function eachCase(options: SoakOptions, total: number, check: Check): Promise<SoakResult> {
  const failures: Failure[] = []
  const chosen = options.onlyCase === undefined ? choose(options, total) : [options.onlyCase]
  let cases = 0
  let said = Date.now()
  for (const index of chosen) {
    cases++
    const what = await outcome(check, index, options.seed)
    if (what !== undefined) failures.push({ case: index, what })
    if (Date.now() - said < LOG_EVERY_MS) continue
    options.log(`${cases} of ${Math.min(options.count, total)} cases, ${failures.length} failures`)
    said = Date.now()
  }
  return { cases, failures }
}

async function outcome(check: Check, index: number, seed: number): Promise<string | undefined> {
  const random = randomFrom((Math.imul(seed, 0x9e3779b1) ^ Math.imul(index + 1, 0x85ebca6b)) >>> 0)
  try {
    return await check(index, (n) => Math.floor(random() * n))
  } catch (error) {
    return error instanceof Error ? `${error.name}: ${error.message} ${placeOf(error)}` : String(error)
  }
}

/** Where an error was thrown: the first line of its stack, in brackets. */
function placeOf(error: Error): string {
  const line = error.stack?.split('\n').find((l) => /^\s+at /.test(l)) ?? ''
  return `(${line.trim()})`
}

/** All of them, or one of each of `count` equal parts. */
function* choose({ seed, count }: SoakOptions, total: number): Generator<number> {
  if (total <= count || total === Infinity) {
    for (let i = 0; i < Math.min(count, total); i++) yield i
    return
  }
  const random = randomFrom(seed)
  for (let i = 0; i < count; i++) yield Math.floor(((i + random()) * total) / count)
}
