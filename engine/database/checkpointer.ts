// Checkpoints: after one, recovery need not read the log from before its redo point (xlog.c, CreateCheckPoint).
//
//   CHECKPOINT_REDO ─► every page that is dirty now is written, a few at a time ─► synced ─► checkpoint record ─► synced
//   └ redo point: here recovery would begin; from here on pages go whole into the log   ─► pg_control names it, last
//
// While it is at work the others go on writing: what they log stands between the redo point and the record. Until
// pg_control is written the last checkpoint counts, and all the log that it needs is still there.

import { viewOf } from '../bytes/layout.js'
import { join, type Disk } from '../disk/disk.js'
import { CheckPoint } from '../format/checkpoint.js'
import { CONTROL_FILE, DBState, encodeControlFile, type ControlFile } from '../format/controlFile.js'
import { INVALID_LSN, locateLsn, segmentFileName, type Lsn } from '../format/lsn.js'
import { FINAL_WRITES, type FinalWrite } from '../parts.js'
import { writePrepared } from '../recovery/prepared.js'
import { STANDBY } from '../redo/standby.js'
import { XLOG } from '../redo/xlog.js'
import { listSegments, WAL_DIRECTORY } from '../wal/segments.js'
import type { Store } from './store.js'

const XLOG_MANAGER = 0
const STANDBY_MANAGER = 8
const WAL_LEVEL_REPLICA = 1
/** Segments that are kept ready for use behind the one in use, made from old ones. */
const READY_SEGMENTS = 2

export type CheckpointKind = 'online' | 'shutdown'

/** One page written, of how many: whoever runs the checkpoint decides how fast it goes on. */
export interface CheckpointStep {
  written: number
  of: number
}

export interface CheckpointDone {
  /** Where the record starts, and where recovery would begin. */
  lsn: Lsn
  redo: Lsn
  pagesWritten: number
  recycled: string[]
  removed: string[]
}

/** A checkpoint, page by page. Drain it at once, or take a step now and then while transactions go on. */
export function* checkpoint(
  store: Store,
  kind: CheckpointKind,
): Generator<CheckpointStep, CheckpointDone, undefined> {
  const { log } = store
  const online = kind === 'online'
  if (!online) writeControl(store, { ...store.control, state: DBState.DB_SHUTDOWNING, time: seconds(store) })
  const redo = online ? logRedoPoint(store) : log.nextRecordStart
  store.redo = redo
  const body = checkpointBody(store, redo, online)
  const pages = store.pool.dirtyPages()
  const before = store.pool.pagesWritten
  let lsn = INVALID_LSN
  const actions: Record<FinalWrite, () => void> = {
    'write transaction status': () => {
      log.flushTo(log.position) // a status turned by a commit that nobody has flushed yet must not come before its record
      for (const table of Object.values(store.tables)) table.flush()
      writePrepared({ prepared: store.prepared, counters: store.counters, disk: store.disk })
    },
    'write data pages': () => store.pool.flushAll(),
    'sync data files': () => store.disk.syncAll(),
    'write checkpoint record': () => {
      lsn = logCheckpoint(store, body, online)
    },
    'sync WAL': () => log.sync(),
    'write pg_control': () => {
      store.control = { ...store.control, ...controlAfter(store, lsn, body, online) }
      store.disk.write(CONTROL_FILE, 0, encodeControlFile(store.control))
    },
    'sync pg_control': () => store.disk.sync(CONTROL_FILE),
  }
  for (const write of store.parts.finalWrites(FINAL_WRITES)) {
    if (write === 'write data pages' && online)
      for (const [i, page] of pages.entries()) {
        store.pool.writeIfDirty(page)
        yield { written: i + 1, of: pages.length }
      }
    else actions[write]()
  }
  const { recycled, removed } = recycleSegments(store, redo)
  return { lsn, redo, pagesWritten: store.pool.pagesWritten - before, recycled, removed }
}

const seconds = (store: Store): bigint => store.time() / 1000000n + 946684800n

function writeControl(store: Store, control: ControlFile): void {
  store.control = control
  store.disk.write(CONTROL_FILE, 0, encodeControlFile(control))
  store.disk.sync(CONTROL_FILE)
}

