// Crashes a history at every single thing that it asks of its disk, in every way a crash may leave the disk, recovers
// each, and looks: every commit that somebody was told of is there in full, and nothing of any other transaction.
//
//   history ──► disk action 0, 1, 2 … ──► crash: killed, power lost, reordered, torn ──► recover ──► right?
//                                                                                          │
//                                          and recovery itself is crashed at its own actions, up to five deep
//
// A violation names the seed, the action and the kind of crash: from these it can be had again.

import { randomFrom } from '../bytes/random.js'
import { createCluster } from '../database/cluster.js'
import { Database } from '../database/database.js'
import { readDirectory } from '../database/readTable.js'
import {
  CRASH_KINDS,
  powerDisk,
  type CrashKind,
  type DiskAction,
  type PowerDisk,
  type UnsyncedWrite,
} from '../disk/powerDisk.js'
import { readFile } from '../disk/disk.js'
import { CONTROL_FILE } from '../format/controlFile.js'
import { TRANSACTION_STATUS } from '../format/transactionStatus.js'
import { reference, type Parts, type TransactionEvent } from '../parts.js'
import { recover, Recovery } from '../recovery/recovery.js'
import type { Step } from './history.js'
import { textOf, type Moment } from './journal.js'
import { Run, TABLE } from './run.js'

export interface SimulationOptions {
  readonly seed: number
  /** The engine's rules; a broken one must be noticed. */
  readonly parts?: Parts
  /** Off, torn pages cannot be mended: leave `torn` out of the kinds. */
  readonly fullPageWrites?: boolean
  /** Ways to crash; all when not given. */
  readonly kinds?: readonly CrashKind[]
  /** Pages in memory while the history runs: few, so that dirty ones must leave early. */
  readonly capacity?: number
  /** Crashes of recovery, and of the recovery of that, and so on. */
  readonly depth?: number
  /** Of the actions of a recovery, one in so many is a crash of its own; 1 for each. */
  readonly nestedEvery?: number
  /** One crash alone, and the history ends with it. */
  readonly only?: { readonly action: number; readonly kind: CrashKind }
  /** Crashes at most; no limit when not given. */
  readonly most?: number
  /** Stops at the first violation. */
  readonly stopAtFirst?: boolean
  /** Hears of the history, its disk actions, and the crashes. */
  readonly watch?: SimulationWatcher
}

export interface SimulationWatcher {
  opened?(): void
  step?(index: number, step: Step, outcome: string): void
  action?(index: number, action: DiskAction): void
  /** The crash comes, and finds these writes not synced. */
  lost?(writes: readonly UnsyncedWrite[]): void
  /** What recovery says as it goes. */
  sentence?(sentence: string): void
  crash?(point: CrashPoint, outcome: CrashOutcome): void
}

/** Where and how: the same point of the same history always gives the same disk. */
export interface CrashPoint {
  /** The disk action after which it comes; then those of each recovery that was crashed too. */
  readonly actions: readonly number[]
  readonly kinds: readonly CrashKind[]
}

export interface CrashOutcome {
  readonly point: CrashPoint
  /** The moment of the journal that recovery led to; undefined when it led to none. */
  readonly moment: Moment | undefined
  /** What is wrong, one sentence; undefined when all is well. */
  readonly violation: string | undefined
}

export interface SimulationResult {
  /** Crashes recovered and looked at, nested ones counted. */
  readonly crashes: number
  readonly violations: readonly string[]
}

const SPACE = 0x9e3779b1

/** Thrown out of the history when enough has been seen. */
class Enough extends Error {}

export class Simulation {
  crashes = 0
  readonly violations: string[] = []
  private readonly parts: Parts
  private readonly kinds: readonly CrashKind[]
  private readonly disk: PowerDisk
  private run: Run | undefined

  constructor(private readonly options: SimulationOptions) {
    this.parts = options.parts ?? reference
    this.kinds = options.kinds ?? CRASH_KINDS
    this.disk = powerDisk()
    createCluster(this.disk, { tables: [TABLE.locator] })
  }

