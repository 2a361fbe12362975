// A picture drawn by a chapter, made fit to stand inside the page.
//
// Jupyter shows an SVG output as an image of its own. Here it becomes part of the page, so that it takes the theme's
// colours: its ids must not meet another figure's, its styles must obey the page's CSP, and it must have a sentence
// for those who do not see it.

import { escapeHtml, plainText, rewriteTags, scanTags, type Tag } from './markup.js'
import type { PageStyle } from './pageStyle.js'
import { SiteError } from './siteError.js'

const FORBIDDEN = new Set(['script', 'foreignobject', 'iframe', 'object', 'embed', 'link', 'image', 'style'])
const REFERENCES = ['href', 'xlink:href', 'aria-labelledby', 'aria-describedby']

export interface Figure {
  readonly svg: string
  /** Text of <desc>, shown beneath the picture; '' when there is none. */
  readonly caption: string
}

/** `prefix` is unique on the page. Throws SiteError for a figure without <title> or with something not allowed. */
export function embedFigure(source: string, prefix: string, style: PageStyle): Figure {
  const svg = source.slice(Math.max(0, source.search(/<svg[\s>]/i))).trim()
  const label = elementText(svg, 'title') || rootLabel(svg)
  if (label === '') throw new SiteError('a figure has no <title>: one sentence that says what is to be seen')

  // The words move to aria-label and <figcaption>; left in place, browsers would show them again as a tooltip.
  const drawing = svg.replace(/<title\b[\s\S]*?<\/title>/i, '').replace(/<desc\b[\s\S]*?<\/desc>/i, '')
  let isRoot = true
  const embedded = rewriteTags(drawing, (tag) => {
    forbid(tag)
    prefixIds(tag, prefix)
    hoistStyle(tag, style)
    if (isRoot) dressRoot(tag, label, style)
    isRoot = false
  })
  return { svg: embedded, caption: elementText(svg, 'desc') }
}

/** Checks and dresses a piece of HTML that a cell displayed: the same rules as for figures, without the label. */
export function embedHtml(source: string, prefix: string, style: PageStyle): string {
  return rewriteTags(source, (tag) => {
    forbid(tag)
    prefixIds(tag, prefix)
    hoistStyle(tag, style)
  })
}

function forbid(tag: Tag): void {
  if (FORBIDDEN.has(tag.name.toLowerCase())) {
    throw new SiteError(`an output holds <${tag.name}>, which the pages do not carry`)
  }
  for (const [key, value] of tag.attributes) {
    if (/^on/i.test(key)) throw new SiteError(`an output holds ${key}="…", which the pages' CSP forbids`)
    if (/^(?:src|href|xlink:href)$/i.test(key) && /^(?:\w+:)?\/\//.test(value) && tag.name !== 'a') {
      throw new SiteError(`an output loads ${value} from another host`)
    }
  }
}

function prefixIds(tag: Tag, prefix: string): void {
  for (const [key, value] of tag.attributes) {
    if (key === 'id') tag.attributes.set(key, `${prefix}-${value}`)
    else if (REFERENCES.includes(key)) tag.attributes.set(key, prefixReference(key, value, prefix))
    else if (value.includes('url(#')) {
      tag.attributes.set(key, value.replace(/url\(#([^)]+)\)/g, `url(#${prefix}-$1)`))
    }
  }
}

function prefixReference(key: string, value: string, prefix: string): string {
  if (key.endsWith('href')) return value.startsWith('#') ? `#${prefix}-${value.slice(1)}` : value
  return value
    .split(/\s+/)
    .map((id) => `${prefix}-${id}`)
    .join(' ')
}

function hoistStyle(tag: Tag, style: PageStyle): void {
  const written = tag.attributes.get('style')
  if (written === undefined) return
  tag.attributes.delete('style')
  // The box around an output scrolls, and has a name for it; a second one inside would be a trap for the keyboard.
  const declarations = written.replace(/(?:^|;)\s*overflow(?:-[xy])?\s*:[^;]*/g, '').replace(/^\s*;\s*/, '')
  if (declarations.trim() !== '') addClass(tag, style.classFor(declarations))
}

function addClass(tag: Tag, name: string): void {
  tag.attributes.set('class', [tag.attributes.get('class'), name].filter(Boolean).join(' '))
}

function dressRoot(tag: Tag, label: string, style: PageStyle): void {
  const width = Number(
    tag.attributes
      .get('viewBox')
      ?.trim()
      .split(/[\s,]+/)[2] ?? tag.attributes.get('width'),
  )
  if (!Number.isFinite(width)) throw new SiteError(`the figure "${label}" has no viewBox`)
  for (const name of ['width', 'height', 'aria-labelledby', 'aria-describedby']) tag.attributes.delete(name)
  tag.attributes.set('role', 'img')
  tag.attributes.set('aria-label', label)
  // Never wider than drawn; on a narrow screen no smaller than four fifths, so that its words stay readable.
  addClass(tag, style.classFor(`max-width:${width}px;min-width:${Math.round(width * 0.8)}px`))
}

function rootLabel(svg: string): string {
  const root = scanTags(svg).next().value
  return root?.attributes.get('aria-label')?.trim() ?? ''
}

function elementText(svg: string, name: string): string {
  const inside = new RegExp(`<${name}\\b[^>]*>([\\s\\S]*?)</${name}>`, 'i').exec(svg)?.[1]
  return inside === undefined ? '' : plainText(inside)
}

/** The figure with its caption, as a `<figure>`. */
export function renderFigure(figure: Figure): string {
  const caption = figure.caption === '' ? '' : `<figcaption>${escapeHtml(figure.caption)}</figcaption>`
  return `<figure>${figure.svg}${caption}</figure>`
}
