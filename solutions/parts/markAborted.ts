// 05-abort: two bits for what was in flight.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  firstOfByte,
  marking,
  markNote,
  standings,
  type MarkInput,
  type Standing,
} from '../../exercises/parts/markAborted.js'
import type { Solution } from '../solution.js'

/** Two bits at a time: only 00 becomes 10, and never that of a transaction that is prepared. */
export function markAborted(
  bytes: Uint8Array,
  first: number,
  inFlight: readonly number[],
  prepared: readonly { xid: number; subxids: readonly number[] }[],
): Uint8Array {
  const kept = new Set(prepared.flatMap(({ xid, subxids }) => [xid, ...subxids]))
  const marked = Uint8Array.from(bytes)
  for (const xid of inFlight) {
    const byte = (xid - first) >> 2
    const shift = ((xid - first) & 3) * 2
    if (!kept.has(xid) && ((marked[byte] >> shift) & 3) === 0) marked[byte] |= 2 << shift
  }
  return marked
}

function rule(text: string, why: string, standing: fc.Arbitrary<Standing>, most = 9): Check {
  const input = fc
    .tuple(firstOfByte, fc.array(standing, { minLength: 1, maxLength: most }))
    .map(([first, all]) => standings(first, all))
  return generated(marking, { rule: text, why, note: markNote, input })
}

const ended = (status: number): Standing => ({ status, role: 'ended' })
const [open, prepared, prepareds, lost]: Standing[] = [
  { status: 0, role: 'in flight' },
  { status: 0, role: 'prepared' },
  { status: 0, role: 'with the one before' },
  { status: 3, role: 'in flight' },
]
const [one, committed, aborted] = [0, 1, 2].map(ended)
const known = (status: number): Standing => ({ status, role: 'in flight' })

/** Marks with another idea of whom, and of what becomes of the byte. */
function variant(
  whom: (input: MarkInput) => Iterable<number>,
  write: (byte: number, shift: number) => number = (byte, shift) => byte | (2 << shift),
  isOpen: (status: number) => boolean = (status) => status === 0,
): (...input: MarkInput) => Uint8Array {
  return (...input) => {
    const [bytes, first] = input
    const marked = Uint8Array.from(bytes)
    for (const xid of whom(input)) {
      const [byte, shift] = [(xid - first) >> 2, ((xid - first) & 3) * 2]
      if (isOpen((marked[byte] >> shift) & 3)) marked[byte] = write(marked[byte], shift)
    }
    return marked
  }
}

function unprepared([, , inFlight, prepared]: MarkInput): number[] {
  const kept = new Set(prepared.flatMap(({ xid, subxids }) => [xid, ...subxids]))
  return inFlight.filter((xid) => !kept.has(xid))
}
const clearing = (byte: number, shift: number): number => (byte & ~(3 << shift)) | (2 << shift)
const always = (): boolean => true

export const markAbortedSolution: Solution<'markAborted'> = {
  name: 'markAborted',
  solution: markAborted,
  hidden: [
    rule(
      'Only the two bits of the transaction change; its neighbours in the byte keep theirs.',
      'A byte holds four fates: a commit that is overwritten is a commit that is lost.',
      fc.constantFrom(open, committed, aborted, one),
    ),
    rule(
      'A prepared transaction stays 00.',
      'PREPARE is a promise that COMMIT PREPARED will still work after any number of crashes (twophase.c).',
      fc.constantFrom(open, prepared, committed),
    ),
    rule(
      'So do the subtransactions of a prepared one.',
      'COMMIT PREPARED commits them together: rows carry the ids of the subtransactions.',
      fc.constantFrom(prepared, prepareds, open),
    ),
    rule(
      'What has a status keeps it, also when the log shows no end.',
      'RUNNING_XACTS may name a transaction that ended just before the redo point: its commit is in pg_xact already.',
      fc.oneof(fc.constantFrom(0, 1, 2).map(known), fc.constantFrom(committed, aborted)),
    ),
    rule(
      '11, sub-committed, is a status as well.',
      'It says "ask my parent", and its parent did not commit: there is nothing to mark.',
      fc.constantFrom(lost, open, committed),
    ),
    rule(
      'What is 00 and not in flight stays 00.',
      'Ids behind the last one are not used yet: the next transaction must find 00 (TrimCLOG, clog.c).',
      fc.constantFrom(open, one),
      14,
    ),
  ],
  alsoRight: {
    'status by status': (bytes, first, inFlight, prepared) => {
      const statuses = [...bytes].flatMap((byte) => [0, 2, 4, 6].map((shift) => (byte >>> shift) & 3))
      const waits = (xid: number): boolean =>
        prepared.some((held) => held.xid === xid || held.subxids.includes(xid))
      const fates = statuses.map((status, i) =>
        status === 0 && inFlight.includes(first + i) && !waits(first + i) ? 2 : status,
      )
      return bytes.map((_, i) =>
        fates.slice(4 * i, 4 * i + 4).reduceRight((byte, bits) => byte * 4 + bits, 0),
      )
    },
    'cleared first': variant(unprepared, clearing),
    'in place': (...[bytes, first, inFlight, prepared]) => {
      bytes.set(markAborted(bytes, first, inFlight, prepared))
      return bytes
    },
  },
  wrong: {
    'the whole byte': variant(unprepared, (_, shift) => 2 << shift),
    'high bits first': variant(unprepared, (byte, shift) => byte | (2 << (6 - shift))),
    'shifted by one bit each': variant(unprepared, (byte, shift) => byte | (2 << (shift / 2))),
    'prepared ones too': variant(([, , inFlight]) => inFlight),
    'subtransactions of prepared ones too': variant(([, , inFlight, prepared]) =>
      inFlight.filter((xid) => !prepared.some((held) => held.xid === xid)),
    ),
    'an end is overwritten': variant(unprepared, clearing, always),
    'ORed over what is there': variant(unprepared, undefined, always),
    'commits are kept, all else is marked': variant(unprepared, clearing, (status) => status !== 1),
    'marked as sub-committed': variant(unprepared, (byte, shift) => byte | (3 << shift)),
    'marked as committed': variant(unprepared, (byte, shift) => byte | (1 << shift)),
    'everybody who is 00': variant(([bytes, first, , prepared]) => {
      const all = Array.from({ length: 4 * bytes.length }, (_, i) => first + i)
      return unprepared([bytes, first, all, prepared])
    }),
    'nobody: PostgreSQL marks nobody': (bytes) => bytes,
    'the place of the bits by the position in the list': (...[bytes, first, inFlight, prepared]) =>
      markAborted(
        bytes,
        first,
        inFlight.map((_, i) => first + i),
        prepared,
      ),
  },
}
