/**
 * A native server killed at work, of whose directory a status file then goes missing: what PostgreSQL 18.3 does depends
 * on whether replay came by that page.
 *
 *   replay       a page whose file is missing reads as zeroes (slru.c, InRecovery), and is written by the checkpoint
 *   ─ over ─     the pages of the next transaction and the next multixact are read (TrimCLOG, TrimMultiXact): one that
 *                replay did not make or read already ends the start: could not access status of transaction …
 *
 * So after a crash with commits in the log PostgreSQL starts without pg_xact/0000, as if all older transactions had
 * been aborted; after a quiet one it refuses. pg_commit_ts is made anew before replay (ActivateCommitTs).
 */
import { configure, initdb, NativeServer } from '../native.js'
import { crashSettings } from '../crashNative.js'

const sharedLocks = (id: number): readonly string[] => [
  'begin',
  `select * from held where id = ${id} for key share`,
  'savepoint s',
  `update held set note = 'changed' where id = ${id}`,
  'commit',
]

const MARK = "select pg_logical_emit_message(false, 'mark', 'all of the log before this is on disk', true)"

/**
 * The crash. Behind its checkpoint the log holds a transaction in flight; if it is not `quiet`, before that also
 * commits and multixacts.
 */
export async function killedAtWork(dir: string, quiet: boolean): Promise<void> {
  initdb(dir)
  configure(dir, { ...crashSettings, autovacuum: 'off', track_commit_timestamp: 'on' })
  const server = await NativeServer.start(dir)
  try {
    const locks = Array.from({ length: 8 }, (_, i) => sharedLocks(i)).flat()
    await server.run([
      'create table held (id int, note text)',
      'insert into held select generate_series(0, 20)',
    ])
    await server.run([...locks, 'checkpoint'])
    if (!quiet) await server.run([...sharedLocks(9), 'insert into held values (21)'])
    const open = await server.session()
    for (const sql of ['begin', 'insert into held values (22)', MARK]) await open.query(sql)
    await server.kill()
  } finally {
    await server.kill()
  }
}
