// What the exercises' checks catch: for each exercise, what people write that is wrong, and which hidden rules see it.
//
// The data is solutions/killTable.json, which a test run proves (solutions/publishedTable.ts says what may be in it).
// The learner edition has no solutions/, and then there is no such page.

import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { pageOf, relativeUrl } from './links.js'
import { escapeHtml } from './markup.js'
import type { Lesson } from './notebook.js'
import type { Page } from './page.js'
import { renderScrollBox, WIDE } from './scrollBox.js'
import { SiteError } from './siteError.js'
import { shortName } from './story.js'

export const KILL_PAGE = 'checks.html'
const DATA = 'solutions/killTable.json'

interface KillRow {
  readonly exercise: string
  readonly notebook: string
  readonly visible: number
  readonly hidden: number
  /** Right solutions that pass every rule: ours, the one in the notebook, the engine's part, and those written differently. */
  readonly right: number
  /** A mistake's name, and a mark for each hidden rule: ✗ catches it, · does not. */
  readonly wrong: readonly (readonly [name: string, rules: string])[]
}

/** What the page shows of solutions/killTable.json. */
export interface KillTable {
  readonly proofs: number
  readonly exercises: readonly KillRow[]
}

/** The table of the project at `root`; undefined when the instructors' side is not there. Throws SiteError. */
export function readKillTable(root: string): KillTable | undefined {
  const file = join(root, DATA)
  if (!existsSync(file)) return undefined
  const table = JSON.parse(readFileSync(file, 'utf8')) as KillTable
  for (const { exercise, hidden, wrong } of table.exercises)
    for (const [name, rules] of wrong)
      if (rules.length !== hidden || !rules.includes('✗'))
        throw new SiteError(`${DATA}: "${name}" of ${exercise} is not caught; npm run exercises says more`)
  return table
}

/** The page, chapter by chapter in the order of `chapters`. */
export function killPage(table: KillTable, chapters: readonly Lesson[]): Page {
  const { exercises, proofs } = table
  const wrong = sum(exercises, (row) => row.wrong.length)
  const right = sum(exercises, (row) => row.right)
  const known = chapters.filter(({ slug }) => exercises.some(({ notebook }) => notebook === slug))
  return {
    path: KILL_PAGE,
    title: 'What the checks catch',
    description: `${wrong} wrong solutions of ${exercises.length} exercises, and which rule catches each.`,
    ribbon: '',
    main: `<div class="sheet contents checks"><article>
<h1>What the checks catch</h1>
<div class="prose">
<p>Each exercise has rules that a learner sees and rules that are hidden. Are they sharp enough, and are they fair? For
each exercise we keep what people really write and is wrong, and solutions that are right and look different. In every
test run all of them are asked all the rules.</p>
<ul class="figures">
<li><strong>${exercises.length}</strong> exercises</li>
<li><strong>${wrong}</strong> wrong solutions, <strong>100 %</strong> caught</li>
<li><strong>${right}</strong> right ones, <strong>0</strong> refused</li>
<li><strong>${proofs.toLocaleString('en-US')}</strong> proofs, 0 failed</li>
</ul>
<p>Below, a row is a mistake and a column is a hidden rule, by its number: ✗ where the rule catches the mistake. The
rules are not here in words, and no code is: a rule says what is right, and that is what the exercise asks for. Whoever
breaks one is told it in PostgreSQL's words, with a smallest case of it, drawn.</p>
${known.map((chapter) => chapterHtml(chapter, exercises)).join('\n')}
</div>
</article></div>`,
    css: CSS,
  }
}

const sum = <T>(items: readonly T[], pick: (item: T) => number): number =>
  items.reduce((all, item) => all + pick(item), 0)

function chapterHtml(chapter: Lesson, exercises: readonly KillRow[]): string {
  const rows = exercises.filter(({ notebook }) => notebook === chapter.slug)
  const to = relativeUrl(KILL_PAGE, pageOf({ kind: 'exercise', slug: chapter.slug }))
  return `<h2 id="chapter-${chapter.number}">${chapter.number}. <a href="${to}">${escapeHtml(shortName(chapter))}</a></h2>
${rows.map(exerciseHtml).join('\n')}`
}

function exerciseHtml({ exercise, visible, hidden, right, wrong }: KillRow): string {
  const heads = Array.from({ length: hidden }, (_, i) => `<th scope="col">${i + 1}</th>`).join('')
  const rows = wrong.map(([name, rules]) => {
    const marks = [...rules].map((mark, i) => markHtml(mark === '✗', i + 1)).join('')
    return `<tr><th scope="row">${escapeHtml(name)}</th>${marks}</tr>`
  })
  const table = `<table><thead><tr><th scope="col">what people write</th>${heads}</tr></thead><tbody>
${rows.join('\n')}
</tbody></table>`
  const words = `${wrong.length} of ${wrong.length} caught, ${right} of ${right} right ones pass`
  return `<details><summary><code>${exercise}</code> <span class="says">${words}; ${visible} visible rules, ${hidden} hidden</span></summary>
${renderScrollBox(table, `What the rules of ${exercise} catch`, WIDE)}
</details>`
}

const markHtml = (catches: boolean, rule: number): string =>
  catches
    ? `<td class="hit"><span role="img" aria-label="rule ${rule} catches it">✗</span></td>`
    : '<td class="miss"><span aria-hidden="true">·</span></td>'

const CSS = `
.checks .figures{list-style:none;padding:0;display:flex;flex-wrap:wrap;gap:.4rem 1.6rem;font-family:var(--sans)}
.checks .figures li{margin:0}
.checks .figures strong{font-size:1.25em;color:var(--ok)}
.checks summary .says{font:.82rem/1.5 var(--sans);color:var(--muted)}
.checks tbody th{font-weight:400;white-space:normal;min-width:11rem}
.checks thead th + th,.checks td{text-align:center;padding:.34em .55em}
.checks .hit{background:var(--ok-soft);color:var(--ok);font-weight:600}
.checks .miss{color:var(--muted)}
@media print{.checks details::details-content{content-visibility:visible;block-size:auto}}`
