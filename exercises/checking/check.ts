// A check is data: one rule, why it matters, and a function that looks whether a part keeps it. No test framework:
// the notebook, the grader and the tests read the same list.

import type { CrashedScene } from 'pgcrash'
import type { Drawing } from '../drawing/drawing.js'

/** A learner's part, or something that asks one in another process: it may answer later. */
export type Candidate = (...input: never[]) => unknown

export interface Check {
  /** The rule, one sentence, in PostgreSQL's words. */
  readonly rule: string
  /** What happens to a database where it is broken. */
  readonly why: string
  run(candidate: Candidate, options?: RunOptions): Promise<Finding>
  /** What `run` asks a part that is always right, in its order. */
  questions(options?: Pick<RunOptions, 'seed'>): Promise<readonly Question[]>
}

/** An input and its answer, both as encoded. */
export interface Question {
  readonly input: string
  /** An answer that keeps the rule; others may, too. Not there when the reference's own does not. */
  readonly right?: string
}

export interface RunOptions {
  /** The generated inputs follow from it. */
  readonly seed?: number
  /** Inputs (as encoded) that are not to be tried. */
  readonly avoid?: ReadonlySet<string>
  /** Is told each input that is tried, as encoded. */
  readonly tried?: (input: string) => void
}

export type Verdict = 'passed' | 'wrong' | 'not started' | 'crashed' | 'timed out' | 'no evidence'

export interface Finding {
  readonly verdict: Verdict
  /** How many inputs were tried. */
  readonly cases: number
  /** The smallest input that fails. */
  readonly counterexample?: Counterexample
  /** For `crashed`, `timed out` and `no evidence`: what happened. */
  readonly reason?: string
}

/** One failing case, ready to be read. */
export interface Counterexample {
  /** The input, in PostgreSQL's words; may have several lines. */
  readonly input: string
  readonly expected: string
  readonly got: string
  /** What this would do, or what is wrong with it; one sentence. */
  readonly note?: string
  /** The same call, as a cell to run; not there when its input is too long to be read. */
  readonly replay?: string
  /** The case in a picture, made by the judge. */
  readonly drawing?: Drawing
}

/** Thrown by a candidate that lives in another process: no answer in time, or none that counts. */
export class NoAnswer extends Error {
  readonly verdict: 'crashed' | 'timed out' | 'no evidence'
  constructor(verdict: NoAnswer['verdict'], reason: string) {
    super(reason)
    this.name = 'NoAnswer'
    this.verdict = verdict
  }
}

/** An exercise: a part to write, the notebook where it stands, the checks that a learner sees. */
export interface Exercise {
  readonly name: string
  /** File name of the notebook, without extension: "04-startup". */
  readonly notebook: string
  readonly visible: readonly Check[]
  /** Earlier exercises whose parts this one is about to use. */
  readonly relies?: readonly string[]
  /** The same part, tried on all that a crashed scene holds; not there when a scene has nothing to say about it. */
  onScene?(scene: CrashedScene): Check
}
