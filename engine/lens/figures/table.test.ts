import { expect, test } from 'vitest'
import { table } from './table.js'

test('columns are the first row’s keys; numbers are set as numbers, text is escaped', () => {
  const html = table([{ lsn: '0/8EE920', bytes: 100, what: 'a < b & "c"' }], {
    caption: 'records',
    classes: { lsn: 'mono' },
  })
  expect(html).toContain('<caption>records</caption>')
  expect(html).toContain('<th scope="col">lsn</th><th scope="col">bytes</th>')
  expect(html).toContain('<td class="mono">0/8EE920</td><td class="num">100</td>')
  expect(html).toContain('<td>a &lt; b &amp; &quot;c&quot;</td>')
})

test('wide tables scroll in their own box; nothing is printed for a missing value', () => {
  const html = table([{ a: 1n, b: null }])
  expect(html).toMatch(/^<div style="overflow-x:auto;max-width:100%"><table>.*<\/table><\/div>$/)
  expect(html).toContain('<td class="num">1</td><td></td>')
})

test('rows of a declared shape need no index signature', () => {
  interface Step {
    readonly lsn: bigint
    readonly done?: boolean
  }
  const steps: Step[] = [{ lsn: 7n, done: true }, { lsn: 8n }]
  expect(table(steps)).toContain('<tr><td class="num">8</td><td></td></tr>')
})
