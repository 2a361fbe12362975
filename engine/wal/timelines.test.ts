import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { timelineHistory } from './timelines.js'

test('a timeline without a history file stands alone', () => {
  expect(timelineHistory(memoryDisk(), 1)).toEqual([1])
})

test('ancestors are listed newest first; comments and empty lines say nothing', () => {
  const history =
    '# made by hand\n1\t0/3000158\tbefore 2026-11-21 01:00:00+00\n\n2\t0/5A000000\tno recovery target specified\n'
  const disk = memoryDisk([['pg_wal/0000000B.history', new TextEncoder().encode(history)]])
  expect(timelineHistory(disk, 11)).toEqual([11, 2, 1])
})
