// The mark of one exercise: every rule, visible and hidden, asked of the learner's part in its own process.
//
// A rule's questions are the same for every submission and known beforehand, and so are right answers to them. They are
// asked many at a time; a part that gives the right answer to each has kept the rule. Where any other answer comes, the
// check decides, with the answers so far, and asks on one at a time, for smaller and smaller inputs. Where an answer is
// missing, the rule is asked from its beginning, one question at a time: then it is known which one went unanswered.

import { NoAnswer, type Candidate, type Check, type Finding } from '../../exercises/checking/check.js'
import { decode, encode, NotPlain, type Plain } from '../../exercises/checking/plainData.js'
import type { Isolation } from './isolation.js'
import { limits, type Patience } from './limits.js'
import { together, type Asking, type Questions } from './questions.js'
import { questionLine, Sandbox, type Reply } from './sandbox.js'

export interface Workbench {
  readonly isolation: Isolation
  /** Where the child's code is. */
  readonly folder: string
  readonly questions: Questions
  readonly patience?: Patience
}

export interface GradedRule {
  readonly rule: string
  readonly why: string
  readonly hidden: boolean
  readonly finding: Finding
}

/** What a part answered to the first of a rule's questions. */
interface Told {
  readonly replies: readonly Reply[]
  /** So many it was asked: after one that is missing there may be more. */
  readonly asked: number
  /** Every question was asked, and every answer is the right one. */
  readonly allRight: boolean
}

/** The learner's part as the judge sees it: asked over a channel, in a new process whenever the last one is gone. */
class RemotePart {
  #sandbox: Sandbox | undefined
  #failed: Error | undefined
  /** Milliseconds that all answers took. */
  #spent = 0
  /** One question at a time: a process was lost before. */
  #single = false

  constructor(
    private readonly bench: Workbench,
    private readonly name: string,
    private readonly code: string,
  ) {}

  readonly candidate: Candidate = async (...input: unknown[]): Promise<Plain> =>
    data(this.name, await this.#one(encode(input)))

  /** The part, which answered the first questions already. */
  having({ replies }: Told, questions: readonly Asking[]): Candidate {
    let next = 0
    return async (...input: unknown[]): Promise<Plain> => {
      const asked = encode(input)
      const known = next < replies.length && questions[next].input === asked
      return data(this.name, known ? replies[next++] : await this.#one(asked))
    }
  }

  /** Asks a rule's questions until one answer is not known to be right. */
  async tell(questions: readonly Asking[]): Promise<Told> {
    if (this.#single) return { replies: [], asked: 0, allRight: false }
    const replies: Reply[] = []
    let asked = 0
    try {
      for (const some of together(questions)) {
        asked += some.length
        replies.push(...(await this.#ask(some.map(({ line }) => line))))
        const right = some.every(({ right }, i) => isRight(replies[asked - some.length + i], right))
        if (!right) return { replies, asked, allRight: false }
      }
      return { replies, asked, allRight: true }
    } catch {
      this.#single = true
      return { replies: [], asked, allRight: false }
    }
  }

  async #one(input: string): Promise<Reply> {
    const [reply] = await this.#ask([questionLine(input)])
    return reply
  }

  async #ask(lines: readonly Buffer[]): Promise<Reply[]> {
    const { total } = this.bench.patience ?? limits
    if (this.#spent > total)
      throw new NoAnswer('timed out', `more than ${total / 1000} seconds for all answers together`)
    const begun = performance.now()
    try {
      const sandbox = await this.#ready()
      const replies: Reply[] = []
      await sandbox.ask(lines, (reply) => replies.push(reply))
      return replies
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
}

function isRight(reply: Reply, right: string | undefined): boolean {
  return reply.kind === 'value' && right !== undefined && reply.text === right
}

/** The data in a reply. Throws what the part threw, by name and message. */
function data(name: string, reply: Reply): Plain {
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
      throw new NoAnswer('no evidence', `the cell defines no function ${name}`)
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
  const ask = async (check: Check, tried?: Set<string>): Promise<Finding> => {
    const finding = givenUp(lost) ?? (await findingOf(bench, check, part, tried))
    if (finding.verdict === 'timed out') lost.timeouts++
    if (finding.verdict === 'crashed' && !finding.counterexample) lost.deaths++
    return finding
  }
  const visible: GradedRule[] = []
  const hidden: GradedRule[] = []
  const tried = new Set<string>()
  try {
    for (const check of rules.visible) visible.push(graded(check, false, await ask(check)))
    for (const check of rules.hidden) hidden.push(graded(check, true, await ask(check, tried)))
    // What is shown comes from a new process: it was never asked a hidden question, and so can remember none.
    await part.close()
    const { seed } = bench.questions
    for (const [i, rule] of hidden.entries()) {
      const finding = await withSibling(part.candidate, rules.hidden[i], rule.finding, seed, tried)
      hidden[i] = { ...rule, finding }
    }
    return [...visible, ...hidden]
  } finally {
    await part.close()
  }
}

/** Asks one rule; what is asked is added to `tried`. */
async function findingOf(
  { questions: { seed }, questions: known }: Workbench,
  check: Check,
  part: RemotePart,
  tried?: Set<string>,
): Promise<Finding> {
  const questions = await known.of(check)
  const told = await part.tell(questions)
  for (const { input } of questions.slice(0, told.asked)) tried?.add(input)
  if (told.allRight) return { verdict: 'passed', cases: questions.length }
  return check.run(part.having(told, questions), { seed, tried: (input) => tried?.add(input) })
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
