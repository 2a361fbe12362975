// Was there a crash? Nobody is left to write it down: it shows by the last act of a clean stop, which is missing.

import fc from 'fast-check'
import { formatLsn, nodeDisk, readControlFile, stateName, wasThereACrash as reference } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { position } from '../checking/positions.js'
import type { Answer, Picture } from '../drawing/drawing.js'
import { columns } from '../drawing/columns.js'
import { ruler } from '../drawing/ruler.js'

export type CrashInput = Parameters<typeof reference>
export type HowItStopped = ReturnType<typeof reference>

export const stopping: Contract<CrashInput, HowItStopped> = {
  name: 'wasThereACrash',
  draw: drawStop,
  reference,
  show: ({ state, checkPoint, redo }, files) =>
    [
      `Database cluster state:               ${stateName(state)} (${state})`,
      `Latest checkpoint location:           ${formatLsn(checkPoint)}`,
      `Latest checkpoint's REDO location:    ${formatLsn(redo)}`,
      `files in the data directory:          ${files.join('  ')}`,
    ].join('\n'),
}

/** What comes of a wrong answer. */
export function crashNote(answer: Plain, ...input: CrashInput): string {
  const right = reference(...input)
  if (answer === 'clean')
    return right === 'crashed'
      ? 'No record is replayed: what was committed after the checkpoint is lost.'
      : 'Its pages are those of an unfinished backup or standby, and it is opened as it lies there.'
  if (answer === 'crashed')
    return right === 'clean'
      ? 'Nothing needs replay here. No harm is done, but the answer is wrong.'
      : 'Crash recovery stops at the end of the local WAL, and the rest, in an archive or a primary, is never asked for.'
  if (answer === 'not ours') return 'Nothing here asks for archive recovery, and a plain start would do.'
  return "The answer is 'clean', 'crashed' or 'not ours'."
}

export const STATE = {
  shutDown: 1,
  shutDownInRecovery: 2,
  shuttingDown: 3,
  inCrashRecovery: 4,
  inArchiveRecovery: 5,
  inProduction: 6,
} as const

/** Files that say nothing of it: some always there, some left by the server that died, some of the past. */
const HARMLESS = [
  'PG_VERSION',
  'postgresql.conf',
  'postgresql.auto.conf',
  'postmaster.pid',
  'postmaster.opts',
  'backup_label.old',
  'backup_manifest',
  'current_logfiles',
]
export const harmlessFiles: fc.Arbitrary<string[]> = fc.subarray(HARMLESS)

/** A control file's three fields; `distance` is from the redo point to the checkpoint's record. */
export function controlOf(
  states: readonly number[],
  distance: fc.Arbitrary<bigint>,
): fc.Arbitrary<CrashInput[0]> {
  return fc
    .tuple(fc.constantFrom(...states), position(), distance)
    .map(([state, redo, further]) => ({ state, checkPoint: redo + further, redo }))
}

const here = { checkPoint: 0x8e6b78n, redo: 0x8e6b20n }

/** What pg_control says and which files stand by it: all that tells. */
function drawStop(
  _answer: Answer,
  { state, checkPoint, redo }: CrashInput[0],
  files: readonly string[],
): Picture {
  return {
    title: `A cluster ${stateName(state)}, its last checkpoint at ${formatLsn(checkPoint)}, redo ${formatLsn(redo)}.`,
    panels: [
      ruler([
        { at: redo, label: 'redo location', kind: 'accent' },
        { at: checkPoint, label: 'checkpoint location' },
      ]),
      columns(
        [
          { name: 'Database cluster state', expected: `${stateName(state)} (${state})` },
          ...files.map((file, i) => ({ name: i === 0 ? 'files' : '', expected: file })),
        ],
        { show: 'expected', heads: ['what was found', ''] },
      ),
    ],
  }
}

export const wasThereACrash: Exercise = {
  name: 'wasThereACrash',
  notebook: '04-startup',
  visible: [
    examples(stopping, {
      rule: 'Three directories: one of a server that was killed, one that was shut down, one of a standby.',
      why: 'Only the first one is to be recovered, and the last one not by us.',
      note: crashNote,
      inputs: [
        [{ state: STATE.inProduction, ...here }, ['PG_VERSION', 'postmaster.pid']],
        [{ state: STATE.shutDown, checkPoint: 0x1a2b3c8n, redo: 0x1a2b3c8n }, ['PG_VERSION']],
        [{ state: STATE.inArchiveRecovery, ...here }, ['PG_VERSION', 'standby.signal']],
      ],
    }),
    generated(stopping, {
      rule: 'A server in production, or shut down, with whatever files lie about.',
      why: 'A server that is killed leaves its state and its postmaster.pid as they are.',
      note: crashNote,
      input: fc.tuple(
        fc.oneof(
          controlOf([STATE.inProduction], position(0n, 0x400000n)),
          controlOf([STATE.shutDown], fc.constant(0n)),
        ),
        harmlessFiles,
      ),
    }),
  ],
  onScene(scene) {
    const disk = nodeDisk(scene.dir)
    const { state, checkPoint, checkPointCopy } = readControlFile(disk)
    const files = disk.list('').flatMap(({ name, kind }) => (kind === 'file' ? [name] : []))
    const why = scene.crash
    return examples(stopping, {
      rule: `Scene ${scene.name}, as it lies on the disk.`,
      why,
      note: crashNote,
      inputs: [[{ state, checkPoint, redo: checkPointCopy.redo }, files]],
    })
  },
}
