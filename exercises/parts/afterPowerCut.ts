// The power fails between two calls to the operating system. What was synced is on the disk; of the rest, nobody knows.

import fc from 'fast-check'
import type { svg } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { examples, generated, type Contract } from '../checking/contract.js'
import type { Plain } from '../checking/plainData.js'
import { caption, type Answer, type Picture } from '../drawing/drawing.js'
import { columns } from '../drawing/columns.js'

/** A call of the final checkpoint. A write of pg_control carries the state that it sets. */
export interface DiskCall {
  what: 'write' | 'sync'
  path: string
  state?: 'in crash recovery' | 'shutting down' | 'shut down'
}

/** What the next start finds, at the worst. */
export type Fate = 'recovers again' | 'starts' | 'recovers or starts' | 'data lost'

export type CutInput = [calls: readonly DiskCall[], made: number]

export const CONTROL = 'global/pg_control'

export const cutting: Contract<CutInput, Fate> = {
  name: 'afterPowerCut',
  draw: drawCut,
  /** Tries every disk that the cut may leave: any of the writes that were not synced may have reached it, or not. */
  reference(calls, made) {
    const found = new Set<Fate>()
    for (const disk of possibleDisks(calls, made)) found.add(fateOf(calls, disk))
    if (found.has('data lost')) return 'data lost'
    const [only] = found
    return found.size === 1 ? only : 'recovers or starts'
  },
  show: (calls, made) =>
    calls
      .flatMap((call, i) => [...(i === made ? [POWER_CUT] : []), `  ${i + 1}. ${inWords(call)}`])
      .concat(made === calls.length ? [POWER_CUT] : [])
      .join('\n'),
  showAnswer: (answer) => (typeof answer === 'string' ? `"${answer}"` : String(answer)),
}

const POWER_CUT = '  ──── the power fails ────'

function inWords({ what, path, state }: DiskCall): string {
  return `${what} ${path}${state === undefined ? '' : `, "${state}"`}`
}

/** Which writes are on the disk, in each of the ways in which it can have come. */
function possibleDisks(calls: readonly DiskCall[], made: number): ReadonlySet<number>[] {
  const done = calls.slice(0, made)
  const writes = [...done.keys()].filter((i) => done[i].what === 'write')
  const isSynced = (i: number): boolean =>
    done.some((call, at) => at > i && call.what === 'sync' && call.path === done[i].path)
  let disks: number[][] = [writes.filter(isSynced)]
  for (const write of writes.filter((i) => !isSynced(i)))
    disks = disks.flatMap((disk) => [disk, [...disk, write]])
  return disks.map((disk) => new Set(disk))
}

function fateOf(calls: readonly DiskCall[], disk: ReadonlySet<number>): Fate {
  const isControl = ({ what, path }: DiskCall): boolean => what === 'write' && path === CONTROL
  const control = [...calls.keys()].findLast((i) => isControl(calls[i]) && disk.has(i))
  if (control === undefined || calls[control].state !== 'shut down') return 'recovers again'
  const isMissing = (call: DiskCall, i: number): boolean =>
    call.what === 'write' && call.path !== CONTROL && !disk.has(i)
  return calls.some(isMissing) ? 'data lost' : 'starts'
}

/** Says what can come of this cut. */
export function cutNote(answer: Plain, calls: readonly DiskCall[], made: number): string {
  const right = cutting.reference(calls, made)
  const says = calls.slice(0, made).some(({ state }) => state === 'shut down')
  if (right === 'recovers again')
    return 'No disk that the cut can leave says "shut down": the next start recovers once more, and nothing is lost.'
  if (right === 'data lost') {
    const lost = missingSomewhere(calls, made)
    return `pg_control may say "shut down" while ${lost} is not on the disk; nobody will replay the log for it.`
  }
  if (right === 'starts') return 'All of it was synced: this recovery is over.'
  return says && answer !== 'data lost'
    ? 'The last write of pg_control was not synced: it may have reached the disk, or not. Both are safe.'
    : 'Whether "shut down" reached the disk nobody knows, but everything that it promises is there.'
}

function missingSomewhere(calls: readonly DiskCall[], made: number): string {
  for (const disk of possibleDisks(calls, made)) {
    if (fateOf(calls, disk) !== 'data lost') continue
    const missing = calls.find(({ what, path }, i) => what === 'write' && path !== CONTROL && !disk.has(i))
    if (missing) return missing.path
  }
  return 'something'
}

