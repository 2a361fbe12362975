import { expect, test } from 'vitest'
import { boxesOf, expectSoundFigure, textsOf, wordsOf } from './testing/figure.js'
import { drawTimeline } from './timeline.js'

const steps = [
  { place: 'base/', what: 'write data pages' },
  { place: 'pg_wal', what: 'checkpoint record', detail: '0/8E6B78' },
  {
    place: 'base/',
    what: 'a step that is told in so many words that they have no room on a single line of the figure',
  },
]

test('steps stand one below the other, numbered, each in the column of its place', () => {
  const svg = drawTimeline(steps)
  const words = wordsOf(svg)
  expect(words.slice(0, 2)).toEqual(['base/', 'pg_wal'])
  expect(words.filter((word) => /^\d$/.test(word))).toEqual(['1', '2', '3'])
  expect(words).toContain('0/8E6B78')
  const dots = boxesOf(svg)
  expect(dots[0].x).toBe(dots[2].x)
  expect(dots[1].x).toBeGreaterThan(dots[0].x)
  expect(dots.map(({ y }) => y)).toEqual([...dots.map(({ y }) => y)].sort((a, b) => a - b))
})

test('long words are broken into lines that stay in the figure', () => {
  const svg = drawTimeline(steps, 'A checkpoint')
  expectSoundFigure(svg)
  const lines = textsOf(svg).filter(({ words }) => words.length > 2 && steps[2].what.includes(words))
  expect(lines.length).toBeGreaterThan(1)
  expect(lines.map(({ words }) => words).join(' ')).toBe(steps[2].what)
})

test('a step takes the colour of its place, or the one that it is given', () => {
  const fills = (places: readonly string[]): string[] =>
    boxesOf(drawTimeline(places.map((place) => ({ place, what: 'write' })))).map(({ fill }) => fill)
  expect(fills(['pg_wal', 'base/5', 'global/pg_control']).map((fill) => fill.slice(6, 10))).toEqual([
    'wal-',
    'page',
    'acce',
  ])
  expect(boxesOf(drawTimeline([{ place: 'pg_wal', what: 'lost', kind: 'bad' }]))[0].fill).toContain(
    '--bad-soft',
  )
})
