// The rules that make recovery possible, each with a version of its part that breaks it. Switched off one at a time, each
// must cost somebody a commit, or show a row that never was: a simulator that does not notice proves nothing.

import { assert } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { XLogRecord } from '../format/walRecord.js'
import { reference, type Parts } from '../parts.js'
import { simulate, type CrashPoint, type SimulationOptions } from './crashes.js'
import { makeHistory, type Step } from './history.js'

export interface Rule {
  readonly name: string
  /** What is lost without it. */
  readonly why: string
  /** The engine's parts with this rule switched off. */
  readonly without: Parts
  /** Where the rule is all that helps. */
  readonly when?: Pick<SimulationOptions, 'fullPageWrites' | 'kinds'>
}

/** Pages are written whole or not at all, as on a disk that promises it: then no image is needed. */
export const WITHOUT_IMAGES: Pick<SimulationOptions, 'fullPageWrites' | 'kinds'> = {
  fullPageWrites: false,
  kinds: ['killed', 'power lost', 'reordered'],
}

export const RULES: readonly Rule[] = [
  {
    name: 'write-ahead',
    why: 'a page on disk has changes that no log can explain, or take back',
    without: { ...reference, logBeforePage: () => 0n },
  },
  {
    name: 'full-page images',
    why: 'a page torn in mid-write is half old and half new, and the log has only the changes',
    without: { ...reference, needsImage: () => false },
  },
  {
    name: 'sync before the control file',
    why: 'the control file says where to begin, and what lies before that never reached the disk',
    without: {
      ...reference,
      finalWrites: (writes) => [
        ...reference.finalWrites(writes).filter((write) => write !== 'sync data files'),
        'sync data files',
      ],
    },
  },
  {
    name: 'the page-LSN gate',
    why: 'a change is made twice, to a page that has it already',
    without: { ...reference, needsRedo: () => true },
    // With images each page starts anew from one of them, and its changes follow in order: nothing is made twice.
    when: WITHOUT_IMAGES,
  },
  {
    name: 'abort of transactions in flight',
    why: 'pg_xact keeps calling them in progress, though nobody will ever end them',
    without: { ...reference, inFlight: () => [] },
  },
  {
    name: 'the CRC check',
    why: 'half of a record, whose other half never reached the disk, is taken for a whole one',
    without: { ...reference, recordCrc: (record) => viewOf(record).getUint32(XLogRecord.at.xl_crc, true) },
    // Whoever is only killed leaves no half of a record.
    when: { kinds: ['reordered', 'torn'] },
  },
]

export interface Found {
  /** Crashes looked at until the violation. */
  readonly crashes: number
  readonly seed: number
  /** The shortest history that still shows it. */
  readonly history: readonly Step[]
  readonly violation: string
  /** The crash of that history which shows it. */
  readonly point: CrashPoint
}

const LENGTH = 40

/** Looks for a violation among at most `most` crashes; undefined when there is none. */
export function findViolation(
  { without: parts, when }: Pick<Rule, 'without' | 'when'>,
  most: number,
  seed = 1,
): Found | undefined {
  let crashes = 0
  for (let i = 0; crashes < most; i++) {
    const options = { ...when, seed: seed + i, parts, stopAtFirst: true }
    const history = makeHistory(options.seed, LENGTH)
    const result = simulate(history, { ...options, most: most - crashes })
    crashes += result.crashes
    if (result.violations.length === 0) continue
    const shortest = shorten(history, options)
    return { crashes, seed: options.seed, history: shortest, ...firstViolation(shortest, options) }
  }
  return undefined
}

function firstViolation(
  history: readonly Step[],
  options: SimulationOptions,
): Pick<Found, 'violation' | 'point'> {
  let last: CrashPoint | undefined
  const { violations } = simulate(history, { ...options, watch: { crash: (point) => (last = point) } })
  assert(last !== undefined, 'the shortest history has a crash that shows the violation')
  return { violation: violations[0], point: last }
}

/** Leaves steps out, many at once and then one by one, as long as the violation stays. */
export function shorten(history: readonly Step[], options: SimulationOptions): Step[] {
  const fails = (steps: readonly Step[]): boolean => {
    try {
      return simulate(steps, { ...options, stopAtFirst: true }).violations.length > 0
    } catch {
      return false // another failure than the one that is looked for
    }
  }
  let shortest = [...history]
  for (let size = Math.ceil(history.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let at = 0; at < shortest.length;) {
      const without = [...shortest.slice(0, at), ...shortest.slice(at + size)]
      if (fails(without)) shortest = without
      else at += size
    }
  return shortest
}
