// The last write of recovery: pg_control points at the new checkpoint record and says that the system is shut down.

import fc from 'fast-check'
import {
  CheckPoint,
  ControlFile,
  decodeControlFile,
  DBState,
  encodeControlFile,
  formatLsn,
  nodeDisk,
  overlayDisk,
  readFile,
  recover,
  stateName,
  type CrashedScene,
} from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { checkpointWith, recordOfRecovery, writing } from './checkpointRecord.js'
import { controlFileWith } from './controlFiles.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { comparedBytes } from '../drawing/bytes.js'
import { columns, sides } from '../drawing/columns.js'

export type RewriteInput = [control: Uint8Array, record: Uint8Array, start: bigint, time: bigint]

/** FirstNormalUnloggedLSN (access/xlogdefs.h). */
const FIRST_NORMAL_UNLOGGED_LSN = 1000n
const BODY_AT = 26

export const rewriting: Contract<RewriteInput, Uint8Array> = {
  name: 'rewriteControl',
  draw: drawControl,
  reference: (control, record, start, time) =>
    encodeControlFile({
      ...ControlFile.read(control),
      state: DBState.DB_SHUTDOWNED,
      time,
      checkPoint: start,
      checkPointCopy: CheckPoint.read(record, BODY_AT),
      unloggedLSN: FIRST_NORMAL_UNLOGGED_LSN,
      minRecoveryPoint: 0n,
      minRecoveryPointTLI: 0,
    }),
  show(control, _record, start, time) {
    const { state, checkPoint, minRecoveryPoint } = ControlFile.read(control)
    return [
      `pg_control of 8192 bytes: "${stateName(state)}", checkpoint at ${formatLsn(checkPoint)}, minRecoveryPoint ${formatLsn(minRecoveryPoint)}`,
      `the new record stands at ${formatLsn(start)}; it is ${time} seconds after 1970`,
    ].join('\n')
  },
  showAnswer: (answer) =>
    answer instanceof Uint8Array && answer.length >= ControlFile.size
      ? `${answer.length} bytes: ${inWords(answer)}`
      : 'no pg_control',
}

function inWords(bytes: Uint8Array): string {
  const { state, checkPoint, checkPointCopy, crc } = ControlFile.read(bytes)
  const digits = crc.toString(16).toUpperCase().padStart(8, '0')
  return `"${stateName(state)}", checkPoint ${formatLsn(checkPoint)}, redo ${formatLsn(checkPointCopy.redo)}, crc ${digits}`
}

function fieldAt(at: number): string {
  const field = ControlFile.fields.find(({ offset, size }) => offset <= at && at < offset + size)
  return field?.name ?? (at < ControlFile.size ? 'the padding' : 'the zeroes behind the struct')
}

/** Names the first field that is wrong; the CRC only when all others are right. */
export function controlFileNote(answer: Plain, ...input: RewriteInput): string {
  if (!(answer instanceof Uint8Array)) return 'The answer is the file: a Uint8Array.'
  if (answer.length !== 8192)
    return 'The file has 8192 bytes, so that nobody who reads it finds it too short.'
  const right = rewriting.reference(...input)
  const wrong = [...right.keys()].filter((at) => right[at] !== answer[at])
  const at = wrong.find((place) => fieldAt(place) !== 'crc')
  if (at !== undefined) return `Byte ${at}, in ${fieldAt(at)}, is not what it should be.`
  return 'Only the CRC is wrong: "incorrect checksum in control file", and no start any more.'
}

export interface RewriteSpec {
  readonly redo: bigint
  readonly distance: bigint
  readonly salt: number
  /** Set where the directory was a standby once. */
  readonly minRecoveryPoint: bigint
  readonly start: bigint
}

