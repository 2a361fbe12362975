/**
 * A checkpoint that was killed between its last file in pg_twophase and pg_control: where PostgreSQL 18.3 loses prepared
 * transactions, and we keep them.
 *
 *   checkpoint A ── PREPARE 753, 754, 755 ── checkpoint B: pages, pg_twophase/…2F1 …2F2 …2F3, ╳ pg_control
 *   NextXID 753                              the next start reads A, where these three are still to come
 *
 * That start finds files of transactions "in the future" and means to remove them (ProcessTwoPhaseBuffer in twophase.c).
 * Which file belongs to a transaction depends on the next transaction id, so it removes FFFFFFFF000002F2, which is not
 * there; when the PREPARE record is replayed the true file is found, taken for one that was read before, and the record
 * is passed over (PrepareRedoAdd). Only the transaction whose id is just the next one (753) gets the right name, and
 * lives. A file that was half written stays too, and the second start stops at it.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { join as joinPath, readFile, type Disk } from '../../disk/disk.js'
import { CONTROL_FILE, readControlFile } from '../../format/controlFile.js'
import { parsePrepare } from '../../format/transactionRecord.js'
import { TWOPHASE_DIRECTORY } from '../../redo/transaction.js'
import { configure, initdb, NativeServer } from '../native.js'
import { crashSettings } from '../crashNative.js'

/** Names (gid) of the prepared transactions that PostgreSQL 18.3 will lose when it starts on the directory. */
export function lostInCheckpoint(disk: Disk): string[] {
  const next = Number(readControlFile(disk).checkPointCopy.nextXid & 0xffffffffn)
  return disk
    .list(TWOPHASE_DIRECTORY)
    .filter(({ name }) => /^[0-9A-F]{16}$/.test(name) && parseInt(name.slice(8), 16) > next)
    .map(({ name }) => readFile(disk, joinPath(TWOPHASE_DIRECTORY, name)) ?? new Uint8Array(0))
    .map((file) => parsePrepare(file).gid)
}

/** The crash, with `count` transactions prepared after checkpoint A: "p0", "p1" … */
export async function killedInCheckpoint(dir: string, count: number): Promise<void> {
  initdb(dir)
  configure(dir, { ...crashSettings, max_prepared_transactions: String(count) })
  const server = await NativeServer.start(dir)
  try {
    await server.run(['create table held (id int)', 'checkpoint'])
    const control = readFileSync(join(dir, CONTROL_FILE))
    for (let i = 0; i < count; i++)
      await server.run([`begin; insert into held values (${i}); prepare transaction 'p${i}'`])
    await server.run(['checkpoint'])
    await server.kill()
    writeFileSync(join(dir, CONTROL_FILE), control)
  } finally {
    await server.kill()
  }
}
