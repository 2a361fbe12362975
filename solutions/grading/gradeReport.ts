// A grading as data, as comma-separated values, and as text for a terminal.

import { pc } from '../colors.js'
import type { Drawing } from '../../exercises/drawing/drawing.js'
import { details, drawingLines, MARKS } from '../../exercises/checking/report.js'
import { classTable, overall, paint, total } from './classTable.js'
import { digestOfJudge, versions } from './digest.js'
import type { GradedExercise, GradedSubmission, Grading } from './gradeBatch.js'

/** The whole grading as plain data. The same submissions give the same text: there is no clock in it. */
export function reportJson({ isolation, seed, submissions }: Grading): string {
  const report = {
    format: 'pgcrash-grades/1',
    judge: { digest: digestOfJudge(), seed, versions: versions() },
    isolation: { level: isolation.level, description: isolation.description },
    submissions: submissions.map((submission) => ({ ...submission, ...total(submission) })),
  }
  return JSON.stringify(report, drawingsAsText, 2)
}

/** Of a picture, the lines of characters: a program reads no SVG, and a class of them would be many megabytes. */
function drawingsAsText(key: string, value: unknown): unknown {
  return key === 'drawing' ? (value as Drawing).text.split('\n') : value
}

/** One line an exercise, in the manner of RFC 4180. */
export function reportCsv({ submissions }: Grading): string {
  const rows: (string | number)[][] = [['learner', 'notebook', 'exercise', 'verdict', 'score', 'max', 'note']]
  for (const { learner, exercises } of submissions)
    for (const { notebook, name, score, max, note = '', ...graded } of exercises)
      rows.push([learner, notebook, name, overall(graded), score, max, note])
  return rows.map((row) => row.map(csvField).join(',')).join('\r\n') + '\r\n'
}

/** Quoted where it must be; a field that a spreadsheet would take for a formula starts with an apostrophe. */
function csvField(value: string | number): string {
  if (typeof value === 'number') return String(value)
  const safe = /^[=+\-@\t\r]/.test(value) ? `'${value}` : value
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe
}

/** For a terminal of `width` columns: rule by rule for up to `few` submissions, else a table of marks. */
export function reportText(grading: Grading, few: number, width = 80): string {
  const { submissions, isolation, seed } = grading
  const body = submissions.length <= few ? submissions.map(submissionText) : [classTable(submissions, width)]
  const notes = submissions.length <= few ? [] : submissions.flatMap(noteLines)
  const foot = `run apart by ${isolation.description}; seed ${seed}`
  return [...body, ...notes, pc.dim(foot)].join('\n')
}

function submissionText(submission: GradedSubmission): string {
  const { score, max } = total(submission)
  const lines = [pc.bold(`${submission.learner}: ${score} of ${max} rules`)]
  for (const { path, note } of submission.notebooks) if (note) lines.push(`  ${path}: ${note}`)
  const width = Math.max(...submission.exercises.map(({ name }) => name.length)) + 2
  for (const exercise of submission.exercises) lines.push(...exerciseLines(exercise, width))
  return lines.join('\n') + '\n'
}

function exerciseLines(exercise: GradedExercise, width: number): string[] {
  const { name, notebook, score, max, note, rules } = exercise
  const verdict = overall(exercise)
  const lines = [
    `  ${name.padEnd(width)}${notebook.padEnd(21)}${`${score}/${max}`.padStart(5)}  ${paint[verdict](verdict)}`,
  ]
  if (note) lines.push(`      note: ${note}`)
  if (verdict === 'passed' || verdict === 'not started') return lines
  for (const { rule, why, hidden, finding } of rules) {
    lines.push(
      `    ${paint[finding.verdict](MARKS[finding.verdict])} ${rule}${hidden ? pc.dim(' (hidden)') : ''}`,
    )
    if (finding.verdict === 'passed' || finding.verdict === 'not started') continue
    for (const [label, text] of details(why, finding)) {
      const [first, ...more] = text.replace(/^\n/, '').split('\n')
      lines.push(`        ${label.padEnd(16)}${first}`, ...more.map((line) => `${' '.repeat(24)}${line}`))
    }
    lines.push(...drawingLines(finding, '        '))
  }
  return lines
}

function noteLines({ learner, notebooks, exercises }: GradedSubmission): string[] {
  const onFiles = notebooks.flatMap(({ path, note }) => (note ? [`${learner}: ${path}: ${note}`] : []))
  const onCells = exercises.flatMap(({ name, note }) => (note ? [`${learner}: ${name}: ${note}`] : []))
  return [...onFiles, ...onCells]
}
