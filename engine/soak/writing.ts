/**
 * The writing side at full counts: histories crashed everywhere and recovered by us (each case is a history, with some
 * two hundred crashes, and those of recovery itself, five deep), and histories that PostgreSQL recovers.
 */
import { rmSync } from 'node:fs'
import { dirname } from 'node:path'
import {
  copyOf,
  HISTORIES,
  readyNative,
  replayNatively,
  writeHistories,
  type Ready,
} from '../scenes/roundTrip.js'
import { simulate } from '../simulation/crashes.js'
import { makeHistory } from '../simulation/history.js'
import { eachCase, type Idea, type SoakOptions, type SoakResult } from './cases.js'

const STEPS = 40

async function crashEverywhere(options: SoakOptions): Promise<SoakResult> {
  let crashes = 0
  const result = await eachCase(options, Infinity, (index) => {
    const seed = options.seed * 100_000 + index
    const { crashes: seen, violations } = simulate(makeHistory(seed, STEPS), {
      seed,
      depth: 5,
      nestedEvery: 20,
    })
    crashes += seen
    return violations[0] && `seed ${seed}, ${violations[0]}`
  })
  options.log(`${crashes} crashes recovered`)
  return result
}

/** About a thousand crashes a history: a thousand histories are a million. */
export const simulated: Idea = {
  id: 'W1',
  what: 'histories crashed at each disk action, and their recoveries too',
  ci: 1,
  full: 1500,
  run: crashEverywhere,
}

let ready: Promise<Ready> | undefined

async function readyOnce(): Promise<Ready> {
  const made = await readyNative()
  process.once('exit', () => rmSync(dirname(made.dir), { recursive: true, force: true }))
  return made
}

async function replayed(options: SoakOptions): Promise<SoakResult> {
  const { dir, tables } = await (ready ??= readyOnce())
  return eachCase(options, Infinity, async (index) => {
    const copy = copyOf({ dir, tables })
    try {
      const written = writeHistories(copy, options.seed * 1000 + index)
      const found = await replayNatively(copy.dir)
      if (found.problems.length > 0) return found.problems[0]
      const table = written.rows.findIndex((rows, i) => rows !== found.rows[i])
      if (table >= 0) return `seed ${written.seed}: PostgreSQL has other rows in table t${table}`
      return written.prepared.join() === found.prepared.join()
        ? undefined
        : `seed ${written.seed}: prepared differ`
    } finally {
      rmSync(dirname(copy.dir), { recursive: true, force: true })
    }
  })
}

/** Each case is a crash with several histories, a table each. */
export const replayedHistories: Idea = {
  id: 'W2',
  what: `our log replayed by PostgreSQL, ${HISTORIES} histories a crash`,
  ci: 1,
  full: Math.ceil(1000 / HISTORIES),
  needsNative: true,
  run: replayed,
}
