/** PostgreSQL's own checks of a directory: amcheck for structure, page verification for checksums. */
import type { Ask } from './contents.js'
import { QueryFailed } from './postgresProcess.js'

export interface Problem {
  readonly relation: string
  /** `main`, `fsm`, `vm` or `init` for checksums; the function's name for amcheck. */
  readonly where: string
  readonly message: string
}

export interface AmcheckReport {
  readonly indexes: number
  readonly tables: number
  readonly problems: readonly Problem[]
}

export interface ChecksumReport {
  /** Pages read, of all forks of all relations of the database and the shared ones. */
  readonly pages: number
  readonly failures: readonly Problem[]
}

/** Relations with storage, but for temporary ones of a session that is gone. */
const stored = (kinds: string): string => `
  select c.oid, c.oid::regclass::text as name
  from pg_class c left join pg_index i on i.indexrelid = c.oid
  where c.relpersistence <> 't' and (i.indexrelid is null or i.indisvalid and i.indisready) and ${kinds}
  order by c.oid`

type Named = { oid: number; name: string }

/** Runs `sql`; a complaint of PostgreSQL becomes a problem, anything else is thrown. */
async function complaint(ask: Ask, sql: string): Promise<string | undefined> {
  try {
    await ask(sql)
    return undefined
  } catch (error) {
    if (error instanceof QueryFailed) return error.message
    throw error
  }
}

/** Not `create extension if not exists`, which leaves a notice in the log. */
async function need(ask: Ask, extension: 'amcheck' | 'pageinspect'): Promise<void> {
  const there = await ask(`select from pg_extension where extname = '${extension}'`)
  if (there.length === 0) await ask(`create extension ${extension}`)
}

/** Relations of a kind: with what PostgreSQL checks them, and how it is asked about one of them. */
interface Check {
  readonly where: string
  readonly kinds: string
  readonly call: (oid: string) => string
}

const accessMethod = (name: string): string =>
  `c.relkind = 'i' and c.relam = (select oid from pg_am where amname = '${name}')`

/** Somebody may write to the index's table: a transaction that is prepared, and will not end while we wait. */
const HELD = `exists (select from pg_locks l where l.relation = i.indrelid and l.granted
  and l.database = (select oid from pg_database where datname = current_database())
  and l.pid is distinct from pg_backend_pid() and l.mode not in ('AccessShareLock', 'RowShareLock', 'ShareLock'))`

const indexChecks: readonly Check[] = [
  {
    where: 'bt_index_parent_check',
    kinds: `${accessMethod('btree')} and not ${HELD}`,
    call: (oid) =>
      `bt_index_parent_check(${oid}, heapallindexed => true, rootdescend => true, checkunique => true)`,
  },
  {
    where: 'bt_index_check',
    kinds: `${accessMethod('btree')} and ${HELD}`,
    call: (oid) => `bt_index_check(${oid}, heapallindexed => true, checkunique => true)`,
  },
  { where: 'gin_index_check', kinds: accessMethod('gin'), call: (oid) => `gin_index_check(${oid})` },
]

/**
 * Every B-tree with bt_index_parent_check, which does all that bt_index_check does with heapallindexed and looks at the
 * pages' parents too, unless its lock cannot be had; every GIN index; every table and sequence with verify_heapam. First all at once; where PostgreSQL
 * complains, one after the other.
 */
export async function amcheck(ask: Ask): Promise<AmcheckReport> {
  await need(ask, 'amcheck')
  const problems: Problem[] = []
  let indexes = 0
  for (const { where, kinds, call } of indexChecks) {
    const all = (await ask(stored(kinds))) as Named[]
    indexes += all.length
    const message = await complaint(ask, `select ${call('oid')} from (${stored(kinds)}) as checked`)
    for (const { oid, name } of message === undefined ? [] : all) {
      const own = await complaint(ask, `select ${call(String(oid))}`)
      if (own !== undefined) problems.push({ relation: name, where, message: own })
    }
  }
  const heaps = stored("c.relkind in ('r', 't', 'm', 'S')")
  const tables = (await ask(heaps)) as Named[]
  const found = `select from (${heaps}) as checked, lateral verify_heapam(oid) limit 1`
  if ((await complaint(ask, found)) !== undefined || (await ask(found)).length > 0)
    for (const { oid, name } of tables) problems.push(...(await heapProblems(ask, oid, name)))
  return { indexes, tables: tables.length, problems }
}

async function heapProblems(ask: Ask, oid: number, relation: string): Promise<Problem[]> {
  const where = 'verify_heapam'
  try {
    const rows = await ask(`select blkno, offnum, msg from verify_heapam(${oid})`)
    return rows.map((row) => ({ relation, where, message: `(${row.blkno},${row.offnum}) ${row.msg}` }))
  } catch (error) {
    if (error instanceof QueryFailed) return [{ relation, where, message: error.message }]
    throw error
  }
}

const FORKS = ['main', 'fsm', 'vm', 'init'] as const

/** Reads every page of one fork of the relations that `of` gives, and counts them. */
const readPages = (of: string, fork: string): string => `
  select count(get_raw_page(oid::regclass::text, '${fork}', block)) as count
  from (${of}) as checked, lateral generate_series(0, pg_relation_size(oid, '${fork}') / 8192 - 1) as block`

/**
 * Reads every page of every fork through the buffer manager, which verifies checksums. Right after
 * a start no page is in memory, so all of them come from disk.
 */
export async function checksums(ask: Ask): Promise<ChecksumReport> {
  await need(ask, 'pageinspect')
  const everything = stored("c.relkind in ('r', 't', 'm', 'S', 'i')")
  const failures: Problem[] = []
  let pages = 0
  for (const where of FORKS)
    try {
      pages += Number((await ask(readPages(everything, where)))[0].count)
    } catch (error) {
      if (!(error instanceof QueryFailed)) throw error
      for (const { oid, name } of (await ask(everything)) as Named[]) {
        const message = await complaint(ask, readPages(`select ${oid} as oid`, where))
        if (message !== undefined) failures.push({ relation: name, where, message })
        else pages += Number((await ask(readPages(`select ${oid} as oid`, where)))[0].count)
      }
    }
  return { pages, failures }
}
