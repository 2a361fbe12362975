// Which notebooks are to be graded, and whose they are.
//
//   exercises/04-startup.ipynb           one notebook of one learner
//   submissions/ada/                     a folder with notebooks: one learner
//   submissions/  ada/…  grace/…         a class: a folder a learner

import { lstatSync, readdirSync } from 'node:fs'
import { basename, dirname, join, relative, resolve } from 'node:path'

export interface Submission {
  readonly learner: string
  /** Paths of the notebooks, sorted. */
  readonly notebooks: readonly string[]
}

/** A path that holds nothing to grade; the message says which, and what was expected. */
export class NothingToGrade extends Error {
  override name = 'NothingToGrade'
}

const DEEPEST = 3

/** The submissions in these paths. Throws NothingToGrade. */
export function findSubmissions(paths: readonly string[]): Submission[] {
  return paths.flatMap((path) => submissionsIn(resolve(path), path))
}

function submissionsIn(path: string, given: string): Submission[] {
  const status = lstatSync(path, { throwIfNoEntry: false })
  if (!status) throw new NothingToGrade(`"${given}" is not there`)
  if (!status.isDirectory()) {
    if (!path.endsWith('.ipynb')) throw new NothingToGrade(`"${given}" is no notebook (.ipynb) and no folder`)
    return [{ learner: basename(dirname(path)), notebooks: [path] }]
  }
  const direct = entries(path).filter(({ name, folder }) => !folder && name.endsWith('.ipynb'))
  if (direct.length > 0)
    return [{ learner: basename(path), notebooks: direct.map(({ name }) => join(path, name)) }]
  const learners = entries(path).filter(({ folder }) => folder)
  const submissions = learners.map(({ name }) => ({
    learner: name,
    notebooks: notebooksUnder(join(path, name), DEEPEST),
  }))
  if (submissions.every(({ notebooks }) => notebooks.length === 0))
    throw new NothingToGrade(`"${given}" holds no notebook (.ipynb), and no folder that does`)
  return submissions
}

function notebooksUnder(folder: string, depth: number): string[] {
  return entries(folder).flatMap((entry) => {
    const path = join(folder, entry.name)
    if (entry.folder) return depth > 0 ? notebooksUnder(path, depth - 1) : []
    return entry.name.endsWith('.ipynb') ? [path] : []
  })
}

/** Files and folders by name; hidden ones, links and what npm put there are passed over. */
function entries(folder: string): { name: string; folder: boolean }[] {
  return readdirSync(folder, { withFileTypes: true })
    .filter(
      (entry) => !entry.name.startsWith('.') && entry.name !== 'node_modules' && !entry.isSymbolicLink(),
    )
    .map((entry) => ({ name: entry.name, folder: entry.isDirectory() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1))
}

/** A path as people say it: from here. */
export function fromHere(path: string): string {
  return relative(process.cwd(), path) || path
}
