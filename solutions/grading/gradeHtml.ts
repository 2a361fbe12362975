// A grading as one web page: the class as a table, chapters across, and each learner's exercises folded below it.
// Nothing is loaded from anywhere, and what learners wrote comes in as text only.

import { readFileSync } from 'node:fs'
import { details, escapeHtml, MARKS } from '../../exercises/checking/report.js'
import type { Finding } from '../../exercises/checking/check.js'
import { CELLS, chaptersOf, LEGEND, overall, total, type ClassChapter } from './classTable.js'
import { digestOfJudge, versions } from './digest.js'
import type { GradedExercise, GradedSubmission, Grading } from './gradeBatch.js'

/** The site's colours, for light and for dark. */
const PALETTE = readFileSync(new URL('../../site/theme/palette.css', import.meta.url), 'utf8')

const STYLE = `${PALETTE}
:root { font: 16px/1.5 var(--sans); background: var(--paper); color: var(--ink) }
body { margin: 2rem auto; max-width: 80rem; padding: 0 1rem }
a { color: var(--accent) }
.wide { overflow-x: auto }
table { border-collapse: collapse; font-variant-numeric: tabular-nums }
th, td { padding: .3rem .5rem; text-align: left; border-bottom: 1px solid var(--rule); white-space: nowrap }
thead th { vertical-align: bottom; white-space: normal; line-height: 1.25 } tbody th { font-weight: 500 }
th.name { position: sticky; left: 0; background: var(--paper); max-width: min(14rem, 34vw); overflow: hidden; text-overflow: ellipsis }
td.total, th.total { text-align: right }
.cells { display: inline-flex; gap: 2px }
.cell { display: inline-block; width: 1.3em; text-align: center; border-radius: 3px; background: var(--panel); color: var(--muted); font: .85rem/1.5 var(--mono) }
.passed { background: var(--ok-soft); color: var(--ok) }
.partly { background: var(--wal-soft); color: var(--wal) }
.wrong, .crashed, .timed-out, .no-evidence { background: var(--bad-soft); color: var(--bad) }
.legend, .foot { color: var(--muted); font-size: .9rem }
.legend span.mark { margin-right: 1rem; white-space: nowrap }
summary { cursor: pointer }
details.learner { margin: .6rem 0; border: 1px solid var(--rule); border-radius: 6px; padding: .4rem .8rem }
details.learner > summary { font-weight: 600 }
details.exercise { margin: .4rem 0 .4rem .5rem } .line { margin: .4rem 0 .4rem 1.5rem }
ul { list-style: none; padding-left: 1.2rem } li { margin: .5rem 0 }
dl { margin: .3rem 0 } dt { font-size: .85rem; color: var(--muted) } dd { margin: 0 0 .3rem }
pre { margin: .1rem 0; white-space: pre-wrap; overflow-wrap: anywhere; font-family: var(--mono); font-size: .88rem }
.drawing { overflow-x: auto; margin: .5rem 0 }
.drawing svg { display: block; width: 100%; max-width: 720px; min-width: 560px; height: auto; border: 1px solid var(--rule); border-radius: 4px }
.symbols { position: absolute; width: 0; height: 0 }`

const cell = (text: string, tag = 'td', more = ''): string => `<${tag}${more}>${escapeHtml(text)}</${tag}>`

/** The whole page. The same submissions give the same page: there is no clock in it. */
export function reportHtmlPage({ submissions, isolation, seed }: Grading): string {
  const chapters = chaptersOf(submissions)
  const drawings = new Drawings()
  const learners = submissions.map((submission, i) => submissionHtml(submission, i, drawings)).join('\n')
  const known = Object.entries(versions()).map(([name, version]) => `${name} ${String(version)}`)
  const foot = `Run apart by ${isolation.description}; seed ${seed}; judge ${digestOfJudge().slice(0, 12)}; ${known.join(', ')}.`
  return `<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'">
<title>PG Crash Course: marks</title><style>${STYLE}</style></head><body>
<h1>PG Crash Course: marks</h1>
${tableHtml(submissions, chapters)}
${legendHtml(submissions)}
<h2>Exercise by exercise</h2>
${learners}
${cell(foot, 'p', ' class="foot"')}
${drawings.symbols()}
</body></html>
`
}

function tableHtml(submissions: readonly GradedSubmission[], chapters: readonly ClassChapter[]): string {
  const head = chapters.map(({ number, title }) => cell(`${number} ${title}`.trim(), 'th', ' scope="col"'))
  const rows = submissions.map((submission, i) => rowHtml(submission, i, chapters))
  return `<div class="wide" tabindex="0" role="group" aria-label="Marks of the class"><table><thead><tr><th scope="col" class="name">learner</th><th scope="col" class="total">rules kept</th>${head.join('')}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table></div>`
}

