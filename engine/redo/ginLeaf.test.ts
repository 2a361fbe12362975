// What a record does to the segments of a posting tree's leaf.

import { describe, expect, test } from 'vitest'
import { CorruptData } from '../bytes/errors.js'
import {
  GIN,
  GIN_DATA_AT,
  ginFlags,
  ginMaxoff,
  initGinPage,
  setGinFlags,
  setGinMaxoff,
  setGinRightlink,
} from '../format/ginPage.js'
import { GIN_INSERT, GIN_SEGMENT, XLOG_GIN } from '../format/ginRecords.js'
import { pageOf, pdLower, setPdLower, type Page } from '../format/page.js'
import type { WalRecord } from '../wal/record.js'
import { addedRows, dataLeaf, ginRecord, redoGin, segment, segmentsOf } from './testing/ginRedo.js'
import { tid } from './testing/indexPages.js'
import { concat, le16 } from './testing/records.js'

const DO = GIN_SEGMENT
type Action = [segment: number, action: number, data?: Uint8Array]
const data = (...actions: Action[]): Uint8Array =>
  concat(
    le16(actions.length),
    ...actions.map(([at, what, more]) => concat(Uint8Array.of(at, what), more ?? le16(0).subarray(2))),
  )
const insert = (...actions: Action[]): WalRecord =>
  ginRecord(XLOG_GIN.INSERT, le16(GIN_INSERT.ISDATA | GIN_INSERT.ISLEAF), {
    block: 4,
    data: data(...actions),
  })
const after = (page: Page, ...actions: Action[]): Page => redoGin({ 4: page }, insert(...actions)).page(4)

const [a, b, c] = [
  [1.01, 1.02],
  [2.01, 2.05, 2.06],
  [3.01, 9.09],
]
const leaf = (): Page => dataLeaf(segment(...a), segment(...b), segment(...c))

describe('segments', () => {
  test.each<[string, Action[], number[][]]>([
    ['one is deleted', [[1, DO.DELETE]], [a, c]],
    ['one is replaced by a shorter one', [[1, DO.REPLACE, segment(2.05)]], [a, [2.05], c]],
    [
      'one is replaced by a longer one',
      [[0, DO.REPLACE, segment(1.01, 1.02, 1.03, 1.09)]],
      [[1.01, 1.02, 1.03, 1.09], b, c],
    ],
    ['one is put before another', [[1, DO.INSERT, segment(1.5)]], [a, [1.5], b, c]],
    ['one is put behind the last', [[3, DO.INSERT, segment(10.01)]], [a, b, c, [10.01]]],
    ['rows are added behind', [[2, DO.ADDITEMS, addedRows(9.1, 9.11)]], [a, b, [3.01, 9.09, 9.1, 9.11]]],
    ['rows are added before', [[1, DO.ADDITEMS, addedRows(1.9)]], [a, [1.9, ...b], c]],
    [
      'rows are added between',
      [[1, DO.ADDITEMS, addedRows(2.02, 2.07)]],
      [a, [2.01, 2.02, 2.05, 2.06, 2.07], c],
    ],
    ['rows that are there are not added again', [[1, DO.ADDITEMS, addedRows(2.05)]], [a, b, c]],
    ['the last is deleted', [[2, DO.DELETE]], [a, b]],
    [
      'all are deleted',
      [
        [0, DO.DELETE],
        [1, DO.DELETE],
        [2, DO.DELETE],
      ],
      [],
    ],
    [
      'one becomes two: replaced, and another put before the next',
      [
        [1, DO.REPLACE, segment(2.01)],
        [2, DO.INSERT, segment(2.05, 2.06)],
      ],
      [a, [2.01], [2.05, 2.06], c],
    ],
    [
      'several changes that grow and shrink what lies before the rest',
      [
        [0, DO.ADDITEMS, addedRows(1.03, 1.5, 1.6)],
        [1, DO.DELETE],
        [2, DO.INSERT, segment(2.99)],
        [2, DO.ADDITEMS, addedRows(4.01)],
      ],
      [[1.01, 1.02, 1.03, 1.5, 1.6], [2.99], [3.01, 4.01, 9.09]],
    ],
    ['nothing is done', [], [a, b, c]],
  ])('%s', (_, actions, expected) => {
    const page = after(leaf(), ...actions)
    expect(segmentsOf(page)).toEqual(expected)
    expect(pdLower(page)).toBe(
      GIN_DATA_AT + expected.reduce((size, rows) => size + segment(...rows).length, 0),
    )
  })

  test('segments that are not named stay byte for byte, even one that could be packed better', () => {
    const odd = concat(segment(3.01, 3.02), new Uint8Array(0))
    odd.set([0x81, 0], 8) // the distance 1 in two bytes, which nobody would write
    odd[6] = 2
    const page = after(dataLeaf(segment(...a), odd), [0, DO.DELETE])
    expect([...page.bytes.subarray(GIN_DATA_AT, pdLower(page))]).toEqual([...odd])
  })

  test('an empty leaf takes its first segment', () => {
    expect(segmentsOf(after(dataLeaf(), [0, DO.INSERT, segment(1.01)]))).toEqual([[1.01]])
  })

  test('VACUUM_DATA_LEAF_PAGE speaks the same language', () => {
    const redone = ginRecord(XLOG_GIN.VACUUM_DATA_LEAF_PAGE, new Uint8Array(0), {
      block: 4,
      data: data([0, DO.DELETE], [2, DO.REPLACE, segment(9.09)]),
    })
    const world = redoGin({ 4: leaf() }, redone)
    expect([segmentsOf(world.page(4)), world.lsnOf(4)]).toEqual([[b, [9.09]], redone.endLsn])
  })
})

