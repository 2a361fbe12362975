// The first page: what the course is, its picture, the seven chapters with their questions, how to start.

import { readFileSync } from 'node:fs'
import { coursePicture } from './coursePicture.js'
import { KILL_PAGE } from './killPage.js'
import { pageOf } from './links.js'
import type { PageMarkdown } from './markdown.js'
import { escapeHtml } from './markup.js'
import type { Lesson } from './notebook.js'
import { COURSE, type Page } from './page.js'
import type { Course } from './story.js'

export const CONTENTS_SOURCE = 'site/contents.md'

/** `checks`: is there a page of what the exercises' checks catch? */
export function contentsPage(course: Course, markdown: PageMarkdown, checks = false): Page {
  const text = readFileSync(new URL('contents.md', import.meta.url), 'utf8')
  const body = markdown
    .render(text)
    .replace('<!-- picture -->', () => coursePicture())
    .replace('<!-- chapters -->', () => renderChapters(course))
    .replace('<!-- checks -->', () => (checks ? CHECKS : ''))
  return {
    path: 'index.html',
    title: `${COURSE}: how PostgreSQL recovers from a crash`,
    description: 'An executable course on the files of a real PostgreSQL 18 that was killed while it worked.',
    ribbon: '',
    main: `<div class="sheet contents"><article>
<h1>How PostgreSQL recovers from a crash</h1>
<div class="prose">${body}</div>
</article></div>`,
    css: '',
  }
}

const CHECKS = `<p>How good are the checks? <a href="${KILL_PAGE}">What they catch</a>: every wrong solution that we know, and the
rules that see it.</p>`

function renderChapters({ chapters, exercises }: Course): string {
  const items = chapters.map((chapter) => {
    const exercise = exercises.find(({ slug }) => slug === chapter.slug)
    return `<li>
<span class="n" aria-hidden="true">${chapter.number}</span>
<h3><a href="${pageOf(chapter)}">${escapeHtml(chapter.title)}</a></h3>
<p>${escapeHtml(chapter.question)}</p>
${exercise ? exerciseLine(exercise) : ''}</li>`
  })
  return `<ol class="chapters">${items.join('\n')}</ol>`
}

function exerciseLine(exercise: Lesson): string {
  return `<p class="exercise"><a href="${pageOf(exercise)}">${escapeHtml(exercise.title)}</a></p>\n`
}

/** What a host shows for an address that leads nowhere; `home` is the absolute URL of the first page. */
export function missingPage(home: string): Page {
  return {
    path: '404.html',
    title: 'Page not found',
    description: 'There is no page at this address.',
    ribbon: '',
    main: `<div class="sheet contents"><article>
<h1>There is no page at this address</h1>
<div class="prose"><p><code>invalid record length: expected at least 24, got 0</code>. In a log this means that the end
is reached; here it means that a link is wrong or old. The <a href="${home}">contents page</a> leads everywhere.</p></div>
</article></div>`,
    css: '',
  }
}