/** The record that marks the redo point of a checkpoint that others write beside. */
function logRedoPoint({ log, control }: Store): Lsn {
  const main = new Uint8Array(4)
  viewOf(main).setInt32(0, control.wal_level, true)
  return log.insert(XLOG_MANAGER, XLOG.CHECKPOINT_REDO, 0, main).start
}

/** The counters as they are at the redo point. */
function checkpointBody(store: Store, redo: Lsn, online: boolean): CheckPoint {
  const { wal_level, checkPointCopy } = store.control
  return store.counters.checkPoint({
    redo,
    ThisTimeLineID: checkPointCopy.ThisTimeLineID,
    wal_level,
    time: seconds(store),
    oldestActiveXid: online ? oldestActive(store) : 0,
  })
}

function oldestActive({ running, prepared, counters }: Store): number {
  let oldest = Number(counters.nextXid & 0xffffffffn)
  for (const xid of [...running.keys(), ...prepared.keys()]) if (((xid - oldest) | 0) < 0) oldest = xid
  return oldest
}

function logCheckpoint(store: Store, body: CheckPoint, online: boolean): Lsn {
  if (online && store.control.wal_level >= WAL_LEVEL_REPLICA) logRunning(store)
  const main = new Uint8Array(CheckPoint.size)
  CheckPoint.write(main, 0, body)
  const info = online ? XLOG.CHECKPOINT_ONLINE : XLOG.CHECKPOINT_SHUTDOWN
  const { start } = store.log.insert(XLOG_MANAGER, info, 0, main)
  store.log.write()
  return start
}

/** Tells standbys which transactions are under way (LogCurrentRunningXacts); recovery after a crash passes over it. */
function logRunning(store: Store): void {
  const tops = [...store.running.keys(), ...store.prepared.keys()]
  const subs = [
    ...[...store.running].flatMap(([top, xids]) => [...xids].filter((xid) => xid !== top)),
    ...[...store.prepared.values()].flatMap(({ subxids }) => subxids),
  ]
  const next = Number(store.counters.nextXid & 0xffffffffn)
  const main = new Uint8Array(24 + 4 * (tops.length + subs.length))
  const view = viewOf(main)
  view.setInt32(0, tops.length, true)
  view.setInt32(4, subs.length, true)
  view.setUint32(12, next, true)
  view.setUint32(16, oldestActive(store), true)
  view.setUint32(20, store.latestCompletedXid, true)
  for (const [i, xid] of [...tops, ...subs].entries()) view.setUint32(24 + 4 * i, xid, true)
  store.log.insert(STANDBY_MANAGER, STANDBY.RUNNING_XACTS, 0, main)
}

function controlAfter(store: Store, lsn: Lsn, body: CheckPoint, online: boolean): Partial<ControlFile> {
  return {
    state: online ? DBState.DB_IN_PRODUCTION : DBState.DB_SHUTDOWNED,
    time: seconds(store),
    checkPoint: lsn,
    checkPointCopy: body,
    minRecoveryPoint: INVALID_LSN,
    minRecoveryPointTLI: 0,
  }
}

/**
 * Segments wholly before the redo point have done their duty: some get a new name and will be written over, the others
 * go (RemoveOldXlogFiles). What an old segment holds stays in it: a reader tells it by its addresses.
 */
function recycleSegments(store: Store, redo: Lsn): { recycled: string[]; removed: string[] } {
  const { xlog_seg_size: size, checkPointCopy } = store.control
  const disk: Disk = store.disk
  const needed = locateLsn(redo, size).segment
  const inUse = locateLsn(store.log.position, size).segment
  const done: { recycled: string[]; removed: string[] } = { recycled: [], removed: [] }
  const name = (segment: bigint): string => segmentFileName(checkPointCopy.ThisTimeLineID, segment, size)
  let next = inUse + 1n
  for (const file of listSegments(disk, size)) {
    if (file.segment >= needed) continue
    while (disk.size(join(WAL_DIRECTORY, name(next))) !== undefined) next++
    if (next <= inUse + BigInt(READY_SEGMENTS) && file.size === size) {
      disk.rename(join(WAL_DIRECTORY, file.name), join(WAL_DIRECTORY, name(next)))
      done.recycled.push(file.name)
    } else {
      disk.remove(join(WAL_DIRECTORY, file.name))
      done.removed.push(file.name)
    }
  }
  if (done.recycled.length + done.removed.length > 0) disk.sync(WAL_DIRECTORY)
  return done
}
