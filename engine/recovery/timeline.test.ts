// A log that goes from timeline to timeline: which switches are believed, and in which file the next byte is looked for.

import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { CheckPoint } from '../format/checkpoint.js'
import { segmentFileName, type Lsn } from '../format/lsn.js'
import { EndOfRecovery, XLOG } from '../redo/xlog.js'
import { WalReader } from '../wal/reader.js'
import { WalSegments, type Timeline } from '../wal/segments.js'
import { WalWriter } from '../wal/writer.js'
import { TimelineWatch } from './timeline.js'

const SEGMENT = 1 << 20
const SWITCH = BigInt(SEGMENT) + 0x3000n
const HISTORY: readonly Timeline[] = [
  { id: 2, begin: SWITCH, end: undefined },
  { id: 1, begin: 0n, end: SWITCH },
]

const checkpoint = (ThisTimeLineID: number, PrevTimeLineID = ThisTimeLineID): Uint8Array => {
  const main = new Uint8Array(CheckPoint.size)
  CheckPoint.write(main, 0, { ...CheckPoint.read(main), ThisTimeLineID, PrevTimeLineID })
  return main
}
const endOfRecovery = (ThisTimeLineID: number, PrevTimeLineID: number): Uint8Array => {
  const main = new Uint8Array(EndOfRecovery.size)
  EndOfRecovery.write(main, 0, { end_time: 0n, ThisTimeLineID, PrevTimeLineID, wal_level: 1 })
  return main
}

/** Writes one record and lets a watch on timeline 1 look at it. */
function watched(info: number, main: Uint8Array): TimelineWatch {
  const disk = memoryDisk([], ['pg_wal'])
  const where = { disk, segmentSize: SEGMENT, systemIdentifier: 1n }
  const writer = new WalWriter({ ...where, timeline: 1, position: BigInt(SEGMENT), previous: 0n })
  writer.insert(0, info, 0, main)
  writer.write()
  const reader = new WalReader({ ...where, timelines: HISTORY })
  reader.beginAt(BigInt(SEGMENT))
  const record = reader.read()
  if (record.kind === 'end') throw new Error(record.reason)
  const watch = new TimelineWatch(1, HISTORY)
  watch.take(record)
  return watch
}

test.each([
  ['a shutdown checkpoint that stays', XLOG.CHECKPOINT_SHUTDOWN, checkpoint(1)],
  ['a shutdown checkpoint that goes over to the child', XLOG.CHECKPOINT_SHUTDOWN, checkpoint(2, 1)],
  ['an online checkpoint that stays', XLOG.CHECKPOINT_ONLINE, checkpoint(1)],
  ['the end of a recovery', XLOG.END_OF_RECOVERY, endOfRecovery(2, 1)],
])('believed: %s', (_, info, main) => {
  expect(() => watched(info, main)).not.toThrow()
})

test.each([
  [
    'from elsewhere',
    XLOG.END_OF_RECOVERY,
    endOfRecovery(2, 3),
    /unexpected previous timeline ID 3 \(current timeline ID 1\)/,
  ],
  ['to a stranger', XLOG.CHECKPOINT_SHUTDOWN, checkpoint(3, 1), /unexpected timeline ID 3 \(after 1\)/],
  [
    'in the middle of running',
    XLOG.CHECKPOINT_ONLINE,
    checkpoint(2, 1),
    /unexpected timeline ID 2 \(should be 1\)/,
  ],
])('refused: a switch %s', (_, info, main, sentence) => {
  expect(() => watched(info, main)).toThrow(sentence)
})

test('a segment is looked for on the newest timeline that may have it, and never on an older one again', () => {
  const disk = memoryDisk([], ['pg_wal'])
  const file = (timeline: number, segment: Lsn): void =>
    disk.write(`pg_wal/${segmentFileName(timeline, segment, SEGMENT)}`, 0, new Uint8Array(8192))
  for (const [timeline, segment] of [
    [1, 0n],
    [2, 0n], // left behind by another life: timeline 2 begins in segment 1
    [1, 1n],
    [2, 1n],
    [1, 2n], // the parent went on by itself
  ] as const)
    file(timeline, segment)
  const segments = new WalSegments(disk, SEGMENT, HISTORY)
  expect([0n, 1n, 2n].map((segment) => segments.find(segment)?.timeline)).toEqual([1, 2, 1])
  expect(segments.find(2n, 2)).toBeUndefined()
})
