/**
 * Our log, replayed by PostgreSQL. It makes tables and shuts down; our writer opens the directory, runs random
 * histories on the tables, and is gone without a checkpoint of its own; PostgreSQL recovers.
 *
 *   PostgreSQL: create table … shut down ─► Database: begin, insert, … crash ─► PostgreSQL: redo ─► the rows
 */
import { chmodSync, cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Value } from '../database/columns.js'
import { Database } from '../database/database.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { readControlFile } from '../format/controlFile.js'
import { DEFAULTTABLESPACE_OID } from '../format/relationPath.js'
import type { Lsn } from '../format/lsn.js'
import { makeHistory, type Step } from '../simulation/history.js'
import { textOf } from '../simulation/journal.js'
import { Run, TABLE } from '../simulation/run.js'
import { openWithPostgres } from './judge.js'
import { configure, giveToServer, initdb, NativeServer } from './native.js'
import { PostgresProcess } from './postgresProcess.js'
import { startParams } from './serverSettings.js'
import { lostInCheckpoint } from './staged/checkpointCutShort.js'

/** Tables in a directory, a history each. */
export const HISTORIES = 5
const STEPS = 60
const names = Array.from({ length: HISTORIES }, (_, i) => `t${i}`)
const ddl = names.map((name) => `create table ${name} (id integer, version bigint, note text)`)
const paths = `select relname as name, pg_relation_filepath(oid) as path, oid::int as oid from pg_class
  where relname ~ '^t[0-9]$' order by relname`

/** A directory that PostgreSQL shut down, and where its tables are. */
export interface Ready {
  readonly dir: string
  readonly tables: ReadonlyArray<{ readonly path: string; readonly oid: number }>
}

/** What our writer did, and what must be found. */
export interface Written {
  readonly seed: number
  /** The first record after our last checkpoint began, and the end of our log: PostgreSQL replays just that. */
  readonly redo: Lsn
  readonly end: Lsn
  /** Rows of each table, as one text, in the order of tables. */
  readonly rows: readonly string[]
  /** Prepared transactions that PostgreSQL finds: all but those that it loses (`lostInCheckpoint`). */
  readonly prepared: readonly string[]
}

/** What PostgreSQL made of it. */
export interface Replayed {
  readonly log: readonly string[]
  readonly rows: readonly string[]
  readonly prepared: readonly string[]
  /** Complaints of amcheck and of checksums. */
  readonly problems: readonly string[]
}

function scratch(): string {
  const folder = mkdtempSync(join(tmpdir(), 'pgcrash-round-'))
  chmodSync(folder, 0o755) // the server runs as somebody else when we are root
  return folder
}

/** PGlite makes the directory. */
export async function readyPglite(): Promise<Ready> {
  const dir = join(scratch(), 'data')
  const options = { startParams: startParams({ max_prepared_transactions: '20' }) }
  const server = PostgresProcess.prepare(options)
  try {
    await server.boot(dir, options)
    for (const sql of ddl) await server.exec(sql)
    const tables = (await server.query(paths)) as Array<{ path: string; oid: number }>
    await server.close()
    rmSync(join(dir, 'postmaster.pid'), { force: true })
    return { dir, tables }
  } finally {
    await server.kill()
  }
}

/** A native server makes the directory. */
export async function readyNative(): Promise<Ready> {
  const dir = join(scratch(), 'data')
  initdb(dir, ['--wal-segsize=1'])
  configure(dir, { max_prepared_transactions: '50', autovacuum: 'off' })
  const server = await NativeServer.start(dir)
  try {
    const tables = (await server.run([...ddl, paths])) as unknown as Array<{ path: string; oid: number }>
    return { dir, tables }
  } finally {
    await server.stop('fast')
  }
}

/** A copy of a ready directory, for one crash. */
export function copyOf({ dir, tables }: Ready): Ready {
  const copy = join(scratch(), 'data')
  cpSync(dir, copy, { recursive: true })
  return { dir: copy, tables }
}

