import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  addItem,
  compactItems,
  copyBytes,
  deleteIndexItem,
  deleteIndexItemInPlace,
  deleteIndexItems,
  initPage,
  itemBytes,
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  maxOffset,
  overwriteItem,
  PD,
  pageLsn,
  pageOf,
  pdFlags,
  pdLower,
  pdSpecial,
  pdUpper,
  pruneXid,
  repairFragmentation,
  reserveItem,
  setItemId,
  setPageLsn,
  setPdFlags,
  setPdUpper,
  setPrunable,
  setPruneXid,
  truncateLinePointers,
  type Page,
} from './page.js'

const item = (text: string): Uint8Array => Uint8Array.from(Buffer.from(text))
const textAt = (page: Page, offnum: number): string => Buffer.from(itemBytes(page, offnum)).toString()
const texts = (page: Page): string[] => Array.from({ length: maxOffset(page) }, (_, i) => textAt(page, i + 1))
const places = (page: Page): number[] =>
  Array.from({ length: maxOffset(page) }, (_, i) => lpOffset(itemId(page, i + 1)))
const flags = (page: Page): number[] =>
  Array.from({ length: maxOffset(page) }, (_, i) => lpFlags(itemId(page, i + 1)))

/** A page with these items, the first at line pointer 1. */
function pageWith(items: string[], special = 0): Page {
  const page = pageOf()
  initPage(page, special)
  items.forEach((text, i) => expect(addItem(page, item(text), 0, text.length, i + 1, false)).toBe(true))
  return page
}
const unuse = (page: Page, ...offnums: number[]): void =>
  offnums.forEach((offnum) => setItemId(page, offnum, 0, LP.UNUSED, 0))

test('an empty page: header, then nothing up to the special space', () => {
  const page = pageOf()
  page.bytes.fill(0xff)
  initPage(page, 12)
  expect([pdLower(page), pdUpper(page), pdSpecial(page), page.view.getUint16(18, true)]).toEqual([
    24, 8176, 8176, 0x2004,
  ])
  expect(maxOffset(page)).toBe(0)
  expect(page.bytes.subarray(24).every((b) => b === 0)).toBe(true)
})

test('the LSN stands with its high half first', () => {
  const page = pageOf()
  setPageLsn(page, 0x1a, 0xb2c3d4e5)
  expect(pageLsn(page)).toBe(0x1ab2c3d4e5n)
  expect([...page.bytes.subarray(0, 8)]).toEqual([0x1a, 0, 0, 0, 0xe5, 0xd4, 0xc3, 0xb2])
})

test('a line pointer: 15 bits of offset, 2 of flags, 15 of length', () => {
  const page = pageWith(['a'])
  setItemId(page, 1, 0x7fff, LP.REDIRECT, 0x7fff)
  expect(itemId(page, 1)).toBe((0x7fff * 2 ** 17 + 2 * 2 ** 15 + 0x7fff) >>> 0)
  expect([lpOffset(itemId(page, 1)), lpFlags(itemId(page, 1)), lpLength(itemId(page, 1))]).toEqual([
    0x7fff,
    LP.REDIRECT,
    0x7fff,
  ])
})

