// What the rules ask, made once for all submissions of a batch: its seed is the same for each of them, and so are the
// inputs and the reference's answers.

import type { Check, Question } from '../../exercises/checking/check.js'
import { questionLine } from './sandbox.js'

/** The questions of one rule, in the order in which they are asked. */
export interface Asking extends Question {
  /** As it goes to the learner's process. */
  readonly line: Buffer
}

/** Questions that are asked together: few at first, since most wrong parts are wrong at once. */
const FIRST = 8
const MOST = 128
const MOST_BYTES = 1 << 18

export class Questions {
  readonly #known = new WeakMap<Check, Promise<readonly Asking[]>>()

  constructor(readonly seed: number) {}

  /** What this rule asks. */
  of(check: Check): Promise<readonly Asking[]> {
    let asked = this.#known.get(check)
    if (!asked) {
      asked = this.#made(check)
      this.#known.set(check, asked)
    }
    return asked
  }

  async #made(check: Check): Promise<readonly Asking[]> {
    const questions = await check.questions({ seed: this.seed })
    return questions.map((question) => ({ ...question, line: questionLine(question.input) }))
  }
}

/** Parts of the questions, each to be asked together. */
export function* together(questions: readonly Asking[]): Generator<readonly Asking[]> {
  let most = FIRST
  for (let from = 0; from < questions.length; most = Math.min(2 * most, MOST)) {
    let [to, bytes] = [from, 0]
    do bytes += questions[to++].line.length
    while (to < questions.length && to - from < most && bytes < MOST_BYTES)
    yield questions.slice(from, to)
    from = to
  }
}
