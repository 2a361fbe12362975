// The door of the exercises: `await check('needsRedo', needsRedo)` in a cell.

import type { CrashedScene } from 'pgcrash'
import { exercises, type ExerciseName, type Signatures } from './all.js'
import type { Candidate, Exercise } from './checking/check.js'
import { show } from './checking/kernel.js'
import { plain } from './checking/plainData.js'
import { escapeHtml, reportHtml, reportText, runChecks, type CheckReport } from './checking/report.js'
import { noteProgress, progressLine, standings } from './progress.js'
import { gateTrials, trialsText } from './scene/tryGate.js'

/**
 * Runs an exercise's visible checks on your part and shows what they found. With a crashed scene, the part is also
 * tried on all that the scene holds.
 */
export async function check<Name extends ExerciseName>(
  name: Name,
  part: Signatures[Name],
  scene?: CrashedScene,
): Promise<void> {
  const report = await findings(name, part, scene)
  const verdicts = new Set(report.rows.map(({ finding }) => finding.verdict))
  if (!verdicts.has('not started')) noteProgress(name, verdicts.size === 1 && verdicts.has('passed'), part)
  const relies = await standings(exerciseOf(name).relies ?? [])
  const foot = [...relies.map((one) => `relies on ${one.name}: ${one.why}`), progressLine(report.notebook)]
  show({ text: [reportText(report), ...foot].join('\n'), html: reportHtml(report) + footHtml(foot) })
}

const footHtml = (lines: readonly string[]): string => `<p>${lines.map(escapeHtml).join('<br>')}</p>`

/** As {@link check}, but hands the findings back instead of showing them. */
export async function findings<Name extends ExerciseName>(
  name: Name,
  part: Signatures[Name],
  scene?: CrashedScene,
): Promise<CheckReport> {
  const exercise = exerciseOf(name)
  if (typeof part !== 'function') throw new TypeError(`check('${name}', …) needs your function ${name}`)
  const onScene = scene && exercise.onScene?.(scene)
  return runChecks(exercise, onScene ? [...exercise.visible, onScene] : exercise.visible, asIs(part))
}

/** Recovers copies of real crashes with your redo gate, lets PostgreSQL open them, and shows what became of the rows. */
export async function tryGate(needsRedo: Signatures['needsRedo']): Promise<void> {
  const text = trialsText(await gateTrials(needsRedo))
  show({ text, html: `<pre>${escapeHtml(text)}</pre>` })
}

/** What comes back is read before anything waits for it: a promise is no answer. */
function asIs(part: Candidate): Candidate {
  const call = part as (...input: unknown[]) => unknown
  return (...input: unknown[]) => plain(call(...input))
}

function exerciseOf(name: string): Exercise {
  const exercise = exercises.find((candidate) => candidate.name === name)
  if (exercise) return exercise
  const names = exercises.map((known) => known.name).join(', ')
  throw new Error(`there is no exercise "${name}"; there are ${names}`)
}

export type { ExerciseName, Signatures } from './all.js'
export { pageFrom } from './parts/pages.js'
export { crashOfScene, type Crash, type RecoveryPlan } from './parts/crashes.js'
export { filesOf, recordsOf, transactionsOf } from './scene/contents.js'
export { myParts, type MyParts, type PartName } from './scene/myParts.js'
export type { CheckReport, Row } from './checking/report.js'
export type { Counterexample, Finding, Verdict } from './checking/check.js'
