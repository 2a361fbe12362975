// What the checks found, for people: as text for a terminal, as a table for a notebook. Colours are the reader's own.

import type { Check, Counterexample, Exercise, Finding, Verdict } from './check.js'

export interface Row {
  readonly rule: string
  readonly why: string
  readonly finding: Finding
}

export interface CheckReport {
  readonly name: string
  readonly notebook: string
  readonly rows: readonly Row[]
}

export const MARKS: Readonly<Record<Verdict, string>> = {
  passed: '✓',
  wrong: '✗',
  'not started': '○',
  crashed: '!',
  'timed out': '…',
  'no evidence': '?',
}

/** One line on the whole: "needsRedo: 1 of 2 rules hold". */
export function headline({ name, rows }: CheckReport): string {
  if (rows.every(({ finding }) => finding.verdict === 'not started')) return `${name}: not started`
  const passed = rows.filter(({ finding }) => finding.verdict === 'passed').length
  return `${name}: ${passed} of ${rows.length} rules hold`
}

/** The report as lines of text. */
export function reportText(report: CheckReport): string {
  const lines = [headline(report)]
  for (const { rule, why, finding } of report.rows) {
    lines.push(
      `  ${MARKS[finding.verdict]} ${rule}${finding.verdict === 'passed' ? '' : ` (${finding.verdict})`}`,
    )
    if (finding.verdict === 'passed' || finding.verdict === 'not started') continue
    for (const [label, text] of details(why, finding)) lines.push(...indented(label, text))
    lines.push(...drawingLines(finding, '      '))
  }
  return lines.join('\n')
}

/** The picture of a finding in characters, with an empty line before and behind it; nothing when it has none. */
export function drawingLines({ counterexample }: Finding, indent: string): string[] {
  if (counterexample?.drawing === undefined) return []
  return ['', ...counterexample.drawing.text.split('\n').map((line) => (indent + line).trimEnd()), '']
}

/** What there is to say about a rule that is not kept, label by label. */
export function details(why: string, finding: Finding): [label: string, text: string][] {
  const found: [string, string][] = []
  if (finding.counterexample) found.push(...fields(finding.counterexample))
  else if (finding.reason) found.push(['what happened', finding.reason])
  found.push(['why it matters', why])
  return found
}

function fields(counterexample: Counterexample): [string, string][] {
  const { input, expected, got, note, replay } = counterexample
  const all: [string, string | undefined][] = [
    ['given', input],
    ['expected', expected],
    ['your part', got],
    ['so', note],
    ['again', replay],
  ]
  return all.filter((field): field is [string, string] => field[1] !== undefined)
}

const LABEL_WIDTH = 16

function indented(label: string, text: string): string[] {
  const lines = text.replace(/^\n/, '').split('\n')
  return lines.map((line, i) => `      ${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`)
}

const LEFT = 'text-align: left; vertical-align: top'

/** The report as a table. */
export function reportHtml(report: CheckReport): string {
  const head = `<caption style="${LEFT}"><strong>${escapeHtml(headline(report))}</strong></caption>`
  return `<table>${head}<tbody>${report.rows.map(rowHtml).join('')}</tbody></table>`
}

function rowHtml({ rule, why, finding }: Row): string {
  const { verdict } = finding
  const mark = `<td style="${LEFT}; white-space: nowrap">${MARKS[verdict]} ${verdict}</td>`
  const shown = verdict === 'passed' || verdict === 'not started' ? '' : detailsHtml(why, finding)
  return `<tr>${mark}<td style="${LEFT}">${escapeHtml(rule)}${shown}</td></tr>`
}

function detailsHtml(why: string, finding: Finding): string {
  const rows = details(why, finding).map(([label, text]) => {
    const words = label === 'so' || label === 'why it matters' || label === 'what happened'
    const shown = escapeHtml(text.replace(/^\n/, ''))
    const value = words ? shown : `<pre style="margin: 0; text-align: left">${shown}</pre>`
    return `<tr><th scope="row" style="${LEFT}; white-space: nowrap">${label}</th><td style="${LEFT}">${value}</td></tr>`
  })
  return `${drawingHtml(finding)}<table><tbody>${rows.join('')}</tbody></table>`
}

/** The picture in a box of its own, which scrolls where the page is narrower. It was drawn by the judge: it is markup. */
function drawingHtml({ counterexample }: Finding): string {
  if (counterexample?.drawing === undefined) return ''
  return `<div style="overflow-x: auto; max-width: 100%; margin: 6px 0">${counterexample.drawing.svg}</div>`
}

/** Text, safe to stand in HTML. */
export function escapeHtml(text: string): string {
  const names: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' }
  return text.replace(/[&<>"]/g, (char) => names[char])
}

/** Runs the checks of an exercise one after the other. */
export async function runChecks(
  exercise: Exercise,
  checks: readonly Check[],
  candidate: Parameters<Check['run']>[0],
): Promise<CheckReport> {
  const rows: Row[] = []
  for (const { rule, why, run } of checks) rows.push({ rule, why, finding: await run(candidate) })
  return { name: exercise.name, notebook: exercise.notebook, rows }
}
