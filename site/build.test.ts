import { readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { buildSite } from './build.js'
import { code, failure, markdown, notebook, pretendToRun, writeSample } from './testing/sample.js'
import { cspHash } from './theme.js'

let root: string
let pages: string[]

beforeAll(async () => {
  root = writeSample()
  pages = await build(root)
})
afterAll(() => rmSync(root, { recursive: true }))

function build(from: string, base = '/'): Promise<string[]> {
  const options = { root: from, outDir: join(from, 'dist'), cacheDir: join(from, '.cache'), base }
  return buildSite({ ...options, run: pretendToRun() })
}

/** Without the scripts and styles, so that a failure shows the page and not the theme. */
const bodyOf = (path: string): string => read(path).replace(/<(style|script)>[\s\S]*?<\/\1>/g, '')

const read = (path: string): string => readFileSync(join(root, 'dist', path), 'utf8')

test('there is a page for every notebook, for the contents, for quoted sources and for what is missing', () => {
  expect(pages.sort()).toEqual([
    '404.html',
    'chapters/01-wal.html',
    'chapters/02-lsn.html',
    'exercises/01-wal.html',
    'index.html',
    'source/engine/format/walPage.ts.html',
  ])
})

test('the contents page asks every chapter’s question', () => {
  const html = bodyOf('index.html')
  expect(html).toContain('<a href="chapters/01-wal.html">The log that is always ahead</a>')
  expect(html).toContain('A server lost its power a moment ago: which of its files can you believe?')
  expect(html).toContain('<a href="exercises/01-wal.html">Exercise: WAL</a>')
  expect(html).toContain('npm </span><span class="s">start')
})

test('a chapter leads to its neighbours, its exercise and its notebook, and back', () => {
  const chapter = bodyOf('chapters/01-wal.html')
  expect(chapter).toContain('<a rel="next" class="next" href="02-lsn.html">')
  expect(chapter).toContain('href="../exercises/01-wal.html"')
  expect(chapter).toContain('href="../notebooks/chapters/01-wal.ipynb" download')
  expect(chapter).toContain('<nav class="toc" aria-label="On this page">')
  expect(read('chapters/02-lsn.html')).toContain('<a rel="prev" class="prev" href="01-wal.html">')
  const exercise = bodyOf('exercises/01-wal.html')
  expect(exercise).toContain('<a class="yours" href="../chapters/01-wal.html">')
  expect(exercise).toContain('<a rel="next" class="next" href="../chapters/02-lsn.html">')
  expect(exercise).toContain('<title>Exercise: WAL · PG Crash Course</title>')
  expect(exercise.replace(/<a [^>]*>|<\/a>/g, '')).toMatch(/<h1[^>]*>Exercise: WAL/)
  expect(read('notebooks/chapters/01-wal.ipynb')).toBe(
    readFileSync(join(root, 'chapters/01-wal.ipynb'), 'utf8'),
  )
})

test('the policy of every page names its own styles and scripts, and nothing else may run', () => {
  for (const path of pages) {
    const html = read(path)
    const policy = /Content-Security-Policy" content="([^"]*)"/.exec(html)?.[1] ?? ''
    const texts = [...html.matchAll(/<(?:style|script)>([\s\S]*?)<\/(?:style|script)>/g)].map(
      ([, text]) => text,
    )
    expect(texts.length).toBeGreaterThanOrEqual(3)
    for (const text of texts) expect(policy, path).toContain(cspHash(text ?? ''))
    expect(policy).toMatch(/^default-src 'none'/)
    expect(policy).not.toContain('unsafe')
    expect(html.replace(/<a [^>]*>/g, '')).not.toMatch(/(?:src|href)="(?:https?:)?\/\//)
  }
})

test('a first page is light: 40 KB compressed at most', () => {
  for (const path of ['index.html', 'chapters/01-wal.html']) {
    expect(gzipSync(read(path)).length, path).toBeLessThan(40 * 1024)
  }
})

test('the 404 page, shown at any depth, knows where the site lies', async () => {
  const other = writeSample()
  await build(other, '/course/')
  expect(readFileSync(join(other, 'dist/404.html'), 'utf8')).toContain('href="/course/index.html"')
  rmSync(other, { recursive: true })
})

test.each([
  [
    'a failing cell',
    code('x', [failure('Error', 'boom')]),
    'chapters/02-lsn.ipynb, cell 2: the code fails: Error: boom',
  ],
  ['a dead link', markdown('[x](gone.ipynb)'), 'chapters/02-lsn.ipynb, cell 2: a link leads to gone.ipynb'],
  ['a dead anchor', markdown('[x](01-wal.ipynb#gone)'), 'chapters/02-lsn.html: the link 01-wal.html#gone'],
  ['an unknown symbol', markdown('```ts quote=engine/format/walPage.ts#gone\n```'), 'declares no gone'],
])('%s stops the build and leaves the old site as it was', async (_what, cell, sentence) => {
  const course = writeSample()
  await build(course)
  const path = join(course, 'dist/chapters/02-lsn.html')
  const before = readFileSync(path, 'utf8')
  writeFileSync(join(course, 'chapters/02-lsn.ipynb'), notebook(markdown('# 2. LSN\n\nWhere?'), cell))
  await expect(build(course)).rejects.toThrow(sentence)
  expect(readFileSync(path, 'utf8')).toBe(before)
  rmSync(course, { recursive: true })
})

test('several exercises in a notebook go by their chapter, each with a heading of its own', async () => {
  const course = writeSample()
  const cells = ['# Exercise 1.1. The checksum\n\nWrite it.', '# Exercise 1.2. The header\n\nRead it.']
  writeFileSync(join(course, 'exercises/01-wal.ipynb'), notebook(...cells.map((cell) => markdown(cell))))
  await build(course)
  const html = readFileSync(join(course, 'dist/exercises/01-wal.html'), 'utf8')
  const headings = [...html.matchAll(/<(h[12])[^>]*>([\s\S]*?)<\/\1>/g)].map(([, tag, inside]) => {
    return `${tag} ${inside
      .replace(/<[^>]*>/g, '')
      .replace('#', '')
      .trim()}`
  })
  expect(headings).toEqual([
    'h1 Exercises: WAL',
    'h2 Exercise 1.1. The checksum',
    'h2 Exercise 1.2. The header',
  ])
  expect(html).toContain('<title>Exercises: WAL · PG Crash Course</title>')
  rmSync(course, { recursive: true })
})
