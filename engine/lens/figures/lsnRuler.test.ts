import { expect, test } from 'vitest'
import { drawLsnRuler } from './lsnRuler.js'
import { boxesOf, expectSoundFigure, textsOf, wordsOf } from './testing/figure.js'

const marks = [
  { lsn: 0x100n, label: 'redo point' },
  { lsn: 0x200n, label: 'end of the log', kind: 'bad' as const },
  { lsn: 0x180n, kind: 'page' as const },
  { lsn: 0x140n, kind: 'page' as const, label: 'accounts 0' },
]

test('positions are named by their LSNs, in order, pages counted', () => {
  const svg = drawLsnRuler(marks)
  expect(wordsOf(svg).filter((word) => word.includes('/'))).toEqual(['0/100', '0/200', '0/140'])
  expect(svg).toContain('(2 of them)')
  expectSoundFigure(svg)
})

test('a page half way along the log stands half way along the line', () => {
  const svg = drawLsnRuler(marks)
  const [line] = boxesOf(svg)
  const tick = line.x + line.width / 2
  expect(svg).toContain(`d="M${tick} `)
})

test('a position without a label is a tick on the line', () => {
  const svg = drawLsnRuler([...marks, { lsn: 0x180n, kind: 'ok' }])
  const [line] = boxesOf(svg)
  expect(svg).toContain(`d="M${line.x + line.width / 2} ${line.y}v${line.height}"`)
  expect(wordsOf(svg)).toHaveLength(wordsOf(drawLsnRuler(marks)).length)
  expectSoundFigure(svg)
})

test('many positions at nearly one place have labels that do not cover each other', () => {
  const crowd = Array.from({ length: 6 }, (_, i) => ({ lsn: 0x1000n + BigInt(i), label: `position ${i}` }))
  const svg = drawLsnRuler(crowd, { from: 0n, to: 0x100000n })
  const labels = textsOf(svg).filter(({ words }) => words.startsWith('position'))
  expect(new Set(labels.map(({ y }) => y)).size).toBe(6)
  expectSoundFigure(svg)
})

test('exact far beyond 2^53, and with nothing to show', () => {
  const far = 0xffff_ffff_0000_0000n
  expect(
    wordsOf(
      drawLsnRuler([
        { lsn: far, label: 'a' },
        { lsn: far + 1n, label: 'b' },
      ]),
    ),
  ).toContain('FFFFFFFF/1')
  expectSoundFigure(drawLsnRuler([]))
})

test('segment borders inside the line are dashed', () => {
  expect(
    drawLsnRuler(marks, { from: 0n, to: 0x300n, segmentSize: 0x100 }).match(/stroke-dasharray/g),
  ).toHaveLength(2)
})
