// Grades submissions, some at a time. One submission can cost another one nothing but time, and that is limited.

import { availableParallelism } from 'node:os'
import { basename } from 'node:path'
import type { Exercise, Finding } from '../../exercises/checking/check.js'
import { exercises } from '../../exercises/all.js'
import type { Drawing } from '../../exercises/drawing/drawing.js'
import { solutionOf } from '../solutions.js'
import { makeChildCode, type ChildCode } from './childCode.js'
import { Compiler } from './compiler.js'
import { gradeExercise, type GradedRule, type Rules, type Workbench } from './gradeExercise.js'
import { isolations, type Isolation } from './isolation.js'
import { digestOf } from './digest.js'
import type { Patience } from './limits.js'
import { readLearnerNotebook, type LearnerCell } from './learnerNotebook.js'
import { Questions } from './questions.js'
import { Sandbox } from './sandbox.js'
import { fromHere, type Submission } from './submissions.js'

export interface GradedExercise {
  readonly name: string
  readonly notebook: string
  /** Rules kept, and rules there are. */
  readonly score: number
  readonly max: number
  /** SHA-256 of the learner's cell. */
  readonly cell?: string
  readonly note?: string
  readonly rules: readonly GradedRule[]
}

export interface GradedNotebook {
  readonly path: string
  readonly digest?: string
  /** Why it could not be graded, or what was passed over in it. */
  readonly note?: string
}

export interface GradedSubmission {
  readonly learner: string
  readonly notebooks: readonly GradedNotebook[]
  readonly exercises: readonly GradedExercise[]
}

export interface Grading {
  readonly isolation: Isolation
  readonly seed: number
  readonly submissions: readonly GradedSubmission[]
}

export interface GradeOptions {
  readonly seed?: number
  /** Processes at a time. */
  readonly jobs?: number
  /** Use this one, and no other. */
  readonly isolation?: Isolation
  readonly patience?: Patience
  readonly onProgress?: (done: number, of: number) => void
}

export const DEFAULT_SEED = 20180

/** Grades submissions; the order of the result is that of `submissions`. */
export async function gradeBatch(
  submissions: readonly Submission[],
  options: GradeOptions = {},
): Promise<Grading> {
  const compiler = new Compiler()
  let childCode: ChildCode | undefined
  try {
    childCode = await makeChildCode(compiler)
    const isolation = options.isolation ?? (await bestIsolation(childCode.folder))
    const bench = {
      isolation,
      folder: childCode.folder,
      questions: new Questions(options.seed ?? DEFAULT_SEED),
      patience: options.patience,
    }
    const plans = submissions.map(planSubmission)
    const tasks = plans.flatMap(({ tasks }) => tasks)
    const drawings = new Map<string, Drawing>()
    let done = 0
    await runSome(tasks, options.jobs ?? availableParallelism(), async (task) => {
      task.graded = withSharedDrawings(await gradeTask(bench, compiler, task), drawings)
      options.onProgress?.(++done, tasks.length)
    })
    const graded = plans.map(({ learner, notebooks, tasks }) => ({
      learner,
      notebooks,
      exercises: tasks.flatMap(({ graded }) => graded ?? []),
    }))
    return { isolation, seed: bench.questions.seed, submissions: graded }
  } finally {
    await compiler.close()
    childCode?.remove()
  }
}

/** The best level that runs a harmless cell here. Throws when none does. */
export async function bestIsolation(folder: string): Promise<Isolation> {
  const reasons: string[] = []
  for (const isolation of isolations()) {
    const sandbox = new Sandbox(isolation, folder)
    try {
      const reply = await sandbox.load('function part() { return 1 }', 'part')
      if (reply.kind === 'loaded') return isolation
      reasons.push(`${isolation.level}: ${reply.kind}`)
    } catch (error) {
      reasons.push(`${isolation.level}: ${(error as Error).message}`)
    } finally {
      await sandbox.kill()
    }
  }
  throw new Error(`no way to run a submission apart works here (${reasons.join('; ')})`)
}

