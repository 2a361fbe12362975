import { expect, test } from 'vitest'
import { createHighlighter } from './highlight.js'

const { highlight } = await createHighlighter()

test('tokens get classes by kind, and nothing gets an inline style', () => {
  const html = highlight(`const lsn = open('a<b') // 0/1\nreturn 42n`, 'ts')
  expect(html).toBe(
    [
      '<span class="k">const </span>lsn = <span class="f">open</span>(<span class="s">\'a&lt;b\'</span>) <span class="c">// 0/1</span>',
      '<span class="k">return </span><span class="n">42n</span>',
    ].join('\n'),
  )
})

test('the lines of a comment are spans of their own, so that lines can be taken apart', () => {
  expect(highlight('/* a\n b */', 'typescript').split('\n')).toEqual([
    '<span class="c">/* a</span>',
    '<span class="c"> b */</span>',
  ])
})

test('plain text is only escaped, and an unknown language is an error', () => {
  expect(highlight('LOG:  redo <done>', 'log')).toBe('LOG:  redo &lt;done&gt;')
  expect(() => highlight('x', 'cobol')).toThrow('no highlighting for the language "cobol"')
})

test.each(['sql', 'json', 'bash', 'c', 'diff', 'js'])('%s is known', (language) => {
  expect(highlight('select 1', language)).toContain('1')
})
