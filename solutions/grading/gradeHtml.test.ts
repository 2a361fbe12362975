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
  expect(page).toContain('<td class="total">1/2</td>')
  expect(page).toContain('aria-label="needsRedo: 1 of 2, partly"')
  expect(page).not.toMatch(/<script|<img|https?:/)
  expect(reportHtmlPage(grading)).toBe(page)
})

test('the same picture twice is on the page once, and has its words where it is shown', () => {
  const svg = (title: string): string =>
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 720 40" role="img"><title>${title}</title>\n<rect width="1"/></svg>`
  const learner = (name: string, title: string): object => ({
    learner: name,
    notebooks: [],
    exercises: [
      {
        name: 'needsRedo',
        notebook: '04-startup',
        score: 0,
        max: 1,
        rules: [
          {
            ...rule('wrong'),
            finding: {
              verdict: 'wrong',
              cases: 1,
              counterexample: {
                input: 'a',
                expected: 'b',
                got: 'c',
                drawing: { svg: svg(title), text: 'a' },
              },
            },
          },
        ],
      },
    ],
  })
  const submissions = [learner('ada', 'A &lt; B'), learner('grace', 'A &lt; B'), learner('jim', 'another')]
  const page = reportHtmlPage({
    isolation: { level: 'bubblewrap', description: 'bubblewrap' },
    seed: 5,
    submissions,
  } as unknown as Grading)
  expect(
    page.match(/<symbol id="drawing-\d" viewBox="0 0 720 40">\n<rect width="1"\/><\/symbol>/g),
  ).toHaveLength(2)
  expect(page.match(/aria-label="A &lt; B"><use href="#drawing-0"\/>/g)).toHaveLength(2)
  expect(page).not.toContain('<title>A')
})
