import { expect, test } from 'vitest'
import { addItem, initPage, LP, pageOf, setItemId, setPageLsn, type Page } from '../../format/page.js'
import { drawPage } from './page.js'
import { boxesOf, expectSoundFigure, wordsOf } from './testing/figure.js'

function pageWith(lengths: readonly number[], special = 0): Page {
  const page = pageOf()
  initPage(page, special)
  setPageLsn(page, 2, 0x8ee920)
  lengths.forEach((length, i) => addItem(page, new Uint8Array(length), 0, length, i + 1, false))
  return page
}

test('the header’s numbers and every tuple’s line pointer are in the figure', () => {
  const words = wordsOf(drawPage(pageWith([200, 300, 120], 16), { name: 'accounts, block 0' }))
  expect(words[0]).toBe('accounts, block 0')
  expect(words[1]).toBe('pd_lsn 2/8EE920  pd_checksum 0000  pd_lower 36  pd_upper 7552  pd_special 8176')
  expect(words).toEqual(expect.arrayContaining(['1', '2', '3', 'free space']))
})

test('dead and redirected line pointers have no tuple', () => {
  const page = pageWith([200, 200])
  setItemId(page, 1, 0, LP.DEAD, 0)
  expect(drawPage(page)).toContain(', 1 tuples, ')
})

test('a tuple that goes over the end of a row takes as much room as it has bytes', () => {
  const perByte = boxesOf(drawPage(pageWith([240])))[0].width / 24 // the first box is the page header
  const tuples = boxesOf(drawPage(pageWith([240, 40]))).filter(({ fill }) => fill.includes('--page-soft'))
  expect(tuples).toHaveLength(3)
  expect(tuples.reduce((sum, { width }) => sum + width, 0)).toBeCloseTo(280 * perByte, 0)
})

test('a tuple takes the colour that it is given', () => {
  expect(drawPage(pageWith([200]), { kindOf: (offnum) => (offnum === 1 ? 'bad' : 'page') })).toContain(
    '--bad-soft',
  )
})

test('pages of every kind make sound figures: empty, full of small tuples, one huge tuple, new', () => {
  for (const page of [
    pageWith([]),
    pageWith(Array.from({ length: 226 }, () => 32)),
    pageWith([8000]),
    pageWith([500, 260, 250], 16),
    pageOf(),
  ])
    expectSoundFigure(drawPage(page))
  expect(wordsOf(drawPage(new Uint8Array(8192))).at(-1)).toBe('never initialised: nothing but zeroes so far')
})
