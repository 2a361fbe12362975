// A crashed scene as replay leaves it, looked at through an overlay: its directory stays as it was.

import {
  didCommit,
  multiXactUpdater,
  nodeDisk,
  overlayDisk,
  pdSpecial,
  readHeapTuples,
  Recovery,
  relationPages,
  transactionStatus,
  type CrashedScene,
  type HeapTuple,
  type Survey,
} from 'pgcrash'

export interface Replayed {
  readonly survey: Survey
  /** The first transaction that the checkpoint had not seen, and the next one to come. */
  readonly first: number
  readonly next: number
  readonly prepared: readonly { xid: number; subxids: readonly number[] }[]
  /** The two bits of a transaction, nobody being marked yet. */
  status(xid: number): number
}

/** Replays a scene's log; nobody is marked yet. */
export function replayed(scene: CrashedScene): Replayed {
  return look(replay(scene))
}

function replay(scene: CrashedScene): Recovery {
  const recovery = new Recovery(overlayDisk(nodeDisk(scene.dir)))
  for (const step of recovery.replay()) void step
  return recovery
}

function look({ survey, start, context }: Recovery): Replayed {
  return {
    survey,
    first: Number(start.checkpoint.nextXid),
    next: Number(context.counters.nextXid),
    prepared: [...context.prepared.values()].map(({ xid, subxids }) => ({ xid, subxids: [...subxids] })),
    status: (xid) => transactionStatus(context.tables, xid),
  }
}

/** A row of a table, and what is known of the transactions it names. */
export interface StandingRow {
  readonly tuple: HeapTuple
  /** Of a multixact in t_xmax: the member that updates. */
  readonly updater: number
  /** Those of its transactions that committed. */
  readonly committed: readonly number[]
}

/** Every row of the tables that the scene made, dead or alive, after replay. */
export function rowsOf(scene: CrashedScene): StandingRow[] {
  const recovery = replay(scene)
  const { context, disk } = recovery
  recovery.finish()
  const { status: statusOf, next: oldestRunning } = look(recovery)
  const sources = { statusOf, parentOf: () => 0, oldestRunning }
  const rows: StandingRow[] = []
  for (const { relNumber, fork, page } of relationPages(disk, 'base/5')) {
    if (relNumber < FIRST_OF_A_USER || fork !== 0 || pdSpecial(page) !== PAGE) continue
    for (const tuple of readHeapTuples(page)) {
      const several = (tuple.t_infomask & XMAX_IS_MULTI) !== 0
      const updater = several ? multiXactUpdater(context.tables, tuple.t_xmax) : 0
      const xids = [...new Set([tuple.t_xmin, several ? updater : tuple.t_xmax])]
      rows.push({ tuple, updater, committed: xids.filter((xid) => didCommit(xid, sources)) })
    }
  }
  return rows
}

const FIRST_OF_A_USER = 16384
const PAGE = 8192
const XMAX_IS_MULTI = 0x1000
