// Records that were handed over are the records that were read: every field, every byte, wherever they lay.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { viewOf } from '../bytes/layout.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { reference } from '../parts.js'
import { findStartPoint } from '../recovery/startup.js'
import { openLog } from '../recovery/survey.js'
import { crashedCopy } from '../scenes/cache.js'
import { assembleRecord } from './assemble.js'
import { decodeRecord } from './decoder.js'
import { WalRecord } from './record.js'
import { BatchReader, BatchWriter, emptyBatch, type RecordBatch } from './recordBatch.js'

const folder = mkdtempSync(join(tmpdir(), 'pgcrash-batch-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

/** All that a record says, copied. */
function contents(record: WalRecord): unknown {
  const { lsn, endLsn, xl_tot_len, xl_xid, xl_info, xl_rmid, xl_prev, xl_crc, toplevelXid, origin } = record
  const blocks = record.blocks.map((ref) => ({
    place: [ref.id, ref.flags, ref.spcOid, ref.dbOid, ref.relNumber, ref.block],
    data: record.blockData(ref).slice(),
    image: ref.image && {
      ...ref.image,
      at: ref.image.at - record.at,
      bytes: record.imageBytes(ref.image).slice(),
    },
  }))
  const numbers = [lsn, endLsn, xl_tot_len, xl_xid, xl_info, xl_rmid, xl_prev, xl_crc, toplevelXid, origin]
  return { numbers, blocks, main: record.main.slice(), raw: record.raw.slice() }
}

test('a real log, its windows in the memory that is handed over, batch after batch', async () => {
  const { dir } = await crashedCopy('bank', join(folder, 'data'))
  const disk = nodeDisk(dir, { readOnly: true })
  const start = findStartPoint(disk, reference)
  const expected: unknown[] = []
  const plain = openLog(disk, start, reference)
  for (let record; (record = plain.read()).kind === 'record';) expected.push(contents(record))

  const found: unknown[] = []
  const told: string[] = []
  const reader = new BatchReader(({ relNumber, fork, block, count }) => {
    for (let i = 0; i < count; i++) told.push(`${relNumber[i]} ${fork[i]} ${block[i]}`)
  })
  let memory = emptyBatch(64 * 1024)
  let writer = new BatchWriter(memory)
  let batches = 0
  const handOver = (): void => {
    memory = writer.take()
    reader.begin(memory)
    for (let record; (record = reader.read());) found.push(contents(record))
    batches++
  }
  const window = (bytes: number): Uint8Array => {
    if (!writer.isEmpty) handOver()
    writer = new BatchWriter(memory.window.byteLength < bytes ? (memory = emptyBatch(bytes)) : memory)
    return writer.windowBytes.subarray(0, bytes)
  }
  const log = openLog(disk, start, reference, {
    transient: { window, record: (bytes) => writer.reserve(bytes) },
  })
  for (let record; (record = log.read()).kind === 'record';) writer.add(record, undefined)
  handOver()
  disk.close()

  expect(batches).toBeGreaterThanOrEqual(2)
  expect(found).toEqual(expected)
  const touched = expected as Array<{ blocks: Array<{ place: number[]; image: unknown }> }>
  expect(touched.some(({ blocks }) => blocks.some(({ image }) => image))).toBe(true)
  const plainBlocks = touched.flatMap(({ blocks }) => blocks.filter(({ image }) => !image))
  const wanted = new Set(plainBlocks.map(({ place }) => `${place[4]} ${place[1] & 0xf} ${place[5]}`))
  expect(new Set(told)).toEqual(wanted)
})

test('a batch grows with what is put into it, and tells of records that were written over', () => {
  const bytes = assembleRecord({ rmid: 21, info: 0, xid: 9, main: new Uint8Array(5000).fill(9) })
  const one = new WalRecord(bytes, viewOf(bytes), 0, bytes.length, 9, 0, 21, 0, 48, 0, 5104)
  expect(decodeRecord(one)).toBeUndefined()
  const writer = new BatchWriter(emptyBatch(1024))
  for (let i = 0; i < 600; i++) writer.add(one, i === 0 || i === 300 || i === 301 ? BigInt(i + 1) : undefined)
  const batch: RecordBatch = writer.take()
  expect([batch.records, batch.overwritten]).toEqual([600, [[0, 1n], [300, 301n], [301, 302n]]]) // prettier-ignore
  const reader = new BatchReader(() => {})
  reader.begin(batch)
  const heard: unknown[] = []
  let n = 0
  for (let read; (read = reader.read()); n++) {
    expect(Buffer.compare(read.raw, one.raw)).toBe(0)
    if (reader.overwritten !== undefined) heard.push([n, reader.overwritten])
    reader.overwritten = undefined
  }
  expect([n, heard]).toEqual([600, [[0, 1n], [300, 301n], [301, 302n]]]) // prettier-ignore
})

test('what is told between records is heard there, and records left out are counted', () => {
  const bytes = assembleRecord({ rmid: 21, info: 0, xid: 9, main: new Uint8Array(10) })
  const writer = new BatchWriter<string>(emptyBatch(1024))
  expect([writer.isEmpty, writer.take().end, writer.leftOut]).toEqual([true, undefined, 0])
  for (let i = 0; i < 9; i++) {
    if (i === 0 || i === 4 || i === 5) writer.note(`before ${i}`)
    if (i === 4) writer.note('once more')
    const one = new WalRecord(bytes, viewOf(bytes), 0, bytes.length, 9, 0, 21, 1, i, 1, i + 1)
    if (i % 3 === 0) writer.leaveOut(one, i === 3 ? 77n : undefined)
    else writer.add(one, undefined)
  }
  writer.note('after the last')
  writer.newestXid = 99
  const batch = writer.take()
  expect([writer.isEmpty, writer.leftOut, batch.left, batch.newestXid]).toEqual([false, 1 / 3, 3, 99])
  expect(batch.end).toBe((1n << 32n) + 9n)
  const all: unknown[] = []
  const reader = new BatchReader<string>(
    () => {},
    (note) => all.push(note),
  )
  reader.begin(batch)
  for (let read; (read = reader.read());) {
    if (reader.overwritten !== undefined) all.push(reader.overwritten)
    reader.overwritten = undefined
    all.push(Number(read.lsn & 0xffn))
  }
  expect(all).toEqual([
    'before 0',
    1,
    2,
    'before 4',
    'once more',
    77n,
    4,
    'before 5',
    5,
    7,
    8,
    'after the last',
  ])
})

test('a batch of nothing but words is none of nothing', () => {
  const writer = new BatchWriter<string>(emptyBatch(0))
  writer.note('alone')
  expect(writer.isEmpty).toBe(false)
  const heard: string[] = []
  const reader = new BatchReader<string>(
    () => {},
    (note) => heard.push(note),
  )
  reader.begin(writer.take())
  expect([reader.read(), reader.read(), heard]).toEqual([undefined, undefined, ['alone']])
})
