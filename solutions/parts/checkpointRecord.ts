// 07-final-checkpoint: the record that ends recovery.

import fc from 'fast-check'
import { CheckPoint, crc32c, crcFinish, CRC_INIT, crcUpdate } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition, position } from '../../exercises/checking/positions.js'
import {
  checkpointWith,
  endOfLog,
  recordNote,
  someCheckpoint,
  writing,
  type RecordInput,
} from '../../exercises/parts/checkpointRecord.js'
import type { Solution } from '../solution.js'

/** Header, announcement, body; the CRC last, when everything else is in its place. */
export function checkpointRecord(checkpoint: CheckPoint, start: bigint, previous: bigint): Uint8Array {
  const record = new Uint8Array(114)
  const view = new DataView(record.buffer)
  view.setUint32(0, record.length, true) // xl_tot_len; xl_xid, xl_info and xl_rmid are 0
  view.setBigUint64(8, previous, true)
  record.set([255, 88], 24) // main data, 88 bytes of it
  CheckPoint.write(record, 26, { ...checkpoint, redo: start, oldestActiveXid: 0 }) // it is its own redo point
  const payload = crcUpdate(CRC_INIT, record, 24, record.length)
  view.setUint32(20, crcFinish(crcUpdate(payload, record, 0, 20)), true)
  return record
}

type Pieces = Readonly<{
  body: (checkpoint: CheckPoint, start: bigint, previous: bigint) => CheckPoint
  header: (view: DataView, start: bigint, previous: bigint) => void
  crc: (record: Uint8Array) => number
}>

/** The solution, with one of its pieces another one. */
const variant =
  (pieces: Partial<Pieces>): ((checkpoint: CheckPoint, start: bigint, previous: bigint) => Uint8Array) =>
  (checkpoint, start, previous) => {
    const record = checkpointRecord(checkpoint, start, previous)
    const view = new DataView(record.buffer)
    if (pieces.body) CheckPoint.write(record, 26, pieces.body(checkpoint, start, previous))
    pieces.header?.(view, start, previous)
    view.setUint32(20, (pieces.crc ?? payloadFirst)(record), true)
    return record
  }

const payloadFirst = (record: Uint8Array): number =>
  crcFinish(crcUpdate(crcUpdate(CRC_INIT, record, 24, record.length), record, 0, 20))

/** Joined from pieces, its CRC over one array of everything that counts. */
function joined(checkpoint: CheckPoint, start: bigint, previous: bigint): Uint8Array {
  const body = new Uint8Array(88)
  CheckPoint.write(body, 0, { ...checkpoint, redo: start, oldestActiveXid: 0 })
  const number = (value: bigint, length: number): number[] =>
    Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
  const head = [...number(114n, 4), ...number(0n, 4), ...number(previous, 8), 0, 0, 0, 0]
  const rest = [255, 88, ...body]
  const crc = crc32c(Uint8Array.from([...rest, ...head]))
  return Uint8Array.from([...head, ...number(BigInt(crc), 4), ...rest])
}

const asInput = (
  checkpoint: CheckPoint,
  { start, previous }: { start: bigint; previous: bigint },
): RecordInput => [checkpoint, start, previous]

const right = (checkpoint: CheckPoint, start: bigint): CheckPoint => ({
  ...checkpoint,
  redo: start,
  oldestActiveXid: 0,
})

const runs = 60

