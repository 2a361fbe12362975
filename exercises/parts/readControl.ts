// The first file that recovery opens: which of its bytes mean what, and whether they may be believed.

import fc from 'fast-check'
import { CheckPoint, ControlFile, crc32c, encodeControlFile, formatLsn, nodeDisk, stateName } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import { literal } from '../checking/literal.js'
import { bytesOf, type Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { controlFileWith } from './controlFiles.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { strip } from '../drawing/bytes.js'
import { columns, fields, sides } from '../drawing/columns.js'

/** What recovery asks pg_control, by PostgreSQL's names. */
export interface ControlAnswers {
  state: number
  checkPoint: bigint
  redo: bigint
  ThisTimeLineID: number
  xlog_seg_size: number
  data_checksum_version: number
  /** Is the CRC in the file the one of the bytes before it? */
  crcRight: boolean
}

export type ControlInput = [sector: Uint8Array]

const SECTOR = 512

export const opening: Contract<ControlInput, ControlAnswers> = {
  name: 'readControl',
  draw: drawSector,
  reference(sector) {
    const { state, checkPoint, checkPointCopy, crc, ...others } = ControlFile.read(sector)
    const { redo, ThisTimeLineID } = checkPointCopy
    const { xlog_seg_size, data_checksum_version } = others
    const crcRight = crc === crc32c(sector, 0, ControlFile.at.crc)
    return { state, checkPoint, redo, ThisTimeLineID, xlog_seg_size, data_checksum_version, crcRight }
  },
  show: (sector) => [...lines(sector, 0, 56), '      …', ...lines(sector, 224, 304), '      …'].join('\n'),
  showAnswer: (answer) => (isAnswers(answer) ? inWords(answer) : 'not the seven answers'),
}

/** Sixteen bytes a line. */
function lines(bytes: Uint8Array, from: number, to: number): string[] {
  const found: string[] = []
  for (let at = from; at < to; at += 16) {
    const digits = [...bytes.subarray(at, at + 16)].map((byte) => byte.toString(16).padStart(2, '0'))
    found.push(`${String(at).padStart(4)}  ${digits.join(' ')}`)
  }
  return found
}

function isAnswers(answer: Plain): answer is { [key: string]: Plain } {
  return typeof answer === 'object' && answer !== null && !Array.isArray(answer) && 'state' in answer
}

function inWords(answers: { readonly [key: string]: Plain }): string {
  const { state, checkPoint, redo, crcRight } = answers
  const lsn = (value: Plain): string =>
    typeof value === 'bigint' && value >= 0n ? formatLsn(value) : String(value)
  const named = typeof state === 'number' ? `${state}, ${stateName(state)}` : String(state)
  const numbers = ['ThisTimeLineID', 'xlog_seg_size', 'data_checksum_version']
  return [
    `state ${named}; checkPoint ${lsn(checkPoint)}, redo ${lsn(redo)}`,
    numbers.map((name) => `${name} ${String(answers[name])}`).join(', '),
    `crcRight ${String(crcRight)}`,
  ].join('\n')
}

/** Names the first answer that is wrong. */
export function controlNote(answer: Plain, sector: Uint8Array): string {
  if (!isAnswers(answer)) return 'The answer is an object with seven fields.'
  const right = opening.reference(sector)
  const wrong = (Object.keys(right) as (keyof ControlAnswers)[]).find((name) => answer[name] !== right[name])
  if (wrong === undefined) return 'There is a field too many.'
  if (wrong !== 'crcRight') return `${wrong} is not what stands in the file.`
  return right.crcRight
    ? 'The file is whole, and refusing it keeps a healthy cluster from starting.'
    : 'A byte was changed: replay would begin where a damaged file says.'
}

export interface SectorSpec {
  readonly checkPoint: bigint
  readonly redo: bigint
  readonly state: number
  readonly timeline: number
  /** xlog_seg_size is two to the power of it. */
  readonly segmentBits: number
  readonly checksums: number
  /** Decides the nonce, which is random in every cluster. */
  readonly salt: number
}

/** The first sector of a pg_control, its CRC right. */
export function sectorOf(spec: SectorSpec): Uint8Array {
  const { checkPoint, redo, state, timeline, segmentBits, checksums, salt } = spec
  const control = controlFileWith({ checkPoint, redo, state })
  const nonce = Uint8Array.from({ length: 32 }, (_, i) => (salt * (2 * i + 1) + 37 * i) & 255)
  const bytes = encodeControlFile({
    ...control,
    checkPointCopy: {
      ...control.checkPointCopy,
      ThisTimeLineID: timeline,
      PrevTimeLineID: Math.max(1, timeline - 1),
    },
    xlog_seg_size: 2 ** segmentBits,
    data_checksum_version: checksums,
    mock_authentication_nonce: nonce,
  })
  return bytesOf([...bytes.subarray(0, SECTOR)].map((byte) => byte.toString(16).padStart(2, '0')).join(''))
}

/** A pg_control of any running or stopped server. */
export const anySpec: fc.Arbitrary<SectorSpec> = fc.record({
  redo: position(),
  checkPoint: position(),
  state: fc.integer({ min: 1, max: 6 }),
  timeline: fc.constant(1),
  segmentBits: fc.constantFrom(24, 20, 30),
  checksums: fc.constantFrom(1, 0),
  salt: fc.nat({ max: 255 }),
})

const ofBank: SectorSpec = {
  checkPoint: 0x8e6b78n,
  redo: 0x8e6b20n,
  state: 6,
  timeline: 1,
  segmentBits: 20,
  checksums: 1,
  salt: 75,
}

/** pg_control's bytes around the first field that was read wrongly, and the seven answers. */
function drawSector(answer: Answer, sector: Uint8Array): Picture {
  const right = opening.reference(sector)
  const print = (value: unknown, name: string): string =>
    ['checkPoint', 'redo'].includes(name) && typeof value === 'bigint' && value >= 0n && value < 1n << 64n
      ? formatLsn(value)
      : literal(value)
  const rows = fields({ ...right }, answer, print)
  const wrong = rows.find(({ expected, got }) => answer && expected !== got)?.name
  const copyAt = ControlFile.at.checkPointCopy
  const marks = [
    ...ControlFile.fields
      .filter(({ name }) => name !== 'checkPointCopy')
      .map(({ name, offset, size }) => ({ name, at: offset, size })),
    ...CheckPoint.fields.map(({ name, offset, size }) => ({ name, at: copyAt + offset, size })),
  ].filter(({ name }) => name in right || name === 'crc')
  const isWrong = (name: string): boolean => name === wrong || (name === 'crc' && wrong === 'crcRight')
  const centre = marks.find(({ name }) => isWrong(name))?.at ?? 0
  const from = Math.max(0, centre - (centre % 16) - 16)
  return {
    title: `The bytes of pg_control from ${from} on, and what was read from them${wrong === undefined ? '' : `; ${wrong} is wrong`}.`,
    panels: [
      strip({
        title: `pg_control from byte ${from} on`,
        bytes: sector.subarray(from, from + 48),
        at: from,
        fields: marks.map((field) => ({
          ...field,
          kind: isWrong(field.name) ? ('bad' as const) : ('wal' as const),
        })),
      }),
      columns(rows, { head: 'field', ...sides(answer) }),
    ],
  }
}

export const readControl: Exercise = {
  name: 'readControl',
  notebook: '03-checkpoint',
  visible: [
    examples(opening, {
      rule: 'A control file like that of scene bank, and the same with one bit of its redo point changed.',
      why: 'From a wrong redo point replay makes a directory that opens and lies; the CRC is all that stands before it.',
      note: controlNote,
      inputs: [[sectorOf(ofBank)], [flipped(sectorOf(ofBank), 40, 1)]],
    }),
    generated(opening, {
      rule: 'The control file of any server, whole.',
      why: 'Its state, its positions and its sizes decide everything that recovery does next.',
      note: controlNote,
      runs: 60,
      input: anySpec.map((spec): ControlInput => [sectorOf(spec)]),
    }),
  ],
  onScene(scene) {
    const inputs: ControlInput[] = [[nodeDisk(scene.dir).read('global/pg_control', 0, SECTOR)]]
    return examples(opening, {
      rule: `The first sector of pg_control of scene ${scene.name}.`,
      why: 'This is what the next start reads first.',
      note: controlNote,
      inputs,
    })
  },
}

/** The same bytes with one of them changed; the CRC stays. */
export function flipped(sector: Uint8Array, at: number, bits: number): Uint8Array {
  const changed = sector.slice()
  changed[at] ^= bits
  return changed
}
