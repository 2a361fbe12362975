import { expect, test } from 'vitest'
import { embedFigure, embedHtml } from './figure.js'
import { PageStyle } from './pageStyle.js'
import { FIGURE } from './testing/sample.js'

const svg = (inside: string, root = 'viewBox="0 0 100 50"'): string => `<svg ${root}>${inside}</svg>`

test('a figure gets a label, ids of its own, and no style attribute', () => {
  const style = new PageStyle()
  const { svg: html, caption } = embedFigure(`<?xml version="1.0"?>\n${FIGURE}`, 'c3o0', style)
  expect(html).toMatch(/^<svg /)
  expect(html).toContain('role="img" aria-label="Three records behind a page header; the third')
  expect(html).not.toMatch(/<title|<desc|style=/)
  expect(html).toContain('id="c3o0-tip"')
  expect(html).toContain('marker-end="url(#c3o0-tip)"')
  expect(caption).toBe('The first page of the segment.')
  expect(style.css()).toContain('{stroke: var(--ink, #23211e)}')
  expect(style.css()).toContain('{max-width:720px;min-width:576px}')
})

test('references inside the figure follow the ids', () => {
  const { svg: html } = embedFigure(
    svg('<title>t</title><g id="a" aria-labelledby="b c"/><use href="#a"/><a href="https://x.org"/>'),
    'p',
    new PageStyle(),
  )
  expect(html).toContain('<g id="p-a" aria-labelledby="p-b p-c"/><use href="#p-a"/><a href="https://x.org"/>')
})

test('tooltips of parts stay, only the first title is the label', () => {
  const { svg: html } = embedFigure(svg('<title>all</title><g><title>part</title></g>'), 'p', new PageStyle())
  expect(html).toContain('aria-label="all"')
  expect(html).toContain('<g><title>part</title></g>')
})

test.each([
  [svg('<rect/>'), 'no <title>'],
  [svg('<title>t</title>', 'class="x"'), 'has no viewBox'],
  [svg('<title>t</title><script>1</script>'), '<script>'],
  [svg('<title>t</title><style>*{}</style>'), '<style>'],
  [svg('<title>t</title><foreignObject/>'), '<foreignObject>'],
  [svg('<title>t</title><rect onclick="x()"/>'), 'onclick'],
  [svg('<title>t</title><use href="https://x.org/a.svg#b"/>'), 'another host'],
])('what a page cannot carry is refused: %s', (source, sentence) => {
  expect(() => embedFigure(source, 'p', new PageStyle())).toThrow(sentence)
})

test('a style attribute of a table becomes a class beside the one it has', () => {
  const style = new PageStyle()
  const html = embedHtml('<table><tr><td class="num" style="color: red">1</td></tr></table>', 'p', style)
  const name = /class="num (x[0-9a-f]{8})"/.exec(html)?.[1]
  expect(style.css()).toBe(`.${name}{color: red}`)
})

test('what scrolls is the box around an output, nothing inside it', () => {
  const style = new PageStyle()
  const html = embedHtml(
    '<div style="overflow-x:auto;max-width:100%"><p style="overflow: auto">1</p></div>',
    'p',
    style,
  )
  expect(html).toMatch(/^<div class="x[0-9a-f]{8}"><p>1<\/p><\/div>$/)
  expect(style.css()).toContain('{max-width:100%}')
})
