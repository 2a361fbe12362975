// Records by another hand are the records of the log, also where a record was written over, and where the other hand
// stops in the middle.

import { expect, test } from 'vitest'
import { BufferPool } from '../buffers/bufferPool.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { BatchWriter, emptyBatch, type RecordBatch } from '../wal/recordBatch.js'
import { WalReader } from '../wal/reader.js'
import { soleTimeline } from '../wal/timelines.js'
import { WalWriter } from '../wal/writer.js'
import { HandedOverLog, type Assistant } from './handedOver.js'
import type { RecordSource } from './replay.js'
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

/** Hands over as many records, one a batch, and then no more. */
function helpful(open: () => WalReader, records: number): Assistant {
  const reader = open()
  let left = records
  return {
    records(): RecordBatch | undefined {
      const record = reader.read()
      if (record.kind === 'end' || left-- === 0) return undefined
      const writer = new BatchWriter(emptyBatch(1024))
      writer.add(record, reader.overwritten)
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

test('wherever it stops, every record is read once, and the one that was written over is told of', () => {
  const open = tornLog()
  const expected = heard(open())
  const overwritten = expected.filter((one) => Array.isArray(one) && one[3] !== undefined)
  expect([expected.length, overwritten.length]).toEqual([9, 1]) // seven records; then where and why it ends
  const reader = open()
  let end = reader.read()
  let records = 0
  for (; end.kind === 'record'; end = reader.read()) records++
  const survey = { records, end } as Survey
  const pool = new BufferPool(memoryDisk(), { checksums: true })
  for (let handed = 0; handed <= records; handed++) {
    const log = new HandedOverLog(helpful(open, handed), pool, { survey: () => survey, open })
    expect(heard(log), `${handed} records handed over`).toEqual(expected)
  }
})