describe('adding an item (PageAddItemExtended)', () => {
  test('items grow down from the special space, eight bytes at a time; line pointers grow up', () => {
    const page = pageWith(['one', 'twelve bytes', 'eight by'], 16)
    expect(places(page)).toEqual([8168, 8152, 8144])
    expect([pdLower(page), pdUpper(page)]).toEqual([36, 8144])
    expect(texts(page)).toEqual(['one', 'twelve bytes', 'eight by'])
    expect(flags(page)).toEqual([LP.NORMAL, LP.NORMAL, LP.NORMAL])
  })

  test('in the middle: later line pointers move up, items stay', () => {
    const page = pageWith(['a', 'c'])
    expect(addItem(page, item('xbx'), 1, 1, 2, false)).toBe(true)
    expect(texts(page)).toEqual(['a', 'b', 'c'])
    expect(places(page)).toEqual([8184, 8168, 8176])
  })

  test('overwriting: only an unused line pointer, or the first one past the end', () => {
    const page = pageWith(['a', 'b', 'c'])
    expect(reserveItem(page, 1, 2, true), 'used').toBe(0)
    setItemId(page, 2, 0, LP.DEAD, 0)
    expect(reserveItem(page, 1, 2, true), 'dead').toBe(0)
    setItemId(page, 2, 0, LP.UNUSED, 8)
    expect(reserveItem(page, 1, 2, true), 'unused, but with storage').toBe(0)
    unuse(page, 2)
    expect(reserveItem(page, 1, 5, true), 'past the first free one').toBe(0)
    expect(reserveItem(page, 1, 0, true)).toBe(0)
    expect(pdLower(page)).toBe(36)
    expect(addItem(page, item('B'), 0, 1, 2, true)).toBe(true)
    expect(addItem(page, item('d'), 0, 1, 4, true)).toBe(true)
    expect(texts(page)).toEqual(['a', 'B', 'c', 'd'])
    expect(pdLower(page)).toBe(40)
  })

  test('up to the last byte, and not one more', () => {
    const page = pageWith([])
    const room = 8192 - 24 - 4
    expect(reserveItem(page, room - 3, 1, false), 'alignment takes the line pointer’s place').toBe(0)
    expect(reserveItem(page, 8160, 1, false)).toBe(32)
    expect(reserveItem(page, 1, 2, false)).toBe(0)
    expect([pdLower(page), pdUpper(page)]).toEqual([28, 32])
  })

  test('a page that contradicts itself takes nothing', () => {
    const page = pageWith(['a'])
    setPdUpper(page, 8200)
    expect(reserveItem(page, 1, 2, false)).toBe(0)
    page.view.setUint16(16, 8208, true)
    expect(reserveItem(page, 1, 2, false)).toBe(0)
  })

  test('short and long runs of bytes are copied alike', () => {
    for (const size of [0, 1, 96, 97, 500]) {
      const source = Uint8Array.from({ length: 600 }, (_, i) => i & 0xff)
      const target = new Uint8Array(700)
      copyBytes(source, 7, size, target, 90)
      expect(target.subarray(90, 90 + size)).toEqual(source.subarray(7, 7 + size))
      expect(target.reduce((n, b) => n + (b ? 1 : 0), 0)).toBe(
        source.subarray(7, 7 + size).reduce((n, b) => n + (b ? 1 : 0), 0),
      )
    }
  })
})

describe('taking index items out', () => {
  test('one: what lies before it in memory slides up (PageIndexTupleDelete)', () => {
    const page = pageWith(['first', 'second item', 'third', 'fourth'], 16)
    setItemId(page, 3, lpOffset(itemId(page, 3)), LP.DEAD, 5)
    deleteIndexItem(page, 2)
    expect(texts(page)).toEqual(['first', 'third', 'fourth'])
    expect(places(page)).toEqual([8168, 8160, 8152])
    expect(flags(page)).toEqual([LP.NORMAL, LP.DEAD, LP.NORMAL])
    expect([pdLower(page), pdUpper(page)]).toEqual([36, 8152])
  })

  test('two are taken one by one: their neighbours keep their order in memory', () => {
    const page = pageWith(['a', 'c', 'd'])
    addItem(page, item('b'), 0, 1, 2, false) // in memory: b d c a
    addItem(page, item('e'), 0, 1, 5, false)
    deleteIndexItems(page, [1, 3])
    expect(texts(page)).toEqual(['b', 'd', 'e'])
    expect(places(page)).toEqual([8176, 8184, 8168])
  })

  test('three and more: the page is packed anew, the first item highest (PageIndexMultiDelete)', () => {
    const page = pageWith(['a', 'c', 'd', 'e'])
    addItem(page, item('b'), 0, 1, 2, false)
    addItem(page, item('f'), 0, 1, 6, false)
    deleteIndexItems(page, [1, 4, 5])
    expect(texts(page)).toEqual(['b', 'c', 'f'])
    expect(places(page)).toEqual([8184, 8176, 8168])
    expect([pdLower(page), pdUpper(page)]).toEqual([36, 8168])
  })

  test('all of them', () => {
    const page = pageWith(['a', 'b', 'c'], 8)
    deleteIndexItems(page, [1, 2, 3])
    expect([maxOffset(page), pdLower(page), pdUpper(page)]).toEqual([0, 24, 8184])
  })

  test('one whose neighbours keep their numbers (PageIndexTupleDeleteNoCompact)', () => {
    const page = pageWith(['first', 'second item', 'third', 'fourth'], 8)
    deleteIndexItemInPlace(page, 2)
    expect([texts(page), places(page), flags(page)]).toEqual([
      ['first', '', 'third', 'fourth'],
      [8176, 0, 8168, 8160],
      [LP.NORMAL, LP.UNUSED, LP.NORMAL, LP.NORMAL],
    ])
    expect([pdLower(page), pdUpper(page)]).toEqual([40, 8160])
    deleteIndexItemInPlace(page, 4) // the last line pointer goes, one that is unused before it would stay
    deleteIndexItemInPlace(page, 3)
    expect([texts(page), pdLower(page), pdUpper(page)]).toEqual([['first', ''], 32, 8176])
    expect(() => deleteIndexItemInPlace(page, 2)).toThrow('corrupted line pointer: offset = 0, size = 0')
    expect(() => deleteIndexItemInPlace(page, 3)).toThrow('invalid index offnum: 3')
  })

  test('nonsense is refused in PostgreSQL’s words', () => {
    const page = pageWith(['a', 'b', 'c', 'd'])
    expect(() => deleteIndexItem(page, 5)).toThrow('invalid index offnum: 5')
    expect(() => deleteIndexItems(page, [1, 3, 2])).toThrow('incorrect index offsets supplied')
    expect(() => deleteIndexItems(page, [2, 3, 9])).toThrow('incorrect index offsets supplied')
    setItemId(page, 2, 8185, LP.NORMAL, 1)
    expect(() => deleteIndexItem(page, 2)).toThrow('corrupted line pointer: offset = 8185, size = 1')
    setItemId(page, 2, 100, LP.NORMAL, 1)
    expect(() => deleteIndexItems(page, [1, 3, 4])).toThrow('corrupted line pointer: offset = 100, size = 1')
    expect(texts(pageWith(['a']))).toEqual(['a'])
  })
})

