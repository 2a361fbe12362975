// A class at one glance: learners down, chapters across, and of each chapter a small mark for every exercise.
//
//   learner   1      2      3      …      total
//   ada       ✓✓✓✓✓  ✓✓◐○○  ○○○○○  …     61/214
//
//   1 wal: recordCrc, readRecordHeader, …

import { pc } from '../colors.js'
import type { Verdict } from '../../exercises/checking/check.js'
import { MARKS } from '../../exercises/checking/report.js'
import type { GradedExercise, GradedSubmission } from './gradeBatch.js'

/** What is said of an exercise as a whole. */
export type Overall = Verdict | 'partly'

export const CELLS: Readonly<Record<Overall, string>> = { ...MARKS, partly: '◐' }

/** What the marks mean, in the order in which one wants to read them. */
export const LEGEND: readonly (readonly [Overall, string])[] = [
  ['passed', 'all rules hold'],
  ['partly', 'some hold'],
  ['wrong', 'none holds'],
  ['not started', 'not started'],
  ['crashed', 'crashed'],
  ['timed out', 'out of time'],
  ['no evidence', 'no answer that counts'],
]

export interface ClassChapter {
  /** "1" and "wal" of the notebook 01-wal. */
  readonly number: string
  readonly title: string
  readonly names: readonly string[]
}

/** The chapters from which anything was graded, with their exercises, in the order of the course. */
export function chaptersOf(submissions: readonly GradedSubmission[]): ClassChapter[] {
  const chapters = new Map<string, Set<string>>()
  const graded = submissions.flatMap(({ exercises }) => exercises)
  for (const { notebook, name } of graded)
    chapters.set(notebook, (chapters.get(notebook) ?? new Set()).add(name))
  return [...chapters.entries()]
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([notebook, names]) => {
      const [, number = '', title = notebook] = /^0*(\d+)-(.*)$/.exec(notebook) ?? []
      return { number, title, names: [...names] }
    })
}

/** The verdict on an exercise as a whole: that of its rules when they agree, else "partly" or the worst of them. */
export function overall({ rules }: Pick<GradedExercise, 'rules'>): Overall {
  const verdicts = new Set(rules.map(({ finding }) => finding.verdict))
  if (verdicts.size === 1) return [...verdicts][0]
  if (verdicts.has('passed')) return 'partly'
  const worst: Verdict[] = ['no evidence', 'timed out', 'crashed', 'wrong']
  return worst.find((verdict) => verdicts.has(verdict)) ?? 'not started'
}

export function total({ exercises }: Pick<GradedSubmission, 'exercises'>): { score: number; max: number } {
  const sum = (pick: 'score' | 'max'): number => exercises.reduce((all, exercise) => all + exercise[pick], 0)
  return { score: sum('score'), max: sum('max') }
}

export const paint: Readonly<Record<Overall, (text: string) => string>> = {
  passed: pc.green,
  partly: pc.yellow,
  wrong: pc.red,
  'not started': pc.dim,
  crashed: pc.red,
  'timed out': pc.red,
  'no evidence': pc.red,
}

const GAP = 2
const SHORTEST_NAME = 8
const LONGEST_NAME = 28

/** The table in lines no longer than `width`; when that is too narrow for all chapters, some below the others. */
export function classTable(submissions: readonly GradedSubmission[], width: number): string {
  const chapters = chaptersOf(submissions)
  const totals = submissions.map((submission) => {
    const { score, max } = total(submission)
    return `${score}/${max}`
  })
  const last = Math.max(5, ...totals.map(({ length }) => length))
  const cells = chapters.reduce((sum, chapter) => sum + widthOf(chapter) + GAP, 0)
  const longest = Math.max(7, ...submissions.map(({ learner }) => [...learner].length))
  const name = Math.min(longest, LONGEST_NAME, Math.max(SHORTEST_NAME, width - cells - last - GAP))
  const blocks = inBlocks(chapters, width - name - last - GAP)
  const tables = blocks.map((block) => {
    const head = ['learner'.padEnd(name), ...block.map((chapter) => chapter.number.padEnd(widthOf(chapter)))]
    const rows = submissions.map((submission, i) => {
      const marks = block.map((chapter) => marksOf(submission, chapter))
      return [padded(submission.learner, name), ...marks, totals[i].padStart(last)].join(' '.repeat(GAP))
    })
    return [pc.bold([...head, 'total'.padStart(last)].join(' '.repeat(GAP))), ...rows].join('\n')
  })
  return [...tables, legend(chapters, submissions, width)].join('\n\n')
}

const widthOf = ({ number, names }: ClassChapter): number => Math.max(number.length, names.length)

function padded(learner: string, width: number): string {
  const letters = [...learner]
  return letters.length <= width
    ? learner + ' '.repeat(width - letters.length)
    : `${letters.slice(0, width - 1).join('')}…`
}

function inBlocks(chapters: readonly ClassChapter[], room: number): ClassChapter[][] {
  const blocks: ClassChapter[][] = []
  let left = 0
  for (const chapter of chapters) {
    const needed = widthOf(chapter) + GAP
    if (blocks.length === 0 || needed > left) {
      blocks.push([])
      left = room
    }
    blocks.at(-1)?.push(chapter)
    left -= needed
  }
  return blocks
}

function marksOf(submission: GradedSubmission, chapter: ClassChapter): string {
  const marks = chapter.names.map((name) => {
    const exercise = submission.exercises.find((graded) => graded.name === name)
    if (!exercise) return pc.dim('–')
    const verdict = overall(exercise)
    return paint[verdict](CELLS[verdict])
  })
  return marks.join('') + ' '.repeat(widthOf(chapter) - chapter.names.length)
}

/** Which exercises stand behind a number, and what the marks that occur mean. */
function legend(
  chapters: readonly ClassChapter[],
  submissions: readonly GradedSubmission[],
  width: number,
): string {
  const found = new Set(submissions.flatMap(({ exercises }) => exercises.map(overall)))
  const marks = LEGEND.filter(([verdict]) => found.has(verdict)).map(
    ([verdict, words]) => `${CELLS[verdict]} ${words}`,
  )
  const lines = chapters.flatMap(({ number, title, names }) =>
    wrapped(
      `${number} ${title}:`,
      names.map((name, i) => (i < names.length - 1 ? `${name},` : name)),
      width,
    ),
  )
  return [...lines, ...wrapped('', marks, width)].map((line) => pc.dim(line)).join('\n')
}

/** Words after a heading, in as many lines as it takes. */
function wrapped(head: string, words: readonly string[], width: number): string[] {
  const lines = [head]
  for (const word of words) {
    const line = lines[lines.length - 1]
    if (line.length + 1 + word.length <= width || line.trim() === '')
      lines[lines.length - 1] = `${line} ${word}`
    else lines.push(`    ${word}`)
  }
  return lines.map((line) => (head === '' ? line.trim() : line))
}
