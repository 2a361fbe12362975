// Does a text give away what only instructors may know? Looked for: the words of hidden rules, the names of wrong
// solutions, the code of the reference solutions, and imports of the folder they live in.

import { exercises } from '../../exercises/all.js'
import { solutionSource } from '../notebooks.js'
import { solutions } from '../solutions.js'

export interface Secret {
  readonly what: string
  readonly text: string
}

/** Shorter texts stand anywhere by chance. */
const TELLING = 24
const TELLING_CODE = 160

/** As one line, spaces alike, so that another indent hides nothing. */
const flat = (text: string): string => text.replace(/\s+/g, ' ').trim()

/** What must not be found in the learner edition. */
export function secrets(): Secret[] {
  const open = new Set(exercises.flatMap(({ visible }) => visible.flatMap(({ rule, why }) => [rule, why])))
  const found: Secret[] = []
  const add = (what: string, text: string, telling: number): void => {
    if (text.length >= telling && !open.has(text)) found.push({ what, text: flat(text) })
  }
  for (const { name, hidden, wrong } of solutions) {
    for (const { rule, why } of hidden) {
      add(`a hidden rule of ${name}`, rule, TELLING)
      add(`the reason of a hidden rule of ${name}`, why, TELLING)
    }
    for (const label of Object.keys(wrong)) add(`a wrong solution of ${name}`, label, TELLING)
    add(`the solution of ${name}`, solutionSource(name), TELLING_CODE)
  }
  return found
}

/** The first secret that a file gives away; undefined when it keeps them all. */
export function leakIn(path: string, text: string, all: readonly Secret[]): string | undefined {
  if (/(from|import\(|require\()\s*['"][^'"]*\bsolutions\//.test(text))
    return `${path} imports the folder solutions`
  const line = flat(text.replace(/\\n/g, ' ').replace(/\\"/g, '"'))
  const secret = all.find((candidate) => line.includes(candidate.text))
  return secret && `${path} holds ${secret.what}: "${secret.text.slice(0, 60)}"`
}
