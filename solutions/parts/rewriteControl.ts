// 07-final-checkpoint: the last write of recovery.

import fc from 'fast-check'
import { crc32c } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition, position } from '../../exercises/checking/positions.js'
import { controlFileNote, rewriteOf, rewriting, someRewrite } from '../../exercises/parts/rewriteControl.js'
import type { Solution } from '../solution.js'

/** The old file with what the new checkpoint says in it, and a CRC over all of it. */
export function rewriteControl(
  control: Uint8Array,
  record: Uint8Array,
  start: bigint,
  time: bigint,
): Uint8Array {
  const bytes = control.slice()
  const view = new DataView(bytes.buffer)
  view.setUint32(16, 1, true) // DB_SHUTDOWNED
  view.setBigInt64(24, time, true)
  view.setBigUint64(32, start, true)
  bytes.set(record.subarray(26), 40) // the same 88 bytes as in the record
  view.setBigUint64(128, 1000n, true) // unloggedLSN begins anew after a crash
  view.setBigUint64(136, 0n, true) // minRecoveryPoint and its timeline: the next crash is recovered to the end of the log
  view.setUint32(144, 0, true)
  view.setUint32(292, crc32c(bytes, 0, 292), true)
  return bytes
}

type Rewrite = typeof rewriteControl

/** The solution, changed afterwards; its CRC is right for what came of it. */
const then =
  (change: (view: DataView, ...input: Parameters<Rewrite>) => void): Rewrite =>
  (...input) => {
    const bytes = rewriteControl(...input)
    change(new DataView(bytes.buffer), ...input)
    return sealed(bytes)
  }

function sealed(bytes: Uint8Array): Uint8Array {
  new DataView(bytes.buffer).setUint32(292, crc32c(bytes, 0, 292), true)
  return bytes
}

/** A stretch of the old file stays. */
const untouched = (from: number, to: number): Rewrite =>
  then((view, control) => {
    for (let at = from; at < to; at++) view.setUint8(at, control[at])
  })

/** Joined from stretches of the old file and new numbers. */
function joined(control: Uint8Array, record: Uint8Array, start: bigint, time: bigint): Uint8Array {
  const number = (value: bigint, length: number): number[] =>
    Array.from({ length }, (_, i) => Number((value >> BigInt(8 * i)) & 255n))
  const covered = Uint8Array.from([
    ...control.subarray(0, 16),
    ...number(1n, 4),
    ...control.subarray(20, 24),
    ...number(time, 8),
    ...number(start, 8),
    ...record.subarray(26),
    ...number(1000n, 8),
    ...number(0n, 12),
    ...control.subarray(148, 292),
  ])
  return Uint8Array.from([...covered, ...number(BigInt(crc32c(covered)), 4), ...control.subarray(296)])
}

const runs = 15

export const rewriteControlSolution: Solution<'rewriteControl'> = {
  name: 'rewriteControl',
  solution: rewriteControl,
  hidden: [
    generated(rewriting, {
      rule: 'State, time, checkPoint and the copy of the record change; everything else that is not named stays.',
      why: 'The system identifier, the settings and the random nonce belong to the cluster, not to the crash.',
      note: controlFileNote,
      runs,
      input: someRewrite.map(rewriteOf),
    }),
    generated(rewriting, {
      rule: 'A directory that was a standby once: minRecoveryPoint and its timeline become 0.',
      why: 'Crash recovery always goes to the end of the log (CreateCheckPoint, xlog.c).',
      note: controlFileNote,
      runs,
      input: fc
        .tuple(someRewrite, position())
        .map(([spec, minRecoveryPoint]) => rewriteOf({ ...spec, minRecoveryPoint })),
    }),
    generated(rewriting, {
      rule: 'Positions beyond 4 GiB of log.',
      why: 'checkPoint names the place of the record with 64 bits.',
      note: controlFileNote,
      runs,
      input: fc.tuple(someRewrite, highPosition).map(([spec, start]) => rewriteOf({ ...spec, start })),
    }),
  ],
  alsoRight: { 'joined from pieces': joined },
  wrong: {
    'the CRC left as it was': (control, ...rest) => {
      const bytes = rewriteControl(control, ...rest)
      bytes.set(control.subarray(292, 296), 292)
      return bytes
    },
    'the CRC of the old contents': (control, ...rest) => {
      const bytes = rewriteControl(control, ...rest)
      new DataView(bytes.buffer).setUint32(292, crc32c(control, 0, 292), true)
      return bytes
    },
    'the CRC over the whole file': (...input) => {
      const bytes = rewriteControl(...input)
      bytes.fill(0, 292, 296)
      new DataView(bytes.buffer).setUint32(292, crc32c(bytes), true)
      return bytes
    },
    'in production': then((view) => view.setUint32(16, 6, true)),
    'the state forgotten': untouched(16, 20),
    'the time forgotten': untouched(24, 32),
    'checkPoint forgotten': untouched(32, 40),
    'checkPoint is the end of the record': then((view, _control, _record, start) =>
      view.setBigUint64(32, start + 120n, true),
    ),
    'the low half of checkPoint only': then((view) => view.setUint32(36, 0, true)),
    'the copy forgotten': untouched(40, 128),
    'only the redo point copied': untouched(48, 128),
    'the record from its header on': then((view, _control, record) => {
      for (let at = 0; at < 88; at++) view.setUint8(40 + at, record[at])
    }),
    'the announcement copied too': then((view, _control, record) => {
      for (let at = 0; at < 88; at++) view.setUint8(40 + at, record[24 + at])
    }),
    'unloggedLSN forgotten': untouched(128, 136),
    'unloggedLSN is 0': then((view) => view.setBigUint64(128, 0n, true)),
    'minRecoveryPoint left': untouched(136, 144),
    'the timeline of minRecoveryPoint left': untouched(144, 148),
    'the nonce cleared': then((view) => {
      for (let at = 257; at < 289; at++) view.setUint8(at, 0)
    }),
    'only the struct: 296 bytes': (...input) => rewriteControl(...input).slice(0, 296),
  },
}
