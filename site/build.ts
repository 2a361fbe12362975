// npm run site: from notebooks to static pages.
//
//   chapters/ exercises/ ── kernel ──► cells with outputs ──► articles ──► pages ── audit ──► site/dist
//                           (execute)        (notebook)       (cells)     (page)
//
// npm run site -- --serve [--port N]   serves the result on loopback, for a look
// npm run site -- --base /course/      where the site will lie on its host; only the 404 page needs to know
// npm run site -- --executed DIR       DIR/chapters and DIR/exercises hold the notebooks of this very state of the
//                                      project as a run left them (node .jupyter/notebooks.mjs --out): none is run

import { cpSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { say } from '../.jupyter/prepare.mjs'
import { useTemporaryFolder } from '../.jupyter/temporaryFolder.mjs'
import { auditPages, type BuiltPage } from './audit.js'
import { renderArticle } from './cells.js'
import { CONTENTS_SOURCE, contentsPage, missingPage } from './contents.js'
import { alreadyRun, executeNotebooks, type ExecutedNotebook, type RunNotebook } from './execute.js'
import { createHighlighter } from './highlight.js'
import { killPage, readKillTable } from './killPage.js'
import { lessonPage } from './lessonPage.js'
import { downloadOf, Links, pageOf } from './links.js'
import { createPageMarkdown, type MarkdownServices } from './markdown.js'
import { parseLesson, type Lesson } from './notebook.js'
import { renderPage, type Page } from './page.js'
import { PageStyle } from './pageStyle.js'
import { prepareRunner } from './runner.js'
import { serveSite } from './serve.js'
import { SiteError } from './siteError.js'
import { sourcePage } from './sourcePage.js'
import { exercisesTitle, type Course } from './story.js'
import { readTheme } from './theme.js'

export interface BuildOptions {
  /** The project: chapters/, exercises/ and the files they quote. */
  readonly root: string
  /** Replaced as a whole, and only when every page is right. */
  readonly outDir: string
  readonly cacheDir: string
  readonly run: RunNotebook
  readonly base?: string
  readonly say?: (line: string) => void
}

/** Builds the site and returns the paths of its pages. Throws SiteError; the old site then stays as it was. */
export async function buildSite(options: BuildOptions): Promise<string[]> {
  const { root, outDir, cacheDir, run, base = '/', say: tell = () => {} } = options
  const executed = await executeNotebooks({ root, cacheDir, run, say: tell })
  const course = readCourse(executed)

  const highlighter = await createHighlighter()
  const services: MarkdownServices = { root, highlighter, links: new Links(root) }
  const kills = readKillTable(root)
  const pages = [
    contentsPage(course, createPageMarkdown(services, CONTENTS_SOURCE, 'index.html'), kills !== undefined),
    ...(kills === undefined ? [] : [killPage(kills, course.chapters)]),
    missingPage(`${base}index.html`),
    ...[...course.chapters, ...course.exercises].map((lesson) => renderLesson(lesson, course, services)),
  ]
  for (const file of [...services.links.sources].sort()) pages.push(sourcePage(root, file, highlighter))

  const built = frame(pages, base)
  const problems = auditPages(built, new Set([...executed.map(downloadPath), 'icon.svg']))
  if (problems.length > 0) throw new SiteError(problems.join('\n'))
  write(outDir, root, built, executed)
  return built.map(({ path }) => path)
}

function readCourse(executed: readonly ExecutedNotebook[]): Course {
  const lessons = executed.map(({ text, path, kind }) => parseLesson(text, path, kind))
  const ofKind = (kind: Lesson['kind']): Lesson[] =>
    lessons.filter((lesson) => lesson.kind === kind).sort((a, b) => a.number - b.number)
  const chapters = ofKind('chapter')
  const exercises = ofKind('exercise').map((exercise): Lesson => {
    const chapter = chapters.find(({ slug }) => slug === exercise.slug)
    return { ...exercise, title: exercisesTitle(exercise, chapter) }
  })
  return { chapters, exercises }
}

function renderLesson(lesson: Lesson, course: Course, services: MarkdownServices): Page {
  const style = new PageStyle()
  const markdown = createPageMarkdown(services, lesson.path, pageOf(lesson))
  const article = renderArticle(lesson, { markdown, highlighter: services.highlighter, style })
  return lessonPage(lesson, article, course, style)
}

function frame(pages: readonly Page[], base: string): BuiltPage[] {
  const theme = readTheme()
  return pages.map((page) => {
    const home = page.path === '404.html' ? `${base}index.html` : undefined
    return { path: page.path, html: renderPage(page, theme, home) }
  })
}

function downloadPath({ path, kind }: Pick<ExecutedNotebook, 'path' | 'kind'>): string {
  return downloadOf({ kind, slug: path.replace(/^.*\/|\.ipynb$/g, '') })
}

function write(
  outDir: string,
  root: string,
  pages: readonly BuiltPage[],
  executed: readonly ExecutedNotebook[],
): void {
  const fresh = `${outDir}.new`
  rmSync(fresh, { recursive: true, force: true })
  for (const { path, html } of pages) {
    const file = join(fresh, path)
    mkdirSync(dirname(file), { recursive: true })
    writeFileSync(file, html)
  }
  for (const notebook of executed) cpSync(join(root, notebook.path), join(fresh, downloadPath(notebook)))
  writeFileSync(join(fresh, 'icon.svg'), readFileSync(new URL('theme/icon.svg', import.meta.url)))
  rmSync(outDir, { recursive: true, force: true })
  renameSync(fresh, outDir)
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      serve: { type: 'boolean' },
      port: { type: 'string' },
      base: { type: 'string' },
      executed: { type: 'string' },
    },
  })
  useTemporaryFolder()
  const port = Number(values.port ?? 4173)
  if (!Number.isInteger(port) || port < 0 || port > 65535)
    throw new SiteError(`--port ${values.port} is no port`)
  const site = dirname(fileURLToPath(import.meta.url))
  const root = resolve(site, '..')
  const outDir = join(site, 'dist')
  const pages = await buildSite({
    root,
    outDir,
    cacheDir: join(site, '.cache'),
    run: values.executed === undefined ? await prepareRunner() : alreadyRun(values.executed),
    ...(values.base === undefined ? {} : { base: values.base }),
    say,
  })
  say(`${pages.length} pages in site/dist`)
  if (values.serve) say(`Serving at ${(await serveSite(outDir, port)).url} (Ctrl-C ends it)`)
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  // Until it is done it has failed: also when whatever it waits for never answers.
  process.exitCode = 1
  main()
    .then(() => (process.exitCode = 0))
    .catch((error: unknown) => {
      const { name, code, message } = error as NodeJS.ErrnoException
      const isExpected = ['SiteError', 'Refusal'].includes(name) || code !== undefined
      console.error(isExpected ? message : error)
    })
}
