import { expect, test } from 'vitest'
import { exercises } from '../../exercises/all.js'
import { chaptersOf, classTable } from './classTable.js'
import type { GradedSubmission } from './gradeBatch.js'

/** A learner with these marks, one letter an exercise: p(assed), w(rong), b(oth), n(ot started). */
function learner(name: string, marks: (index: number) => string): GradedSubmission {
  const graded = exercises.map(({ name: exercise, notebook }, i) => {
    const verdicts = {
      p: ['passed', 'passed'],
      w: ['wrong', 'wrong'],
      b: ['passed', 'wrong'],
      n: ['not started', 'not started'],
    }
    const found = verdicts[marks(i) as keyof typeof verdicts]
    return {
      name: exercise,
      notebook,
      score: found.filter((verdict) => verdict === 'passed').length,
      max: 2,
      rules: found.map((verdict) => ({ rule: 'r', why: 'w', hidden: false, finding: { verdict, cases: 1 } })),
    }
  })
  return { learner: name, notebooks: [], exercises: graded } as GradedSubmission
}

const everybody = [
  learner('ada', () => 'p'),
  learner('grace', (i) => (i < 2 ? 'p' : i === 2 ? 'b' : i === 3 ? 'w' : 'n')),
  learner('a learner whose name is as long as a sentence', () => 'n'),
]

test('eighty columns hold the whole course: a mark an exercise, chapter by chapter', () => {
  const lines = classTable(everybody, 80).split('\n')
  expect(lines.slice(0, 4)).toEqual([
    'learner               1      2      3      4        5      6      7     8  total',
    'ada                   ✓✓✓✓✓  ✓✓✓✓✓  ✓✓✓✓✓  ✓✓✓✓✓✓✓  ✓✓✓✓✓  ✓✓✓✓✓  ✓✓✓✓  ✓  74/74',
    'grace                 ✓✓◐✗○  ○○○○○  ○○○○○  ○○○○○○○  ○○○○○  ○○○○○  ○○○○  ○   5/74',
    'a learner whose nam…  ○○○○○  ○○○○○  ○○○○○  ○○○○○○○  ○○○○○  ○○○○○  ○○○○  ○   0/74',
  ])
  expect(lines).toContain('1 wal: recordCrc, readRecordHeader, readBlockRefs, joinRecord, flushBeforeWrite')
  expect(lines.at(-1)).toBe('✓ all rules hold ◐ some hold ✗ none holds ○ not started')
})

test.each([30, 44, 60, 80, 100, 200])(
  'no line is longer than %i columns, and no exercise is left out',
  (width) => {
    const text = classTable(everybody, width)
    for (const line of text.split('\n')) expect([...line].length, line).toBeLessThanOrEqual(width)
    for (const { name } of exercises) expect(text).toContain(name)
    expect(text.match(/✓/g)).toHaveLength(exercises.length + 2 + 1)
  },
)

test('chapters come in the order of the course, by number and name', () => {
  expect(chaptersOf(everybody).map(({ number, title }) => `${number} ${title}`)).toEqual([
    '1 wal',
    '2 lsn',
    '3 checkpoint',
    '4 startup',
    '5 abort',
    '6 temp-cleanup',
    '7 final-checkpoint',
    '8 capstone',
  ])
})
