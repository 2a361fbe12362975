// Resource manager 4, Database: whole directories made, copied and removed (commands/dbcommands.c, dbase_redo).

import { join, parentOf, type Disk } from '../disk/disk.js'
import { databasePath } from '../format/relationPath.js'
import type { WalRecord } from '../wal/record.js'
import { forgetMissing } from './block.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const CREATE_FILE_COPY = 0x00
const CREATE_WAL_LOG = 0x10
const DROP = 0x20
const COPY_CHUNK = 1 << 20
const SLOT_DIRECTORY = 'pg_replslot'
const SLOT_DATABASE_AT = 80 // ReplicationSlotOnDisk: 16 bytes of header, the slot's name (64), its database

export const database: ResourceManager = {
  id: 4,
  name: 'Database',
  identify: namesByInfo({
    [CREATE_FILE_COPY]: 'CREATE_FILE_COPY',
    [CREATE_WAL_LOG]: 'CREATE_WAL_LOG',
    [DROP]: 'DROP',
  }),
  redo(record, context) {
    const field = (i: number): number => record.view.getUint32(record.mainAt + 4 * i, true)
    needMain(record, record.info === CREATE_FILE_COPY ? 16 : 8)
    if (record.info === CREATE_FILE_COPY) copyDatabase(context, [field(0), field(1)], [field(2), field(3)])
    else if (record.info === CREATE_WAL_LOG) makeDatabase(context.disk, databasePath(field(1), field(0)))
    else if (record.info === DROP) dropDatabase(record, context)
    else throw malformed(record, `dbase_redo: unknown op code ${record.info}`)
  },
}

/** The record was written after a checkpoint of the source, so the source's files are its contents. */
function copyDatabase(context: RedoContext, target: [number, number], source: [number, number]): void {
  const { disk, pool } = context
  const from = databasePath(source[1], source[0])
  const to = databasePath(target[1], target[0])
  forgetDatabase(context, target[0], target[1])
  disk.remove(to)
  pool.flushAll()
  disk.makeDirectory(from) // dropped later in the log
  disk.makeDirectory(to)
  for (const { name, kind } of disk.list(from)) {
    if (kind !== 'file') continue
    const size = disk.size(join(from, name)) ?? 0
    disk.write(join(to, name), 0, new Uint8Array(0))
    for (let at = 0; at < size; at += COPY_CHUNK)
      disk.write(join(to, name), at, disk.read(join(from, name), at, Math.min(COPY_CHUNK, size - at)))
  }
}

function makeDatabase(disk: Disk, path: string): void {
  disk.makeDirectory(path)
  const version = join(path, 'PG_VERSION')
  if (disk.size(version) === undefined) disk.write(version, 0, new TextEncoder().encode('18\n'))
}

function dropDatabase(record: WalRecord, context: RedoContext): void {
  const { view, mainAt } = record
  const dbOid = view.getUint32(mainAt, true)
  const count = view.getInt32(mainAt + 4, true)
  needMain(record, 8 + 4 * Math.max(0, count))
  dropSlots(context.disk, dbOid)
  forgetDatabase(context, dbOid)
  for (let i = 0; i < count; i++)
    context.disk.remove(databasePath(view.getUint32(mainAt + 8 + 4 * i, true), dbOid))
}

/** Drops pages and knowledge of a database's files, in one tablespace or in all. */
function forgetDatabase(context: RedoContext, dbOid: number, spcOid?: number): void {
  const matches = (l: { dbOid: number; spcOid: number }): boolean =>
    l.dbOid === dbOid && (spcOid === undefined || l.spcOid === spcOid)
  for (const file of context.pool.allForks())
    if (matches(file.locator)) {
      context.pool.drop(file)
      file.forget()
    }
  forgetMissing(context, matches)
}

/** Logical replication slots of a dropped database go with it (ReplicationSlotsDropDBSlots). */
function dropSlots(disk: Disk, dbOid: number): void {
  for (const { name } of disk.list(SLOT_DIRECTORY)) {
    const state = join(SLOT_DIRECTORY, name, 'state')
    if ((disk.size(state) ?? 0) < SLOT_DATABASE_AT + 4) continue
    const bytes = disk.read(state, SLOT_DATABASE_AT, 4)
    if (new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true) === dbOid)
      disk.remove(parentOf(state))
  }
}
