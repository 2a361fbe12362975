// 07-final-checkpoint: what a power cut leaves.

import fc from 'fast-check'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  CONTROL,
  cutNote,
  cutsOf,
  cutting,
  inOrder,
  INDEX,
  LOG,
  STATUS,
  TABLE,
  type CutInput,
  type DiskCall,
  type Fate,
} from '../../exercises/parts/afterPowerCut.js'
import type { Solution } from '../solution.js'

/** As long as "shut down" cannot be on the disk, recovery begins again. Once it may be, all else must surely be there. */
export function afterPowerCut(calls: readonly DiskCall[], made: number): Fate {
  const done = calls.slice(0, made)
  const isSynced = (i: number): boolean =>
    // a sync covers its own file, and what was written before
    i < made && done.some((call, at) => at > i && call.what === 'sync' && call.path === calls[i].path)
  const end = done.findIndex(({ state }) => state === 'shut down')
  if (end === -1) return 'recovers again'
  const isNeeded = ({ what, path }: DiskCall): boolean => what === 'write' && path !== 'global/pg_control'
  if (!calls.every((call, i) => !isNeeded(call) || isSynced(i))) return 'data lost'
  return isSynced(end) ? 'starts' : 'recovers or starts'
}

interface Beliefs {
  /** Is the write at `i` surely on the disk, of `calls` when the first `made` have been made? */
  readonly isSafe?: (i: number, calls: readonly DiskCall[], made: number) => boolean
  /** Is this what must be on the disk, besides pg_control? */
  readonly isNeeded?: (call: DiskCall, i: number, made: number) => boolean
  readonly isEnd?: (call: DiskCall) => boolean
}

const isLog = (path: string): boolean => path.startsWith('pg_wal/')

const syncedAfter = (i: number, calls: readonly DiskCall[], made: number): boolean =>
  calls
    .slice(0, made)
    .some((call, at) => i < made && at > i && call.what === 'sync' && call.path === calls[i].path)

/** The solution, for somebody who believes something else of disks. */
function variant({
  isSafe = syncedAfter,
  isNeeded = ({ what, path }) => what === 'write' && path !== CONTROL,
  isEnd = ({ state }) => state === 'shut down',
}: Beliefs): (calls: readonly DiskCall[], made: number) => Fate {
  return (calls, made) => {
    const end = calls.slice(0, made).findIndex(isEnd)
    if (end === -1) return 'recovers again'
    if (!calls.every((call, i) => !isNeeded(call, i, made) || isSafe(i, calls, made))) return 'data lost'
    return isSafe(end, calls, made) ? 'starts' : 'recovers or starts'
  }
}

/** One pass over the calls: what has been written and not yet synced, file by file. */
function onePass(calls: readonly DiskCall[], made: number): Fate {
  const unsynced = new Map<string, number>()
  let state = 'before' as 'before' | 'perhaps' | 'surely'
  for (const { what, path, state: says } of calls.slice(0, made)) {
    if (what === 'write') unsynced.set(path, (unsynced.get(path) ?? 0) + 1)
    else unsynced.delete(path)
    if (says === 'shut down') state = 'perhaps'
    if (what === 'sync' && path === CONTROL && state === 'perhaps') state = 'surely'
  }
  if (state === 'before') return 'recovers again'
  unsynced.delete(CONTROL)
  const toCome = calls.slice(made).some(({ what, path }) => what === 'write' && path !== CONTROL)
  if (toCome || unsynced.size > 0) return 'data lost'
  return state === 'surely' ? 'starts' : 'recovers or starts'
}

const shuffled = (calls: readonly DiskCall[]): fc.Arbitrary<readonly DiskCall[]> =>
  fc.shuffledSubarray([...calls], { minLength: calls.length })

const write = (path: string, state?: DiskCall['state']): DiskCall =>
  state === undefined ? { what: 'write', path } : { what: 'write', path, state }
const sync = (path: string): DiskCall => ({ what: 'sync', path })

/** The right order, with a few calls exchanged: completely mixed, hardly one would ever be safe. */
const exchanged: fc.Arbitrary<readonly DiskCall[]> = fc
  .array(fc.tuple(fc.nat({ max: 9 }), fc.nat({ max: 9 })), { maxLength: 3 })
  .map((pairs) => {
    const calls = [...inOrder]
    for (const [a, b] of pairs) [calls[a], calls[b]] = [calls[b], calls[a]]
    return calls
  })

/** The end of a recovery in the right order, but a call or two may have been forgotten. */
const someForgotten: fc.Arbitrary<readonly DiskCall[]> = fc
  .subarray(inOrder.slice(0, 8), { minLength: 6 })
  .map((calls) => [...calls, write(CONTROL, 'shut down'), sync(CONTROL)])