  /** Runs the history, and crashes it everywhere. */
  play(history: readonly Step[]): SimulationResult {
    const { watch } = this.options
    let action = 0
    this.disk.watch((what) => {
      watch?.action?.(action, what)
      if (this.run) this.crashEverywhere(action)
      action++
    })
    try {
      const database = new Database(this.disk, {
        parts: this.parts,
        capacity: this.options.capacity ?? 6,
        fullPageWrites: this.options.fullPageWrites,
      })
      this.run = new Run(database)
      watch?.opened?.()
      for (const [i, step] of history.entries()) {
        const outcome = this.run.take(step)
        watch?.step?.(i, step, outcome)
      }
    } catch (error) {
      if (!(error instanceof Enough)) throw error
    } finally {
      this.disk.watch(undefined)
    }
    return { crashes: this.crashes, violations: this.violations }
  }

  private crashEverywhere(action: number): void {
    const { only, watch } = this.options
    if (only && only.action !== action) return
    watch?.lost?.(this.disk.unsynced())
    for (const kind of only ? [only.kind] : this.kinds)
      this.crash(this.disk, { actions: [action], kinds: [kind] }, undefined)
    if (only) throw new Enough()
  }

  /** One crash of `disk`, recovered and looked at; then crashes of that recovery. */
  private crash(disk: PowerDisk, point: CrashPoint, uninterrupted: PowerDisk | undefined): void {
    const random = randomFrom(seedOf(this.options.seed, point))
    const image = disk.crash(point.kinds[point.kinds.length - 1], random)
    const deeper = point.actions.length <= (this.options.depth ?? 0)
    const untouched = deeper ? image.crash('killed', random) : image
    const outcome = this.recoverAndLook(image, point, uninterrupted)
    this.crashes++
    if (this.crashes >= (this.options.most ?? Infinity) && outcome.violation === undefined) throw new Enough()
    this.options.watch?.crash?.(point, outcome)
    if (outcome.violation !== undefined) {
      this.violations.push(`${describePoint(point)}: ${outcome.violation}`)
      if (this.options.stopAtFirst) throw new Enough()
    } else if (deeper) this.crashRecovery(untouched, image, point, random)
  }

  /** The same recovery once more, crashed at its own actions. */
  private crashRecovery(
    disk: PowerDisk,
    uninterrupted: PowerDisk,
    point: CrashPoint,
    random: () => number,
  ): void {
    const chosen = this.chooser(point.actions.length, uninterrupted.actions, random)
    let action = 0
    // Until it changes anything a recovery may still be syncing the log, one file after the other, and the end of a log
    // that was not synced goes with the power: then there is less to replay, and other bytes are right.
    let hasChanged = false
    disk.watch(({ what }) => {
      const now = action++
      hasChanged ||= what !== 'sync'
      if (!chosen(now)) return
      const kind = this.kinds[Math.floor(random() * this.kinds.length)]
      const same = hasChanged || kind === 'killed' ? uninterrupted : undefined
      this.crash(disk, { actions: [...point.actions, now], kinds: [...point.kinds, kind] }, same)
    })
    try {
      recover(disk, this.parts)
    } finally {
      disk.watch(undefined)
    }
  }

  /** Which actions of a recovery are crashed: of the first one each, or one in so many; of deeper ones a single one. */
  private chooser(level: number, actions: number, random: () => number): (action: number) => boolean {
    const { nestedEvery = 1 } = this.options
    const one = Math.floor(random() * actions)
    if (level > 1) return (action) => action === one
    const first = Math.floor(random() * nestedEvery)
    return (action) => action % nestedEvery === first
  }

  private recoverAndLook(
    disk: PowerDisk,
    point: CrashPoint,
    uninterrupted: PowerDisk | undefined,
  ): CrashOutcome {
    const wrong = (violation: string): CrashOutcome => ({ point, moment: undefined, violation })
    try {
      const { survey } = recover(disk, this.parts, { log: this.options.watch?.sentence })
      const look = this.look(disk, survey?.events ?? [])
      if (look.violation !== undefined) return { point, ...look }
      if (new Recovery(disk, this.parts).crashed)
        return wrong('after recovery the directory does not count as shut down')
      const other = uninterrupted && difference(disk, uninterrupted)
      if (other !== undefined) return wrong(`${other} is not what the recovery made that nobody interrupted`)
      return { point, ...look }
    } catch (error) {
      if (error instanceof Enough) throw error
      return wrong(`recovery stopped: ${(error as Error).message}`)
    }
  }

