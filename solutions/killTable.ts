// The proof that the checks see: for every exercise the stub is not started, the solution, the engine's own part and
// the other right ones pass all rules, and each wrong one fails a hidden rule.

import { createRequire } from 'node:module'
import ts from 'typescript'
import type { Candidate, Check, Finding, Verdict } from '../exercises/checking/check.js'
import { engineParts, exercises } from '../exercises/all.js'
import { withSibling } from './grading/gradeExercise.js'
import { exerciseNotebook, solved, withStubs } from './notebooks.js'
import { solutionOf } from './solutions.js'

export interface KillRow {
  readonly exercise: string
  readonly visible: number
  readonly hidden: number
  /** Wrong solutions, and for each which of the hidden rules catch it. */
  readonly wrong: Readonly<Record<string, readonly boolean[]>>
  readonly alsoRight: readonly string[]
  /** Proofs made, and sentences for those that failed. */
  readonly proofs: number
  readonly failures: readonly string[]
}

/** Another one than the grader's. */
export const KILL_SEED = 4711

/** Proves all exercises, or those that are named. */
export async function killTable(
  seed = KILL_SEED,
  names: readonly string[] = exercises.map(({ name }) => name),
): Promise<KillRow[]> {
  const rows: KillRow[] = []
  for (const name of names) rows.push(await killRow(name, seed))
  return rows
}

async function killRow(name: string, seed: number): Promise<KillRow> {
  const exercise = exercises.find((candidate) => candidate.name === name)
  if (!exercise) throw new Error(`no exercise ${name}`)
  const { solution, alsoRight, wrong, hidden } = solutionOf(name)
  const all = [...exercise.visible, ...hidden]
  const failures: string[] = []
  let proofs = 0
  const prove = (holds: boolean, sentence: string): void => {
    proofs++
    if (!holds) failures.push(`${name}: ${sentence}`)
  }
  const allAre = async (wanted: Verdict, candidate: Candidate, sentence: string): Promise<void> => {
    const found = await verdicts(all, candidate, seed)
    const other = found.findIndex((verdict) => verdict !== wanted)
    prove(other === -1, `${sentence}: ${found[other]} at "${all[other]?.rule}"`)
  }

  await allAre(
    'not started',
    cellOf(exercise.notebook, name, (stub) => stub),
    'the stub is to be not started',
  )
  await allAre('passed', cellOf(exercise.notebook, name, solved), 'the solution in its notebook is to pass')
  await allAre('passed', solution as Candidate, 'the solution is to pass')
  await allAre(
    'passed',
    new Map<string, Candidate>(Object.entries(engineParts)).get(name) as Candidate,
    "the engine's part is to pass",
  )
  for (const [what, candidate] of Object.entries(alsoRight))
    await allAre('passed', candidate as Candidate, `"${what}" is right and is to pass`)

  const caught: Record<string, boolean[]> = {}
  for (const [what, candidate] of Object.entries(wrong)) {
    const { findings, tried } = await hiddenFindings(hidden, candidate as Candidate, seed)
    caught[what] = findings.map(({ verdict }) => verdict !== 'passed')
    prove(caught[what].includes(true), `"${what}" is wrong and no hidden rule sees it`)
    for (const [i, finding] of findings.entries()) {
      const shown = await withSibling(candidate as Candidate, hidden[i], finding, seed, tried)
      if (finding.counterexample)
        prove(shown.counterexample !== undefined, `"${what}" is told nothing by "${hidden[i].rule}"`)
    }
  }
  for (const [i, { rule }] of hidden.entries())
    prove(
      Object.values(caught).some((rules) => rules[i]),
      `the hidden rule "${rule}" catches nothing`,
    )
  prove(Object.keys(wrong).length >= 5, 'at least five wrong solutions are to be there')
  prove(Object.keys(alsoRight).length >= 1, 'another right solution is to be there')
  return {
    exercise: name,
    visible: exercise.visible.length,
    hidden: hidden.length,
    wrong: caught,
    alsoRight: Object.keys(alsoRight),
    proofs,
    failures,
  }
}

async function hiddenFindings(
  hidden: readonly Check[],
  candidate: Candidate,
  seed: number,
): Promise<{ findings: Finding[]; tried: Set<string> }> {
  const tried = new Set<string>()
  const findings: Finding[] = []
  for (const check of hidden)
    findings.push(await check.run(candidate, { seed, tried: (input) => tried.add(input) }))
  return { findings, tried }
}

async function verdicts(checks: readonly Check[], candidate: Candidate, seed: number): Promise<Verdict[]> {
  const found: Verdict[] = []
  for (const check of checks) found.push((await check.run(candidate, { seed })).verdict)
  return found
}

/** The part that a notebook's cell defines. It is our own notebook: it may run in this process. */
function cellOf(
  notebook: string,
  name: string,
  write: (stub: string, exercise: string) => string,
): Candidate {
  let cell = ''
  withStubs(exerciseNotebook(notebook), (stub, exercise) => {
    const written = write(stub, exercise)
    if (exercise === name) cell = written
    return written
  })
  const compilerOptions = { module: ts.ModuleKind.CommonJS, target: ts.ScriptTarget.ES2022 }
  const code = ts.transpileModule(cell, { compilerOptions }).outputText
  const define = new Function('require', 'exports', `${code}\nreturn ${name}`) as (
    ...args: unknown[]
  ) => Candidate
  return define(createRequire(import.meta.url), {})
}
