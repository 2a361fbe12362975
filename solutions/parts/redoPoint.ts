// 03-checkpoint: where replay begins.

import fc from 'fast-check'
import { DBState } from 'pgcrash'
import type { ControlFile } from 'pgcrash'
import { generated } from '../../exercises/checking/contract.js'
import { FIRST_RECORD, position } from '../../exercises/checking/positions.js'
import { controlFileWith } from '../../exercises/parts/controlFiles.js'
import {
  beginning,
  onlineCheckpoint,
  redoPointNote,
  type RedoPointInput,
} from '../../exercises/parts/redoPoint.js'
import type { Solution } from '../solution.js'

/** The checkpoint knows where it began: from there on the log may hold changes that it did not write down. */
export function redoPoint(control: ControlFile): bigint {
  return control.checkPointCopy.redo
}

const max = (a: bigint, b: bigint): bigint => (a > b ? a : b)
const recordEnd = (start: bigint): bigint => start + 120n

export const redoPointSolution: Solution<'redoPoint'> = {
  name: 'redoPoint',
  solution: redoPoint,
  hidden: [
    generated(beginning, {
      rule: 'A checkpoint that ran while others wrote: replay begins where it began, not where its record stands.',
      why: 'Pages changed while the checkpoint was at work may have missed it; only the log between the two has them.',
      note: redoPointNote,
      input: onlineCheckpoint.map((positions): RedoPointInput => [controlFileWith(positions)]),
    }),
    generated(beginning, {
      rule: 'A shutdown checkpoint: nobody else writes, and both positions are one.',
      why: 'A server that crashes right after its start finds such a checkpoint.',
      note: redoPointNote,
      input: position().map((redo): RedoPointInput => [controlFileWith({ redo, checkPoint: redo })]),
    }),
    generated(beginning, {
      rule: 'The minimum recovery ending location says how far to go, not where to begin.',
      why: 'A standby that became a primary may still have it set, far behind the redo point.',
      note: redoPointNote,
      input: fc
        .tuple(onlineCheckpoint, position(), position())
        .map(([{ redo, checkPoint }, distance, backup]): RedoPointInput => [
          controlFileWith({
            redo,
            checkPoint,
            minRecoveryPoint: checkPoint + distance,
            backupStartPoint: backup,
          }),
        ]),
    }),
    generated(beginning, {
      rule: 'The state of the cluster does not move the redo point.',
      why: 'A recovery that was itself cut off leaves "in crash recovery", and begins again at the same place.',
      note: redoPointNote,
      input: fc
        .tuple(onlineCheckpoint, fc.constantFrom(...Object.values(DBState)))
        .map(([positions, state]): RedoPointInput => [controlFileWith({ ...positions, state })]),
    }),
    generated(beginning, {
      rule: 'Positions are exact beyond 2^53.',
      why: 'A redo point that is some bytes off is not the start of a record, and the log seems to end at once.',
      note: redoPointNote,
      input: fc
        .tuple(position(1n << 60n, 1n << 63n), position(8n, 0x4000n))
        .map(([redo, distance]): RedoPointInput => [
          controlFileWith({ redo: redo + 8n, checkPoint: redo + 8n + distance }),
        ]),
    }),
  ],
  alsoRight: {
    'the lower of the two positions': ({ checkPoint, checkPointCopy: { redo } }) =>
      redo < checkPoint ? redo : checkPoint,
  },
  wrong: {
    'the checkpoint record': (control) => control.checkPoint,
    'behind the checkpoint record': (control) => recordEnd(control.checkPoint),
    'the minimum recovery ending location': (control) => control.minRecoveryPoint,
    'whichever is further': (control) => max(control.checkPointCopy.redo, control.minRecoveryPoint),
    'the redo point only when in production': (control) =>
      control.state === DBState.DB_IN_PRODUCTION ? control.checkPointCopy.redo : control.checkPoint,
    "the backup's start when there is one": (control) =>
      control.backupStartPoint || control.checkPointCopy.redo,
    'the start of the segment': (control) =>
      control.checkPointCopy.redo - (control.checkPointCopy.redo % BigInt(control.xlog_seg_size)),
    'the start of the page': (control) => control.checkPointCopy.redo - (control.checkPointCopy.redo % 8192n),
    'through a floating-point number': (control) => BigInt(Number(control.checkPointCopy.redo)),
    'low half only': (control) => control.checkPointCopy.redo & 0xffffffffn,
    'the first record of the cluster': () => FIRST_RECORD,
  },
}
