// Prose: markdown-it, and the few things the course adds to it.
//
// Headings get an id and are links to themselves; links to notebooks and engine files become links of the site; a
// fence with quote=… shows the engine's own source; tables and code scroll in their own box.

import createMarkdownIt, { type MarkdownIt } from 'markdown-it'
import type { Highlighter } from './highlight.js'
import type { Links } from './links.js'
import { escapeHtml, plainText, slugify } from './markup.js'
import { quoteSymbol } from './quote.js'
import { renderScrollBox } from './scrollBox.js'
import { SiteError } from './siteError.js'

type Plugin = (markdown: MarkdownIt) => void

export interface Heading {
  readonly level: number
  readonly id: string
  readonly html: string
}

export interface MarkdownServices {
  /** The project's root: quotes and links are looked up there. */
  readonly root: string
  readonly highlighter: Highlighter
  readonly links: Links
}

/** Renders the markdown of one page; ids stay unique over all the pieces it is given. */
export interface PageMarkdown {
  render(source: string): string
  /** Headings met so far, in order. */
  readonly headings: readonly Heading[]
}

/** `document` is the path of the source in the project, `page` the path of the page on the site. */
export function createPageMarkdown(services: MarkdownServices, document: string, page: string): PageMarkdown {
  const headings: Heading[] = []
  const markdown = createMarkdownIt({ html: true, linkify: false, typographer: true })
  // Curly quotes, but no (c) turned into ©, no ... into …: the text says what it says.
  markdown.disable('replacements')
  markdown.use(headingPlugin(headings))
  markdown.use(linkPlugin((href) => services.links.resolve(href, document, page)))
  markdown.use(codePlugin(services, page))
  markdown.use(tablePlugin)
  return { render: (source) => markdown.render(source), headings }
}

/** Ids that the page itself gives away: the main part, cells, and what stands in their outputs. */
const RESERVED = /^(?:main|cell-\d+|c\d+o\d+-.*|L\d+)$/

function uniqueId(wanted: string, taken: readonly Heading[]): string {
  const isTaken = (id: string): boolean => RESERVED.test(id) || taken.some((heading) => heading.id === id)
  let id = wanted
  for (let n = 2; isTaken(id); n++) id = `${wanted}-${n}`
  return id
}

/** One h1 a page: the first. Later ones, and whatever hangs below them, are what a cell's author meant as sections. */
function headingPlugin(headings: Heading[]): Plugin {
  return (markdown) => {
    markdown.core.ruler.push('headings', (state) => {
      state.tokens.forEach((open, at) => {
        if (open.type !== 'heading_open') return
        const inline = state.tokens[at + 1]
        const close = state.tokens[at + 2]
        if (inline === undefined || close === undefined) return
        if (open.tag === 'h1' && headings.some(({ level }) => level === 1)) open.tag = close.tag = 'h2'

        const html = markdown.renderer.renderInline(inline.children ?? [], markdown.options, state.env)
        const id = uniqueId(slugify(plainText(html)), headings)
        headings.push({ level: Number(open.tag.slice(1)), id, html })
        open.attrSet('id', id)
        open.attrSet('tabindex', '-1')
        const holdsLink = inline.children?.some(({ type }) => type === 'link_open') ?? false
        if (open.tag === 'h1' || holdsLink) return
        const link = new state.Token('html_inline', '', 0)
        link.content = `<a href="#${id}">`
        const end = new state.Token('html_inline', '', 0)
        end.content = '</a>'
        inline.children = [link, ...(inline.children ?? []), end]
      })
    })
  }
}

function linkPlugin(resolve: (href: string) => string): Plugin {
  return (markdown) => {
    markdown.core.ruler.push('links', (state) => {
      for (const token of state.tokens.flatMap(({ children }) => children ?? [])) {
        if (token.type === 'link_open') token.attrSet('href', resolve(String(token.attrGet('href') ?? '')))
        if (token.type === 'image' && token.content.trim() === '') {
          throw new SiteError(`the image ${token.attrGet('src')} has no alternative text`)
        }
      }
    })
  }
}

function tablePlugin(markdown: MarkdownIt): void {
  markdown.renderer.rules.table_open = () =>
    '<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>'
  markdown.renderer.rules.table_close = () => '</table></div>'
  markdown.renderer.rules.th_open = (tokens, at, options, _env, self) => {
    tokens[at]?.attrSet('scope', 'col')
    return self.renderToken(tokens, at, options)
  }
}

function codePlugin({ root, highlighter, links }: MarkdownServices, page: string): Plugin {
  return (markdown) => {
    markdown.renderer.rules.fence = (tokens, at) => {
      const token = tokens[at]
      const [language = '', ...words] = (token?.info ?? '').trim().split(/\s+/)
      const reference = words.find((word) => word.startsWith('quote='))?.slice('quote='.length)
      if (reference === undefined) {
        return codeBox(token?.content.replace(/\n$/, '') ?? '', language, 'Code', highlighter)
      }
      const quote = quoteSymbol(root, reference, words.includes('doc'))
      const href = links.toSource(page, quote.file, quote.line)
      const caption = `<a href="${escapeHtml(href)}">${escapeHtml(quote.file)}</a>, line ${quote.line}`
      const box = codeBox(quote.code, language || 'ts', `Source of ${quote.symbol}`, highlighter)
      return `<figure class="quote"><figcaption>${caption}</figcaption>${box}</figure>\n`
    }
    markdown.renderer.rules.code_block = (tokens, at) =>
      codeBox(tokens[at]?.content.replace(/\n$/, '') ?? '', '', 'Code', highlighter)
  }
}

/** A block of code in its scroll box. */
export function codeBox(code: string, language: string, label: string, highlighter: Highlighter): string {
  const html = `<pre><code>${highlighter.highlight(code, language)}</code></pre>`
  return `${renderScrollBox(html, label, code, 'code')}\n`
}
