// Marking what was in flight: 00 becomes 10, and every other bit stays.

import fc from 'fast-check'
import { BLCKSZ, markAborted as mark, memoryDisk, Slru, STATUS_NAMES } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { replayed } from '../scene/replayed.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { statusCells } from '../drawing/statusCells.js'

/** A prepared transaction, with the subtransactions that it takes along. */
export interface PreparedXids {
  readonly xid: number
  readonly subxids: readonly number[]
}

export type MarkInput = [
  bytes: Uint8Array,
  first: number,
  inFlight: readonly number[],
  prepared: readonly PreparedXids[],
]

/** The engine's own, on a table whose first page begins with these bytes. */
export function markAbortedByEngine(...[bytes, first, inFlight, prepared]: MarkInput): Uint8Array {
  const page = new Uint8Array(BLCKSZ)
  page.set(bytes)
  const xact = new Slru(memoryDisk([['pg_xact/0000', page]]), 'pg_xact')
  const within = (xids: readonly number[]): number[] => xids.map((xid) => xid - first)
  mark(
    { xact },
    within(inFlight),
    prepared.map(({ xid, subxids }) => ({ xid: xid - first, subxids: within(subxids) })),
  )
  return xact.page(0).bytes.slice(0, bytes.length)
}

export const marking: Contract<MarkInput, Uint8Array> = {
  name: 'markAborted',
  draw: drawMarks,
  reference: markAbortedByEngine,
  show: (bytes, first, inFlight, prepared) => {
    const held = prepared.map(({ xid, subxids }) => [xid, ...subxids].join(' with '))
    const width = String(first + 4 * bytes.length - 1).length
    const rows = [...bytes].map((byte, i) => {
      const from = String(first + 4 * i).padStart(width)
      return `${from} … ${String(first + 4 * i + 3).padStart(width)}   ${bitsOf(byte)}`
    })
    return [
      `pg_xact     ${rows.join('\n            ')}`,
      `in flight   ${inFlight.join(', ') || 'nobody'}`,
      `prepared    ${held.join(', ') || 'nobody'}`,
    ].join('\n')
  },
  showAnswer: (answer) =>
    answer instanceof Uint8Array ? [...answer].map(bitsOf).join('\n') : `no bytes: ${typeof answer}`,
}

/** The four statuses of a byte in the order of their ids: the lowest bits come first. */
function bitsOf(byte: number): string {
  return [0, 2, 4, 6].map((shift) => ((byte >> shift) & 3).toString(2).padStart(2, '0')).join(' ')
}

/** Names the first transaction whose two bits are wrong. */
export function markNote(answer: Plain, ...input: MarkInput): string {
  const [bytes, first] = input
  if (!(answer instanceof Uint8Array)) return 'The answer is the bytes, as a Uint8Array.'
  if (answer.length !== bytes.length)
    return `The answer has ${answer.length} bytes, and ${bytes.length} came in.`
  const right = markAbortedByEngine(...input)
  for (let i = 0; i < 4 * bytes.length; i++) {
    const [is, was, shouldBe] = [answer, bytes, right].map((all) => (all[i >> 2] >> (2 * (i & 3))) & 3)
    if (is !== shouldBe)
      return `Transaction ${first + i} was "${STATUS_NAMES[was]}", is now "${STATUS_NAMES[is]}", and should be "${STATUS_NAMES[shouldBe]}".`
  }
  return ''
}

/** What is known of one transaction before it is marked. */
export interface Standing {
  readonly status: number
  readonly role: 'ended' | 'in flight' | 'prepared' | 'with the one before'
}

/** Transactions one after the other, from `first` on, as input for the exercise. */
export function standings(first: number, all: readonly Standing[]): MarkInput {
  const bytes = new Uint8Array(Math.ceil(all.length / 4))
  const inFlight: number[] = []
  const prepared: { xid: number; subxids: number[] }[] = []
  for (const [i, { status, role }] of all.entries()) {
    bytes[i >> 2] |= status << (2 * (i & 3))
    if (role !== 'ended') inFlight.push(first + i)
    const before = prepared.at(-1)
    if (role === 'with the one before' && before) before.subxids.push(first + i)
    else if (role !== 'ended' && role !== 'in flight') prepared.push({ xid: first + i, subxids: [] })
  }
  return [bytes, first, inFlight, prepared]
}

/** A first transaction of a byte, near the start of a cluster's life or late in it. */
export const firstOfByte: fc.Arbitrary<number> = fc.constantFrom(768, 4, 32764, 2147483644, 4294967232)

const open: Standing = { status: 0, role: 'in flight' }
const committed: Standing = { status: 1, role: 'ended' }
const aborted: Standing = { status: 2, role: 'ended' }

/** The transactions' bits before and after; who is in flight, who is prepared. */
function drawMarks(answer: Answer, ...input: MarkInput): Picture {
  const [bytes, first, inFlight, prepared] = input
  const held = new Set(prepared.flatMap(({ xid, subxids }) => [xid, ...subxids]))
  const of = (all: Uint8Array): number[] =>
    Array.from({ length: 4 * bytes.length }, (_, i) => (all[i >> 2] >> (2 * (i & 3))) & 3)
  const got =
    answer?.value instanceof Uint8Array && answer.value.length === bytes.length ? answer.value : undefined
  const heads = of(bytes).map((_, i) => {
    const xid = first + i
    const roles = [...(inFlight.includes(xid) ? ['in flight'] : []), ...(held.has(xid) ? ['prepared'] : [])]
    return { head: String(xid), foot: roles.join(', ') }
  })
  return {
    title: `The bits of ${heads.length} transactions in pg_xact, from ${first} on: before, as they should be, as they came.`,
    panels: [
      statusCells(heads, [
        { name: 'before', statuses: of(bytes) },
        { name: 'expected', statuses: of(markAbortedByEngine(...input)), compared: true },
        ...(got ? [{ name: 'your part', statuses: of(got), compared: true }] : []),
      ]),
    ],
  }
}

export const markAborted: Exercise = {
  name: 'markAborted',
  notebook: '05-abort',
  relies: ['inFlight'],
  visible: [
    examples(marking, {
      rule: 'The last three bytes of scene bank: all have committed or aborted but 776.',
      why: 'Two bits change, and with them the fate of 200 rows.',
      note: markNote,
      inputs: [
        standings(768, [
          ...[aborted, committed, aborted, committed],
          ...[committed, committed, committed, committed, open],
        ]),
      ],
    }),
    generated(marking, {
      rule: 'Some are in flight, the others have committed or aborted.',
      why: 'The neighbours in the byte keep what they have: a commit that is overwritten is lost.',
      note: markNote,
      input: fc
        .tuple(
          firstOfByte,
          fc.array(fc.constantFrom(open, committed, aborted), { minLength: 1, maxLength: 12 }),
        )
        .map(([first, all]) => standings(first, all)),
    }),
  ],
  onScene(scene) {
    const { status, survey, first, next, prepared } = replayed(scene)
    const from = first - (first % 4)
    const all = Array.from({ length: next - from }, (_, i): Standing => {
      return { status: status(from + i), role: 'ended' }
    })
    const [bytes] = standings(from, all)
    const inputs: MarkInput[] = [[bytes, from, survey.inFlight, prepared]]
    return examples(marking, {
      rule: `The transactions of scene ${scene.name} after replay, ${first} to ${next - 1}.`,
      why: 'Replay has written the commits and aborts that are in the log; what is 00 now stays 00.',
      note: markNote,
      inputs,
    })
  },
}
