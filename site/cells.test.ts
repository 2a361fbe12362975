import { expect, test } from 'vitest'
import { renderArticle, type Article } from './cells.js'
import { createHighlighter } from './highlight.js'
import { Links } from './links.js'
import { createPageMarkdown } from './markdown.js'
import { parseLesson } from './notebook.js'
import { PageStyle } from './pageStyle.js'
import { code, display, failure, markdown, notebook, stderr, stdout } from './testing/sample.js'

const highlighter = await createHighlighter()
const TITLE = markdown('# 1. WAL\n\nWhy?')

type JsonCell = ReturnType<typeof code>

function article(...cells: JsonCell[]): Article {
  const lesson = parseLesson(notebook(TITLE, ...cells), 'chapters/01-wal.ipynb', 'chapter')
  const page = createPageMarkdown(
    { root: '.', highlighter, links: new Links('.') },
    lesson.path,
    'chapters/01-wal.html',
  )
  return renderArticle(lesson, { markdown: page, highlighter, style: new PageStyle() })
}

test('code and what it printed are one cell, numbered as they run', () => {
  const { html, headings } = article(code('1', [stdout('one')]), markdown('## More'), code('2'))
  expect(html).toContain('<h1 id="wal" tabindex="-1">WAL</h1>')
  expect(html).toMatch(/id="cell-1">\n<div class="in"><span class="mark">In&nbsp;1<.*\n.*\n<div class="out">/)
  expect(html).toContain('Out&nbsp;1</span><div class="scroll"><pre class="text wrap">one</pre></div></div>')
  expect(html).toContain('In&nbsp;2')
  expect(html).not.toContain('Out&nbsp;2')
  expect(headings.map(({ id }) => id)).toEqual(['wal', 'more'])
})

test.each([
  ['by its tag', code('f()', [], ['your-turn'])],
  ['by its stub', code("throw new NotStarted('f')")],
])("a learner's cell is marked %s", (_how, cell) => {
  expect(article(cell).html).toContain('class="cell yours"')
  expect(article(cell).html).toContain('<p class="turn">Your turn</p>')
})

test.each([
  [code('x', [failure('TypeError', 'no\nsuch thing')]), 'TypeError: no such thing'],
  [code('x', [stdout('fine'), stderr('\u001b[31moops\u001b[0m\n')]), 'oops'],
])('a cell that fails stops the build with notebook, cell and message: %#', (cell, message) => {
  expect(() => article(markdown('text'), cell)).toThrow(
    `chapters/01-wal.ipynb, cell 3: the code fails: ${message}`,
  )
})

test('a cell that is meant to fail shows its error', () => {
  const cell = code('x', [failure('CorruptData', 'bad CRC')], ['raises-exception'])
  expect(article(cell).html).toContain('<pre class="error wrap">')
})

test('every other error names its place as well', () => {
  expect(() => article(code('x', [display('image/svg+xml', '<svg viewBox="0 0 1 1"/>')]))).toThrow(
    'chapters/01-wal.ipynb, cell 2: a figure has no <title>',
  )
})
