// The mark of one exercise: every rule, visible and hidden, asked of the learner's part in its own process.

import { NoAnswer, type Candidate, type Check, type Finding } from '../../exercises/checking/check.js'
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
  const graded: GradedRule[] = []
  const lost = { timeouts: 0, deaths: 0 }
  const grade = async (check: Check, hidden: boolean): Promise<void> => {
    const finding = givenUp(lost) ?? (await ask(part.candidate, check, hidden, bench.seed))
    if (finding.verdict === 'timed out') lost.timeouts++
    if (finding.verdict === 'crashed' && !finding.counterexample) lost.deaths++
    graded.push({ rule: check.rule, why: check.why, hidden, finding })
  }
  try {
    for (const check of rules.visible) await grade(check, false)
    for (const check of rules.hidden) await grade(check, true)
  } finally {
    await part.close()
  }
  return graded
}

function givenUp({ timeouts, deaths }: { timeouts: number; deaths: number }): Finding | undefined {
  const reason = 'not asked: other rules had'
  if (timeouts >= limits.timeouts)
    return { verdict: 'timed out', cases: 0, reason: `${reason} run out of time` }
  if (deaths >= limits.deaths) return { verdict: 'crashed', cases: 0, reason: `${reason} lost their process` }
  return undefined
}

async function ask(candidate: Candidate, check: Check, hidden: boolean, seed: number): Promise<Finding> {
  if (!hidden) return check.run(candidate, { seed })
  const tried = new Set<string>()
  const finding = await check.run(candidate, { seed, tried: (input) => tried.add(input) })
  return finding.counterexample ? withSibling(candidate, check, finding, seed, tried) : finding
}

/**
 * Shows another failing input of the same rule, found from another seed among inputs that were not tried; the hidden
 * one itself, and whatever the part said about it, stays here.
 */
async function withSibling(
  candidate: Candidate,
  check: Check,
  { verdict, cases }: Finding,
  seed: number,
  tried: ReadonlySet<string>,
): Promise<Finding> {
  const sibling = await check.run(candidate, { seed: siblingSeed(seed), avoid: tried })
  if (!sibling.counterexample) return { verdict, cases }
  const { counterexample, reason } = sibling
  return { verdict, cases, counterexample, ...(reason === undefined ? {} : { reason }) }
}

const siblingSeed = (seed: number): number => (Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995) | 0
