import { expect, test } from 'vitest'
import { auditPages } from './audit.js'

const page = (path: string, body: string): { path: string; html: string } => ({
  path,
  html: `<html><head><script>1</script></head><body><h1>t</h1>${body}</body></html>`,
})

function problems(body: string): string[] {
  const other = page('chapters/02-lsn.html', '<h2 id="here">x</h2>')
  return auditPages([page('chapters/01-wal.html', body), other], new Set(['notebooks/a.ipynb', 'icon.svg']))
}

test('what is right passes', () => {
  const body = `<h2 id="a"><a href="#a">a</a></h2><h3>b</h3><h2>c</h2>
<a href="02-lsn.html#here">x</a><a href="../notebooks/a.ipynb">x</a><a href="https://example.org/#x">x</a>
<img src="data:image/png;base64,AA" alt="a page"><svg role="img" aria-label="log"></svg><svg aria-hidden="true"></svg>
<div tabindex="0" role="group" aria-label="Code"></div>`
  expect(problems(body)).toEqual([])
})

test.each([
  ['<a href="03.html">x</a>', 'the link 03.html leads nowhere'],
  ['<a href="#gone">x</a>', 'the link #gone names a place that chapters/01-wal.html does not have'],
  ['<a href="02-lsn.html#gone">x</a>', 'names a place that chapters/02-lsn.html does not have'],
  ['<img src="data:,">', 'an image has no alternative text'],
  ['<img src="https://example.org/a.png" alt="a">', '<img> loads https://example.org/a.png'],
  ['<svg></svg>', 'a figure has no label'],
  ['<div tabindex="0" role="group"></div>', 'a scrolling box has no label'],
  ['<p style="color:red">', "is against the page's CSP"],
  ['<p onclick="x">', "is against the page's CSP"],
  ['<h3>deep</h3>', 'the heading "deep" skips a level (h1 to h3)'],
  ['<h1>again</h1>', '2 headings of level 1'],
  ['<p id="a"></p><p id="a"></p>', 'the id a is there twice'],
])('what is wrong is found: %s', (body, sentence) => {
  expect(problems(body)).toEqual([expect.stringContaining(sentence)])
  expect(problems(body)[0]).toMatch(/^chapters\/01-wal\.html: /)
})
