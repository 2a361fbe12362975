// A grading as one web page: the class as a table, each learner's rules folded below it. Nothing is loaded from anywhere,
// and what learners wrote comes in as text only.

import { escapeHtml } from '../../exercises/checking/report.js'
import { details, MARKS } from '../../exercises/checking/report.js'
import { digestOfJudge, versions } from './digest.js'
import type { GradedExercise, GradedSubmission, Grading } from './gradeBatch.js'
import { overall, total } from './gradeReport.js'

const STYLE = `
:root { color-scheme: light dark; font: 16px/1.5 system-ui, sans-serif }
body { margin: 2rem auto; max-width: 70rem; padding: 0 1rem }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .25rem .6rem; text-align: left; border-bottom: 1px solid color-mix(in srgb, currentColor 20%, transparent) }
td.mark { text-align: right; white-space: nowrap }
thead th.name { writing-mode: vertical-rl; transform: rotate(180deg); text-align: left; font-weight: 600 }
details { margin: .5rem 0 } summary { cursor: pointer }
pre { margin: .2rem 0; white-space: pre-wrap }
li { margin: .3rem 0 }
.foot { opacity: .75; font-size: .9rem }`

const cell = (text: string, tag = 'td', more = ''): string => `<${tag}${more}>${escapeHtml(text)}</${tag}>`

/** The whole page. The same submissions give the same page: there is no clock in it. */
export function reportHtmlPage({ submissions, isolation, seed }: Grading): string {
  const names = [...new Set(submissions.flatMap(({ exercises }) => exercises.map(({ name }) => name)))]
  const head = ['learner', ...names, 'total']
    .map((name) => cell(name, 'th', ' scope="col" class="name"'))
    .join('')
  const rows = submissions.map((submission, i) => rowHtml(submission, i, names)).join('\n')
  const { digest } = { digest: digestOfJudge() }
  const foot = `Run apart by ${isolation.description}; seed ${seed}; judge ${digest.slice(0, 12)}; ${Object.entries(
    versions(),
  )
    .map(([name, version]) => `${name} ${String(version)}`)
    .join(', ')}.`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>PG Crash Course: marks</title><style>${STYLE}</style></head><body>
<h1>PG Crash Course: marks</h1>
<div class="wide" tabindex="0" role="group" aria-label="Marks of the class"><table><thead><tr>${head}</tr></thead><tbody>
${rows}
</tbody></table></div>
<h2>Rule by rule</h2>
${submissions.map(submissionHtml).join('\n')}
${cell(foot, 'p', ' class="foot"')}
</body></html>
`
}

function rowHtml(submission: GradedSubmission, index: number, names: readonly string[]): string {
  const marks = names.map((name) => {
    const exercise = submission.exercises.find((graded) => graded.name === name)
    if (!exercise) return cell('–', 'td', ' class="mark"')
    const verdict = overall(exercise)
    const mark = verdict === 'partly' || verdict === 'passed' ? `${exercise.score}/${exercise.max}` : verdict
    return cell(mark, 'td', ' class="mark"')
  })
  const { score, max } = total(submission)
  const learner = `<th scope="row"><a href="#learner-${index}">${escapeHtml(submission.learner)}</a></th>`
  return `<tr>${learner}${marks.join('')}${cell(`${score}/${max}`, 'td', ' class="mark"')}</tr>`
}

function submissionHtml(submission: GradedSubmission, index: number): string {
  const { score, max } = total(submission)
  const notes = submission.notebooks.flatMap(({ path, note }) =>
    note ? [cell(`${path}: ${note}`, 'p')] : [],
  )
  const parts = submission.exercises.map(exerciseHtml).join('')
  return `<details id="learner-${index}"><summary>${escapeHtml(submission.learner)}: ${score} of ${max} rules</summary>${notes.join('')}${parts}</details>`
}

function exerciseHtml(exercise: GradedExercise): string {
  const { name, notebook, score, max, note, rules } = exercise
  const verdict = overall(exercise)
  const title =
    cell(`${name} (${notebook}): ${score}/${max}, ${verdict}`, 'h3') + (note ? cell(note, 'p') : '')
  if (verdict === 'passed' || verdict === 'not started') return title
  const items = rules.map(({ rule, why, hidden, finding }) => {
    const text = `${MARKS[finding.verdict]} ${rule}${hidden ? ' (hidden)' : ''}`
    if (finding.verdict === 'passed' || finding.verdict === 'not started') return cell(text, 'li')
    const more = details(why, finding).map(
      ([label, words]) => `<dt>${label}</dt><dd>${cell(words, 'pre')}</dd>`,
    )
    return `<li>${escapeHtml(text)}<dl>${more.join('')}</dl></li>`
  })
  return `${title}<ul>${items.join('')}</ul>`
}
