// Records by another hand are the records of the log, also where a record was written over, and where the other hand
// stops in the middle.

import { describe, expect, test } from 'vitest'
import { CorruptData, DiskFault, tell } from '../bytes/errors.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { testWorld } from '../redo/testing/context.js'
import { BatchWriter, emptyBatch } from '../wal/recordBatch.js'
import type { WalRecord } from '../wal/record.js'
import { WalReader } from '../wal/reader.js'
import { soleTimeline } from '../wal/timelines.js'
import { WalWriter } from '../wal/writer.js'
import { AssistantLost, HandedOverLog, type Assistant, type HandedOver } from './handedOver.js'
import type { RecordSource } from './replay.js'
import type { ShareNote } from './share.js'
import type { Survey } from './survey.js'

const SEGMENT = 1 << 20
const SYSTEM = 7_000_000_000_000_000_001n
const BEGIN = BigInt(SEGMENT)

/** A log whose fourth record was torn by a crash; it then went on at the next page. */
function tornLog(): () => WalReader {
  const disk = memoryDisk([], ['pg_wal'])
  const segment = { disk, segmentSize: SEGMENT, timeline: 1, systemIdentifier: SYSTEM }
  const before = new WalWriter({ ...segment, position: BEGIN, previous: 0n })
  let previous = 0n
  for (let i = 0; i < 3; i++) previous = before.insert(21, 0, i + 3, new Uint8Array(1000)).start
  before.write()
  const position = before.position
  before.insert(21, 0, 9, new Uint8Array(20_000))
  before.write()
  const missing = (position / 8192n + 1n) * 8192n
  const after = new WalWriter({ ...segment, position: missing, previous })
  after.overwriteContinuation()
  for (let i = 0; i < 4; i++) after.insert(21, 0, i + 20, new Uint8Array(1000))
  after.write()
  return () => {
    const reader = new WalReader({
      disk,
      segmentSize: SEGMENT,
      timelines: soleTimeline(1),
      systemIdentifier: SYSTEM,
    })
    reader.beginAt(BEGIN)
    return reader
  }
}

/** Positions of the records, and what was written over before each; then why there are no more. */
function heard(source: RecordSource): unknown[] {
  const all: unknown[] = []
  for (;;) {
    const record = source.read()
    if (record.kind === 'end') return [...all, record.lsn, record.reason]
    all.push([record.lsn, record.xl_xid, record.raw.length, source.overwritten])
    source.overwritten = undefined
  }
}

/** Hands over as many records, one a batch, and then no more. `own`: what he does with a record instead. */
function helpful(
  open: () => WalReader,
  records: number,
  own: (record: WalRecord, writer: BatchWriter<ShareNote>) => boolean = () => false,
): Assistant {
  const reader = open()
  let left = records
  return {
    records(): HandedOver | undefined {
      const record = reader.read()
      if (record.kind === 'end' || left-- === 0) return undefined
      const writer = new BatchWriter<ShareNote>(emptyBatch(1024))
      if (!own(record, writer)) writer.add(record, reader.overwritten)
      reader.overwritten = undefined
      return writer.take()
    },
    giveBack: () => {},
    result: () => undefined,
    memory: () => undefined,
    writer: undefined,
    dismiss: () => {},
  }
}

/** The whole log: how many records, and its end. */
function surveyed(open: () => WalReader): Survey {
  const reader = open()
  let end = reader.read()
  let records = 0
  for (; end.kind === 'record'; end = reader.read()) records++
  return { records, end } as Survey
}

test('wherever it stops, every record is read once, and the one that was written over is told of', () => {
  const open = tornLog()
  const expected = heard(open())
  const overwritten = expected.filter((one) => Array.isArray(one) && one[3] !== undefined)
  expect([expected.length, overwritten.length]).toEqual([9, 1]) // seven records; then where and why it ends
  const survey = surveyed(open)
  for (let handed = 0; handed <= survey.records; handed++) {
    const log = new HandedOverLog(helpful(open, handed), testWorld().context, { survey: () => survey, open })
    expect(heard(log), `${handed} records handed over`).toEqual(expected)
  }
})

describe('records that the assistant has replayed himself', () => {
  const open = tornLog()
  const survey = surveyed(open)
  const returned: ShareNote = { kind: 'returned', forks: [], pieces: [], last: true }

  test('are counted, and so is their newest transaction; the rest is read on behind them', () => {
    const { context } = testWorld()
    let own = 0
    const assistant = helpful(open, 6, (record, writer) => {
      if (record.xl_xid === 20) writer.note(returned) // the pages are back with the sixth
      if (own === 2 || record.xl_rmid !== 21) return false
      own++
      writer.leaveOut(record, undefined)
      writer.newestXid = 12_345
      return true
    })
    const log = new HandedOverLog(assistant, context, { survey: () => survey, open })
    const all = heard(log)
    expect(all).toEqual(heard(open()).slice(2))
    expect([log.records, context.counters.nextXid]).toEqual([survey.records, 12_346n])
  })

  test('come back as pages, in the memory they are in', () => {
    const { context } = testWorld()
    const memory = new SharedArrayBuffer(64 * 8192)
    const pieces = [{ memory, number: 9 }]
    const locator = { spcOid: 1663, dbOid: 5, relNumber: 16999 }
    const forks = [{ locator, fork: 0, nblocks: 12, blocks: [3, 7], places: [9 * 64 + 5, 9 * 64] }]
    const assistant = helpful(open, 2, (_, writer) => {
      writer.note({ kind: 'returned', forks: forks.splice(0), pieces, last: true })
      return false
    })
    const log = new HandedOverLog(assistant, context, { survey: () => survey, open })
    expect(heard(log)).toEqual(heard(open()))
    const file = context.pool.relation(1663, 5, 16999, 0)
    expect(file.nblocks).toBe(12)
    const pages = context.pool.dirtyPages()
    expect(pages.map(({ block, place, bytes }) => [block, place, bytes.byteOffset])).toEqual([
      [3, 9 * 64 + 5, 5 * 8192],
      [7, 9 * 64, 0],
    ])
    expect(pages.every(({ bytes }) => bytes.buffer === memory)).toBe(true)
  })

  test('are lost with him, when he is not heard of any more before their pages are back', () => {
    const assistant = helpful(open, 3, (record, writer) => (writer.leaveOut(record, undefined), true))
    const log = new HandedOverLog(assistant, testWorld().context, { survey: () => survey, open })
    expect(() => heard(log)).toThrow(AssistantLost)
  })

  test.each([
    [
      new CorruptData({ file: 'base/5/1', what: 'a hole', expected: 'none', found: 'one' }).during('redo'),
      CorruptData,
    ],
    [new DiskFault('could not read'), DiskFault],
    [new TypeError('a mistake of ours'), Error],
  ] as const)('and what he met is met here, at the same record: %s', (error, kind) => {
    const assistant = helpful(open, 3, (record, writer) => {
      if (record.xl_xid !== 5) return false
      writer.note({ kind: 'failed', error: tell(error) })
      writer.leaveOut(record, undefined)
      return true
    })
    const log = new HandedOverLog(assistant, testWorld().context, { survey: () => survey, open })
    expect([log.read().kind, log.read().kind]).toEqual(['record', 'record'])
    let met: unknown
    try {
      log.read()
    } catch (thrown) {
      met = thrown
    }
    expect(met).toBeInstanceOf(kind)
    expect(met).toMatchObject({ ...error, message: error.message })
  })
})
