import { expect, test } from 'vitest'
import { createHighlighter } from './highlight.js'
import type { Output } from './notebook.js'
import { renderOutput, terminalText } from './outputs.js'
import { PageStyle } from './pageStyle.js'

const highlighter = await createHighlighter()

function render(output: Output): string {
  const renderMarkdown = (source: string): string => `<p>${source}</p>`
  return renderOutput(output, { cell: 3, position: 0, style: new PageStyle(), highlighter, renderMarkdown })
}

const shown = (mime: string, value: unknown, metadata = {}): string =>
  render({ type: 'display', data: { [mime]: value }, metadata })

test('printed text is escaped and loses its colours', () => {
  expect(render({ type: 'stream', name: 'stdout', text: '\u001b[31ma < b\u001b[0m\n\n' })).toBe(
    '<div class="scroll"><pre class="text wrap">a &lt; b</pre></div>',
  )
})

test('what stands in columns stays in columns, and can be scrolled with the keyboard', () => {
  const dump = '0000  64 00 00 00 fb 02 00 00  f8 e8 8e 00 00 00 00 00  d...............'
  expect(render({ type: 'stream', name: 'stdout', text: `a record:\n${dump}` })).toMatch(
    /^<div class="scroll" tabindex="0" role="group" aria-label="Output of cell 3"><pre class="text">/,
  )
})

test('a long sentence is broken where the box ends', () => {
  const sentence = 'ours:     could not locate a valid checkpoint record at 0/8E6B78'
  expect(render({ type: 'stream', name: 'stdout', text: sentence })).toMatch(
    /^<div class="scroll"><pre class="text wrap">/,
  )
})

test('what is taller than its box can be scrolled with the keyboard', () => {
  expect(render({ type: 'stream', name: 'stdout', text: 'x\n'.repeat(45) })).toContain('tabindex="0"')
  expect(render({ type: 'stream', name: 'stdout', text: 'x'.repeat(45 * 40) })).toContain('tabindex="0"')
})

test('of a line that was overwritten the last state is left', () => {
  expect(terminalText('10 %\r50 %\rdone\r\nnext\r\n')).toBe('done\nnext')
})

test('an error looks like one and says its name once', () => {
  const error = { type: 'error', name: 'CorruptData', message: 'bad CRC' } as const
  expect(render({ ...error, traceback: ['\u001b[1mCorruptData: bad CRC\u001b[0m', '  at x'] })).toContain(
    '<pre class="error wrap">CorruptData: bad CRC\n  at x</pre>',
  )
  expect(render({ ...error, traceback: [] })).toContain('<pre class="error wrap">CorruptData: bad CRC</pre>')
})

test('JSON is laid out, whether it comes as an object or as text', () => {
  expect(shown('application/json', { a: 1 })).toBe(shown('application/json', '{"a":1}'))
  expect(shown('application/json', { a: 1 })).toContain('<span class="n">1</span>')
})

test('the richest form of several is shown', () => {
  const data = { 'text/plain': 'plain', 'text/html': '<b>rich</b>' }
  const html = render({ type: 'display', data, metadata: {} })
  expect(html).toContain('<b>rich</b>')
  expect(html).not.toContain('plain')
})

test('an image needs words', () => {
  expect(shown('image/png', 'AA\n==', { alt: 'a page' })).toContain(
    'src="data:image/png;base64,AA==" alt="a page"',
  )
  expect(() => shown('image/png', 'AA==')).toThrow('no metadata "alt"')
})

test('what has no form on a page is refused', () => {
  expect(() => shown('text/latex', 'x')).toThrow('an output of type text/latex has no form on a page')
})
