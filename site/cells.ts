// A notebook's cells as one article: prose as prose, code and what it printed as a pair.

import type { Heading, PageMarkdown } from './markdown.js'
import { codeBox } from './markdown.js'
import type { Highlighter } from './highlight.js'
import { bareTitle, type CodeCell, type Lesson, type Output } from './notebook.js'
import { renderOutput, terminalText } from './outputs.js'
import type { PageStyle } from './pageStyle.js'
import { SiteError } from './siteError.js'

export interface Article {
  readonly html: string
  readonly headings: readonly Heading[]
}

interface CellServices {
  readonly markdown: PageMarkdown
  readonly highlighter: Highlighter
  readonly style: PageStyle
}

/** Renders all cells; every error names the notebook and the cell. Throws SiteError. */
export function renderArticle(lesson: Lesson, services: CellServices): Article {
  let codeCells = 0
  const parts = lesson.notebook.cells.map((cell, at) => {
    const place = `${lesson.path}, cell ${at + 1}`
    return located(place, () => {
      if (cell.type === 'markdown') {
        const source = at === 0 ? titled(lesson, cell.source) : cell.source
        return `<div class="prose">\n${services.markdown.render(source)}</div>`
      }
      codeCells += 1
      return renderCodeCell(cell, codeCells, services)
    })
  })
  return { html: parts.join('\n'), headings: services.markdown.headings }
}

/** Of a chapter the number stands above the title already; exercises come below a title of their own. */
function titled({ kind, title: page }: Lesson, source: string): string {
  if (kind === 'exercise') return `# ${page}\n\n${source}`
  return source.replace(/^#\s+(.+)$/m, (_line, title: string) => `# ${bareTitle(title)}`)
}

function located<T>(place: string, work: () => T): T {
  try {
    return work()
  } catch (error) {
    if (error instanceof SiteError) throw new SiteError(`${place}: ${error.message}`)
    throw error
  }
}

/** A cell whose code is for the learner to write says so with a tag, or still holds the stub's NotStarted. */
export function isYourTurn({ tags, source }: CodeCell): boolean {
  return tags.some((tag) => ['your-turn', 'exercise', 'stub'].includes(tag)) || /\bNotStarted\(/.test(source)
}

function renderCodeCell(cell: CodeCell, number: number, services: CellServices): string {
  refuseErrors(cell)
  const turn = isYourTurn(cell)
  const code = codeBox(cell.source, 'typescript', `Code of cell ${number}`, services.highlighter)
  const mark = turn ? '<p class="turn">Your turn</p>' : ''
  const input = `<div class="in"><span class="mark">In&nbsp;${number}</span>${mark}${code}</div>`

  const outputs = cell.outputs
    .map((output, position) =>
      renderOutput(output, {
        cell: number,
        position,
        style: services.style,
        highlighter: services.highlighter,
        renderMarkdown: (source) => services.markdown.render(source),
      }),
    )
    .join('')
  const out =
    outputs === '' ? '' : `\n<div class="out"><span class="mark">Out&nbsp;${number}</span>${outputs}</div>`
  return `<div class="cell${turn ? ' yours' : ''}" id="cell-${number}">\n${input}${out}\n</div>`
}

/** A chapter that fails is not published. A cell that is meant to fail carries Jupyter's tag for it. */
function refuseErrors(cell: CodeCell): void {
  if (cell.tags.includes('raises-exception')) return
  const failure = cell.outputs.map(failureOf).find((message) => message !== undefined)
  if (failure !== undefined) throw new SiteError(`the code fails: ${failure}`)
}

function failureOf(output: Output): string | undefined {
  if (output.type === 'error') return terminalText(`${output.name}: ${output.message}`).replace(/\s+/g, ' ')
  if (output.type === 'stream' && output.name === 'stderr' && output.text.trim() !== '') {
    return terminalText(output.text).trim().replace(/\s+/g, ' ').slice(0, 300)
  }
  return undefined
}
