/** What a running PostgreSQL holds: every row of every user table, every sequence. */
import { QueryFailed } from './postgresProcess.js'
import type { Row } from './scene.js'

/** Sends one query to PostgreSQL; rejects with QueryFailed. */
export type Ask = (sql: string) => Promise<Record<string, unknown>[]>

export interface Contents {
  /** Rows of every table but temporary ones, in primary key order. Schema public goes unnamed. */
  readonly tables: Record<string, Row[]>
  /** The last value that each sequence has handed out; null for one never used. */
  readonly sequences: Record<string, string | null>
  readonly unlogged: string[]
  /** Relations that could not be read, with what PostgreSQL said. Empty in a sound directory. */
  readonly unreadable: Record<string, string>
}

interface Relation {
  readonly oid: number
  /** As SQL can use it. */
  readonly quoted: string
  readonly name: string
  readonly relkind: 'r' | 'm' | 'S'
  readonly unlogged: boolean
}

const userRelations = `
  select c.oid, c.relkind, c.relpersistence = 'u' as unlogged,
         format('%I.%I', n.nspname, c.relname) as quoted,
         case n.nspname when 'public' then '' else n.nspname || '.' end || c.relname as name
  from pg_class c join pg_namespace n on n.oid = c.relnamespace
  where c.relkind in ('r', 'm', 'S') and c.relpersistence <> 't'
    and n.nspname not in ('pg_catalog', 'information_schema', 'pg_toast')
  order by name`

const columns = (oid: number): string => `
  select quote_ident(a.attname) as name, coalesce(a.attnum = any (i.indkey), false) as in_key
  from pg_attribute a left join pg_index i on i.indrelid = a.attrelid and i.indisprimary
  where a.attrelid = ${oid} and a.attnum > 0 and not a.attisdropped
  order by a.attnum`

async function rowsOf(ask: Ask, relation: Relation): Promise<Row[]> {
  const all = (await ask(columns(relation.oid))) as { name: string; in_key: boolean }[]
  const key = all.filter((column) => column.in_key).map((column) => column.name)
  // t.id, not id: alone it would mean the output column, which is text.
  const order =
    key.length > 0 ? key.map((name) => `t.${name}`) : all.map(({ name }) => `t.${name}::text collate "C"`)
  const list = all.map((column) => `${column.name}::text as ${column.name}`)
  const sorted = order.length > 0 ? `order by ${order.join(', ')}` : ''
  return (await ask(`select ${list.join(', ')} from ${relation.quoted} t ${sorted}`)) as Row[]
}

async function lastValue(ask: Ask, relation: Relation): Promise<string | null> {
  const [row] = await ask(`select last_value::text as value, is_called from ${relation.quoted}`)
  return row.is_called === true ? (row.value as string) : null
}

/**
 * Reads all rows from the tables themselves, never through an index, so that a row that an index
 * has lost still shows.
 */
export async function contents(ask: Ask): Promise<Contents> {
  const ways = ['enable_indexscan', 'enable_indexonlyscan', 'enable_bitmapscan']
  for (const way of ways) await ask(`set ${way} = off`)
  const found: Contents = { tables: {}, sequences: {}, unlogged: [], unreadable: {} }
  for (const relation of (await ask(userRelations)) as unknown as Relation[]) {
    const { name } = relation
    if (relation.unlogged) found.unlogged.push(name)
    try {
      if (relation.relkind === 'S') found.sequences[name] = await lastValue(ask, relation)
      else found.tables[name] = await rowsOf(ask, relation)
    } catch (error) {
      if (!(error instanceof QueryFailed)) throw error
      found.unreadable[name] = error.message
    }
  }
  for (const way of ways) await ask(`reset ${way}`)
  return found
}
