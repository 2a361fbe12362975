import { expect, test } from 'vitest'
import { drawReplay, type ReplayedRecord } from './replay.js'
import { expectSoundFigure, wordsOf } from './testing/figure.js'

const replayed: readonly ReplayedRecord[] = [
  { lsn: 0x1000n, outcomes: ['restored'] },
  { lsn: 0x1100n, outcomes: ['needsRedo', 'needsRedo'] },
  { lsn: 0x1f00n, outcomes: ['done'] },
  { lsn: 0x2000n, outcomes: [] },
]

test('a row for each outcome, with how many pages had it', () => {
  const svg = drawReplay(replayed, 'A short replay')
  expectSoundFigure(svg)
  const words = wordsOf(svg)
  for (const [outcome, count] of [
    ['restored', '1'],
    ['needsRedo', '2'],
    ['done', '1'],
    ['notFound', '0'],
  ])
    expect(words[words.indexOf(outcome) + 1]).toBe(count)
  expect(words).toContain('0/1000')
  expect(words).toContain('0/2000')
  expect(svg).toContain('<title>A short replay: 1 restored, 2 needsRedo, 1 done, 0 notFound.</title>')
})

test('marks stand where their records do in the log', () => {
  const marks = [...drawReplay(replayed).matchAll(/d="M([\d.]+) [\d.]+v/g)].map(([, x]) => Number(x))
  const [restored, needsRedo, done] = marks
  expect(restored).toBeLessThan(needsRedo)
  expect((done - restored) / (needsRedo - restored)).toBeCloseTo(15, 0)
})

test('an empty replay is a figure too', () => expectSoundFigure(drawReplay([])))
