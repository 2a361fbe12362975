// Which pages does a record change? Behind the header stand the block references, small headers of varying length.

import fc from 'fast-check'
import { decodeRecord, partsOf, viewOf, WalRecord, XLogRecord } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { dump } from '../checking/dump.js'
import { bytesOf, encode, type Plain } from '../checking/plainData.js'
import { recordsOf } from '../scene/contents.js'
import { plainBlock, recordFrom } from './walRecords.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { strip, type Field } from '../drawing/bytes.js'
import { columns, fields, sides } from '../drawing/columns.js'

/** A page that a record changes, and how many bytes the record brings along for it. */
export interface BlockRefFields {
  id: number
  /** 0 main, 1 fsm, 2 vm, 3 init. */
  fork: number
  spcOid: number
  dbOid: number
  relNumber: number
  block: number
  /** Redo makes the page anew (BKPBLOCK_WILL_INIT). */
  willInit: boolean
  /** Bytes of the page image as the record holds it; 0 without one. */
  imageLength: number
  dataLength: number
}

export type RefsInput = [record: Uint8Array]

/** The engine's decoder, asked for the references alone. Throws for a record that it refuses. */
export function blockRefsOf(bytes: Uint8Array): BlockRefFields[] {
  return decoded(bytes).blocks.map(
    ({ id, fork, spcOid, dbOid, relNumber, block, willInit, image, dataLength }) => ({
      ...{ id, fork, spcOid, dbOid, relNumber, block, willInit, dataLength },
      imageLength: image?.length ?? 0,
    }),
  )
}

function decoded(bytes: Uint8Array): WalRecord {
  const { xl_tot_len, xl_xid, xl_info, xl_rmid } = XLogRecord.read(bytes)
  const record = new WalRecord(bytes, viewOf(bytes), 0, xl_tot_len, xl_xid, xl_info, xl_rmid, 0, 0, 0, 0)
  const wrong = decodeRecord(record)
  if (wrong !== undefined) throw new RangeError(wrong)
  return record
}

export const refReading: Contract<RefsInput, BlockRefFields[]> = {
  name: 'readBlockRefs',
  draw: drawRefs,
  reference: blockRefsOf,
  show: (record) => `a record of ${record.length} bytes, from byte 24 on:\n${dump(record, 24)}`,
  showAnswer: (answer) =>
    Array.isArray(answer)
      ? (answer as Plain[]).map(refLine).join('\n') || 'no block reference'
      : String(answer),
}

function refLine(ref: Plain): string {
  if (typeof ref !== 'object' || ref === null) return String(ref)
  const fields = Object.entries(ref).map(([name, value]) => [name, String(value)])
  const { id, fork, spcOid, dbOid, relNumber, block, willInit, imageLength, dataLength, ...more } =
    Object.fromEntries(fields) as Record<string, string>
  const init = willInit === 'true' ? ', made anew' : willInit === 'false' ? '' : `, willInit ${willInit}`
  const extra = Object.keys(more).length > 0 ? `, and ${Object.keys(more).join(', ')}` : ''
  return `#${id}  ${spcOid}/${dbOid}/${relNumber} fork ${fork} block ${block}, image ${imageLength}, data ${dataLength}${init}${extra}`
}

/** Says how many references there are, or what is wrong in the first that differs. */
export function refsNote(answer: Plain, record: Uint8Array): string {
  if (!Array.isArray(answer)) return 'The answer is a list.'
  const right = blockRefsOf(record)
  for (const [i, ref] of right.entries()) {
    const given = (answer as readonly Plain[])[i] as Readonly<Record<string, Plain>> | undefined
    if (given === undefined) return `There are ${right.length} block references.`
    const field = (Object.keys(ref) as (keyof BlockRefFields)[]).find(
      (name) => encode(given[name]) !== encode(ref[name]),
    )
    if (field) return `In reference #${ref.id}, ${field} is ${ref[field]}.`
  }
  return answer.length > right.length
    ? `There are ${right.length} block references; what follows is something else.`
    : 'A reference has nine fields, and no more.'
}