/** In the right order, but one file is written once more, perhaps after its sync. */
const writtenAgain: fc.Arbitrary<readonly DiskCall[]> = fc
  .tuple(fc.constantFrom(TABLE, INDEX, STATUS, LOG), fc.integer({ min: 1, max: 9 }))
  .map(([path, at]) => [...inOrder.slice(0, at), write(path), ...inOrder.slice(at)])

/** pg_control is written several times, as PostgreSQL does it (CreateCheckPoint). */
const severalStates: fc.Arbitrary<readonly DiskCall[]> = fc
  .tuple(fc.boolean(), fc.boolean())
  .map(([syncedFirst, syncedSecond]) => [
    write(CONTROL, 'in crash recovery'),
    ...(syncedFirst ? [sync(CONTROL)] : []),
    ...inOrder.slice(0, 6),
    write(CONTROL, 'shutting down'),
    ...(syncedSecond ? [sync(CONTROL)] : []),
    ...inOrder.slice(6),
  ])

/** pg_control first, everything else after it: at the very end all is well again. */
const controlFirst: fc.Arbitrary<readonly DiskCall[]> = shuffled(inOrder.slice(0, 3)).map((writes) => [
  write(CONTROL, 'shut down'),
  sync(CONTROL),
  ...writes,
  ...inOrder.slice(3, 8),
])

function rule(text: string, why: string, calls: fc.Arbitrary<readonly DiskCall[]>): Check {
  const input: fc.Arbitrary<CutInput> = cutsOf(calls)
  return generated(cutting, { rule: text, why, note: cutNote, runs: 80, input })
}

export const afterPowerCutSolution: Solution<'afterPowerCut'> = {
  name: 'afterPowerCut',
  solution: afterPowerCut,
  hidden: [
    rule(
      'What is written and not synced may be on the disk or not, each write for itself.',
      'The operating system writes when it likes, in the order that it likes.',
      someForgotten,
    ),
    rule(
      'A sync covers what was written to its file before it, and not what is written later.',
      'fsync makes one file durable as it is now.',
      writtenAgain,
    ),
    rule(
      'Only "shut down" ends a recovery: in other states the next start recovers again.',
      'PostgreSQL writes pg_control three times on the way (StartupXLOG and CreateCheckPoint, xlog.c).',
      severalStates,
    ),
    rule(
      'A promise may be kept late: when all is synced at last, nothing is lost.',
      'That is why a wrong order is not noticed for years.',
      controlFirst,
    ),
    rule('Any order, any moment.', 'Not only the wrong orders that somebody thought of.', exchanged),
  ],
  alsoRight: { 'one pass, file by file': onePass },
  wrong: {
    'what is written is on the disk': variant({ isSafe: (i, _calls, made) => i < made }),
    'a sync covers all files': variant({
      isSafe: (i, calls, made) =>
        i < made && calls.slice(0, made).some(({ what }, at) => at > i && what === 'sync'),
    }),
    'a sync covers its file, before or after': variant({
      isSafe: (i, calls, made) =>
        i < made && calls.slice(0, made).some(({ what, path }) => what === 'sync' && path === calls[i].path),
    }),
    'what is still to come is not needed': variant({
      isNeeded: ({ what, path }, i, made) => what === 'write' && path !== CONTROL && i < made,
    }),
    'the log is not needed any more': variant({
      isNeeded: ({ what, path }) => what === 'write' && path !== CONTROL && !isLog(path),
    }),
    'only the log is needed': variant({ isNeeded: ({ what, path }) => what === 'write' && isLog(path) }),
    'every write of pg_control ends the recovery': variant({
      isEnd: ({ what, path }) => what === 'write' && path === CONTROL,
    }),
    'only a synced pg_control counts': (calls, made) => {
      const end = calls.findIndex(({ state }) => state === 'shut down')
      return syncedAfter(end, calls, made) ? afterPowerCut(calls, made) : 'recovers again'
    },
    'a written pg_control is there': (calls, made) => {
      const fate = afterPowerCut(calls, made)
      return fate === 'recovers or starts' ? 'starts' : fate
    },
    'one call more has been made': (calls, made) => afterPowerCut(calls, made + 1),
    'one call fewer has been made': (calls, made) => afterPowerCut(calls, Math.max(0, made - 1)),
    'only the order of the calls counts': (calls) => afterPowerCut(calls, calls.length),
    'once wrong, for ever wrong': (calls, made) => {
      for (let cut = 0; cut <= made; cut++) if (afterPowerCut(calls, cut) === 'data lost') return 'data lost'
      return afterPowerCut(calls, made)
    },
  },
}