describe('replacing an index item (PageIndexTupleOverwrite)', () => {
  test.each([
    ['the same length after alignment', 'SECOND', [8184, 8176, 8168]],
    ['longer', 'a much longer second', [8184, 8160, 8152]],
    ['shorter', 's', [8184, 8176, 8168]],
  ])('%s', (_, text, where) => {
    const page = pageWith(['first', 'second', 'third'])
    setItemId(page, 2, lpOffset(itemId(page, 2)), LP.DEAD, 6)
    expect(overwriteItem(page, 2, item(text))).toBe(true)
    expect(texts(page)).toEqual(['first', text, 'third'])
    expect(places(page)).toEqual(where)
    expect(flags(page)[1]).toBe(LP.DEAD)
    expect(pdUpper(page)).toBe(where[2])
  })

  test('much shorter: what lies before it slides up', () => {
    const page = pageWith(['first', 'x'.repeat(40), 'third'])
    expect(overwriteItem(page, 2, item('y'))).toBe(true)
    expect(texts(page)).toEqual(['first', 'y', 'third'])
    expect(places(page)).toEqual([8184, 8176, 8168])
  })

  test('line pointers without storage stay as they are (BRIN has them)', () => {
    const page = pageWith(['first', 'second', 'third'])
    unuse(page, 1)
    overwriteItem(page, 2, item('a much longer second'))
    expect(itemId(page, 1)).toBe(0)
  })

  test('false when it does not fit, and nothing is changed', () => {
    const page = pageWith(['a', 'b'.repeat(4000), 'c'.repeat(4000)])
    const before = page.bytes.slice()
    expect(overwriteItem(page, 1, item('a'.repeat(200)))).toBe(false)
    expect(page.bytes).toEqual(before)
    expect(() => overwriteItem(page, 4, item('d'))).toThrow('invalid index offnum: 4')
  })
})