  private look(disk: PowerDisk, events: readonly TransactionEvent[]): Omit<CrashOutcome, 'point'> {
    const reader = readDirectory(disk)
    const rows = textOf(reader.rows(TABLE.locator, TABLE.columns))
    const { first, last } = (this.run as Run).bounds()
    const moments = (this.run as Run).journal.moments.slice(first, last + 1)
    const moment = moments.find(
      (m) => textOf(m.rows.values()) === rows && m.prepared.join() === reader.prepared.join(),
    )
    if (!moment) return { moment, violation: explain(rows, reader.prepared, moments) }
    const ahead = reader.pageAheadOfLog(TABLE.locator)
    if (ahead !== undefined) return { moment, violation: ahead }
    const prepared = new Set(
      events.filter(({ kind }) => kind === 'prepare').flatMap(({ xid, subxids }) => [xid, ...subxids]),
    )
    const open = reference
      .inFlight(events)
      .find((xid) => !prepared.has(xid) && reader.status(xid) === TRANSACTION_STATUS.IN_PROGRESS)
    if (open === undefined) return { moment, violation: undefined }
    return {
      moment,
      violation: `transaction ${open} was in flight, and pg_xact does not say that it is aborted`,
    }
  }
}

/** A history, crashed everywhere. */
export function simulate(history: readonly Step[], options: SimulationOptions): SimulationResult {
  return new Simulation(options).play(history)
}

function seedOf(seed: number, { actions, kinds }: CrashPoint): number {
  let mixed = seed >>> 0
  for (const n of [...actions, ...kinds.map((kind) => CRASH_KINDS.indexOf(kind))])
    mixed = (Math.imul(mixed ^ (n + 1), SPACE) ^ (mixed >>> 15)) >>> 0
  return mixed
}

/** "torn after action 17, then power lost after action 4 of the recovery". */
export function describePoint({ actions, kinds }: CrashPoint): string {
  return actions
    .map(
      (action, i) =>
        `${kinds[i]} after action ${action}${i === 0 ? '' : ` of ${'the recovery of '.repeat(i - 1)}the recovery`}`,
    )
    .join(', then ')
}

function explain(rows: string, prepared: readonly string[], moments: readonly Moment[]): string {
  const [must] = moments
  const expected = new Set(textOf(must.rows.values()).split('\n').filter(Boolean))
  const found = new Set(rows.split('\n').filter(Boolean))
  const short = (row: string): string => (row.length > 40 ? `${row.slice(0, 37)}...` : row)
  const missing = [...expected].filter((row) => !found.has(row)).map(short)
  const extra = [...found].filter((row) => !expected.has(row)).map(short)
  const parts = [
    missing.length > 0 ? `missing ${missing.join(' ')}` : '',
    extra.length > 0 ? `too many ${extra.join(' ')}` : '',
    prepared.join() === must.prepared.join()
      ? ''
      : `prepared ${prepared.join() || 'none'}, not ${must.prepared.join() || 'none'}`,
  ].filter(Boolean)
  return `the rows are not those of "${must.what}", which had to survive${moments.length > 1 ? ', nor of any later commit' : ''}: ${parts.join('; ')}`
}

/** The first file of data that two recovered disks have different; the log and pg_control may be. */
function difference(a: PowerDisk, b: PowerDisk): string | undefined {
  const data = (disk: PowerDisk): string[] =>
    ['base/5', 'pg_xact', 'pg_multixact/offsets', 'pg_multixact/members', 'pg_twophase']
      .flatMap((folder) => disk.list(folder).map(({ name }) => `${folder}/${name}`))
      .filter((path) => path !== CONTROL_FILE)
  for (const path of new Set([...data(a), ...data(b)])) {
    const [one, other] = [readFile(a, path), readFile(b, path)]
    if (!one || !other || one.length !== other.length) return path
    for (let i = 0; i < one.length; i++) if (one[i] !== other[i]) return path
  }
  return undefined
}