export function rewriteOf({ redo, distance, salt, minRecoveryPoint, start }: RewriteSpec): RewriteInput {
  const nonce = Uint8Array.from({ length: 32 }, (_, i) => (salt * (2 * i + 1) + 37 * i) & 255)
  const before = controlFileWith({ redo, checkPoint: redo + distance, minRecoveryPoint, state: 4 })
  const old = encodeControlFile({
    ...before,
    unloggedLSN: 1000n + BigInt(salt),
    backupStartPoint: 0n,
    mock_authentication_nonce: nonce,
  })
  const control = bytesOf('00'.repeat(old.length))
  control.set(old)
  const record = writing.reference(checkpointWith(redo, 1, 777n + BigInt(salt), salt), start, start - 56n)
  return [control, record, start, 1782000000n + BigInt(salt)]
}

export const someRewrite: fc.Arbitrary<RewriteSpec> = fc.record({
  redo: position(0x28n, 0x1000000n),
  distance: position(0x58n, 0x10000n),
  salt: fc.nat({ max: 255 }),
  minRecoveryPoint: fc.constant(0n),
  start: position(0x2000000n),
})

const ofBank = { redo: 0x8e6b20n, distance: 0x58n, salt: 24, minRecoveryPoint: 0n, start: 0x9fe5c8n }

/** pg_control where the answer differs first, but for the CRC, which follows from the rest; and what it says. */
function drawControl(answer: Answer, ...input: RewriteInput): Picture {
  const right = rewriting.reference(...input)
  const got = answer?.value instanceof Uint8Array ? answer.value : undefined
  const wrong = got ? [...right.keys()].filter((at) => got[at] !== right[at]) : []
  const from = wrong.find((at) => fieldAt(at) !== 'crc') ?? wrong[0]
  const print = (bytes: Uint8Array, name: 'state' | 'checkPoint' | 'redo' | 'crc'): string => {
    const { state, checkPoint, checkPointCopy, crc } = ControlFile.read(bytes)
    const all = {
      state: `${state}, ${stateName(state)}`,
      checkPoint: formatLsn(checkPoint),
      redo: formatLsn(checkPointCopy.redo),
      crc: crc.toString(16).toUpperCase().padStart(8, '0'),
    }
    return all[name]
  }
  const readable = got && got.length >= ControlFile.size ? got : undefined
  return {
    title: `pg_control after recovery${from === undefined ? '' : `: ${fieldAt(from)} is wrong first`}.`,
    panels: [
      columns(
        (['state', 'checkPoint', 'redo', 'crc'] as const).map((name) => ({
          name,
          expected: print(right, name),
          got: readable && print(readable, name),
        })),
        { head: 'field', ...sides(readable && answer) },
      ),
      comparedBytes({ expected: right, got, fieldAt, from }),
    ],
  }
}

export const rewriteControl: Exercise = {
  name: 'rewriteControl',
  notebook: '07-final-checkpoint',
  visible: [
    examples(rewriting, {
      rule: 'The control file of a server that crashed, and the checkpoint record at 0/9FE5C8.',
      why: 'This one write ends the recovery: after it PostgreSQL starts without a look at the log.',
      note: controlFileNote,
      inputs: [rewriteOf(ofBank)],
    }),
    generated(rewriting, {
      rule: 'Any crash, and any place of the new record.',
      why: 'A control file that is not believed stops every start.',
      note: controlFileNote,
      runs: 20,
      input: someRewrite.map(rewriteOf),
    }),
  ],
  onScene(scene) {
    const { input, written } = controlOfRecovery(scene)
    return examples(rewriting, {
      rule: `The last write of the recovery of scene ${scene.name}.`,
      why: 'PostgreSQL starts on this directory, and finds the system shut down.',
      inputs: [input],
      fault: (answer) => {
        const same = answer instanceof Uint8Array && answer.join() === written.join()
        return same ? undefined : controlFileNote(answer, ...input)
      },
    })
  },
}

/** The control file before and after the engine's recovery, and what it knew when it wrote it. */
export function controlOfRecovery(scene: CrashedScene): { input: RewriteInput; written: Uint8Array } {
  const disk = overlayDisk(nodeDisk(scene.dir))
  const control = readFile(disk, 'global/pg_control') ?? new Uint8Array(0)
  recover(disk)
  const written = readFile(disk, 'global/pg_control') ?? new Uint8Array(0)
  const { checkPoint, time } = decodeControlFile(written)
  return { input: [control, recordOfRecovery(scene).written, checkPoint, time], written }
}
