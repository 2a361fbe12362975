import { expect, test } from 'vitest'
import { decodeEntities, escapeHtml, plainText, rewriteTags, scanTags } from './markup.js'

test('what is escaped comes back when decoded', () => {
  const text = `<a href="x">R&D's "page"</a>`
  expect(escapeHtml(text)).toBe("&lt;a href=&quot;x&quot;&gt;R&amp;D's &quot;page&quot;&lt;/a&gt;")
  expect(decodeEntities(escapeHtml(text))).toBe(text)
  expect(decodeEntities('&#x41;&#66;&unknown;')).toBe('AB&unknown;')
})

test('tags are found between text, comments and declarations', () => {
  const html = `<?xml version="1.0"?><!-- <b> --><svg viewBox="0 0 1 1" focusable><path d='M0>1'/></svg> 1 < 2`
  const tags = [...scanTags(html)].map(({ name, kind, selfClosing }) => [name, kind, selfClosing])
  expect(tags).toEqual([
    ['svg', 'open', false],
    ['path', 'open', true],
    ['svg', 'close', false],
  ])
  const [svg, path] = [...scanTags(html)]
  expect([...(svg?.attributes ?? [])]).toEqual([
    ['viewBox', '0 0 1 1'],
    ['focusable', ''],
  ])
  expect(path?.attributes.get('d')).toBe('M0>1')
})

test('rewriting keeps everything it does not touch', () => {
  const html = '<p id="a">one &amp; <b>two</b></p>'
  expect(rewriteTags(html, () => {})).toBe(html)
  const changed = rewriteTags(html, (tag) => (tag.name === 'b' ? 'drop' : void tag.attributes.set('id', '"')))
  expect(changed).toBe('<p id="&quot;">one &amp; two</b></p>')
})

test('plain text has no tags and one line', () => {
  expect(plainText('<b>a</b>\n &lt;b&gt;')).toBe('a <b>')
})
