// Where things lie on the site, and how one page names another.
//
//   index.html  404.html  icon.svg
//   chapters/01-wal.html   exercises/01-wal.html     the notebooks, rendered
//   notebooks/chapters/01-wal.ipynb …                the notebooks, to take away
//   source/engine/redo/block.ts.html                 engine files that a page quotes or links to
//
// Every link is relative, so the site works under any path of any host, and opened straight from disk.

import { existsSync, statSync } from 'node:fs'
import { join, posix } from 'node:path'
import { slugify } from './markup.js'
import type { Lesson } from './notebook.js'
import { SiteError } from './siteError.js'

export const folderOf: Record<Lesson['kind'], string> = { chapter: 'chapters', exercise: 'exercises' }

export function pageOf(lesson: Pick<Lesson, 'kind' | 'slug'>): string {
  return `${folderOf[lesson.kind]}/${lesson.slug}.html`
}

export function downloadOf(lesson: Pick<Lesson, 'kind' | 'slug'>): string {
  return `notebooks/${folderOf[lesson.kind]}/${lesson.slug}.ipynb`
}

export function sourcePageOf(file: string): string {
  return `source/${file}.html`
}

/** The relative URL that leads from one page of the site to another. */
export function relativeUrl(from: string, to: string): string {
  return posix.relative(posix.dirname(from), to) || posix.basename(to)
}

const READABLE = /\.(ts|mjs|cjs|js|md|json|sql|txt|css)$/

/** Collects the source files that pages lead to, and turns links of a notebook into links of the site. */
export class Links {
  readonly sources = new Set<string>()

  constructor(private readonly root: string) {}

  /** Leads from `page` to the published source of `file`, at a line when one is given. */
  toSource(page: string, file: string, line?: number): string {
    this.sources.add(file)
    return relativeUrl(page, sourcePageOf(file)) + (line === undefined ? '' : `#L${line}`)
  }

  /** What `href`, written in `document` (a path in the project), becomes on `page`. Throws SiteError for a dead one. */
  resolve(href: string, document: string, page: string): string {
    if (/^(?:https?:|mailto:|#)/.test(href)) return href
    const [path = '', fragment] = href.split('#')
    const target = posix.normalize(posix.join(posix.dirname(document), decodeURI(path)))
    const tail = fragment === undefined ? '' : `#${fragment}`
    const section = fragment === undefined ? '' : `#${slugify(decodeURIComponent(fragment))}`
    const lesson = /^(chapters|exercises)\/([^/]+)\.ipynb$/.exec(target)
    const file = join(this.root, target)
    if (target.startsWith('..') || !existsSync(file) || !statSync(file).isFile()) {
      throw new SiteError(`a link leads to ${href}, which is not there`)
    }
    if (lesson) return relativeUrl(page, `${lesson[1]}/${lesson[2]}.html`) + section
    if (READABLE.test(target)) return this.toSource(page, target) + tail
    throw new SiteError(`a link leads to ${href}, which has no page on the site`)
  }
}
