// 03-checkpoint: what recovery reads in pg_control.

import fc from 'fast-check'
import { crc32c } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { highPosition } from '../../exercises/checking/positions.js'
import {
  anySpec,
  controlNote,
  flipped,
  opening,
  sectorOf,
  type ControlAnswers,
  type ControlInput,
  type SectorSpec,
} from '../../exercises/parts/readControl.js'
import type { Solution } from '../solution.js'

/** Every number lies at a fixed place, lowest byte first. The CRC covers all that comes before it, padding too. */
export function readControl(sector: Uint8Array): ControlAnswers {
  const view = new DataView(sector.buffer, sector.byteOffset)
  return {
    state: view.getUint32(16, true),
    checkPoint: view.getBigUint64(32, true),
    redo: view.getBigUint64(40, true), // the first field of the copied CheckPoint
    ThisTimeLineID: view.getUint32(48, true),
    xlog_seg_size: view.getUint32(228, true),
    data_checksum_version: view.getUint32(252, true),
    crcRight: view.getUint32(292, true) === crc32c(sector, 0, 292), // the nonce ends at 289, and 289 is no multiple of 4
  }
}

interface Places {
  readonly crcAt: number
  readonly from: number
  readonly to: number
}

const crcIn = (sector: Uint8Array, { crcAt, from, to }: Places): boolean =>
  viewOf(sector).getUint32(crcAt, true) === crc32c(sector, from, to)

const viewOf = (bytes: Uint8Array): DataView => new DataView(bytes.buffer, bytes.byteOffset)

/** The solution, with some of its answers replaced. */
const but =
  (other: (sector: Uint8Array) => Partial<ControlAnswers>): ((sector: Uint8Array) => ControlAnswers) =>
  (sector) => ({ ...readControl(sector), ...other(sector) })

const bigEndian = (sector: Uint8Array): ControlAnswers => {
  const view = viewOf(sector)
  return {
    state: view.getUint32(16),
    checkPoint: view.getBigUint64(32),
    redo: view.getBigUint64(40),
    ThisTimeLineID: view.getUint32(48),
    xlog_seg_size: view.getUint32(228),
    data_checksum_version: view.getUint32(252),
    crcRight: view.getUint32(292) === crc32c(sector, 0, 292),
  }
}

/** Byte by byte, without a DataView. */
function byHand(sector: Uint8Array): ControlAnswers {
  const number = (at: number, length: number): bigint => {
    let value = 0n
    for (let i = length - 1; i >= 0; i--) value = (value << 8n) | BigInt(sector[at + i])
    return value
  }
  const [state, ThisTimeLineID] = [Number(number(16, 4)), Number(number(48, 4))]
  const [xlog_seg_size, data_checksum_version] = [Number(number(228, 4)), Number(number(252, 4))]
  const crcRight = Number(number(292, 4)) === crc32c(sector.slice(0, 292))
  const positions = { checkPoint: number(32, 8), redo: number(40, 8) }
  return { state, ...positions, ThisTimeLineID, xlog_seg_size, data_checksum_version, crcRight }
}

const whole = (spec: SectorSpec): ControlInput => [sectorOf(spec)]

/** A sector in which one byte of a range was changed. */
const damaged = (min: number, max: number): fc.Arbitrary<ControlInput> =>
  fc
    .tuple(anySpec, fc.integer({ min, max }), fc.integer({ min: 1, max: 255 }))
    .map(([spec, at, bits]): ControlInput => [flipped(sectorOf(spec), at, bits)])

const runs = 40

