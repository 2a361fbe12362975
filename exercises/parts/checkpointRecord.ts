// The record that ends recovery: a shutdown checkpoint, its header, its 88 bytes, its CRC.

import fc from 'fast-check'
import {
  CheckPoint,
  CHECKPOINT_RECORD_LENGTH,
  encodeRecord,
  formatLsn,
  nodeDisk,
  openLog,
  overlayDisk,
  readControlFile,
  recordCrc,
  recover,
  reference,
  findStartPoint,
  XLogRecord,
  type CrashedScene,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { controlFileWith } from './controlFiles.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { comparedBytes } from '../drawing/bytes.js'

export type RecordInput = [checkpoint: CheckPoint, start: bigint, previous: bigint]

const RM_XLOG_ID = 0
const XLOG_CHECKPOINT_SHUTDOWN = 0

export const writing: Contract<RecordInput, Uint8Array> = {
  name: 'checkpointRecord',
  draw: drawRecordBytes,
  reference(checkpoint, start, previous) {
    const main = new Uint8Array(CheckPoint.size)
    CheckPoint.write(main, 0, { ...checkpoint, redo: start, oldestActiveXid: 0 })
    const record = encodeRecord(RM_XLOG_ID, XLOG_CHECKPOINT_SHUTDOWN, 0, previous, main)
    new DataView(record.buffer).setUint32(XLogRecord.at.xl_crc, recordCrc(record), true)
    return record
  },
  show: ({ redo, ThisTimeLineID, nextXid, nextOid, oldestActiveXid }, start, previous) =>
    [
      `the record starts at ${formatLsn(start)}, the one before it at ${formatLsn(previous)}`,
      `the last checkpoint's redo point was ${formatLsn(redo)}, its oldest active transaction ${oldestActiveXid}`,
      `timeline ${ThisTimeLineID}, next transaction ${nextXid}, next OID ${nextOid}, …`,
    ].join('\n'),
  showAnswer: (answer) =>
    answer instanceof Uint8Array ? `${answer.length} bytes:\n${dump(answer)}` : 'no Uint8Array',
  replay: (_checkpoint, start, previous) =>
    `checkpointRecord(lastCheckpoint, 0x${start.toString(16).toUpperCase()}n, 0x${previous.toString(16).toUpperCase()}n)`,
}

function dump(bytes: Uint8Array): string {
  const found: string[] = []
  for (let at = 0; at < Math.min(bytes.length, 128); at += 16) {
    const digits = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'))
    found.push(`${String(at).padStart(4)}  ${digits.join(' ')}`)
  }
  return found.join('\n')
}

const BODY = XLogRecord.size + 2

/** The field that a byte of the record belongs to. */
function fieldAt(at: number): string {
  const of = (fields: typeof XLogRecord.fields, offset: number): string | undefined =>
    fields.find((field) => field.offset <= offset && offset < field.offset + field.size)?.name
  if (at < XLogRecord.size) return of(XLogRecord.fields, at) ?? 'the padding of the header'
  if (at < BODY) return "the main data's header"
  return of(CheckPoint.fields, at - BODY) ?? 'the padding of the CheckPoint'
}

/** Names the first field that is wrong; the CRC only when all others are right. */
export function recordNote(answer: Plain, ...input: RecordInput): string {
  if (!(answer instanceof Uint8Array)) return 'The answer is a record: a Uint8Array.'
  if (answer.length !== CHECKPOINT_RECORD_LENGTH)
    return `A checkpoint record has ${CHECKPOINT_RECORD_LENGTH} bytes: 24 of header, 2 that announce the main data, 88 of CheckPoint.`
  const right = writing.reference(...input)
  const wrong = [...right.keys()].filter((at) => right[at] !== answer[at])
  const at = wrong.find((place) => fieldAt(place) !== 'xl_crc')
  if (at !== undefined) return `Byte ${at}, in ${fieldAt(at)}, is not what it should be.`
  return 'Only the CRC is wrong: "incorrect resource manager data checksum", and no start any more.'
}

/** A checkpoint as recovery's counters have it at the end of the log; redo and oldestActiveXid are still the last one's. */
export function checkpointWith(redo: bigint, timeline: number, nextXid: bigint, salt: number): CheckPoint {
  return {
    ...controlFileWith({ redo, checkPoint: redo }).checkPointCopy,
    ThisTimeLineID: timeline,
    PrevTimeLineID: timeline,
    nextXid,
    nextOid: 16384 + salt,
    nextMulti: 1 + (salt % 9),
    nextMultiOffset: salt % 7,
    time: 1782000000n + BigInt(salt),
    oldestActiveXid: Number(nextXid & 0xffffffffn) - (salt % 3),
  }
}

/** The end of a log: the last record's start, and where the next one goes. */
export const endOfLog: fc.Arbitrary<{ previous: bigint; start: bigint }> = fc
  .tuple(position(), fc.integer({ min: 3, max: 1000 }))
  .map(([previous, eighths]) => ({ previous, start: previous + 8n * BigInt(eighths) }))

export const someCheckpoint: fc.Arbitrary<CheckPoint> = fc
  .tuple(position(0x28n, 0x1000000n), fc.integer({ min: 750, max: 100000 }), fc.nat({ max: 5000 }))
  .map(([redo, xid, salt]) => checkpointWith(redo, 1, BigInt(xid), salt))

/** The record's bytes where they differ first, but for the CRC, which follows from the others. */
function drawRecordBytes(answer: Answer, ...input: RecordInput): Picture {
  const right = writing.reference(...input)
  const got = answer?.value instanceof Uint8Array ? answer.value : undefined
  const places = [...Array(Math.max(right.length, got?.length ?? 0)).keys()]
  const wrong = got ? places.filter((at) => got[at] !== right[at]) : []
  const from = wrong.find((at) => fieldAt(at) !== 'xl_crc') ?? wrong[0]
  return {
    title: `A checkpoint record at ${formatLsn(input[1])}, byte by byte${from === undefined ? '' : `: ${fieldAt(from)} is wrong first`}.`,
    panels: [comparedBytes({ expected: right, got, fieldAt, from })],
  }
}

export const checkpointRecord: Exercise = {
  name: 'checkpointRecord',
  notebook: '07-final-checkpoint',
  visible: [
    examples(writing, {
      rule: 'The record behind a log that ends at 0/9FE5C8.',
      why: 'Without a valid checkpoint record PostgreSQL does not start: "could not locate a valid checkpoint record".',
      note: recordNote,
      inputs: [[checkpointWith(0x8e6b20n, 1, 777n, 24), 0x9fe5c8n, 0x9fe588n]],
    }),
    generated(writing, {
      rule: 'Any end of any log.',
      why: 'The next start reads this record before it believes anything else.',
      note: recordNote,
      runs: 60,
      input: fc
        .tuple(someCheckpoint, endOfLog)
        .map(([checkpoint, { start, previous }]): RecordInput => [checkpoint, start, previous]),
    }),
  ],
  onScene(scene) {
    const { input, written } = recordOfRecovery(scene)
    return examples(writing, {
      rule: `The record with which the engine ends the recovery of scene ${scene.name}.`,
      why: 'PostgreSQL starts on this directory, and finds the system shut down.',
      inputs: [input],
      fault: (answer) => {
        const same = answer instanceof Uint8Array && answer.join() === written.join()
        return same ? undefined : recordNote(answer, ...input)
      },
    })
  },
}

/** What the engine really wrote at the end of a recovery, and what it knew when it did. */
export function recordOfRecovery(scene: CrashedScene): { input: RecordInput; written: Uint8Array } {
  const disk = overlayDisk(nodeDisk(scene.dir))
  const last = readControlFile(disk).checkPointCopy
  recover(disk)
  const { checkPoint, checkPointCopy } = readControlFile(disk)
  const log = openLog(disk, findStartPoint(disk, reference), reference)
  log.beginAt(checkPoint)
  const record = log.read()
  if (record.kind === 'end') throw new Error(record.reason)
  const { redo, oldestActiveXid } = last
  const input: RecordInput = [{ ...checkPointCopy, redo, oldestActiveXid }, checkPoint, record.xl_prev]
  return { input, written: record.raw.slice() }
}
