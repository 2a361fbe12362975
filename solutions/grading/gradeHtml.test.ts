import { expect, test } from 'vitest'
import type { Grading } from './gradeBatch.js'
import { reportHtmlPage } from './gradeHtml.js'

const rule = (verdict: 'passed' | 'wrong') => ({
  rule: 'A page that carries the end of this record has it.',
  why: 'Replaying twice must change nothing.',
  hidden: true,
  finding: {
    verdict,
    cases: 3,
    ...(verdict === 'wrong'
      ? { counterexample: { input: 'page <script>', expected: 'false', got: 'true' } }
      : {}),
  },
})

test('the page has every learner, opens nothing, and what learners wrote is text', () => {
  const grading = {
    isolation: { level: 'bubblewrap', description: 'bubblewrap' },
    seed: 5,
    submissions: [
      {
        learner: '<img src=x onerror=alert(1)>',
        notebooks: [{ path: 'a.ipynb', note: 'not JSON & more' }],
        exercises: [
          {
            name: 'needsRedo',
            notebook: '04-startup',
            score: 1,
            max: 2,
            rules: [rule('passed'), rule('wrong')],
          },
        ],
      },
    ],
  } as unknown as Grading
  const page = reportHtmlPage(grading)
  expect(page).toContain('&lt;img src=x onerror=alert(1)&gt;')
  expect(page).toContain('page &lt;script&gt;')
  expect(page).toContain('not JSON &amp; more')
  expect(page).toContain('<td class="mark">1/2</td>')
  expect(page).not.toMatch(/<script|<img|https?:/)
  expect(reportHtmlPage(grading)).toBe(page)
})
