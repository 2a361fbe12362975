/**
 * Makes a crash: PostgreSQL (PGlite: the real one, compiled to WebAssembly) goes through the steps
 * of a scene on real files. The directory is copied while the server has it open, and then the
 * server is killed. It never hears of a shutdown.
 */
import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { contents } from './contents.js'
import { temporaryFiles } from './dataFiles.js'
import { PostgresProcess } from './postgresProcess.js'
import { retouch } from './retouch.js'
import type { CrashedScene, LogAtCrash, Scene, Step, StepTaken } from './scene.js'
import { startParams } from './serverSettings.js'

/** Crashes `scene` into `dir`, which must not exist yet. Takes a few seconds, most of them initdb. */
export async function crash(scene: Scene, dir: string): Promise<CrashedScene> {
  if (existsSync(dir)) throw new Error(`${dir} exists already`)
  const workshop = mkdtempSync(join(tmpdir(), `pgcrash-${scene.name}-`))
  const options = { startParams: startParams(scene.settings), initdb: scene.initdb }
  const server = PostgresProcess.prepare(options)
  try {
    await server.boot(workshop, options)
    const steps: StepTaken[] = []
    for (const step of scene.steps) steps.push(await take(server, step))
    const log = await logAtCrash(server)
    const open = await position(server)
    cpSync(workshop, dir, { recursive: true })
    // The copy is safe. What the living server still knows to be committed is the truth to judge by.
    if (open.xid !== null) await server.exec('rollback')
    const { tables, sequences, unlogged } = await contents((sql) => server.query(sql))
    const [{ version }] = await server.query('select version()')
    for (const name of unlogged) {
      if (name in tables) tables[name] = []
      else sequences[name] = null
    }
    return {
      name: scene.name,
      why: scene.why,
      crash: scene.crash,
      dir,
      server: String(version),
      steps,
      log,
      openXid: open.xid,
      expected: tables,
      sequences,
      unlogged,
      temporaryFiles: temporaryFiles(dir),
      retouched: retouch(dir),
    }
  } finally {
    await server.kill()
    rmSync(workshop, { recursive: true, force: true })
  }
}

interface Position {
  readonly lsn: string
  readonly nextXid: bigint
  /** Of the transaction that is open, if it has written anything. */
  readonly xid: string | null
}

async function position(server: PostgresProcess): Promise<Position> {
  const [row] = await server.query(`
    select pg_current_wal_insert_lsn()::text as lsn, pg_current_xact_id_if_assigned()::text as xid,
           pg_snapshot_xmax(pg_current_snapshot())::text as next`)
  return { lsn: String(row.lsn), nextXid: BigInt(String(row.next)), xid: row.xid as string | null }
}

async function take(server: PostgresProcess, step: Step): Promise<StepTaken> {
  const before = await position(server)
  await server.exec(step.sql)
  const after = await position(server)
  const count = Number(after.nextXid - before.nextXid)
  const finished = Array.from({ length: count }, (_, i) => String(before.nextXid + BigInt(i)))
  const xids = after.xid === null ? finished : [after.xid]
  return { what: step.what.replace(/\s+/g, ' '), sql: step.sql, from: before.lsn, to: after.lsn, xids }
}

async function logAtCrash(server: PostgresProcess): Promise<LogAtCrash> {
  const [row] = await server.query(`
    select pg_current_wal_insert_lsn()::text as inserted, pg_current_wal_lsn()::text as written,
           pg_current_wal_flush_lsn()::text as flushed`)
  return { inserted: String(row.inserted), written: String(row.written), flushed: String(row.flushed) }
}
