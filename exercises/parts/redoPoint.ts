// Where replay begins. pg_control names the last checkpoint's record; the record names the redo point.

import fc from 'fast-check'
import { formatLsn, nodeDisk, readControlFile, reference, stateName, type ControlFile } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import { controlFileWith } from './controlFiles.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { answerMarks, ruler, type Mark } from '../drawing/ruler.js'

export type RedoPointInput = [control: ControlFile]

export const beginning: Contract<RedoPointInput, bigint> = {
  name: 'redoPoint',
  draw: drawBeginning,
  reference: reference.redoPoint,
  show: (control) =>
    [
      `Database cluster state:               ${stateName(control.state)}`,
      `Latest checkpoint location:           ${formatLsn(control.checkPoint)}`,
      `Latest checkpoint's REDO location:    ${formatLsn(control.checkPointCopy.redo)}`,
      `Minimum recovery ending location:     ${formatLsn(control.minRecoveryPoint)}`,
      `Backup start location:                ${formatLsn(control.backupStartPoint)}`,
    ].join('\n'),
  showAnswer: (answer) => (typeof answer === 'bigint' && answer >= 0n ? formatLsn(answer) : String(answer)),
  replay: ({ checkPoint, checkPointCopy }) =>
    `redoPoint({ checkPoint: ${hex(checkPoint)}, checkPointCopy: { redo: ${hex(checkPointCopy.redo)} } } as ControlFile)`,
}

const hex = (lsn: bigint): string => `0x${lsn.toString(16).toUpperCase()}n`

/** What comes of starting elsewhere. */
export function redoPointNote(answer: Plain, { checkPoint, checkPointCopy }: ControlFile): string {
  if (typeof answer !== 'bigint') return 'A position is a bigint.'
  if (answer === checkPoint)
    return 'This is the checkpoint record. What was logged while the checkpoint was at work lies before it and is never replayed.'
  if (answer > checkPointCopy.redo)
    return 'Records before this position are never replayed: committed rows are lost.'
  return 'No record need start here: it may be the middle of one, or a file that was recycled long ago.'
}

/** A checkpoint that ran while others wrote: its record lies behind its redo point. */
export const onlineCheckpoint: fc.Arbitrary<{ redo: bigint; checkPoint: bigint }> = fc
  .tuple(position(), position(0x58n, 0x400000n))
  .map(([redo, distance]) => ({ redo, checkPoint: redo + distance }))

/** The positions that pg_control knows, and the one that came. */
function drawBeginning(answer: Answer, control: ControlFile): Picture {
  const { checkPoint, checkPointCopy, minRecoveryPoint, backupStartPoint } = control
  const others: Mark[] = [
    { at: minRecoveryPoint, label: 'minimum recovery ending', kind: 'plain' as const },
    { at: backupStartPoint, label: 'backup start', kind: 'plain' as const },
  ].filter(({ at }) => at > 0n)
  return {
    title: `The last checkpoint: its REDO location ${formatLsn(checkPointCopy.redo)}, its record ${formatLsn(checkPoint)}.`,
    panels: [
      ruler([
        { at: checkPointCopy.redo, label: 'redo: the checkpoint began', kind: 'accent' },
        { at: checkPoint, label: "the checkpoint's record" },
        ...others,
        ...answerMarks(checkPointCopy.redo, answer),
      ]),
    ],
  }
}

export const redoPoint: Exercise = {
  name: 'redoPoint',
  notebook: '03-checkpoint',
  visible: [
    examples(beginning, {
      rule: 'The control file of scene bank: its checkpoint began at 0/8E6B20 and ended at 0/8E6B78.',
      why: 'Two records lie between the two positions; on a busy server there are millions.',
      note: redoPointNote,
      inputs: [[controlFileWith({ checkPoint: 0x8e6b78n, redo: 0x8e6b20n })]],
    }),
    generated(beginning, {
      rule: 'Any checkpoint of a running server.',
      why: 'A checkpoint takes minutes, and nobody stops writing for it.',
      note: redoPointNote,
      input: onlineCheckpoint.map((positions): RedoPointInput => [controlFileWith(positions)]),
    }),
  ],
  onScene(scene) {
    const control = readControlFile(nodeDisk(scene.dir))
    const inputs: RedoPointInput[] = [[control]]
    const why = `Recovery of this directory begins at ${formatLsn(control.checkPointCopy.redo)}.`
    return examples(beginning, {
      rule: `The control file of scene ${scene.name}, as it lies on the disk.`,
      why,
      note: redoPointNote,
      inputs,
    })
  },
}