/** The same slip gives the same picture: a class of hundreds keeps each one once. */
function withSharedDrawings(graded: GradedExercise, known: Map<string, Drawing>): GradedExercise {
  const shared = (finding: Finding): Finding => {
    const { counterexample } = finding
    if (!counterexample?.drawing) return finding
    const drawing = known.get(counterexample.drawing.svg) ?? counterexample.drawing
    known.set(drawing.svg, drawing)
    return { ...finding, counterexample: { ...counterexample, drawing } }
  }
  return { ...graded, rules: graded.rules.map((rule) => ({ ...rule, finding: shared(rule.finding) })) }
}

interface Task {
  readonly exercise: Exercise
  readonly cell: LearnerCell | undefined
  readonly note?: string
  graded?: GradedExercise
}

interface Plan {
  readonly learner: string
  readonly notebooks: readonly GradedNotebook[]
  readonly tasks: Task[]
}

/** Reads a learner's notebooks and decides what is graded from which. */
function planSubmission({ learner, notebooks }: Submission): Plan {
  const tasks = new Map<string, Task & { ours: boolean }>()
  const read = notebooks.map((path): GradedNotebook => {
    const slug = basename(path, '.ipynb')
    const notebook = readLearnerNotebook(path)
    const cells = notebook.outcome === 'read' ? notebook.cells : new Map<string, LearnerCell>()
    const notes = notebook.outcome === 'unreadable' ? [notebook.reason] : []
    for (const exercise of exercises) {
      const cell = cells.get(exercise.name)
      const ours = exercise.notebook === slug
      if (!cell && !ours) continue
      const taken = tasks.get(exercise.name)
      if (taken?.cell && (!cell || taken.ours || !ours)) {
        if (cell) notes.push(`its ${exercise.name} is not graded: another notebook's is`)
        continue
      }
      const absent = notebook.outcome === 'read' ? `no cell carries the id ${exercise.name}` : notebook.reason
      tasks.set(exercise.name, { exercise, cell, ours, note: cell ? cell.note : absent })
    }
    if (notebook.outcome === 'read' && cells.size === 0 && notes.length === 0)
      notes.push('no cell of an exercise in it')
    const { digest } = notebook
    return {
      path: fromHere(path),
      ...(digest === undefined ? {} : { digest }),
      ...(notes.length === 0 ? {} : { note: notes.join('; ') }),
    }
  })
  const ordered = exercises.flatMap(({ name }) => tasks.get(name) ?? [])
  return { learner, notebooks: read, tasks: ordered }
}

async function gradeTask(
  bench: Workbench,
  compiler: Compiler,
  { exercise, cell, note }: Task,
): Promise<GradedExercise> {
  const all: Rules = {
    name: exercise.name,
    visible: exercise.visible,
    hidden: solutionOf(exercise.name).hidden,
  }
  const source = cell?.source ?? ''
  const compiled = source.trim() === '' ? undefined : await compiler.compile(source)
  const rules =
    compiled === undefined
      ? everyRule(all, {
          verdict: cell && !cell.note ? 'not started' : 'no evidence',
          cases: 0,
          reason: note,
        })
      : compiled.outcome === 'refused'
        ? everyRule(all, { verdict: 'crashed', cases: 0, reason: compiled.reason })
        : await gradeExercise(bench, all, compiled.code)
  return {
    name: exercise.name,
    notebook: exercise.notebook,
    score: rules.filter(({ finding }) => finding.verdict === 'passed').length,
    max: rules.length,
    ...(cell ? { cell: digestOf([source]) } : {}),
    ...(note === undefined ? {} : { note }),
    rules,
  }
}

function everyRule({ visible, hidden }: Rules, finding: Finding): GradedRule[] {
  const of = (checks: Rules['visible'], isHidden: boolean): GradedRule[] =>
    checks.map(({ rule, why }) => ({ rule, why, hidden: isHidden, finding }))
  return [...of(visible, false), ...of(hidden, true)]
}

/** Does the work for all items, `atOnce` at a time. */
async function runSome<T>(
  items: readonly T[],
  atOnce: number,
  work: (item: T) => Promise<void>,
): Promise<void> {
  let next = 0
  const worker = async (): Promise<void> => {
    while (next < items.length) await work(items[next++])
  }
  await Promise.all(Array.from({ length: Math.min(atOnce, items.length) }, worker))
}
