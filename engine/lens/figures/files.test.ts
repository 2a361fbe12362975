import { expect, test } from 'vitest'
import { drawFiles, type DrawnFile } from './files.js'
import { boxesOf, expectSoundFigure, textsOf, wordsOf } from './testing/figure.js'

const files: readonly DrawnFile[] = [
  { path: 'base/5/16497', size: 16384, fate: 'unlogged: emptied', kind: 'accent' },
  { path: 'base/pgsql_tmp/pgsql_tmp42.0', size: 679936, fate: 'temporary: removed', kind: 'bad' },
  { path: 'base/5/16497_init', size: 0, fate: 'kept' },
]

test('each file with its size and its fate, bars to scale', () => {
  const svg = drawFiles(files, 'After a crash')
  expectSoundFigure(svg)
  expect(wordsOf(svg)).toEqual(
    files.flatMap(({ path, size, fate }) => [path, size.toLocaleString('en-US'), fate]),
  )
  const [small, large] = boxesOf(svg).map(({ width }) => width)
  expect(large / small).toBeCloseTo(679936 / 16384, 0)
})

test('the words of a row do not run into each other', () => {
  const rows = new Map<number, Array<{ left: number; right: number }>>()
  for (const { y, left, right } of textsOf(drawFiles(files)))
    rows.set(y, [...(rows.get(y) ?? []), { left, right }])
  for (const words of rows.values())
    words
      .sort((a, b) => a.left - b.left)
      .forEach(({ left }, i) => i > 0 && expect(left).toBeGreaterThan(words[i - 1].right))
})
