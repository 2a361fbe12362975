// 04-startup: was there a crash?

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import { position } from '../../exercises/checking/positions.js'
import {
  controlOf,
  crashNote,
  harmlessFiles,
  STATE,
  stopping,
  type CrashInput,
  type HowItStopped,
} from '../../exercises/parts/wasThereACrash.js'
import type { Solution } from '../solution.js'

/** A clean stop ends with a checkpoint that nothing overlaps, and with the word for it. Anything else was a crash. */
export function wasThereACrash(
  control: { state: number; checkPoint: bigint; redo: bigint },
  files: string[],
): 'clean' | 'crashed' | 'not ours' {
  const asks = ['standby.signal', 'recovery.signal', 'backup_label']
  if (asks.some((name) => files.includes(name))) return 'not ours'
  if (control.state === 2 || control.state === 5) return 'not ours' // a standby, shut down or not
  return control.state === 1 && control.redo === control.checkPoint ? 'clean' : 'crashed'
}

type Part = (control: CrashInput[0], files: readonly string[]) => HowItStopped

const overlapping = position(8n, 0x400000n)
const alone = fc.constant(0n)
const asking = fc.constantFrom('standby.signal', 'recovery.signal', 'backup_label')
const allStates = Object.values(STATE)

/** The rules with a piece exchanged. */
function variant({
  asks = ['standby.signal', 'recovery.signal', 'backup_label'],
  has = (files: readonly string[], name: string) => files.includes(name),
  standby = [STATE.shutDownInRecovery, STATE.inArchiveRecovery] as readonly number[],
  clean = ({ state, checkPoint, redo }: CrashInput[0]) => state === STATE.shutDown && redo === checkPoint,
} = {}): Part {
  return (control, files) => {
    if (asks.some((name) => has(files, name)) || standby.includes(control.state)) return 'not ours'
    return clean(control) ? 'clean' : 'crashed'
  }
}

const right = variant()

export const wasThereACrashSolution: Solution<'wasThereACrash'> = {
  name: 'wasThereACrash',
  solution: wasThereACrash,
  hidden: [
    generated(stopping, {
      rule: 'Only "shut down" says that the last act was done; "shutting down" and "in crash recovery" do not.',
      why: 'PostgreSQL writes "shut down" when its last checkpoint is on disk. Killed before that, it has to recover.',
      note: crashNote,
      input: fc.tuple(
        controlOf(
          [STATE.inProduction, STATE.shuttingDown, STATE.inCrashRecovery, STATE.shutDown],
          fc.constant(0n),
        ),
        harmlessFiles,
      ),
    }),
    generated(stopping, {
      rule: 'A redo point before the checkpoint record: WAL lies between the two, whatever the state says.',
      why: 'A shutdown checkpoint has nothing between them. With anything there, InitWalRecovery looks no further.',
      note: crashNote,
      input: fc.tuple(controlOf([STATE.shutDown, STATE.inProduction], overlapping), harmlessFiles),
    }),
    generated(stopping, {
      rule: 'A redo point at the checkpoint record is no sign of a clean stop by itself.',
      why: 'A server that is killed right after its start has such a checkpoint, and records behind it.',
      note: crashNote,
      input: fc.tuple(
        controlOf([STATE.inProduction, STATE.inCrashRecovery, STATE.shutDown], alone),
        harmlessFiles,
      ),
    }),
    generated(stopping, {
      rule: 'A signal file or a backup_label asks for archive recovery, even of a directory that was shut down.',
      why: 'The pages of a backup were copied at different moments: only the WAL that backup_label names makes them whole.',
      note: crashNote,
      input: fc.tuple(
        controlOf([STATE.shutDown, STATE.inProduction], fc.constantFrom(0n, 0x58n, 0x1000n)),
        fc
          .tuple(harmlessFiles, asking, fc.boolean())
          .map(([files, name, first]) => (first ? [name, ...files] : [...files, name])),
      ),
    }),
    generated(stopping, {
      rule: 'Files with names that only resemble those ask for nothing.',
      why: 'PostgreSQL renames backup_label to backup_label.old when it is done with it, and keeps it.',
      note: crashNote,
      input: fc.tuple(
        controlOf([STATE.shutDown, STATE.inProduction], fc.constantFrom(0n, 0x58n)),
        harmlessFiles.map((files) => [...new Set([...files, 'backup_label.old'])]),
      ),
    }),
    generated(stopping, {
      rule: 'A directory that was last in archive recovery belongs to a standby, with or without its signal file.',
      why: 'It stopped at a place that its primary chose; whether it is to go on from there is for people to say.',
      note: crashNote,
      input: fc.tuple(
        controlOf([STATE.shutDownInRecovery, STATE.inArchiveRecovery], fc.constantFrom(0n, 0x58n)),
        harmlessFiles,
      ),
    }),
    generated(stopping, {
      rule: 'A postmaster.pid says that a server ran, not how it stopped.',
      why: 'After pg_ctl stop -m immediate the file is gone, and recovery is needed all the same.',
      note: crashNote,
      input: fc.tuple(
        controlOf(allStates, fc.constantFrom(0n, 0x58n)),
        fc.constantFrom<string[]>([], ['postmaster.pid'], ['PG_VERSION'], ['PG_VERSION', 'postmaster.pid']),
      ),
    }),
  ],
  alsoRight: {
    'in the order of InitWalRecovery': ({ state, checkPoint, redo }, files) => {
      const archive =
        files.some((name) => /^(?:(?:standby|recovery)\.signal|backup_label)$/.test(name)) ||
        [STATE.shutDownInRecovery, STATE.inArchiveRecovery].includes(state as 2)
      const needed = redo < checkPoint || state !== STATE.shutDown
      return archive ? 'not ours' : needed ? 'crashed' : 'clean'
    },
  },
  wrong: {
    'crashed only when in production': variant({ clean: ({ state }) => state !== STATE.inProduction }),
    'the state alone': variant({ clean: ({ state }) => state === STATE.shutDown }),
    'the two positions alone': variant({ clean: ({ redo, checkPoint }) => redo === checkPoint }),
    'shutting down is as good as shut down': variant({
      clean: ({ state, redo, checkPoint }) =>
        [STATE.shutDown, STATE.shuttingDown].includes(state as 1) && redo === checkPoint,
    }),
    'the wrong way round: clean when the redo point is earlier': variant({
      clean: ({ state, redo, checkPoint }) => state === STATE.shutDown && redo < checkPoint,
    }),
    'files are not looked at': variant({ asks: [] }),
    'backup_label forgotten': variant({ asks: ['standby.signal', 'recovery.signal'] }),
    'any name that begins like one': variant({
      has: (files, name) => files.some((file) => file.startsWith(name)),
    }),
    'a clean stop needs no second look': (control, files) =>
      control.state === STATE.shutDown && control.redo === control.checkPoint
        ? 'clean'
        : right(control, files),
    'standbys that were shut down are clean': (control, files) =>
      control.state === STATE.shutDownInRecovery ? 'clean' : right(control, files),
    'standbys are known by their file only': variant({ standby: [] }),
    'postmaster.pid tells': (control, files) => {
      const found = right(control, files)
      return found === 'not ours' ? found : files.includes('postmaster.pid') ? 'crashed' : 'clean'
    },
  },
}
