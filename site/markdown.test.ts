import { rmSync } from 'node:fs'
import { afterAll, expect, test } from 'vitest'
import { createHighlighter } from './highlight.js'
import { Links } from './links.js'
import { createPageMarkdown, type PageMarkdown } from './markdown.js'
import { slugify } from './markup.js'
import { writeSample } from './testing/sample.js'

const root = writeSample()
afterAll(() => rmSync(root, { recursive: true }))
const highlighter = await createHighlighter()

function chapterMarkdown(links = new Links(root)): PageMarkdown {
  return createPageMarkdown({ root, highlighter, links }, 'chapters/01-wal.ipynb', 'chapters/01-wal.html')
}

test('headings are links to themselves, with ids that stay unique over all cells', () => {
  const markdown = chapterMarkdown()
  expect(markdown.render('# WAL\n\n## The `redo` point')).toContain(
    '<h2 id="the-redo-point" tabindex="-1"><a href="#the-redo-point">The <code>redo</code> point</a></h2>',
  )
  expect(markdown.render('## The redo point')).toContain('id="the-redo-point-2"')
  expect(markdown.headings.map(({ level, id }) => [level, id])).toEqual([
    [1, 'wal'],
    [2, 'the-redo-point'],
    [2, 'the-redo-point-2'],
  ])
})

test('no heading takes an id of the page itself', () => {
  const markdown = chapterMarkdown()
  expect(markdown.render('## Main')).toContain('id="main-2"')
  expect(markdown.render('## Cell 1')).toContain('id="cell-1-2"')
})

test('a page has one h1; a later one is a section', () => {
  const markdown = chapterMarkdown()
  expect(markdown.render('# One')).toContain('<h1 id="one"')
  expect(markdown.render('# Two')).toContain('<h2 id="two"')
})

test.each([
  ['What WAL is for', 'what-wal-is-for'],
  ['0/16B3748: where?', '0-16b3748-where'],
  ['§', 'section'],
])('%s has the id %s', (text, id) => {
  expect(slugify(text)).toBe(id)
})

test('links to notebooks and files become links of the site', () => {
  const links = new Links(root)
  const render = (href: string): string => chapterMarkdown(links).render(`[x](${href})`)
  expect(render('02-lsn.ipynb#a')).toContain('href="02-lsn.html#a"')
  // Jupyter keeps a heading's letters and commas in its anchor, the site's ids are plainer.
  expect(render('02-lsn.ipynb#Back,-along-the-chain')).toContain('href="02-lsn.html#back-along-the-chain"')
  expect(render('../exercises/01-wal.ipynb')).toContain('href="../exercises/01-wal.html"')
  expect(render('../engine/format/walPage.ts')).toContain('href="../source/engine/format/walPage.ts.html"')
  expect(render('https://www.postgresql.org/')).toContain('href="https://www.postgresql.org/"')
  expect([...links.sources]).toEqual(['engine/format/walPage.ts'])
})

test.each(['03-gone.ipynb', '../../etc/passwd', '../engine'])('a link to %s is an error', (href) => {
  expect(() => chapterMarkdown().render(`[x](${href})`)).toThrow(`a link leads to ${href}, which`)
})

test('an image needs alternative text', () => {
  expect(() => chapterMarkdown().render('![](a.png)')).toThrow('the image a.png has no alternative text')
})

test('a quote shows the source of the engine, not what was typed', () => {
  const html = chapterMarkdown().render('```ts quote=engine/format/walPage.ts#Reader\nretyped\n```')
  expect(html).toContain(
    '<a href="../source/engine/format/walPage.ts.html#L14">engine/format/walPage.ts</a>, line 14',
  )
  expect(html).toContain('<span class="f">Reader</span>')
  expect(html).not.toContain('retyped')
  expect(() => chapterMarkdown().render('```ts quote=engine/format/walPage.ts#gone\n```')).toThrow(
    'declares no gone',
  )
})

test('tables scroll in their own box and their headings say what they head', () => {
  const html = chapterMarkdown().render('| a | b |\n|---|--:|\n| 1 | 2 |')
  expect(html).toMatch(/^<div class="scroll" tabindex="0" role="group" aria-label="Table"><table>/)
  expect(html).toContain('<th scope="col">a</th>')
})

test('quotes are curly in prose and straight in code', () => {
  expect(chapterMarkdown().render('"a" `"b"` (c)')).toBe('<p>“a” <code>&quot;b&quot;</code> (c)</p>\n')
})
