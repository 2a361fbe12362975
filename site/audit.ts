// The last look before anything is written: does every link lead somewhere, does every picture have words, does the
// page keep to its own policy? What is found stops the build, all of it at once.

import { posix } from 'node:path'
import { plainText, scanTags, type Tag } from './markup.js'

export interface BuiltPage {
  readonly path: string
  readonly html: string
}

/** Everything wrong with the pages, a sentence each. `files` are the other files of the site. */
export function auditPages(pages: readonly BuiltPage[], files: ReadonlySet<string>): string[] {
  const anchors = new Map(pages.map(({ path, html }) => [path, idsOf(html)]))
  return pages.flatMap((page) => [
    ...auditLinks(page, anchors, files),
    ...auditTags(page),
    ...auditHeadings(page),
    ...duplicateIds(page),
  ])
}

function idsOf(html: string): string[] {
  return [...scanTags(html)].flatMap(({ attributes }) => attributes.get('id') ?? [])
}

function auditLinks(
  page: BuiltPage,
  anchors: ReadonlyMap<string, readonly string[]>,
  files: ReadonlySet<string>,
): string[] {
  const problems: string[] = []
  for (const { attributes } of scanTags(page.html)) {
    const href = attributes.get('href')
    if (href === undefined || /^(?:https?:|mailto:|\/)/.test(href)) continue
    const [path = '', fragment = ''] = href.split('#')
    const target = path === '' ? page.path : posix.join(posix.dirname(page.path), decodeURI(path))
    const ids = anchors.get(target)
    if (ids === undefined && !files.has(target)) {
      problems.push(`${page.path}: the link ${href} leads nowhere`)
    } else if (fragment !== '' && !ids?.includes(decodeURIComponent(fragment))) {
      problems.push(`${page.path}: the link ${href} names a place that ${target} does not have`)
    }
  }
  return problems
}

function auditTags({ path, html }: BuiltPage): string[] {
  const body = html.slice(html.indexOf('<body>'))
  return [...scanTags(body)].flatMap((tag) => tagProblems(tag).map((problem) => `${path}: ${problem}`))
}

function tagProblems({ name, kind, attributes }: Tag): string[] {
  if (kind === 'close') return []
  const problems: string[] = []
  const words = (attribute: string): boolean => (attributes.get(attribute) ?? '').trim() !== ''
  if (name === 'img' && !words('alt')) problems.push('an image has no alternative text')
  if (name === 'svg' && !words('aria-label') && attributes.get('aria-hidden') !== 'true') {
    problems.push('a figure has no label')
  }
  if (attributes.has('tabindex') && attributes.get('role') === 'group' && !words('aria-label')) {
    problems.push('a scrolling box has no label')
  }
  for (const [key, value] of attributes) {
    if (key === 'style' || /^on\w/.test(key))
      problems.push(`<${name} ${key}="${value}"> is against the page's CSP`)
    if (key === 'src' && !value.startsWith('data:')) problems.push(`<${name}> loads ${value}`)
  }
  return problems
}

function auditHeadings({ path, html }: BuiltPage): string[] {
  const headings = [...html.matchAll(/<h([1-6])\b[^>]*>([\s\S]*?)<\/h\1>/g)]
  const problems: string[] = []
  let above = 0
  for (const [, digit, inside] of headings) {
    const level = Number(digit)
    if (level > above + 1) {
      problems.push(
        `${path}: the heading "${plainText(inside ?? '')}" skips a level (h${above} to h${level})`,
      )
    }
    above = level
  }
  const titles = headings.filter(([, digit]) => digit === '1').length
  if (titles !== 1) problems.push(`${path}: ${titles} headings of level 1, where there must be one`)
  return problems
}

function duplicateIds({ path, html }: BuiltPage): string[] {
  const ids = idsOf(html)
  const twice = new Set(ids.filter((id, at) => ids.indexOf(id) !== at))
  return [...twice].map((id) => `${path}: the id ${id} is there twice`)
}
