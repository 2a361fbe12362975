// A chapter's page and an exercise's page: ribbon, text, what is on the page, and where to go from here.

import type { Article } from './cells.js'
import { downloadOf, pageOf, relativeUrl } from './links.js'
import { escapeHtml } from './markup.js'
import type { Heading } from './markdown.js'
import type { Lesson } from './notebook.js'
import type { Page } from './page.js'
import type { PageStyle } from './pageStyle.js'
import { neighboursOf, shortName, type Course, type Neighbours } from './story.js'

/** `style` holds what rendering the article asked for. */
export function lessonPage(lesson: Lesson, article: Article, course: Course, style: PageStyle): Page {
  const path = pageOf(lesson)
  const neighbours = neighboursOf(lesson, course)
  return {
    path,
    title: lesson.title,
    description:
      lesson.kind === 'chapter' ? lesson.question : `${lesson.title}, of chapter ${lesson.number}.`,
    ribbon: renderRibbon(lesson, course),
    main: [
      '<div class="sheet">',
      renderContents(article.headings),
      `<article class="${lesson.kind}">`,
      renderKicker(lesson, neighbours),
      article.html,
      '</article>',
      '</div>',
      renderOnward(lesson, neighbours),
    ].join('\n'),
    css: style.css(),
  }
}

function urlTo(lesson: Lesson, from: Lesson): string {
  return relativeUrl(pageOf(from), pageOf(lesson))
}

/** The course as a line of points, in PostgreSQL's order; the reader's own place is filled. */
function renderRibbon(here: Lesson, course: Course): string {
  const points = course.chapters.map((chapter) => {
    const current =
      chapter.slug === here.slug ? ` aria-current="${here.kind === 'chapter' ? 'page' : 'step'}"` : ''
    const name = escapeHtml(shortName(chapter))
    return `<li><a href="${urlTo(chapter, here)}"${current}><span class="n">${chapter.number}</span> <span class="name">${name}</span></a></li>`
  })
  return `<nav class="ribbon" aria-label="Chapters"><ol>${points.join('')}</ol></nav>\n`
}

function renderKicker(lesson: Lesson, { partner }: Neighbours): string {
  const kind = lesson.kind === 'chapter' ? `Chapter ${lesson.number}` : 'Your turn'
  const links = [`<a href="${relativeUrl(pageOf(lesson), downloadOf(lesson))}" download>Notebook</a>`]
  if (partner !== undefined) {
    const label = lesson.kind === 'chapter' ? 'Exercises' : `Chapter ${partner.number}`
    links.unshift(`<a href="${urlTo(partner, lesson)}">${label}</a>`)
  }
  return `<p class="kicker"><span>${kind}</span>${links.join('')}</p>`
}

/** Two forms of one list: beside the text where there is room, folded above it where there is not. */
function renderContents(headings: readonly Heading[]): string {
  const sections = headings.filter(({ level }) => level === 2)
  if (sections.length < 2) return ''
  const items = sections.map(({ id, html }) => `<li><a href="#${id}">${withoutLinks(html)}</a></li>`).join('')
  return `<nav class="toc" aria-label="On this page"><p>On this page</p><ol>${items}</ol></nav>
<details class="toc-fold"><summary>On this page</summary><nav aria-label="On this page"><ol>${items}</ol></nav></details>`
}

function withoutLinks(html: string): string {
  return html.replace(/<\/?a\b[^>]*>/g, '')
}

function renderOnward(lesson: Lesson, { previous, next, partner }: Neighbours): string {
  const exercise =
    partner === undefined
      ? ''
      : lesson.kind === 'chapter'
        ? `<a class="yours" href="${urlTo(partner, lesson)}"><small>Your turn</small>${escapeHtml(partner.title)}</a>`
        : `<a class="yours" href="${urlTo(partner, lesson)}"><small>Back to chapter ${partner.number}</small>${escapeHtml(partner.title)}</a>`
  const step = (to: Lesson | undefined, rel: 'prev' | 'next', word: string): string =>
    to === undefined
      ? ''
      : `<a rel="${rel}" class="${rel}" href="${urlTo(to, lesson)}"><small>${word}</small>${to.number}. ${escapeHtml(to.title)}</a>`
  const links = [exercise, step(previous, 'prev', 'Previous'), step(next, 'next', 'Next')].join('')
  return links === '' ? '' : `<nav class="onward" aria-label="Where to go from here">${links}</nav>`
}
