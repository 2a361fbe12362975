// How far a learner is, kept in a file beside the notebooks: what each exercise's last check found, and the text of the
// parts that were solved, so that a later exercise can check them again. No account, nothing leaves the folder.

import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import * as pgcrash from 'pgcrash'
import { exercises } from './all.js'
import type { Candidate, Exercise } from './checking/check.js'
import { plain } from './checking/plainData.js'
import { runChecks } from './checking/report.js'

export const PROGRESS_FILE = '.pgcrash-progress.json'

interface Entry {
  solved: boolean
  /** JavaScript of the function, as the notebook's kernel compiled it. */
  source: string
}
export type Progress = Record<string, Entry>

/** What stands behind a name: the learner's own part, or the engine's, and why. */
export interface Standing {
  readonly name: string
  readonly own: boolean
  /** For people: "yours, checked again". */
  readonly why: string
}

/** Reads the file; what it cannot read counts as nothing. */
export function readProgress(folder: string = process.cwd()): Progress {
  const file = join(folder, PROGRESS_FILE)
  if (!existsSync(file)) return {}
  try {
    const read = JSON.parse(readFileSync(file, 'utf8')) as Progress
    const known = ([name, entry]: [string, Entry]): boolean =>
      exercises.some((exercise) => exercise.name === name) &&
      typeof entry?.solved === 'boolean' &&
      typeof entry.source === 'string'
    return Object.fromEntries(Object.entries(read).filter(known))
  } catch {
    return {}
  }
}

/** Notes what a check of `name` found. A part that was solved and is broken now counts as unsolved. */
export function noteProgress(
  name: string,
  solved: boolean,
  part: Candidate,
  folder: string = process.cwd(),
): void {
  const progress = { ...readProgress(folder), [name]: { solved, source: part.toString() } }
  const file = join(folder, PROGRESS_FILE)
  try {
    writeFileSync(`${file}.new`, JSON.stringify(progress, null, 1) + '\n')
    renameSync(`${file}.new`, file)
  } catch {
    // A folder that cannot be written to keeps no progress; the check itself is worth as much.
  }
}

/** "4 of 35 exercises solved, 2 of 7 in 04-startup". */
export function progressLine(notebook: string, folder: string = process.cwd()): string {
  const progress = readProgress(folder)
  const solved = (some: readonly Exercise[]): string =>
    `${some.filter(({ name }) => progress[name]?.solved).length} of ${some.length}`
  const here = exercises.filter((exercise) => exercise.notebook === notebook)
  return `progress: ${solved(exercises)} exercises solved, ${solved(here)} in ${notebook}`
}

/** A part from its text. It may use what the engine exports, as its notebook's cells can; nothing of other cells. */
function revive(source: string): Candidate {
  const names = Object.keys(pgcrash)
  const make = new Function(...names, `"use strict"; return (${source})`) as (
    ...values: unknown[]
  ) => Candidate
  return make(...names.map((name) => (pgcrash as Record<string, unknown>)[name]))
}

/** Checks an earlier part again, and says who stands behind its name. */
async function standing(name: string, progress: Progress): Promise<Standing> {
  const entry = progress[name]
  const exercise = exercises.find((candidate) => candidate.name === name)
  if (!entry?.solved || !exercise) return { name, own: false, why: "not solved yet: the engine's stands in" }
  try {
    const part = revive(entry.source)
    const asked: Candidate = (...input: never[]) => plain((part as (...all: never[]) => unknown)(...input))
    const { rows } = await runChecks(exercise, exercise.visible, asked)
    if (rows.every(({ finding }) => finding.verdict === 'passed'))
      return { name, own: true, why: 'yours, checked again' }
  } catch {
    // Told below: it does not run by itself.
  }
  const why =
    "yours does not pass by itself any more (does it use names of other cells?): the engine's stands in"
  return { name, own: false, why }
}

/** Who stands behind these names now. */
export async function standings(
  names: readonly string[],
  folder: string = process.cwd(),
): Promise<Standing[]> {
  const progress = readProgress(folder)
  const found: Standing[] = []
  for (const name of names) found.push(await standing(name, progress))
  return found
}
