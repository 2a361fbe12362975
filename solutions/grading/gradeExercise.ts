// The mark of one exercise: every rule, visible and hidden, asked of the learner's part in its own process.

import {
  NoAnswer,
  type Candidate,
  type Check,
  type Finding,
  type RunOptions,
} from '../../exercises/checking/check.js'
import { decode, encode, NotPlain, type Plain } from '../../exercises/checking/plainData.js'
import type { Isolation } from './isolation.js'
import { limits, type Patience } from './limits.js'
import { Sandbox, type Reply } from './sandbox.js'

export interface Workbench {
  readonly isolation: Isolation
  /** Where the child's code is. */
  readonly folder: string
  readonly seed: number
  readonly patience?: Patience
}

export interface GradedRule {
  readonly rule: string
  readonly why: string
  readonly hidden: boolean
  readonly finding: Finding
}

/** The learner's part as the judge sees it: asked over a channel, in a new process whenever the last one is gone. */
class RemotePart {
  #sandbox: Sandbox | undefined
  #failed: Error | undefined
  #spent = 0

  constructor(
    private readonly bench: Workbench,
    private readonly name: string,
    private readonly code: string,
  ) {}

  readonly candidate: Candidate = async (...input: unknown[]): Promise<Plain> => {
    const { total } = this.bench.patience ?? limits
    if (this.#spent > total)
      throw new NoAnswer('timed out', `more than ${total / 1000} seconds for all answers together`)
    const begun = performance.now()
    try {
      const sandbox = await this.#ready()
      return this.#data(await sandbox.ask(encode(input)))
    } finally {
      this.#spent += performance.now() - begun
    }
  }

  async close(): Promise<void> {
    await this.#sandbox?.kill()
  }

  async #ready(): Promise<Sandbox> {
    if (this.#failed) throw this.#failed
    if (this.#sandbox && !this.#sandbox.over) return this.#sandbox
    await this.#sandbox?.kill()
    const sandbox = (this.#sandbox = new Sandbox(
      this.bench.isolation,
      this.bench.folder,
      this.bench.patience,
    ))
    try {
      const reply = await sandbox.load(this.code, this.name)
      if (reply.kind === 'loaded') return sandbox
      if (reply.kind === 'absent')
        throw new NoAnswer('no evidence', `the cell defines no function ${this.name}`)
      throw failedToLoad(reply)
    } catch (error) {
      // A cell that fails to load fails again.
      this.#failed = error as Error
      throw error
    }
  }

  /** The data in a reply. Throws what the part threw, by name and message. */
  #data(reply: Reply): Plain {
    switch (reply.kind) {
      case 'value':
        try {
          return decode(reply.text)
        } catch {
          throw new NoAnswer('no evidence', 'its answer is no data')
        }
      case 'not plain':
        throw new NotPlain(reply.what)
      case 'threw':
        throw Object.assign(new Error(reply.message), { name: reply.name })
      default:
        throw new NoAnswer('no evidence', `the cell defines no function ${this.name}`)
    }
  }
}

/** A cell that throws while it is run: as a whole it is not started, or it is broken. */
function failedToLoad(reply: Reply): Error {
  if (reply.kind !== 'threw') return new NoAnswer('no evidence', 'it answered before it was asked')
  const { name, message } = reply
  if (name === 'NotStarted') return Object.assign(new Error(message), { name })
  return new NoAnswer('crashed', `the cell does not run: ${name}: ${message}`)
}

export interface Rules {
  readonly name: string
  readonly visible: readonly Check[]
  readonly hidden: readonly Check[]
}

/** Asks all rules of a compiled cell. Rejects only for a fault of the grader itself. */
export async function gradeExercise(bench: Workbench, rules: Rules, code: string): Promise<GradedRule[]> {
  const part = new RemotePart(bench, rules.name, code)
  const lost = { timeouts: 0, deaths: 0 }
  const ask = async (check: Check, options: RunOptions): Promise<Finding> => {
    const finding = givenUp(lost) ?? (await check.run(part.candidate, options))
    if (finding.verdict === 'timed out') lost.timeouts++
    if (finding.verdict === 'crashed' && !finding.counterexample) lost.deaths++
    return finding
  }
  const { seed } = bench
  try {
    const visible: GradedRule[] = []
    for (const check of rules.visible) visible.push(graded(check, false, await ask(check, { seed })))
    const tried = new Set<string>()
    const hidden: GradedRule[] = []
    for (const check of rules.hidden)
      hidden.push(graded(check, true, await ask(check, { seed, tried: (input) => tried.add(input) })))
    const shown: GradedRule[] = []
    for (const [i, rule] of hidden.entries())
      shown.push({
        ...rule,
        finding: await withSibling(part.candidate, rules.hidden[i], rule.finding, seed, tried),
      })
    return [...visible, ...shown]
  } finally {
    await part.close()
  }
}

function graded({ rule, why }: Check, hidden: boolean, finding: Finding): GradedRule {
  return { rule, why, hidden, finding }
}

function givenUp({ timeouts, deaths }: { timeouts: number; deaths: number }): Finding | undefined {
  const reason = 'not asked: other rules had'
  if (timeouts >= limits.timeouts)
    return { verdict: 'timed out', cases: 0, reason: `${reason} run out of time` }
  if (deaths >= limits.deaths) return { verdict: 'crashed', cases: 0, reason: `${reason} lost their process` }
  return undefined
}

/**
 * The finding of a hidden rule as it may be shown: with another failing input, found from another seed among inputs
 * that no hidden rule tried. The hidden one itself, and whatever the part said about it, stays here.
 */
export async function withSibling(
  candidate: Candidate,
  check: Check,
  finding: Finding,
  seed: number,
  tried: ReadonlySet<string>,
): Promise<Finding> {
  if (!finding.counterexample) return finding
  const { verdict, cases } = finding
  for (let attempt = 1; attempt <= SIBLING_ATTEMPTS; attempt++) {
    const sibling = await check.run(candidate, { seed: otherSeed(seed, attempt), avoid: tried })
    const { counterexample, reason } = sibling
    if (counterexample) return { verdict, cases, counterexample, ...(reason === undefined ? {} : { reason }) }
    if (sibling.verdict !== 'passed') break
  }
  return { verdict, cases }
}

const SIBLING_ATTEMPTS = 5
const otherSeed = (seed: number, attempt: number): number =>
  (Math.imul(seed + attempt, 0x9e3779b1) ^ 0x5bd1e995) | 0
