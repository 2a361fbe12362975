/** A native PostgreSQL as the judge of a recovered directory: its log, every row, its own checks of every page. */
import pg from 'pg'
import { amcheck, checksums } from './checks.js'
import type { Ask } from './contents.js'
import { NativeServer } from './native.js'
import { QueryFailed } from './postgresProcess.js'

export interface NativeOpinion {
  readonly log: readonly string[]
  /** A digest of every row, or value, of each table and sequence of each database. */
  readonly digests: Readonly<Record<string, string>>
  /** What pg_control_checkpoint() and its like say before anything was done: pg_controldata reads the same. */
  readonly control: Readonly<Record<string, unknown>>
  /** What amcheck and the page verification complain of. */
  readonly problems: readonly string[]
  readonly checked: { pages: number; indexes: number; tables: number }
  /** Answers to the questions put, in database postgres. */
  readonly answers: readonly (readonly Record<string, unknown>[])[]
}

/** Asks in a session; a complaint of PostgreSQL is a QueryFailed. */
export function asking(client: pg.Client): Ask {
  return async (sql) => {
    try {
      const result = await client.query<Record<string, unknown>>(sql)
      return result.rows
    } catch (error) {
      if (error instanceof pg.DatabaseError) throw new QueryFailed(error.message, error.code, error.detail)
      throw error
    }
  }
}

/** Databases that can be opened. One whose DROP was cut short says so by its limit of connections. */
const DATABASES = 'select datname from pg_database where datallowconn and datconnlimit <> -2 order by 1'

const CONTROL = `
  select to_jsonb(c) - 'checkpoint_time' || to_jsonb(i) || to_jsonb(r) || to_jsonb(s) - 'pg_control_last_modified' as control
  from pg_control_checkpoint() c, pg_control_init() i, pg_control_recovery() r, pg_control_system() s`

/** Starts PostgreSQL on `dir`, looks at all of it, and shuts down. With `rows`, amcheck and checksums are left out. */
export async function judgeNatively(
  dir: string,
  questions: readonly string[] = [],
  look: 'all' | 'rows' = 'all',
): Promise<NativeOpinion> {
  const server = await NativeServer.start(dir, { autovacuum: 'off' })
  const checked = { pages: 0, indexes: 0, tables: 0 }
  const digests: Record<string, string> = {}
  const problems: string[] = []
  try {
    const [{ control }] = await server.run([CONTROL])
    const answers = []
    for (const question of questions) answers.push(await server.run([question]))
    // After a start nothing is in memory: the first look at a page reads it from disk, its checksum verified.
    await server.run(['update pg_database set datallowconn = true where datconnlimit <> -2'])
    for (const { datname } of await server.run([DATABASES])) {
      const client = await server.session(String(datname))
      if (look === 'all') problems.push(...(await complaints(asking(client), String(datname), checked)))
      await digestDatabase(client, String(datname), digests)
      await client.end()
    }
    digests['prepared transactions'] = await preparedTransactions(server)
    return {
      log: server.log,
      digests,
      control: control as Record<string, unknown>,
      problems,
      checked,
      answers,
    }
  } finally {
    await server.stop('fast')
  }
}

async function complaints(
  ask: Ask,
  database: string,
  checked: { pages: number; indexes: number; tables: number },
): Promise<string[]> {
  const pages = await checksums(ask)
  const structure = await amcheck(ask)
  checked.pages += pages.pages
  checked.indexes += structure.indexes
  checked.tables += structure.tables
  return [...pages.failures, ...structure.problems].map(
    ({ relation, where, message }) => `${database}, ${relation}, ${where}: ${message}`,
  )
}

/** Digests of all databases of a running server; `persistence` leaves out what a crash empties: 'p' for 'pu'. */
export async function digestServer(
  server: NativeServer,
  persistence = 'pu',
): Promise<Record<string, string>> {
  const digests: Record<string, string> = {}
  for (const { datname } of await server.run([DATABASES])) {
    const client = await server.session(String(datname))
    await digestDatabase(client, String(datname), digests, persistence)
    await client.end()
  }
  digests['prepared transactions'] = await preparedTransactions(server)
  return digests
}

async function preparedTransactions(server: NativeServer): Promise<string> {
  const gids = "select coalesce(string_agg(gid, ',' order by gid), '') as gids from pg_prepared_xacts"
  return String((await server.run([gids]))[0].gids)
}

const relations = (persistence: string): string => `
  select c.relkind, n.nspname || '.' || c.relname as name, format('%I.%I', n.nspname, c.relname) as quoted
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'S') and strpos('${persistence}', c.relpersistence) > 0
    and n.nspname not in ('pg_catalog', 'information_schema')
  order by name`

async function digestDatabase(
  client: pg.Client,
  database: string,
  digests: Record<string, string>,
  persistence = 'pu',
): Promise<void> {
  interface Relation {
    readonly name: string
    readonly quoted: string
    readonly relkind: string
  }
  for (const { name, quoted, relkind } of (await client.query<Relation>(relations(persistence))).rows) {
    const rows = relkind === 'S' ? `select last_value, is_called from ${quoted}` : `select * from ${quoted}`
    const sql = `select count(*) || ' ' || coalesce(md5(string_agg(md5(t::text), '' order by md5(t::text))), '') as digest from (${rows}) t`
    digests[`${database}.${name}`] = (await client.query<{ digest: string }>(sql)).rows[0].digest
  }
}
