// What a cell printed or displayed, as HTML: text, tables, figures, JSON, and errors as errors.

import { stripVTControlCharacters } from 'node:util'
import { embedFigure, embedHtml, renderFigure } from './figure.js'
import type { Highlighter } from './highlight.js'
import { escapeHtml } from './markup.js'
import type { Output } from './notebook.js'
import type { PageStyle } from './pageStyle.js'
import { NARROWEST, renderScrollBox, WIDE } from './scrollBox.js'
import { SiteError } from './siteError.js'

export interface OutputContext {
  /** For ids and labels: 'Output of cell 3'. */
  readonly cell: number
  readonly position: number
  readonly style: PageStyle
  readonly highlighter: Highlighter
  readonly renderMarkdown: (source: string) => string
}

/** One output as HTML. Throws SiteError when it has no form the pages can carry. */
export function renderOutput(output: Output, context: OutputContext): string {
  switch (output.type) {
    case 'stream':
      return renderText(output.text, context, output.name === 'stderr' ? 'error' : 'text')
    case 'error':
      return renderError(output, context)
    case 'display':
      return renderDisplay(output.data, output.metadata, context)
  }
}

/** Text as the terminal would show it: without colours, and with what a carriage return overwrote left out. */
export function terminalText(text: string): string {
  return stripVTControlCharacters(text.replace(/\r\n/g, '\n'))
    .replace(/^.*\r(?=[^\n])/gm, '')
    .replace(/\r/g, '')
    .replace(/\n+$/, '')
}

function renderText(text: string, context: OutputContext, kind: 'text' | 'error'): string {
  const shown = terminalText(text)
  if (shown === '') return ''
  // Sentences are broken where the box ends, as in a terminal; what stands in columns scrolls and stays in columns.
  const inColumns = shown.split('\n').some(isInColumns)
  const html = `<pre class="${kind}${inColumns ? '' : ' wrap'}">${escapeHtml(shown)}</pre>`
  return renderScrollBox(html, label(context), inColumns ? shown : wrapped(shown))
}

/** Two gaps or more between words of one line: a hex dump, pg_waldump, a table in text. */
function isInColumns(line: string): boolean {
  return (line.trim().match(/ {2,}/g) ?? []).length >= 2
}

/** The text as a telephone shows it, so that only its height counts. */
function wrapped(text: string): string {
  return text.replace(new RegExp(`.{${NARROWEST}}`, 'g'), '$&\n')
}

function renderError(output: Extract<Output, { type: 'error' }>, context: OutputContext): string {
  const sentence = output.name ? `${output.name}: ${output.message}` : output.message
  const trace = terminalText(output.traceback.join('\n'))
  return renderText(trace.includes(output.message) ? trace : `${sentence}\n${trace}`, context, 'error')
}

type Renderer = (
  value: unknown,
  context: OutputContext,
  metadata: Readonly<Record<string, unknown>>,
) => string

/** Richest first: a display may carry the same thing in several forms. */
const RENDERERS: readonly (readonly [mime: string, render: Renderer])[] = [
  ['image/svg+xml', renderSvg],
  ['text/html', renderHtml],
  ['image/png', renderPng],
  ['text/markdown', (value, context) => `<div class="prose">${context.renderMarkdown(text(value))}</div>`],
  ['application/json', renderJson],
  ['text/plain', (value, context) => renderText(text(value), context, 'text')],
]

function renderDisplay(
  data: Readonly<Record<string, unknown>>,
  metadata: Readonly<Record<string, unknown>>,
  context: OutputContext,
): string {
  for (const [mime, render] of RENDERERS) {
    if (data[mime] !== undefined) return render(data[mime], context, metadata)
  }
  throw new SiteError(`an output of type ${Object.keys(data).join(', ') || 'nothing'} has no form on a page`)
}

const text = (value: unknown): string => (Array.isArray(value) ? value.join('') : String(value))
const label = ({ cell }: OutputContext): string => `Output of cell ${cell}`
const prefix = ({ cell, position }: OutputContext): string => `c${cell}o${position}`

function renderSvg(value: unknown, context: OutputContext): string {
  const figure = embedFigure(text(value), prefix(context), context.style)
  return renderScrollBox(renderFigure(figure), `Figure of cell ${context.cell}`, WIDE, 'figure')
}

function renderHtml(value: unknown, context: OutputContext): string {
  const html = embedHtml(text(value), prefix(context), context.style)
  return renderScrollBox(`<div class="html">${html}</div>`, `Table of cell ${context.cell}`, WIDE)
}

function renderPng(
  value: unknown,
  context: OutputContext,
  metadata: Readonly<Record<string, unknown>>,
): string {
  const alt = metadata.alt
  if (typeof alt !== 'string' || alt === '') throw new SiteError('an image/png output has no metadata "alt"')
  const source = `data:image/png;base64,${text(value).replace(/\s/g, '')}`
  return `<figure><img src="${source}" alt="${escapeHtml(alt)}"></figure>`
}

function renderJson(value: unknown, context: OutputContext): string {
  const json = JSON.stringify(typeof value === 'string' ? JSON.parse(value) : value, null, 2)
  const html = context.highlighter.highlight(json, 'json')
  return renderScrollBox(`<pre class="text">${html}</pre>`, label(context), json)
}
