/**
 * `npm run soak`: harm in every way that the ideas know, at counts that take their time.
 *
 *   npm run soak -- --only T1,T3 --seed 7 --count 1000
 *   npm run soak -- --replay T3:7:41        one case again, as a failure names it
 *
 * Exit code 0 when nothing failed, 1 when something did, 2 for a command line that makes no sense.
 */
import { parseArgs } from 'node:util'
import { nativeIsAvailable } from '../scenes/native.js'
import type { Idea, SoakOptions } from './cases.js'
import { ideas } from './ideas.js'

const USAGE = `npm run soak -- [--only T1,T3] [--seed 7] [--count 1000] [--replay T3:7:41]
${ideas.map(({ id, what }) => `  ${id.padEnd(12)} ${what}`).join('\n')}`

interface Request {
  readonly wanted: readonly Idea[]
  readonly seed: number
  readonly count: number | undefined
  readonly onlyCase?: number
}

function wholeNumber(text: string, what: string): number {
  if (!/^\d{1,15}$/.test(text)) throw new Error(`${what} is a whole number, not "${text}"`)
  return Number(text)
}

function ideaOf(id: string): Idea {
  const idea = ideas.find((known) => known.id === id)
  if (!idea) throw new Error(`there is no idea ${id}; there are ${ideas.map((known) => known.id).join(', ')}`)
  return idea
}

function understand(args: readonly string[]): Request | undefined {
  const options = {
    only: { type: 'string' },
    seed: { type: 'string' },
    count: { type: 'string' },
    replay: { type: 'string' },
    help: { type: 'boolean', short: 'h' },
  } as const
  const { values } = parseArgs({ args: [...args], options })
  if (values.help) return undefined
  if (values.replay !== undefined) {
    const [id, seed, onlyCase, ...more] = values.replay.split(':')
    if (onlyCase === undefined || more.length > 0)
      throw new Error('--replay wants idea:seed:case, as in T3:7:41')
    const numbers = { seed: wholeNumber(seed, 'a seed'), onlyCase: wholeNumber(onlyCase, 'a case') }
    return { wanted: [ideaOf(id)], count: 1, ...numbers }
  }
  const seed = values.seed === undefined ? Date.now() % 1_000_000 : wholeNumber(values.seed, 'a seed')
  const count = values.count === undefined ? undefined : wholeNumber(values.count, 'a count')
  return { wanted: values.only?.split(',').map(ideaOf) ?? ideas, seed, count }
}

/** Shows how far an idea is, where somebody watches. */
function progress(id: string): { say(line: string): void; clear(): void } {
  const { stderr } = process
  return {
    say: (line) => void (stderr.isTTY && stderr.write(`\r\x1b[K${id}: ${line}`)),
    clear: () => void (stderr.isTTY && stderr.write('\r\x1b[K')),
  }
}

async function soak({ wanted, seed, count, onlyCase }: Request): Promise<number> {
  console.log(`soak: seed ${seed}; the same again with --seed ${seed}`)
  let [cases, failures] = [0, 0]
  for (const idea of wanted) {
    if (idea.needsNative && !nativeIsAvailable()) {
      console.log(`${idea.id.padEnd(12)} left out: no native PostgreSQL binaries for this system`)
      continue
    }
    const { say, clear } = progress(idea.id)
    const options: SoakOptions = { seed, count: count ?? idea.full, log: say, onlyCase }
    const began = performance.now()
    const result = await idea.run(options)
    clear()
    const seconds = ((performance.now() - began) / 1000).toFixed(1)
    console.log(
      `${idea.id.padEnd(12)} ${result.cases} cases, ${result.failures.length} failures, ${seconds} s: ${idea.what}`,
    )
    for (const failure of result.failures)
      console.log(`  ${failure.what}\n    again: --replay ${idea.id}:${seed}:${failure.case}`)
    cases += result.cases
    failures += result.failures.length
  }
  console.log(`${cases} cases, ${failures} failures`)
  return failures === 0 ? 0 : 1
}

async function main(args: readonly string[]): Promise<number> {
  let request: Request | undefined
  try {
    request = understand(args)
  } catch (error) {
    process.stderr.write(`soak: ${(error as Error).message}\n`)
    return 2
  }
  if (request) return soak(request)
  console.log(USAGE)
  return 0
}

process.exitCode = await main(process.argv.slice(2))
