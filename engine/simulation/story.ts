// One crash told from beginning to end: what was done, what that asked of the disk, what the crash took away, what
// recovery said, and what came of it. The same seed tells the same story, to the letter.

import { randomFrom } from '../bytes/random.js'
import { createCluster } from '../database/cluster.js'
import { Database } from '../database/database.js'
import {
  CRASH_KINDS,
  powerDisk,
  type CrashKind,
  type DiskAction,
  type UnsyncedWrite,
} from '../disk/powerDisk.js'
import type { Parts } from '../parts.js'
import { Simulation, type CrashOutcome } from './crashes.js'
import { describeStep, makeHistory, type Step } from './history.js'
import type { Found, Rule } from './rules.js'
import { Run, TABLE } from './run.js'

export interface StoryOptions {
  readonly seed: number
  /** Steps of the history. */
  readonly steps: number
  /** The disk action after which the crash comes, and its kind; by default the seed chooses. */
  readonly action?: number
  readonly kind?: CrashKind
  /** A rule may be switched off. */
  readonly parts?: Parts
  readonly fullPageWrites?: boolean
  /** Told instead of the history that the seed makes. */
  readonly history?: readonly Step[]
}

export interface Story {
  readonly lines: readonly string[]
  readonly violation: string | undefined
}

/** Tells how a rule that was switched off was noticed. */
export function tellViolation(rule: Pick<Rule, 'when' | 'without'>, found: Found): Story {
  const { seed, history, point } = found
  const [action, kind] = [point.actions[0], point.kinds[0]]
  const { fullPageWrites } = rule.when ?? {}
  return tellStory({
    seed,
    steps: history.length,
    history,
    action,
    kind,
    parts: rule.without,
    fullPageWrites,
  })
}

const SKIPPED = /^(no |not done|nothing)/

/** Tells a crash. */
export function tellStory(options: StoryOptions): Story {
  const history = options.history ?? makeHistory(options.seed, options.steps)
  const random = randomFrom(options.seed ^ 0x5eed)
  const { actions, writes } = actionsOf(history, options)
  // Right after a write there is something to lose.
  const action = options.action ?? writes[Math.floor((0.3 + 0.7 * random()) * writes.length)]
  const kind = options.kind ?? CRASH_KINDS[Math.floor(random() * CRASH_KINDS.length)]
  const lines = [
    `seed ${options.seed}: ${history.length} steps, ${actions} disk actions; ${kind} after action ${action}`,
    '',
  ]
  let pending: string[] = []
  let next = 0
  let outcome: CrashOutcome | undefined
  const { seed, parts, fullPageWrites } = options
  new Simulation({
    seed,
    parts,
    fullPageWrites,
    only: { action, kind },
    watch: {
      action: (index, what) => pending.push(describeAction(index, what)),
      opened() {
        lines.push('      the database is opened', ...pending)
        pending = []
      },
      step(index, step, said) {
        const told = describeStep(step) + (said === 'done' ? '' : `: ${said}`)
        if (!SKIPPED.test(said)) lines.push(`${String(index + 1).padStart(4)}  ${told}`, ...pending)
        pending = []
        next = index + 1
      },
      lost(writes) {
        lines.push(`${String(next + 1).padStart(4)}  ${describeStep(history[next])}`, ...pending)
        pending = []
        lines.push('', `  ${kind.toUpperCase()}`, ...describeLost(kind, writes), '', '  RECOVERY')
      },
      sentence: (sentence) => lines.push(`      ${sentence}`),
      crash: (_, found) => (outcome = found),
    },
  }).play(history)
  lines.push('', ...describeOutcome(outcome))
  return { lines, violation: outcome?.violation }
}

/** Disk actions of a history that nothing interrupts: how many, and which of them are writes. */
function actionsOf(
  history: readonly Step[],
  { parts, fullPageWrites }: StoryOptions,
): { actions: number; writes: number[] } {
  const disk = powerDisk()
  createCluster(disk, { tables: [TABLE.locator] })
  const writes: number[] = []
  let actions = 0
  disk.watch(({ what }) => {
    if (what === 'write') writes.push(actions)
    actions++
  })
  const run = new Run(new Database(disk, { parts, capacity: 6, fullPageWrites }))
  for (const step of history) run.take(step)
  return { actions, writes }
}

function describeAction(index: number, { what, path, at, length }: DiskAction): string {
  const where = at === undefined ? '' : `, ${length} bytes at ${at}`
  const size = what === 'truncate' ? ` to ${length} bytes` : ''
  return `        ${String(index).padStart(4)}  ${what} ${path}${where}${size}`
}

function describeLost(kind: CrashKind, writes: readonly UnsyncedWrite[]): string[] {
  if (writes.length === 0) return ['      all that was written had been synced: nothing can be lost']
  const fate: Readonly<Record<CrashKind, string>> = {
    killed: 'written and not synced; the operating system lives on and has them all',
    'power lost': 'written and not synced, and gone',
    reordered: 'written and not synced; some of these writes got there, others did not',
    torn: 'written and not synced; some of their sectors got there, others did not',
  }
  const byFile = new Map<string, number>()
  for (const { path, length } of writes) byFile.set(path, (byFile.get(path) ?? 0) + length)
  return [`      ${fate[kind]}:`, ...[...byFile].map(([path, length]) => `        ${path}, ${length} bytes`)]
}

function describeOutcome(outcome: CrashOutcome | undefined): string[] {
  if (!outcome) return ['  The history ended before that action.']
  if (outcome.violation !== undefined) return ['  VIOLATION', `      ${outcome.violation}`]
  const { moment } = outcome
  if (!moment) return []
  const rows = moment.rows.size
  return [
    '  ALL IS WELL',
    `      the rows are those of "${moment.what}": ${rows} row${rows === 1 ? '' : 's'}` +
      (moment.prepared.length > 0 ? `, prepared: ${moment.prepared.join(', ')}` : ''),
    ...(moment.told ? [] : ['      nobody had been told of it, and it survived whole']),
  ]
}