export const readControlSolution: Solution<'readControl'> = {
  name: 'readControl',
  solution: readControl,
  hidden: [
    generated(opening, {
      rule: 'Positions have 64 bits, and all of them count.',
      why: 'Behind 4 GiB of log the high half of a position is no longer zero.',
      note: controlNote,
      runs,
      input: fc
        .tuple(anySpec, highPosition, highPosition)
        .map(([spec, redo, checkPoint]) => whole({ ...spec, redo, checkPoint })),
    }),
    generated(opening, {
      rule: 'Any byte before the CRC that is changed makes it wrong: the random nonce and the padding count too.',
      why: 'PostgreSQL computes it over the whole struct up to crc (ReadControlFile, xlog.c).',
      note: controlNote,
      runs: 100,
      input: damaged(0, 291),
    }),
    generated(opening, {
      rule: 'The three bytes between the nonce and the CRC are padding, and belong to what it covers.',
      why: 'crc is a number of four bytes, and begins at a multiple of four: at 292, not at 289.',
      note: controlNote,
      runs,
      input: damaged(289, 291),
    }),
    generated(opening, {
      rule: 'What lies behind the CRC does not count.',
      why: 'The struct has 296 bytes; the rest of the file only keeps it from being too short.',
      note: controlNote,
      runs,
      input: damaged(296, 511),
    }),
    generated(opening, {
      rule: 'The timeline is the one that the checkpoint was written on, not the one before it.',
      why: 'The names of the segments to read begin with it, and after a promotion the two differ.',
      note: controlNote,
      runs,
      input: fc
        .tuple(anySpec, fc.integer({ min: 2, max: 0xffffffff }))
        .map(([spec, timeline]) => whole({ ...spec, timeline })),
    }),
    generated(opening, {
      rule: 'A damaged CRC of its own is found as well, and everything else is still read.',
      why: 'pg_controldata warns, and shows what there is; recovery refuses.',
      note: controlNote,
      runs,
      input: damaged(292, 295),
    }),
  ],
  alsoRight: { 'byte by byte': byHand },
  wrong: {
    'the CRC right behind the nonce, at 289': but((sector) => ({
      crcRight: crcIn(sector, { crcAt: 289, from: 0, to: 289 }),
    })),
    'the CRC without the padding': but((sector) => ({
      crcRight: crcIn(sector, { crcAt: 292, from: 0, to: 289 }),
    })),
    'the CRC at 288, where PostgreSQL 17 has it': but((sector) => ({
      crcRight: crcIn(sector, { crcAt: 288, from: 0, to: 288 }),
    })),
    'the CRC over itself': but((sector) => ({ crcRight: crcIn(sector, { crcAt: 292, from: 0, to: 296 }) })),
    'the CRC over all bytes but itself': but((sector) => {
      const rest = new Uint8Array([...sector.subarray(0, 292), ...sector.subarray(296)])
      return { crcRight: viewOf(sector).getUint32(292, true) === crc32c(rest) }
    }),
    'a signed CRC': but((sector) => ({
      crcRight: viewOf(sector).getInt32(292, true) === crc32c(sector, 0, 292),
    })),
    'no CRC at all': but(() => ({ crcRight: true })),
    'the highest byte first': bigEndian,
    'checkPoint and redo exchanged': but((sector) => {
      const { checkPoint, redo } = readControl(sector)
      return { checkPoint: redo, redo: checkPoint }
    }),
    'low halves only': but((sector) => ({
      checkPoint: BigInt(viewOf(sector).getUint32(32, true)),
      redo: BigInt(viewOf(sector).getUint32(40, true)),
    })),
    'through a floating-point number': but((sector) => ({ redo: BigInt(Number(readControl(sector).redo)) })),
    'the timeline before': but((sector) => ({ ThisTimeLineID: viewOf(sector).getUint32(52, true) })),
    'a signed timeline': but((sector) => ({ ThisTimeLineID: viewOf(sector).getInt32(48, true) })),
    'the size of a page of log for that of a segment': but((sector) => ({
      xlog_seg_size: viewOf(sector).getUint32(224, true),
    })),
    'the buffer behind the bytes, from its start': (sector) =>
      readControl(new Uint8Array(sector.buffer, 0, sector.length)),
  },
}