// From the log of scene bank: an entry put into an index, a row whose visibility map loses a bit, two new roots.
const realRecords: readonly string[] = [
  '40000000fb02000020e98e0000000000000b000017e9b90d002010007f060000050000005640000001000000ff020000020031001000fc00000000000000fc00',
  '7d0000000803000058bf910000000000000a0000d979fd16002044007f060000050000004b400000000000000182000002000000ff03060002081800ef010000000000000100000002000000010000000000000017696e7465726573742d3137696e7465726573742c206e6f742079657420617070726f766564010001',
  '5a0000000503000018f3900000000000a00b0000516ff8f7004000007f060000050000006a4000000100000002e01c0000000000ff08040000000100000000000000010000000000000000000000014000000100000000000000',
  '7a000000fd020000d0e98f0000000000a00b00007838a77a006018007f060000050000005640000003000000018000000100000002e01c0000000000ff0800000200010010206f010000000000000000010000000820040000000300000001000000030000000100000000000000010000000300000001000000',
]

/** The announcements byte by byte, the reference in question marked, and its nine fields. */
function drawRefs(answer: Answer, bytes: Uint8Array): Picture {
  const record = decoded(bytes)
  const right = blockRefsOf(bytes)
  const given = answer && (Array.isArray(answer.value) ? (answer.value as readonly Plain[]) : [])
  const wrong = right.findIndex((ref, i) => given && encode(given[i]) !== encode(ref))
  const tooMany = wrong < 0 && given !== undefined && given.length > right.length
  const at = tooMany ? right.length : Math.max(0, wrong)
  let ref = -1
  const announced = partsOf(record).find(({ kind }) => kind === 'announcement')?.fields ?? []
  const marks = announced.map((field): Field => {
    if (field.name === 'id') ref++
    if (['origin', 'top-level xid', 'main data'].includes(field.name)) ref = right.length
    return { at: field.at, size: field.size, name: field.name, kind: ref === at ? 'accent' : 'wal' }
  })
  const end = marks.reduce((last, field) => Math.max(last, field.at + field.size), 24)
  const what = tooMany
    ? `${right.length} references are there, and ${given.length} came: what is marked is none`
    : `reference ${at} of ${right.length}, counted from 0`
  return {
    title: `The announcements of a record, byte by byte: ${what}.`,
    panels: [
      strip({
        title: 'what follows the header, up to the data',
        bytes: bytes.subarray(24, end),
        at: 24,
        fields: marks,
      }),
      ...(right[at]
        ? [
            columns(fields({ ...right[at] }, given && { value: given[at] }), {
              head: `reference ${at}`,
              ...sides(answer),
            }),
          ]
        : []),
      caption(what),
    ],
  }
}

export const readBlockRefs: Exercise = {
  name: 'readBlockRefs',
  notebook: '01-wal',
  visible: [
    examples(refReading, {
      rule: 'Four records of scene bank: one to three pages each, some of the same file, some made anew.',
      why: 'Redo changes the pages that are named here, and no other.',
      note: refsNote,
      inputs: realRecords.map((record): RefsInput => [bytesOf(record)]),
    }),
    generated(refReading, {
      rule: 'One page, some data for it, some main data.',
      why: 'Most records are like this.',
      note: refsNote,
      input: fc
        .tuple(plainBlock, fc.integer({ min: 1, max: 30 }))
        .map(([block, main]): RefsInput => [recordFrom({ blocks: [block], main })]),
    }),
  ],
  onScene(scene) {
    const inputs = recordsOf(scene).map(({ raw }): RefsInput => [raw])
    const why = 'Images, forks, pages made anew, records that change no page at all: the bank has them all.'
    return examples(refReading, {
      rule: `All ${inputs.length} records in the log of scene ${scene.name}.`,
      why,
      note: refsNote,
      inputs,
    })
  },
}
