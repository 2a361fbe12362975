// Resource manager 19, ReplicationOrigin: how far each source of replicated changes has been applied
// (replication/logical/origin.c). The whole table is one small file, rewritten at every checkpoint.

import { crc32c } from '../bytes/crc32c.js'
import { CorruptData } from '../bytes/errors.js'
import { viewOf } from '../bytes/layout.js'
import { readFile, type Disk } from '../disk/disk.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const ORIGIN_FILE = 'pg_logical/replorigin_checkpoint'
const REPLICATION_STATE_MAGIC = 0x1257dade
const ENTRY_SIZE = 16
const SET = 0x00
const DROP = 0x10

export const replicationOrigin: ResourceManager = {
  id: 19,
  name: 'ReplicationOrigin',
  identify: namesByInfo({ [SET]: 'SET', [DROP]: 'DROP' }),
  redo(record, context) {
    if (record.info > DROP) throw malformed(record, `replorigin_redo: unknown op code ${record.info}`)
    needMain(record, record.info === DROP ? 2 : 11)
    const { view, mainAt } = record
    if (record.info === DROP) {
      context.originProgress.delete(view.getUint16(mainAt, true))
      return
    }
    const force = view.getUint8(mainAt + 10) !== 0
    advanceOrigin(context, view.getUint16(mainAt + 8, true), view.getBigUint64(mainAt, true), force)
  },
}

/** Moves an origin's progress on; back only with `force` (replorigin_advance). */
export function advanceOrigin(context: RedoContext, origin: number, remoteLsn: bigint, force: boolean): void {
  if (origin === 0 || origin === 0xffff) return
  const known = context.originProgress.get(origin)
  if (known === undefined || force || known < remoteLsn) context.originProgress.set(origin, remoteLsn)
}

/** Reads the file of the last checkpoint; an absent one is an empty table (StartupReplicationOrigin). */
export function readOrigins(disk: Disk): Map<number, bigint> {
  const progress = new Map<number, bigint>()
  const raw = readFile(disk, ORIGIN_FILE)
  if (!raw) return progress
  const view = viewOf(raw)
  const end = raw.length - 4
  const sound = end >= 4 && view.getUint32(0, true) === REPLICATION_STATE_MAGIC
  if (!sound || crc32c(raw, 0, end) !== view.getUint32(end, true))
    throw new CorruptData({ file: ORIGIN_FILE, what: 'replication checkpoint has wrong magic or checksum' })
  for (let at = 4; at + ENTRY_SIZE <= end; at += ENTRY_SIZE)
    progress.set(view.getUint16(at, true), view.getBigUint64(at + 8, true))
  return progress
}

/** The file's bytes (CheckPointReplicationOrigin). */
export function encodeOrigins(progress: ReadonlyMap<number, bigint>): Uint8Array {
  const raw = new Uint8Array(4 + progress.size * ENTRY_SIZE + 4)
  const view = viewOf(raw)
  view.setUint32(0, REPLICATION_STATE_MAGIC, true)
  let at = 4
  for (const [origin, lsn] of progress) {
    view.setUint16(at, origin, true)
    view.setBigUint64(at + 8, lsn, true)
    at += ENTRY_SIZE
  }
  view.setUint32(at, crc32c(raw, 0, at), true)
  return raw
}