export const checkpointRecordSolution: Solution<'checkpointRecord'> = {
  name: 'checkpointRecord',
  solution: checkpointRecord,
  hidden: [
    generated(writing, {
      rule: "The record's redo point is its own start.",
      why: 'Nothing is logged between a shutdown checkpoint and its redo point (CreateCheckPoint, xlog.c).',
      note: recordNote,
      runs,
      input: fc.tuple(someCheckpoint, endOfLog).map(([checkpoint, end]) => asInput(checkpoint, end)),
    }),
    generated(writing, {
      rule: 'xl_prev is where the record before it starts, and positions have 64 bits.',
      why: 'A record whose xl_prev is another one is taken for an old one out of a recycled segment.',
      note: recordNote,
      runs,
      input: fc
        .tuple(someCheckpoint, highPosition, fc.integer({ min: 3, max: 200 }))
        .map(([checkpoint, start, eighths]) =>
          asInput(checkpoint, { start, previous: start - 8n * BigInt(eighths) }),
        ),
    }),
    generated(writing, {
      rule: 'All counters of the checkpoint go into the record, the 64 bits of nextXid too.',
      why: 'A transaction id that is given out twice makes rows of the dead visible.',
      note: recordNote,
      runs,
      input: fc
        .tuple(
          position(0x28n),
          fc.bigInt({ min: 1n << 32n, max: 1n << 40n }),
          fc.nat({ max: 5000 }),
          endOfLog,
        )
        .map(([redo, nextXid, salt, end]) => asInput(checkpointWith(redo, 1, nextXid, salt), end)),
    }),
    generated(writing, {
      rule: 'On a later timeline, too, the record is a shutdown checkpoint and belongs to no transaction.',
      why: 'An online checkpoint must have its CHECKPOINT_REDO record, and this one has none.',
      note: recordNote,
      runs,
      input: fc
        .tuple(position(0x28n), fc.integer({ min: 2, max: 40 }), fc.nat({ max: 5000 }), endOfLog)
        .map(([redo, timeline, salt, end]) => asInput(checkpointWith(redo, timeline, 900n, salt), end)),
    }),
  ],
  alsoRight: { 'joined from pieces': joined },
  wrong: {
    'redo of the checkpoint before this one': variant({
      body: (checkpoint) => ({ ...checkpoint, oldestActiveXid: 0 }),
    }),
    'redo is the end of the record': variant({
      body: (checkpoint, start) => ({ ...right(checkpoint, start), redo: start + 120n }),
    }),
    'oldestActiveXid left as it was': variant({
      body: (checkpoint, start) => ({ ...checkpoint, redo: start }),
    }),
    'xl_prev is its own start': variant({
      header: (view, start) => view.setBigUint64(8, start, true),
    }),
    'xl_prev is the redo point of the last checkpoint': (checkpoint, start) =>
      checkpointRecord(checkpoint, start, checkpoint.redo),
    'the low half of xl_prev only': (checkpoint, start, previous) =>
      checkpointRecord(checkpoint, start, previous & 0xffffffffn),
    'an online checkpoint': variant({ header: (view) => view.setUint8(16, 0x10) }),
    'the next transaction id as its own': variant({ header: (view) => view.setUint32(4, 777, true) }),
    'the length with padding': variant({ header: (view) => view.setUint32(0, 120, true) }),
    'padded to a multiple of eight': (checkpoint, start, previous) =>
      Uint8Array.from({ length: 120 }, (_, at) => checkpointRecord(checkpoint, start, previous)[at] ?? 0),
    'no announcement of the main data': (checkpoint, start, previous) => {
      const record = checkpointRecord(checkpoint, start, previous)
      return Uint8Array.from([...record.subarray(0, 24), ...record.subarray(26)])
    },
    'the long announcement': (checkpoint, start, previous) => {
      const record = checkpointRecord(checkpoint, start, previous)
      return Uint8Array.from([...record.subarray(0, 24), 254, 88, 0, 0, 0, ...record.subarray(26)])
    },
    'the CRC of the header first': variant({
      crc: (record) => crcFinish(crcUpdate(crcUpdate(CRC_INIT, record, 0, 20), record, 24, record.length)),
    }),
    'the CRC before the header is complete': variant({
      crc: (record) => {
        const unfinished = record.slice()
        unfinished.fill(0, 0, 20)
        return payloadFirst(unfinished)
      },
    }),
    'no CRC': variant({ crc: () => 0 }),
    'nextXid with 32 bits': (checkpoint, start, previous) =>
      checkpointRecord({ ...checkpoint, nextXid: checkpoint.nextXid & 0xffffffffn }, start, previous),
    'the highest byte first': variant({
      header: (view, _start, previous) => {
        view.setUint32(0, 114)
        view.setBigUint64(8, previous)
      },
    }),
  },
}