describe('heap pages after pruning (PageRepairFragmentation)', () => {
  test('free space becomes one piece, unused line pointers at the end go, the hint tells of the others', () => {
    const page = pageWith(['one', 'two', 'three', 'four', 'five', 'six'])
    unuse(page, 2, 5, 6)
    setItemId(page, 3, 4, LP.REDIRECT, 0)
    repairFragmentation(page)
    expect(maxOffset(page)).toBe(4)
    expect(textAt(page, 1)).toBe('one')
    expect(textAt(page, 4)).toBe('four')
    expect([lpOffset(itemId(page, 1)), lpOffset(itemId(page, 4))]).toEqual([8184, 8176])
    expect([lpFlags(itemId(page, 3)), lpOffset(itemId(page, 3))]).toEqual([LP.REDIRECT, 4])
    expect(pdUpper(page)).toBe(8176)
    expect(pdFlags(page)).toBe(PD.HAS_FREE_LINES)
  })

  test('no unused line pointer left: the hint is cleared, other flags stay', () => {
    const page = pageWith(['one', 'two', 'three'])
    setPdFlags(page, PD.HAS_FREE_LINES | PD.ALL_VISIBLE | PD.PAGE_FULL)
    setItemId(page, 1, 0, LP.DEAD, 0)
    unuse(page, 3)
    repairFragmentation(page)
    expect(pdFlags(page)).toBe(PD.ALL_VISIBLE | PD.PAGE_FULL)
    expect(flags(page)).toEqual([LP.DEAD, LP.NORMAL])
  })

  test('nothing left at all', () => {
    const page = pageWith(['one', 'two'])
    unuse(page, 1, 2)
    repairFragmentation(page)
    expect([pdLower(page), pdUpper(page), pdFlags(page)]).toEqual([24, 8192, 0])
  })

  test('a damaged page is refused in PostgreSQL’s words', () => {
    const page = pageWith(['one', 'two'])
    setItemId(page, 1, 8100, LP.NORMAL, 3)
    expect(() => repairFragmentation(page)).toThrow('corrupted line pointer: 8100')
    setItemId(page, 1, 8184, LP.NORMAL, 3)
    page.view.setUint16(16, 8190, true)
    expect(() => repairFragmentation(page)).toThrow(
      'corrupted page pointers: lower = 32, upper = 8176, special = 8190',
    )
    const full = pageWith(['x'.repeat(5000), 'y'])
    setItemId(full, 2, lpOffset(itemId(full, 1)), LP.NORMAL, 5000)
    expect(() => repairFragmentation(full)).toThrow(
      'corrupted item lengths: total 10000, available space 8160',
    )
  })

  test('packing agrees with taking every item off and putting it back', () => {
    const text = fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme-ascii' })
    const steps = fc.array(fc.record({ text, at: fc.nat(), drop: fc.boolean() }), {
      minLength: 1,
      maxLength: 40,
    })
    fc.assert(
      fc.property(steps, fc.constantFrom(0, 16), (made, special) => {
        const page = pageWith([], special)
        for (const { text, at } of made)
          addItem(page, item(text), 0, text.length, (at % (maxOffset(page) + 1)) + 1, false)
        made.forEach(({ drop }, i) => drop && unuse(page, i + 1))
        const kept = texts(page)
        compactItems(page)
        let upper = 8192 - special
        kept.forEach((text, i) => {
          if (text === '') return
          upper -= Math.ceil(text.length / 8) * 8
          expect(lpOffset(itemId(page, i + 1))).toBe(upper)
          expect(textAt(page, i + 1)).toBe(text)
        })
        expect(pdUpper(page)).toBe(upper)
      }),
    )
  })
})

describe('the second pass of VACUUM (PageTruncateLinePointerArray)', () => {
  test('unused line pointers at the end go; tuples do not move', () => {
    const page = pageWith(['one', 'two', 'three', 'four'])
    unuse(page, 1, 3, 4)
    truncateLinePointers(page)
    expect([maxOffset(page), pdUpper(page), pdFlags(page)]).toEqual([2, 8160, PD.HAS_FREE_LINES])
    expect(textAt(page, 2)).toBe('two')
  })

  test('none left before the end: no hint', () => {
    const page = pageWith(['one', 'two', 'three'])
    setPdFlags(page, PD.HAS_FREE_LINES | PD.ALL_VISIBLE)
    unuse(page, 2, 3)
    truncateLinePointers(page)
    expect([maxOffset(page), pdFlags(page)]).toEqual([1, PD.ALL_VISIBLE])
  })

  test('the first one always stays', () => {
    const page = pageWith(['one', 'two', 'three'])
    unuse(page, 1, 2, 3)
    truncateLinePointers(page)
    expect([maxOffset(page), pdFlags(page)]).toEqual([1, PD.HAS_FREE_LINES])
    const empty = pageWith([])
    truncateLinePointers(empty)
    expect(pdLower(empty)).toBe(24)
  })
})

test('pd_prune_xid keeps the oldest transaction, counted round the corner (PageSetPrunable)', () => {
  const page = pageWith([])
  setPrunable(page, 700)
  setPrunable(page, 701)
  expect(pruneXid(page)).toBe(700)
  setPrunable(page, 699)
  expect(pruneXid(page)).toBe(699)
  setPrunable(page, 0xfffffff0)
  expect(pruneXid(page)).toBe(0xfffffff0)
  setPruneXid(page, 0xfffffff0)
  setPrunable(page, 5)
  expect(pruneXid(page)).toBe(0xfffffff0)
})