export const TABLE = 'base/5/16384'
export const INDEX = 'base/5/16389'
export const STATUS = 'pg_xact/0000'
export const LOG = 'pg_wal/000000010000000000000009'

const write = (path: string, state?: DiskCall['state']): DiskCall =>
  state === undefined ? { what: 'write', path } : { what: 'write', path, state }
const sync = (path: string): DiskCall => ({ what: 'sync', path })

/** The engine's calls, in its order. */
export const inOrder: readonly DiskCall[] = [
  write(STATUS),
  write(TABLE),
  write(INDEX),
  sync(STATUS),
  sync(TABLE),
  sync(INDEX),
  write(LOG),
  sync(LOG),
  write(CONTROL, 'shut down'),
  sync(CONTROL),
]

/** The same calls with pg_control written before the log is synced. */
export const tooEarly: readonly DiskCall[] = [
  ...inOrder.slice(0, 7),
  write(CONTROL, 'shut down'),
  sync(LOG),
  sync(CONTROL),
]

/** Calls and a moment, mostly a late one: that is where orders differ. The files get names of their own. */
export function cutsOf(calls: fc.Arbitrary<readonly DiskCall[]>): fc.Arbitrary<CutInput> {
  return fc
    .tuple(
      calls,
      fc.oneof(
        fc.nat({ max: 1000 }),
        fc.integer({ min: 700, max: 1000 }),
        fc.integer({ min: 800, max: 900 }),
      ),
      fc.nat({ max: 4000 }),
    )
    .map(([all, part, n]): CutInput => [
      all.map((call) => ({ ...call, path: renamed(call.path, n) })),
      Math.round((part / 1000) * all.length),
    ])
}

function renamed(path: string, n: number): string {
  const hex = (value: number, digits: number): string =>
    value.toString(16).toUpperCase().padStart(digits, '0')
  const names = new Map([
    [TABLE, `base/5/${16384 + n}`],
    [INDEX, `base/5/${16389 + n}`],
    [STATUS, `pg_xact/${hex(n % 16, 4)}`],
    [LOG, `pg_wal/00000001${hex(0, 8)}${hex(1 + (n % 254), 8)}`],
  ])
  return names.get(path) ?? path
}

const everyCut = (calls: readonly DiskCall[]): CutInput[] =>
  Array.from({ length: calls.length + 1 }, (_, made): CutInput => [calls, made])

/** The calls in their order, and of each write whether the disk has it after the cut. */
function drawCut(_answer: Answer, calls: readonly DiskCall[], made: number): Picture {
  const synced = (i: number): boolean =>
    calls.slice(0, made).some(({ what, path }, at) => at > i && what === 'sync' && path === calls[i].path)
  const fate = (call: DiskCall, i: number): string => {
    if (i >= made) return 'never made'
    if (call.what === 'sync') return 'done'
    return synced(i) ? 'on the disk' : 'perhaps on the disk'
  }
  const kinds: Readonly<Record<string, svg.Kind>> = {
    'on the disk': 'ok',
    'perhaps on the disk': 'bad',
    done: 'plain',
  }
  return {
    title: `${made} of ${calls.length} calls were made when the power failed.`,
    panels: [
      columns(
        calls.map((call, i) => ({
          name: `${i + 1}. ${inWords(call)}`,
          expected: fate(call, i),
          kind: kinds[fate(call, i)],
          differs: false,
        })),
        { show: 'expected', heads: ['after the cut', ''], head: 'call' },
      ),
      caption(`the power fails after call ${made}`),
    ],
  }
}

export const afterPowerCut: Exercise = {
  name: 'afterPowerCut',
  notebook: '07-final-checkpoint',
  visible: [
    examples(cutting, {
      rule: 'A cut after each of the calls, in the right order.',
      why: 'The last calls of a recovery take seconds, and the power may fail in any of them.',
      note: cutNote,
      inputs: everyCut(inOrder),
    }),
    examples(cutting, {
      rule: 'A cut after each of the calls, with pg_control written too early.',
      why: 'pg_control then names a checkpoint record that may not be there.',
      note: cutNote,
      inputs: everyCut(tooEarly),
    }),
    generated(cutting, {
      rule: 'The calls in any order.',
      why: 'An order that is wrong goes well every day but one.',
      note: cutNote,
      runs: 80,
      input: cutsOf(fc.shuffledSubarray([...inOrder], { minLength: inOrder.length })),
    }),
  ],
}
