import { expect, test } from 'vitest'
import { writeStatus } from '../../format/transactionStatus.js'
import { expectSoundFigure, textsOf, wordsOf } from './testing/figure.js'
import { drawTransactionStatus } from './transactionStatus.js'

const bytes = new Uint8Array(8192)
writeStatus(bytes, 752, 1)
writeStatus(bytes, 755, 1)
writeStatus(bytes, 757, 2)
writeStatus(bytes, 758, 3)

test('a byte of four: the first transaction has the lowest bits', () => {
  const words = wordsOf(drawTransactionStatus(bytes, 752, 755))
  expect(words).toContain('byte 188: 41h = 01 00 00 01')
  expect(words.filter((word) => /^[01]{2}$/.test(word))).toEqual(['01', '00', '00', '01'])
})

test('every transaction asked for has its word; the neighbours in its byte are not counted', () => {
  const svg = drawTransactionStatus(bytes, 755, 758, { 757: 'rolled back' })
  expect(svg).toContain(
    'Transactions 755 to 758 in pg_xact: 1 committed, 1 in progress, 1 aborted, 1 sub-committed.',
  )
  expect(wordsOf(svg)).toContain('rolled back')
  expectSoundFigure(svg)
})

test('transactions on the second page, and past the end of the file', () => {
  const two = new Uint8Array(16384)
  writeStatus(two.subarray(8192), 32768, 2)
  expect(drawTransactionStatus(two, 32768, 32769)).toContain('1 aborted, 1 in progress')
  const words = wordsOf(drawTransactionStatus(bytes, 32768, 32771))
  expect(words).toContain('byte 8192: not in the file')
})

test('names do not run into each other', () => {
  const names = Object.fromEntries(
    Array.from({ length: 8 }, (_, i) => [752 + i, 'a name that is far too long']),
  )
  const svg = drawTransactionStatus(bytes, 752, 759, names)
  const drawn = textsOf(svg).filter(({ words }) => words.startsWith('a name'))
  expect(drawn).toHaveLength(8)
  drawn.slice(1).forEach(({ left }, i) => expect(left).toBeGreaterThan(drawn[i].right))
  expectSoundFigure(svg)
})
