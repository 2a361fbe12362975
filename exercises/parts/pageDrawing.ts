// A page as a map, the right one beside the one that came: header, line pointers, free space, items in the order of
// their places, special space. Then the bytes in which they differ first.

import {
  BLCKSZ,
  formatLsn,
  itemId,
  LP,
  lpFlags,
  lpLength,
  lpOffset,
  pageLsn,
  pageOf,
  pdLower,
  pdSpecial,
  pdUpper,
  placeOn,
  type Page,
  type PageKind,
  type svg,
} from 'pgcrash'
import { comparedBytes } from '../drawing/bytes.js'
import { columns, sides, type ComparedRow } from '../drawing/columns.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { firstWrongByte } from './pages.js'

const PAGE_HEADER_SIZE = 24

interface Region {
  readonly name: string
  readonly words: string
  readonly kind: svg.Kind
  /** Bytes that are to be the same when the words are. */
  readonly bytes?: Uint8Array
}

/** Draws the right page and the one that came. `itemWords` says what an item is. */
export function drawPages(
  answer: Answer,
  right: Uint8Array,
  kind: PageKind,
  itemWords: (page: Page, offnum: number) => string,
): Picture {
  const got = answer?.value instanceof Uint8Array && answer.value.length === BLCKSZ ? answer.value : undefined
  const wanted = regionsOf(pageOf(right), itemWords)
  const found = new Map((got ? regionsOf(pageOf(got), itemWords) : []).map((region) => [region.name, region]))
  const names = new Set(wanted.map(({ name }) => name))
  const rows = [...wanted, ...[...found.values()].filter(({ name }) => !names.has(name))].map(
    (region): ComparedRow => {
      const [mine, theirs] = [names.has(region.name) ? region : undefined, found.get(region.name)]
      const differs =
        got !== undefined && (mine?.words !== theirs?.words || !equal(mine?.bytes, theirs?.bytes))
      return { name: region.name, expected: mine?.words, got: theirs?.words, differs, kind: region.kind }
    },
  )
  const at = got ? firstWrongByte(got, right) : BLCKSZ
  const place = at < BLCKSZ ? placeOn(kind, right, at) : undefined
  return {
    title: `A page as a map, ${wanted.length} pieces in the order of their places${place === undefined ? '' : `; ${place} is wrong first`}.`,
    panels: [
      columns(rows, { head: 'place', ...sides(got && answer) }),
      ...(at < BLCKSZ ? [comparedBytes({ expected: right, got, from: at, fieldAt: () => place ?? '' })] : []),
    ],
  }
}

function equal(a: Uint8Array | undefined, b: Uint8Array | undefined): boolean {
  return (a === undefined) === (b === undefined) && (a?.every((byte, i) => byte === b?.[i]) ?? true)
}

function regionsOf(page: Page, itemWords: (page: Page, offnum: number) => string): Region[] {
  const [lower, upper, special] = [pdLower(page), pdUpper(page), pdSpecial(page)]
  const count = lower >= PAGE_HEADER_SIZE && lower <= BLCKSZ ? (lower - PAGE_HEADER_SIZE) >> 2 : 0
  const pointers = Array.from({ length: count }, (_, i) => pointerAt(page, i + 1))
  const items = pointers.filter(
    ({ flags, length, at }) => flags !== LP.REDIRECT && length > 0 && at + length <= BLCKSZ,
  )
  const free = `${Math.max(0, upper - lower)} bytes, ${lower} to ${upper}`
  return [
    { name: 'pd_lsn', words: formatLsn(pageLsn(page)), kind: 'wal' },
    {
      name: 'header',
      words: `pd_lower ${lower}, pd_upper ${upper}`,
      kind: 'wal',
      bytes: page.bytes.subarray(10, 24),
    },
    ...pointers.map(({ offnum, words }): Region => ({ name: `lp ${offnum}`, words, kind: 'accent' })),
    { name: 'free space', words: free, kind: 'plain' },
    ...items
      .sort((a, b) => a.at - b.at)
      .map(({ offnum, at, length }): Region => ({
        name: `item ${offnum}`,
        words: `${at} ${itemWords(page, offnum)}`,
        kind: 'page',
        bytes: page.bytes.subarray(at, at + length),
      })),
    ...(special < BLCKSZ
      ? [
          {
            name: 'special',
            words: `${BLCKSZ - special} bytes from ${special} on`,
            kind: 'wal' as const,
            bytes: page.bytes.subarray(special),
          },
        ]
      : []),
  ]
}

interface Pointer {
  readonly offnum: number
  readonly flags: number
  readonly at: number
  readonly length: number
  readonly words: string
}

const FLAGS: Readonly<Record<number, string>> = {
  [LP.UNUSED]: 'unused',
  [LP.NORMAL]: '',
  [LP.REDIRECT]: 'redirects',
  [LP.DEAD]: 'dead',
}

function pointerAt(page: Page, offnum: number): Pointer {
  const id = itemId(page, offnum)
  const [flags, at, length] = [lpFlags(id), lpOffset(id), lpLength(id)]
  const place = flags === LP.REDIRECT ? `to ${at}` : length === 0 && at === 0 ? '' : `${at}, ${length} bytes`
  const outside = flags !== LP.REDIRECT && at + length > BLCKSZ ? ', outside' : ''
  return { offnum, flags, at, length, words: `${FLAGS[flags]} ${place}`.trim() + outside }
}