describe('a leaf from before 9.4, a plain array of rows', () => {
  function old(...rows: Array<[number, number]>): Page {
    const page = pageOf()
    initGinPage(page, GIN.DATA | GIN.LEAF)
    page.bytes.set(concat(...rows.map(([block, offnum]) => tid(block, offnum))), GIN_DATA_AT)
    setGinMaxoff(page, rows.length)
    return page
  }

  test('becomes one segment, and then changes like any other', () => {
    const page = after(old([1, 1], [1, 2], [7, 3]), [0, DO.ADDITEMS, addedRows(1.9)])
    expect(segmentsOf(page)).toEqual([[1.01, 1.02, 1.9, 7.03]])
    expect([ginFlags(page), ginMaxoff(page)]).toEqual([GIN.DATA | GIN.LEAF | GIN.COMPRESSED, 0])
  })

  test('may be empty', () => {
    expect(segmentsOf(after(old(), [0, DO.INSERT, segment(4.04)]))).toEqual([[4.04]])
  })

  test('is nonsense when its rows do not ascend or do not fit', () => {
    expect(() => after(old([1, 2], [1, 1]), [0, DO.DELETE])).toThrow('its 2 rows do not ascend')
    // Rows that ascend through the special space to the end of the page, and one more.
    const full = old(...Array.from({ length: 1358 }, (_, i): [number, number] => [i, 1]), [0x6000000, 0])
    setGinRightlink(full, 0x70000005)
    setGinMaxoff(full, 1361)
    expect(() => after(full, [0, DO.DELETE])).toThrow('its 1361 rows do not ascend')
  })
})

/** 8006 bytes: 4000 rows, each on a block of its own. */
const big = segment(...Array.from({ length: 4000 }, (_, i) => i + 1.01))
const rowsFrom = (block: number, count: number): Uint8Array =>
  segment(...Array.from({ length: count }, (_, i) => block + i + 0.01))

test('a leaf may be filled to the last byte before its special space', () => {
  const page = after(dataLeaf(big), [1, DO.INSERT, rowsFrom(5000, 70)])
  expect([pdLower(page), ginFlags(page)]).toEqual([8184, GIN.DATA | GIN.LEAF | GIN.COMPRESSED])
})

describe('nonsense', () => {
  test.each<[string, Page, WalRecord, string]>([
    [
      'a segment that the page does not have',
      leaf(),
      insert([3, DO.DELETE]),
      'it has fewer segments than the record names',
    ],
    ['… to be passed over', leaf(), insert([5, DO.INSERT, segment(1.01)]), 'it has fewer segments'],
    ['… to get rows', leaf(), insert([3, DO.ADDITEMS, addedRows(1.01)]), 'it has fewer segments'],
    [
      'segments out of order',
      leaf(),
      insert([1, DO.DELETE], [0, DO.DELETE]),
      'segment 0 comes after segment 2',
    ],
    ['an action that there is not', leaf(), insert([1, 5]), 'unexpected GIN leaf action: 5'],
    ['no room', dataLeaf(big), insert([1, DO.INSERT, rowsFrom(5000, 71)]), 'its posting lists have no room'],
    [
      'rows that do not ascend',
      leaf(),
      insert([1, DO.ADDITEMS, addedRows(2.03, 2.02)]),
      'rows to be added do not ascend',
    ],
    [
      'a segment cut short',
      leaf(),
      insert([0, DO.INSERT, segment(1.01, 1.02).subarray(0, 9)]),
      'end 1 bytes early',
    ],
    [
      'a list of rows cut short',
      leaf(),
      insert([0, DO.ADDITEMS, addedRows(1.01, 1.02).subarray(0, 8)]),
      'end 6 bytes early',
    ],
    [
      'fewer actions than announced',
      leaf(),
      ginRecord(XLOG_GIN.INSERT, le16(3), { block: 4, data: le16(1) }),
      'end 2 bytes early',
    ],
  ])('%s', (_, page, redone, sentence) => {
    expect(() => redoGin({ 4: page }, redone)).toThrow(sentence)
    expect(() => redoGin({ 4: page }, redone)).toThrow(CorruptData)
  })

  test('a posting list on the page that is not sound, or ends outside', () => {
    const unsound = leaf()
    unsound.bytes[GIN_DATA_AT + 8] = 0
    expect(() => after(unsound, [0, DO.ADDITEMS, addedRows(1.5)])).toThrow('a posting list is not sound')
    const short = leaf()
    setPdLower(short, pdLower(short) - 2)
    expect(() => after(short, [2, DO.DELETE])).toThrow('it has fewer segments')
    const outside = leaf()
    setPdLower(outside, 8190)
    expect(() => after(outside, [0, DO.DELETE])).toThrow('its posting lists end at 8190')
  })

  test('a list that gets too long for any page', () => {
    const rows = addedRows(...Array.from({ length: 5000 }, (_, i) => i + 1.02))
    expect(() => after(dataLeaf(big), [0, DO.ADDITEMS, rows])).toThrow(
      'a posting list of 9000 rows does not fit',
    )
  })

  test('a page of another kind', () => {
    const inner = leaf()
    setGinFlags(inner, GIN.DATA)
    expect(() => after(inner, [0, DO.DELETE])).toThrow('not a leaf of a posting tree')
  })
})
