import { expect, test } from 'vitest'
import { boxesOf, expectSoundFigure, wordsOf } from '../../engine/lens/figures/testing/figure.js'
import { comparedBytes, firstDifference, strip } from './bytes.js'
import { chosen, columns, inOrder } from './columns.js'
import { answers, caption, cut, figure, type Panel } from './drawing.js'
import { answerMarks, ruler } from './ruler.js'
import { statusCells } from './statusCells.js'

const linesOf = (panel: Panel): string[] => figure('A picture for a test.', [panel]).text.split('\n')
const svgOf = (panel: Panel): string => figure('A picture for a test.', [panel]).svg

test('a ruler: positions in their order, equal ones together, answers by themselves', () => {
  const drawn = ruler(
    [
      { at: 0x1a2b3c8n, label: 'record starts' },
      { at: 0x1a2b418n, label: 'record ends' },
      { at: 0x1a2b418n, label: 'page LSN', kind: 'page' },
      ...answerMarks(0x1a2b3c8n, { value: 0x98000000n }),
    ],
    { stretches: [{ from: 0x1a2b3c8n, to: 0x1a2b418n, label: 'the record' }] },
  )
  expect(linesOf(drawn)).toEqual([
    '┬═══════┬─────────────────────────┬',
    '│       │                         └ your part 0/98000000',
    '│       └ record ends = page LSN 0/1A2B418, 80 bytes on',
    '└ record starts = expected 0/1A2B3C8',
    '═ the record, 0/1A2B3C8 to 0/1A2B418',
  ])
  expect(wordsOf(svgOf(drawn))).toEqual(
    expect.arrayContaining(['record ends = page LSN', 'expected', 'your part', '80 bytes', 'the record']),
  )
  expectSoundFigure(svgOf(drawn))
})

test('what is no position is not on a ruler; twenty marks are drawn as twelve', () => {
  expect(answerMarks(undefined, { value: -1n })).toEqual([])
  expect(answerMarks(1n << 64n, { value: 'here' })).toEqual([])
  const many = Array.from({ length: 20 }, (_, i) => ({ at: BigInt(8 * i), label: `page ${i}, dirty` }))
  const svg = svgOf(ruler([...many, { at: 999n, label: 'your part', answer: true }]))
  expectSoundFigure(svg)
  expect(wordsOf(svg).filter((word) => /page|part/.test(word))).toHaveLength(13)
})

test('bytes: the fields that are in question have carets beneath them', () => {
  const bytes = Uint8Array.from({ length: 24 }, (_, i) => i)
  const fields = [
    { at: 16, size: 4, name: 'xl_tot_len' },
    { at: 24, size: 8, name: 'xl_prev', kind: 'bad' as const },
  ]
  expect(linesOf(strip({ title: 'a header', bytes, at: 16, fields }))).toEqual([
    'a header',
    '    16  00 01 02 03 04 05 06 07 08 09 0a 0b 0c 0d 0e 0f',
    '                                ^^^^^^^^^^^^^^^^^^^^^^^ xl_prev',
    '    32  10 11 12 13 14 15 16 17',
  ])
  expectSoundFigure(svgOf(strip({ title: 'a header', bytes, at: 16, fields })))
})

test('two runs of bytes: the row in which they differ first, and the one before it', () => {
  const expected = Uint8Array.from({ length: 80 }, (_, i) => i)
  const got = expected.slice()
  got[33] = 255
  const drawn = comparedBytes({ expected, got, fieldAt: (at) => `field ${at}` })
  expect(firstDifference(expected, got)).toBe(33)
  expect(linesOf(drawn)).toEqual([
    'from byte 16 on; the first difference is in field 33',
    '    16  expected   10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f',
    '        your part  10 11 12 13 14 15 16 17 18 19 1a 1b 1c 1d 1e 1f',
    '    32  expected   20 21 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f',
    '        your part  20 ff 22 23 24 25 26 27 28 29 2a 2b 2c 2d 2e 2f',
    '                      ^^',
  ])
  expectSoundFigure(svgOf(drawn))
  expect(linesOf(comparedBytes({ expected, got: expected.subarray(0, 17) })).at(-1)).toMatch(
    /^ +\^\^( \^\^){15}$/,
  )
})

test('columns: the first step out of order is marked, and only it', () => {
  const rows = inOrder(['write', 'sync', 'point'], ['write', 'point', 'sync', 'again'])
  expect(linesOf(columns(rows))).toEqual([
    '      expected                          your part',
    '  1.  write                             write',
    '✗ 2.  sync                              point',
    '  3.  point                             sync',
    '  4.                                    again',
  ])
  expectSoundFigure(svgOf(columns(rows)))
})

test('columns: of two hundred rows those that differ, and how many are left out', () => {
  const names = Array.from({ length: 200 }, (_, i) => `file ${i}`)
  const rows = chosen(names, ['file 7'], { value: ['file 7', 'file 90', 'nobody'] }, ['goes', 'stays'])
  const drawn = columns(rows)
  expect(linesOf(drawn).slice(1)).toEqual([
    '  file 0    stays                          stays',
    '  … 88 more …',
    '  file 89   stays                          stays',
    '✗ file 90   stays                          goes',
    '  file 91   stays                          stays',
    '  … 107 more …',
    '  file 199  stays                          stays',
    '✗ nobody    not there                      goes',
  ])
  expect(boxesOf(svgOf(drawn))).toHaveLength(12)
})

test('two bits a transaction: six columns around the first difference', () => {
  const heads = Array.from({ length: 40 }, (_, i) => ({ head: String(760 + i) }))
  const before = heads.map(() => 0)
  const drawn = statusCells(heads, [
    { name: 'expected', statuses: before.map((_, i) => (i === 21 ? 2 : 0)), compared: true },
    { name: 'your part', statuses: before, compared: true },
  ])
  const [head, , mine, marks] = linesOf(drawn)
  expect(head.trim().split(/ +/)).toEqual(['779', '780', '781', '782', '783', '784'])
  expect(mine.slice(marks.indexOf('^^')).startsWith('00')).toBe(true)
  expect(head.indexOf('781')).toBe(marks.indexOf('^^'))
  expectSoundFigure(svgOf(drawn))
})

test('what came from a learner is one line, printable, escaped, and cut to its room', () => {
  const hostile = `\u001b[2J</text><script>\n${'x'.repeat(3000)}\u202e`
  const svg = figure('A picture for a test.', [answers('true', hostile), caption(hostile)]).svg
  expect(svg).not.toMatch(/[\u001b\u202e]|<script/)
  expect(svg).toContain('&lt;/text&gt;&lt;script&gt;')
  expectSoundFigure(svg)
  expect(cut('abcdefghij', 7)).toBe('abcd…ij')
})
