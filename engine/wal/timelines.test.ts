// Histories of timelines: read from their files, and asked which timeline a position belongs to.

import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { notInHistory, soleTimeline, timelineAt, timelineHistory } from './timelines.js'

const history = (text: string, name = '0000000B'): ReturnType<typeof memoryDisk> =>
  memoryDisk([[`pg_wal/${name}.history`, new TextEncoder().encode(text)]])
const TWO_PARENTS =
  '# made by hand\n1\t0/3000158\tbefore 2026-11-21 01:00:00+00\n\n2\t0/5A000000\tno recovery target specified\n'

test('a timeline without a history file stands alone; the first never has one', () => {
  expect(timelineHistory(memoryDisk(), 2)).toEqual(soleTimeline(2))
  expect(timelineHistory(history('garbage', '00000001'), 1)).toEqual(soleTimeline(1))
})

test('ancestors are listed newest first, each to where it was left; comments and empty lines say nothing', () => {
  expect(timelineHistory(history(TWO_PARENTS), 11)).toEqual([
    { id: 11, begin: 0x5a000000n, end: undefined },
    { id: 2, begin: 0x3000158n, end: 0x5a000000n },
    { id: 1, begin: 0n, end: 0x3000158n },
  ])
})

test.each([
  ['first', '1 0/1\nfirst 0/2\n', /syntax error in history file: first 0\/2/],
  ['no position', '1\n', /syntax error in history file: 1/],
  ['not increasing', '2 0/1\n2 0/3\n', /must be in increasing sequence: 2 0\/3/],
  ['a parent younger than its child', '11 0/1\n', /must be less than child timeline's ID/],
])('a history that makes no sense: %s', (_, text, sentence) => {
  expect(() => timelineHistory(history(text), 11)).toThrow(sentence)
})

test('a position belongs to one timeline; a checkpoint on another one is no part of the history', () => {
  const timelines = timelineHistory(history(TWO_PARENTS), 11)
  expect([0x3000157n, 0x3000158n, 0x59ffffffn, 0x5a000000n].map((lsn) => timelineAt(timelines, lsn))).toEqual(
    [1, 2, 2, 11],
  )
  expect(notInHistory(timelines, 2, 0x3000158n)).toBeUndefined()
  expect(notInHistory(timelines, 1, 0x3000158n)).toBe(
    "requested timeline 11 is not a child of this server's history: the latest checkpoint is at 0/3000158 " +
      'on timeline 1, but the server forked off from it at 0/3000158',
  )
  expect(notInHistory(timelines, 7, 0x1n)).toBe("requested timeline 7 is not in this server's history")
})
