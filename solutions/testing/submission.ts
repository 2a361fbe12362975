// Submissions for tests: an exercise's notebook with another text in the stub's place.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { exercises } from '../../exercises/all.js'
import { exerciseNotebook, withStubs } from '../notebooks.js'

/** The cells of an exercise as a notebook, its stub replaced; those of the notebook's other exercises left out. */
export function notebookWith(name: string, cell: string): string {
  const exercise = exercises.find((candidate) => candidate.name === name)
  if (!exercise) throw new Error(`no exercise ${name}`)
  const notebook = JSON.parse(withStubs(exerciseNotebook(exercise.notebook), () => cell)) as {
    cells: { metadata: { pgcrash?: { exercise?: string } } }[]
  }
  const cells = notebook.cells.filter(({ metadata }) => metadata.pgcrash?.exercise === name)
  return JSON.stringify({ ...notebook, cells })
}

/** Writes a class into a temporary folder: learner → file name → text. The caller removes it. */
export function writeClass(learners: Readonly<Record<string, Readonly<Record<string, string>>>>): {
  folder: string
  remove(): void
} {
  const folder = mkdtempSync(join(tmpdir(), 'pgcrash-class-'))
  for (const [learner, files] of Object.entries(learners)) {
    mkdirSync(join(folder, learner))
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, learner, name), text)
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) }
}