/** A table of its own for each history; checkpoints come from the first one alone. */
function historiesFor(seed: number, prepare: boolean): Step[][] {
  return names.map((_, i) =>
    makeHistory(seed * HISTORIES + i, STEPS).filter(
      ({ kind }) => (i === 0 || kind !== 'checkpoint') && (prepare || !/prepare/.test(kind)),
    ),
  )
}

/** Runs the histories of `seed` on the directory, in turn, and leaves without a word. */
export function writeHistories({ dir, tables }: Ready, seed: number, prepare = true): Written {
  const disk = nodeDisk(dir)
  const database = new Database(disk, { capacity: 40 })
  const from = database.logPosition
  const runs = tables.map(({ path, oid }) => new Run(database, tableAt(path, oid), `${path} `))
  const histories = historiesFor(seed, prepare)
  for (let step = 0; step < STEPS; step++)
    for (const [i, run] of runs.entries()) if (histories[i][step]) run.take(histories[i][step])
  database.flushLogTo()
  const { checkPoint, checkPointCopy } = readControlFile(disk)
  const lost = lostInCheckpoint(disk)
  const prepared = runs.flatMap(({ journal }) => journal.latest.prepared)
  const written = {
    seed,
    redo: checkPointCopy.redo === checkPoint ? from : checkPointCopy.redo,
    end: database.logPosition,
    rows: runs.map(({ journal }) => textOf(journal.latest.rows.values())),
    prepared: prepared.filter((gid) => !lost.includes(gid)).sort(),
  }
  disk.close()
  return written
}

function tableAt(path: string, oid: number): typeof TABLE {
  const [, dbOid, relNumber] = path.split('/').map(Number)
  return { ...TABLE, locator: { spcOid: DEFAULTTABLESPACE_OID, dbOid, relNumber }, oid }
}

const rowsIn = (name: string): string => `select id, version::text as version, note from ${name}`

function asText(rows: ReadonlyArray<Record<string, unknown>>): string {
  return textOf(rows.map(({ id, version, note }) => [id, version, note] as Value[]))
}

/** PGlite recovers the directory and is asked for all that is in it; `ask` asks for more. */
export async function replayWithPglite(
  dir: string,
  ask: (query: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void> = async () => {},
): Promise<Replayed> {
  const opened = await openWithPostgres(dir, async (query) => {
    const rows: string[] = []
    for (const name of names) rows.push(asText(await query(rowsIn(name))))
    await ask(query)
    return rows
  })
  if (opened.outcome === 'refused')
    throw new Error(`PostgreSQL refused: ${opened.sentence}\n${opened.log.join('\n')}`)
  const problems = [...opened.amcheck.problems, ...opened.checksums.failures]
  return {
    log: opened.log,
    rows: opened.answer,
    prepared: [],
    problems: problems.map(({ relation, where, message }) => `${relation} ${where}: ${message}`),
  }
}

/** A native server recovers the directory. */
export async function replayNatively(
  dir: string,
  ask: (query: (sql: string) => Promise<Record<string, unknown>[]>) => Promise<void> = async () => {},
): Promise<Replayed> {
  giveToServer(dir)
  const server = await NativeServer.start(dir, { wal_keep_size: '1GB' })
  try {
    const query = (sql: string): Promise<Record<string, unknown>[]> => server.run([sql])
    const rows: string[] = []
    for (const name of names) rows.push(asText(await query(rowsIn(name))))
    const prepared = await query('select gid from pg_prepared_xacts order by gid')
    await query('create extension if not exists amcheck')
    const problems: string[] = []
    for (const name of names)
      for (const { blkno, offnum, msg } of await query(`select * from verify_heapam('${name}')`))
        problems.push(`${name} (${String(blkno)},${String(offnum)}): ${String(msg)}`)
    const failures = await query('select sum(checksum_failures)::int as n from pg_stat_database')
    if (Number(failures[0].n) > 0) problems.push(`${String(failures[0].n)} checksum failures`)
    await ask(query)
    return { log: server.log, rows, prepared: prepared.map(({ gid }) => String(gid)).sort(), problems }
  } finally {
    await server.stop('fast')
  }
}
