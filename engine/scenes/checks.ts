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

/**
 * Every B-tree with bt_index_parent_check, which does all that bt_index_check does with
 * heapallindexed and looks at the pages' parents too; every table and sequence with verify_heapam.
 */
export async function amcheck(ask: Ask): Promise<AmcheckReport> {
  await need(ask, 'amcheck')
  const btree = "c.relkind = 'i' and c.relam = (select oid from pg_am where amname = 'btree')"
  const indexes = (await ask(stored(btree))) as Named[]
  const tables = (await ask(stored("c.relkind in ('r', 't', 'm', 'S')"))) as Named[]
  const problems: Problem[] = []
  for (const { oid, name } of indexes) {
    const message = await complaint(ask, `select bt_index_parent_check(${oid}, heapallindexed => true)`)
    if (message !== undefined) problems.push({ relation: name, where: 'bt_index_parent_check', message })
  }
  for (const { oid, name } of tables) problems.push(...(await heapProblems(ask, oid, name)))
  return { indexes: indexes.length, tables: tables.length, problems }
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

/**
 * Reads every page of every fork through the buffer manager, which verifies checksums. Right after
 * a start no page is in memory, so all of them come from disk.
 */
export async function checksums(ask: Ask): Promise<ChecksumReport> {
  await need(ask, 'pageinspect')
  const relations = (await ask(stored("c.relkind in ('r', 't', 'm', 'S', 'i')"))) as Named[]
  const failures: Problem[] = []
  let pages = 0
  for (const { oid, name } of relations)
    for (const where of ['main', 'fsm', 'vm', 'init']) {
      const size = `pg_relation_size(${oid}, '${where}') / 8192`
      const [{ count }] = await ask(`select ${size} as count`)
      pages += Number(count)
      if (Number(count) === 0) continue
      const read = `select count(get_raw_page(${oid}::regclass::text, '${where}', block))
        from generate_series(0, ${size} - 1) block`
      const message = await complaint(ask, read)
      if (message !== undefined) failures.push({ relation: name, where, message })
    }
  return { pages, failures }
}
