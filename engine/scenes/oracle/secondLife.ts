/**
 * A recovered directory must be good for more than a look: it takes further writes, crashes again, and PostgreSQL
 * recovers it by itself. A counter that we left too low, or a log that cannot be read on, shows here at the latest.
 */
import { amcheck } from '../checks.js'
import { NativeServer } from '../native.js'
import { asking, digestServer } from '../nativeJudge.js'

const NEW_TABLE = [
  'create table after_the_crash (id int primary key, body text)',
  "insert into after_the_crash select g, repeat('life goes on ', g % 9) from generate_series(1, 1000) g",
  'create index on after_the_crash (body)',
  'delete from after_the_crash where id % 3 = 0',
]

/** Tables that an ordinary statement may change: not another session's, not a partitioned one, a column to set. */
const TABLES = `
  select format('%I.%I', n.nspname, c.relname) as name,
    (select format('%I', a.attname) from pg_attribute a
      where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped and a.attgenerated = '' and a.attidentity = ''
      order by a.attnum limit 1) as "column"
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind = 'r' and c.relpersistence <> 't' and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  order by 1`

const DATABASES = `
  select datname from pg_database where datallowconn and datconnlimit <> -2 and datname not like 'template_' order by 1`

/** Lives on in `dir`, which PostgreSQL then recovers. Returns a sentence for everything that is not as it should be. */
export async function liveOn(dir: string): Promise<string[]> {
  const wrong: string[] = []
  const before = await writeAndDie(dir)
  const server = await NativeServer.start(dir, { autovacuum: 'off' })
  try {
    const log = server.log.join('\n')
    if (!/automatic recovery in progress/.test(log)) wrong.push('PostgreSQL saw no second crash')
    if (!/redo done at/.test(log)) wrong.push('PostgreSQL had nothing to redo after the second crash')
    const after = await digestServer(server, 'p')
    for (const name of new Set([...Object.keys(before), ...Object.keys(after)]))
      if (before[name] !== after[name])
        wrong.push(`${name}: ${before[name]} before the second crash, ${after[name]} after`)
    const client = await server.session()
    for (const { relation, where, message } of (await amcheck(asking(client))).problems)
      wrong.push(`after the second crash, ${relation}, ${where}: ${message}`)
    await client.end()
    if (/PANIC|FATAL/.test(server.log.join('\n')))
      wrong.push(`after the second crash: ${server.log.join('\n')}`)
  } finally {
    await server.stop('fast')
  }
  return wrong
}

/** Changes some rows of every table, makes a new one, and is killed. Returns digests of what was committed. */
async function writeAndDie(dir: string): Promise<Record<string, string>> {
  const server = await NativeServer.start(dir, { autovacuum: 'off' })
  try {
    for (const { datname } of await server.run([DATABASES])) {
      const client = await server.session(String(datname))
      await client.query("set lock_timeout = '20s'; set session_replication_role = replica") // no foreign keys
      for (const sql of NEW_TABLE) await client.query(sql)
      for (const { name, column } of (await client.query<{ name: string; column: string | null }>(TABLES))
        .rows) {
        // What a prepared transaction holds stays as it is.
        const some = (n: number): string =>
          `ctid in (select ctid from ${name} limit ${n} for update skip locked)`
        if (column !== null) await client.query(`update ${name} set ${column} = ${column} where ${some(200)}`)
        await client.query(`delete from ${name} where ${some(20)}`)
      }
      await client.query('vacuum')
      await client.end()
    }
    return await digestServer(server, 'p')
  } finally {
    await server.kill()
  }
}
