/** Leads a native server through a scene and kills it; lets a native server recover or judge a directory. */
import { cpSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { CONTROL_FILE } from '../format/controlFile.js'
import { configure, giveToServer, initdb, NativeServer } from './native.js'
import type { NativeScene } from './nativeScene.js'

const fill = (sql: string, round: number): string => sql.replaceAll('$i', String(round))

/** Goes round until the connection breaks: the kill ends it. Conflicts of the load with itself are its own matter. */
async function goRound(client: Client, statements: readonly string[]): Promise<void> {
  for (let round = 0; ; round++)
    for (const sql of statements) {
      try {
        await client.query(fill(sql, round))
      } catch (error) {
        if (!('severity' in (error as object)) || (error as { code?: string }).code === '57P01') return
        await client.query('rollback').catch(() => {})
      }
    }
}

/** Makes the scene's crash in `dir`, which must not exist. Statements of the main session must succeed. */
export async function crashNative(scene: NativeScene, dir: string): Promise<void> {
  initdb(dir, scene.initdb)
  configure(dir, { ...defaults, ...scene.settings })
  let server = await NativeServer.start(dir)
  try {
    await server.run([...scene.before, 'checkpoint'])
    const control = readFileSync(join(dir, CONTROL_FILE))
    for (const statements of scene.beside ?? []) void goRound(await server.session(), statements)
    await rounds(server, scene)
    if (scene.afterRestart) {
      await server.stop('fast')
      configure(dir, scene.afterRestart.settings)
      server = await NativeServer.start(dir)
      await server.run(scene.afterRestart.main)
    }
    await server.kill()
    if (scene.fromFirstCheckpoint) writeFileSync(join(dir, CONTROL_FILE), control)
  } finally {
    await server.kill()
  }
}

async function rounds(server: NativeServer, scene: NativeScene): Promise<void> {
  const main = await server.session()
  for (let round = 1; round <= scene.rounds; round++) {
    for (const sql of scene.main) await main.query(fill(sql, round))
    // Not before: what is open keeps VACUUM from taking anything away.
    if (round === Math.ceil(scene.rounds / 2)) await leaveOpen(server, scene.open)
  }
}

async function leaveOpen(server: NativeServer, statements: readonly string[] = []): Promise<void> {
  const session = await server.session()
  if (statements.length > 0) for (const sql of ['begin', ...statements]) await session.query(sql)
}

const defaults = {
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  max_prepared_transactions: '10',
  summarize_wal: 'off',
}

/** A copy of a directory that the server's user may open. */
export function copyFor(dir: string, to: string): string {
  cpSync(dir, to, { recursive: true, verbatimSymlinks: true })
  giveToServer(to)
  return to
}

/**
 * PostgreSQL recovers `dir`, and is ended before the first query: on disk is what its end-of-recovery checkpoint
 * wrote. Returns its log.
 */
export async function recoverNatively(dir: string): Promise<string[]> {
  const server = await NativeServer.start(dir, { autovacuum: 'off', fsync: 'off' })
  await server.stop('immediate')
  return server.log
}

/** Starts PostgreSQL on `dir` and digests every row of every table of every database; the log is the judge's word. */
export async function judgeNatively(
  dir: string,
): Promise<{ log: string[]; digests: Record<string, string> }> {
  const server = await NativeServer.start(dir, { autovacuum: 'off' })
  const digests: Record<string, string> = {}
  try {
    const names = await server.run(['select datname from pg_database where datallowconn order by 1'])
    for (const { datname } of names) Object.assign(digests, await digestDatabase(server, String(datname)))
    const twophase = await server.run([
      "select coalesce(string_agg(gid, ',' order by gid), '') as gids from pg_prepared_xacts",
    ])
    digests['prepared transactions'] = String(twophase[0].gids)
  } finally {
    await server.stop('fast')
  }
  return { log: server.log, digests }
}

const relations = `
  select c.oid, c.relkind, n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema')
  order by name`

async function digestDatabase(server: NativeServer, database: string): Promise<Record<string, string>> {
  const client = await server.session(database)
  const digests: Record<string, string> = {}
  try {
    for (const { name, quoted, relkind } of (await client.query(relations)).rows) {
      const rows = relkind === 'S' ? `select last_value, is_called from ${quoted}` : `select * from ${quoted}`
      const sql = `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as digest from (${rows}) t`
      digests[`${database}.${name}`] = String((await client.query(sql)).rows[0].digest)
    }
    await client.query('create extension if not exists amcheck')
    const broken = await client.query(`
      select c.relname, bt_index_check(c.oid, true) from pg_index i join pg_class c on c.oid = i.indexrelid
      join pg_am a on a.oid = c.relam where a.amname = 'btree' and c.relpersistence <> 't' and i.indisvalid`)
    digests[`${database}: btrees sound`] = String(broken.rowCount !== null && broken.rowCount > 0)
    const gins = await client.query(`
      select gin_index_check(c.oid) from pg_class c join pg_am a on a.oid = c.relam where a.amname = 'gin' and c.relkind = 'i'`)
    digests[`${database}: gins sound`] = String(gins.rowCount !== null)
    const heaps = await client.query(`
      select c.relname, v.msg from pg_class c, lateral verify_heapam(c.oid) v where c.relkind in ('r', 't', 'm') and c.relpersistence = 'p'`)
    digests[`${database}: heaps sound`] = JSON.stringify(heaps.rows)
  } finally {
    await client.end()
  }
  return digests
}
