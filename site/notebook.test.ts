import { expect, test } from 'vitest'
import { bareTitle, findQuestion, parseLesson, parseNotebook } from './notebook.js'
import { code, display, failure, markdown, notebook, stderr, stdout } from './testing/sample.js'

const FIRST = '# 4. Startup\n\nWas there a crash?'

test('a chapter is its number, title and question', () => {
  const lesson = parseLesson(notebook(markdown(FIRST)), 'chapters/04-startup.ipynb', 'chapter')
  expect(lesson).toMatchObject({
    slug: '04-startup',
    number: 4,
    title: 'Startup',
    question: 'Was there a crash?',
  })
})

test('text kept as lines is joined, and streams that follow each other are one', () => {
  const text = notebook(code('a\nb\n', [stdout('one\n'), stdout('two\n'), stderr('!'), stdout('three')]))
  expect(parseNotebook(text, 'x.ipynb').cells).toEqual([
    {
      type: 'code',
      source: 'a\nb',
      tags: [],
      outputs: [
        { type: 'stream', name: 'stdout', text: 'one\ntwo\n' },
        { type: 'stream', name: 'stderr', text: '!' },
        { type: 'stream', name: 'stdout', text: 'three' },
      ],
    },
  ])
})

test('displays and errors keep what they carry; empty and raw cells are left out', () => {
  const text = notebook(
    code('  '),
    { cell_type: 'raw', source: 'x' },
    code('x', [display('text/html', '<b>'), failure('E', 'm')], ['your-turn']),
  )
  const [cell, ...rest] = parseNotebook(text, 'x.ipynb').cells
  expect(rest).toEqual([])
  expect(cell).toMatchObject({
    tags: ['your-turn'],
    outputs: [
      { type: 'display', data: { 'text/html': '<b>' } },
      { type: 'error', name: 'E', message: 'm' },
    ],
  })
})

test.each([
  ['{', 'chapters/01-x.ipynb is not JSON'],
  ['{"nbformat":3}', 'chapters/01-x.ipynb is not a notebook of nbformat 4'],
  [notebook(code('1')), 'chapters/01-x.ipynb has no title'],
  [notebook(markdown('# Title\n\nNo question here.')), 'chapters/01-x.ipynb asks no question'],
])('what is wrong is said in one sentence: %#', (text, sentence) => {
  expect(() => parseLesson(text, 'chapters/01-x.ipynb', 'chapter')).toThrow(sentence)
})

test('a notebook without a number has no place', () => {
  expect(() => parseLesson(notebook(markdown(FIRST)), 'chapters/wal.ipynb', 'chapter')).toThrow(
    'must begin with a number',
  )
})

test.each([
  [
    '# Is this it?\n\nSome text. **Which page, of all these, is torn?** More.',
    'Some text. Which page, of all these, is torn?',
  ],
  ['# T\n\n> How does\n> it know?', 'How does it know?'],
  [
    '# T\n\nSee [the page](x.ipynb). What does `pg_control` *say*?',
    'See the page. What does pg_control say?',
  ],
  ['# T\n\nNothing.', ''],
])('the question is the first sentence that asks, with what leads to it: %#', (source, question) => {
  expect(findQuestion(source)).toBe(question)
})

test.each([
  ['1. WAL', 'WAL'],
  ['Chapter 3: The checkpoint', 'The checkpoint'],
  ['Exercise 2 · LSN', 'LSN'],
  ['Exercise 4.1. The redo gate', 'The redo gate'],
  ['4 – Startup', 'Startup'],
  ['Exercise 4.2. A page healed', 'A page healed'],
  ['0/16B3748 and the rest', '0/16B3748 and the rest'],
  ['16 MB', '16 MB'],
])('%s is called %s', (title, bare) => {
  expect(bareTitle(title)).toBe(bare)
})
