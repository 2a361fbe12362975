// What an instructor has for an exercise beyond what a learner sees.

import type { ExerciseName, Signatures } from 'pgcrash-exercises'
import type { Check } from '../exercises/checking/check.js'

export interface Solution<Name extends ExerciseName = ExerciseName> {
  readonly name: Name
  /** The reference solution. In its file it is a function declaration of the exercise's name, so that it can be quoted. */
  readonly solution: Signatures[Name]
  readonly hidden: readonly Check[]
  /** Right as well, written differently: must pass. */
  readonly alsoRight: Readonly<Record<string, Signatures[Name]>>
  /** What people really write; each must fail a hidden check. */
  readonly wrong: Readonly<Record<string, Signatures[Name]>>
}
