/**
 * Every crash of a trace, recovered: what was acknowledged must be there, what was not begun must not,
 * and a second look must find a directory that was shut down.
 */
import type { Disk } from '../../disk/disk.js'
import { TRANSACTION_STATUS, readStatus, statusPosition } from '../../format/transactionStatus.js'
import { BLCKSZ } from '../../format/controlFile.js'
import { reference } from '../../parts.js'
import { recover, Recovery } from '../../recovery/recovery.js'
import { randomFrom } from '../../bytes/random.js'
import { CrashImages, crashKinds, type CrashKind } from './crashImages.js'
import type { DiskEvent, Trace } from './trace.js'

/** Where in a trace the crash comes. */
export interface CrashPoint {
  readonly workload: string
  /** It comes after this event. */
  readonly event: number
  readonly kind: CrashKind
  /** Of the sectors that got there. */
  readonly seed: number
  /** Steps that PostgreSQL had acknowledged, and of them those that committed a transaction. */
  readonly acknowledged: readonly number[]
  readonly noted: readonly number[]
  /** The last step that it had set about. */
  readonly started: number
}

export interface SweepResult {
  readonly points: number
  readonly crashes: Record<CrashKind, number>
  /** Records replayed, all crashes together. */
  readonly records: number
  readonly failures: readonly string[]
}

/** "bank, torn after event 17 (sync base/5/1249), seed 5": enough to find it again. */
export function describePoint(point: CrashPoint, trace: Trace): string {
  const event = trace.events[point.event]
  const what = 'path' in event ? `${event.kind} ${event.path}` : event.kind
  return `${point.workload}, ${point.kind} after event ${point.event} (${what}), seed ${point.seed}`
}

const isMoment = ({ kind }: DiskEvent): boolean => kind !== 'started'

/**
 * Walks through a trace and hands every crash to `visit`, as a disk of its own. `chosen` may leave
 * moments out.
 */
export async function everyCrash(
  trace: Trace,
  seed: number,
  visit: (disk: () => Disk, point: CrashPoint) => void | Promise<void>,
  chosen: (event: number) => boolean = () => true,
): Promise<number> {
  const images = new CrashImages(trace)
  const acknowledged: number[] = []
  const noted: number[] = []
  let started = 0
  let points = 0
  for (const [event, what] of trace.events.entries()) {
    images.apply(what)
    if (what.kind === 'acknowledged') acknowledged.push(what.step)
    if (what.kind === 'acknowledged' && what.xid !== null) noted.push(what.step)
    if (what.kind === 'started') started = what.step
    if (!isMoment(what) || !chosen(event)) continue
    points++
    for (const kind of crashKinds) {
      const ownSeed = (seed + event * 3 + crashKinds.indexOf(kind)) >>> 0
      const told = { acknowledged: [...acknowledged], noted: [...noted], started }
      const point: CrashPoint = { workload: trace.workload, event, kind, seed: ownSeed, ...told }
      await visit(() => images.image(kind, randomFrom(ownSeed)), point)
    }
  }
  return points
}

/** Recovers every crash of the trace with our engine. */
export async function sweep(
  trace: Trace,
  seed: number,
  chosen?: (event: number) => boolean,
): Promise<SweepResult> {
  const crashes: Record<CrashKind, number> = { killed: 0, 'power lost': 0, torn: 0 }
  const failures: string[] = []
  let records = 0
  const points = await everyCrash(
    trace,
    seed,
    (image, point) => {
      crashes[point.kind]++
      try {
        const disk = image()
        records += recover(disk, reference, {}).survey?.records ?? 0
        failures.push(
          ...wrongs(disk, trace, point).map((wrong) => `${describePoint(point, trace)}: ${wrong}`),
        )
      } catch (error) {
        failures.push(`${describePoint(point, trace)}: ${(error as Error).message}`)
      }
    },
    chosen,
  )
  return { points, crashes, records, failures }
}

/** What is wrong with a recovered disk, seen without PostgreSQL. */
function wrongs(disk: Disk, trace: Trace, { acknowledged, started }: CrashPoint): string[] {
  const wrong: string[] = []
  for (const event of trace.events) {
    if (event.kind !== 'acknowledged' || event.xid === null) continue
    const committed = statusOf(disk, event.xid) === TRANSACTION_STATUS.COMMITTED
    if (acknowledged.includes(event.step) && !committed)
      wrong.push(`step ${event.step} was acknowledged, and transaction ${event.xid} is not committed`)
    if (event.step > started && committed)
      wrong.push(`step ${event.step} was not begun, and transaction ${event.xid} is committed`)
  }
  if (new Recovery(disk).crashed) wrong.push('the directory does not count as shut down')
  return wrong
}

function statusOf(disk: Disk, xid: number): number {
  const { pageno } = statusPosition(xid)
  const file = `pg_xact/${Math.floor(pageno / 32)
    .toString(16)
    .toUpperCase()
    .padStart(4, '0')}`
  return readStatus(disk.read(file, (pageno % 32) * BLCKSZ, BLCKSZ), xid)
}