function rowHtml(submission: GradedSubmission, index: number, chapters: readonly ClassChapter[]): string {
  const marks = chapters.map(({ names }) => {
    const cells = names.map((name) => cellHtml(name, submission))
    return `<td><span class="cells">${cells.join('')}</span></td>`
  })
  const { score, max } = total(submission)
  const name = escapeHtml(submission.learner)
  const learner = `<th scope="row" class="name"><a href="#learner-${index}">${name}</a></th>`
  return `<tr>${learner}${cell(`${score}/${max}`, 'td', ' class="total"')}${marks.join('')}</tr>`
}

function cellHtml(name: string, { exercises }: GradedSubmission): string {
  const exercise = exercises.find((graded) => graded.name === name)
  if (!exercise) return `<span class="cell" role="img" aria-label="${name}: not handed in">–</span>`
  const verdict = overall(exercise)
  const words = `${name}: ${exercise.score} of ${exercise.max}, ${verdict}`
  return `<span class="cell ${verdict.replace(' ', '-')}" role="img" aria-label="${words}" title="${words}">${CELLS[verdict]}</span>`
}

function legendHtml(submissions: readonly GradedSubmission[]): string {
  const found = new Set(submissions.flatMap(({ exercises }) => exercises.map(overall)))
  const marks = LEGEND.filter(([verdict]) => found.has(verdict)).map(
    ([verdict, words]) =>
      `<span class="mark"><span class="cell ${verdict.replace(' ', '-')}" aria-hidden="true">${CELLS[verdict]}</span> ${words}</span>`,
  )
  return `<p class="legend">${marks.join(' ')}</p>`
}

function submissionHtml(submission: GradedSubmission, index: number, drawings: Drawings): string {
  const { score, max } = total(submission)
  const notes = submission.notebooks.flatMap(({ path, note }) =>
    note ? [cell(`${path}: ${note}`, 'p')] : [],
  )
  const parts = submission.exercises.map((exercise) => exerciseHtml(exercise, drawings)).join('')
  const summary = `<summary>${escapeHtml(submission.learner)}: ${score} of ${max} rules</summary>`
  return `<details class="learner" id="learner-${index}">${summary}${notes.join('')}${parts}</details>`
}

function exerciseHtml(exercise: GradedExercise, drawings: Drawings): string {
  const { name, notebook, score, max, note, rules } = exercise
  const verdict = overall(exercise)
  const mark = `<span class="cell ${verdict.replace(' ', '-')}" aria-hidden="true">${CELLS[verdict]}</span> `
  const title = mark + escapeHtml(`${name} (${notebook}): ${score}/${max}, ${verdict}`)
  const notes = note ? cell(`note: ${note}`, 'p') : ''
  if (verdict === 'passed' || verdict === 'not started') return `<div class="line">${title}${notes}</div>`
  const items = rules.map(({ rule, why, hidden, finding }) => {
    const text = `${MARKS[finding.verdict]} ${rule}${hidden ? ' (hidden)' : ''}`
    if (finding.verdict === 'passed' || finding.verdict === 'not started') return cell(text, 'li')
    const more = details(why, finding).map(
      ([label, words]) => `<dt>${label}</dt><dd>${cell(words.replace(/^\n/, ''), 'pre')}</dd>`,
    )
    return `<li>${escapeHtml(text)}${drawings.html(finding)}<dl>${more.join('')}</dl></li>`
  })
  return `<details class="exercise"><summary>${title}</summary>${notes}<ul>${items.join('')}</ul></details>`
}

/** Pictures of counterexamples. Who makes the same slip gets the same one, and the page holds it once. */
class Drawings {
  readonly #ids = new Map<string, string>()

  /** A reference to the picture; nothing when there is none. */
  html({ counterexample }: Finding): string {
    const svg = counterexample?.drawing?.svg
    if (svg === undefined) return ''
    const id = this.#ids.get(svg) ?? `drawing-${this.#ids.size}`
    this.#ids.set(svg, id)
    const { viewBox, title } = partsOf(svg)
    return `<div class="drawing" tabindex="0" role="group" aria-label="The case, drawn"><svg viewBox="${viewBox}" role="img" aria-label="${title}"><use href="#${id}"/></svg></div>`
  }

  symbols(): string {
    const all = [...this.#ids].map(([svg, id]) => {
      const { viewBox, body } = partsOf(svg)
      return `<symbol id="${id}" viewBox="${viewBox}">${body}</symbol>`
    })
    return `<svg class="symbols" aria-hidden="true">${all.join('\n')}</svg>`
  }
}

/** Of a figure as the judge drew it (engine/lens/figures/svg.ts); its title is escaped already. */
function partsOf(svg: string): { viewBox: string; title: string; body: string } {
  const [, viewBox = '', title = '', body = ''] =
    /^<svg [^>]*viewBox="([^"]*)"[^>]*><title>([^<]*)<\/title>([^]*)<\/svg>$/.exec(svg) ?? []
  return { viewBox, title, body }
}
