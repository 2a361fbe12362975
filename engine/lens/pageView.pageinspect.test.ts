// Our view of a page against PostgreSQL's own of the same bytes: pageinspect, asked for every page of every relation of
// a database with all index methods in it (PGlite, the real PostgreSQL 18).

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { pageOf } from '../format/page.js'
import { FORK } from '../format/relationPath.js'
import { PostgresProcess } from '../scenes/postgresProcess.js'
import { startParams } from '../scenes/serverSettings.js'
import { fatesOnDisk, type Fates } from './page/fates.js'
import type { Fields } from './page/model.js'
import { viewPage, type ItemJson, type PageJson } from './pageView.js'
import { pagesOfEveryKind } from './testing/pagesOfEveryKind.js'

const directory = mkdtempSync(join(tmpdir(), 'pgcrash-pageinspect-'))
const server = PostgresProcess.prepare({ startParams: startParams() })

beforeAll(async () => {
  await server.boot(directory, { startParams: startParams() })
  await server.exec('create extension pageinspect')
  for (const sql of pagesOfEveryKind) await server.exec(sql)
}, 120_000)
afterAll(async () => {
  await server.kill()
  rmSync(directory, { recursive: true, force: true })
})

interface Relation {
  name: string
  fork: string
}
type Json = Record<string, unknown>
interface Compared {
  block: number
  view: PageJson
  theirs: Json
}

/** Relations whose access method is `am`; `kinds` as in pg_class.relkind. */
async function relations(am: string, kinds: string): Promise<string[]> {
  const rows = await server.query(`
    select c.oid::regclass::text as name from pg_class c left join pg_am a on a.oid = c.relam
    where c.relkind in (${kinds}) and coalesce(a.amname, 'heap') = '${am}' order by c.oid`)
  return rows.map((row) => String(row.name))
}

/** Every page of a relation's fork as we see it, beside what `sql` makes of it; it may use raw and block. */
async function* pages(
  { name, fork }: Relation,
  sql: string,
  fates?: Fates,
): AsyncGenerator<Compared, void, undefined> {
  const rows = await server.query(`
    select block, encode(raw, 'hex') as raw, (${sql})::text as theirs
    from (select block, get_raw_page('${name}', '${fork}', block) as raw
          from generate_series(0, pg_relation_size('${name}', '${fork}') / 8192 - 1) block offset 0) as page`)
  for (const row of rows) {
    const block = Number(row.block)
    const bytes = Uint8Array.from(Buffer.from(String(row.raw), 'hex'))
    const { json } = viewPage(pageOf(bytes), {
      block,
      fork: { main: FORK.MAIN, fsm: FORK.FSM, vm: FORK.VM }[fork] ?? 0,
      checksums: true,
      fates,
    })
    yield { block, view: json, theirs: JSON.parse(String(row.theirs ?? 'null')) as Json }
  }
}

/** `toEqual` alone takes its time, and there are thousands. */
function same(ours: unknown, theirs: unknown): void {
  if (!isDeepStrictEqual(ours, theirs)) expect(ours).toEqual(theirs)
}
/** SQL's smallint. */
const signed = (n: number): number => (n << 16) >> 16
const text = (value: unknown): string | null => (value === null || value === undefined ? null : String(value))
const bytea = (hex: unknown): string | null =>
  hex === null || hex === undefined ? null : `\\x${String(hex)}`

test('page_header and page_checksum, of every page that is not new', { timeout: 120_000 }, async () => {
  let compared = 0
  for (const name of [
    ...(await relations('heap', "'r', 't', 'm', 'S'")),
    ...(await relations('btree', "'i'")),
  ])
    for await (const { view, theirs } of pages(
      { name, fork: 'main' },
      "select json_build_object('header', page_header(raw), 'checksum', page_checksum(raw, block))",
    )) {
      const header = theirs.header as Json
      if (!view.header) {
        expect(header.upper).toBe(0)
        continue
      }
      const h = view.header
      same(
        {
          lsn: h.pd_lsn,
          checksum: signed(h.pd_checksum as number),
          flags: h.pd_flags,
          lower: h.pd_lower,
          upper: h.pd_upper,
          special: h.pd_special,
          pagesize: (h.pd_pagesize_version as number) & 0xff00,
          version: (h.pd_pagesize_version as number) & 0xff,
          prune_xid: String(h.pd_prune_xid),
        },
        header,
      )
      expect(signed(view.checksum.computed ?? 0)).toBe(theirs.checksum)
      compared++
    }
  expect(compared).toBeGreaterThan(500)
})

/** What heap_page_items says of an item, from what we say of it. */
function heapPageItem({ lp, lp_off, lp_flags, lp_len, tuple }: ItemJson): Json {
  return {
    lp,
    lp_off,
    lp_flags: ['UNUSED', 'NORMAL', 'REDIRECT', 'DEAD'].indexOf(lp_flags),
    lp_len,
    t_xmin: text(tuple?.t_xmin),
    t_xmax: text(tuple?.t_xmax),
    t_field3: tuple?.t_cid ?? null,
    t_ctid: tuple?.t_ctid ?? null,
    t_infomask2: tuple?.t_infomask2 ?? null,
    t_infomask: tuple?.t_infomask ?? null,
    t_hoff: tuple?.t_hoff ?? null,
    t_bits: tuple?.t_bits ?? null,
    t_oid: null,
    t_data: bytea(tuple?.t_data),
  }
}

/** Flags that stand for two others. */
const PARTS: Readonly<Record<string, string[]>> = {
  HEAP_XMIN_FROZEN: ['HEAP_XMIN_COMMITTED', 'HEAP_XMIN_INVALID'],
  HEAP_XMAX_SHR_LOCK: ['HEAP_XMAX_KEYSHR_LOCK', 'HEAP_XMAX_EXCL_LOCK'],
}

test('heap_page_items and heap_tuple_infomask_flags, sequences too', { timeout: 120_000 }, async () => {
  const items = `
    select json_agg(json_build_object('i', h, 'f', (select array_to_json(raw_flags || combined_flags)
      from heap_tuple_infomask_flags(h.t_infomask, h.t_infomask2) where h.t_infomask is not null)) order by lp)
    from heap_page_items(raw) h`
  const seen = new Set<string>()
  let compared = 0
  for (const name of await relations('heap', "'r', 't', 'm', 'S'"))
    for await (const { view, theirs } of pages({ name, fork: 'main' }, items)) {
      const rows = (theirs ?? []) as unknown as Array<{ i: Json; f: string[] | null }>
      expect(view.items ?? []).toHaveLength(rows.length)
      for (const [n, { i, f }] of rows.entries()) {
        const item = view.items?.[n] ?? expect.fail()
        same(heapPageItem(item), i)
        const names = (item.tuple?.flags ?? []) as string[]
        for (const flag of names) seen.add(flag)
        same(new Set(names.flatMap((flag) => [flag, ...(PARTS[flag] ?? [])])), new Set(f))
        compared++
      }
    }
  expect(compared).toBeGreaterThan(10_000)
  expect([...seen].sort()).toEqual(
    expect.arrayContaining(['HEAP_HOT_UPDATED', 'HEAP_XMAX_IS_MULTI', 'HEAP_XMIN_FROZEN']),
  )
})

test('the rows that we call live are the rows that a query sees', { timeout: 60_000 }, async () => {
  await server.exec('checkpoint') // pg_xact goes to disk
  const disk = nodeDisk(directory, { readOnly: true })
  const fates = fatesOnDisk(disk)
  const states = new Map<string, number>()
  for (const name of await relations('heap', "'r', 't', 'm'")) {
    const live: string[] = []
    for await (const { block, view } of pages({ name, fork: 'main' }, 'null', fates))
      for (const { lp, tuple } of view.items ?? []) {
        if (!tuple) continue
        states.set(String(tuple.row), (states.get(String(tuple.row)) ?? 0) + 1)
        if (tuple.row === 'live') live.push(`(${block},${lp})`)
      }
    const seen = await server.query(`select ctid::text as tid from ${name}`)
    expect(live.sort(), name).toEqual(seen.map((row) => String(row.tid)).sort())
  }
  disk.close()
  expect([...states.keys()].sort()).toEqual(['deleted', 'live', 'not inserted', 'updated'])
})

test('members of multixacts: pg_get_multixact_members', async () => {
  await server.exec('checkpoint')
  const disk = nodeDisk(directory, { readOnly: true })
  const fates = fatesOnDisk(disk)
  const modes = new Set<string>()
  for await (const { view } of pages({ name: 'locked', fork: 'main' }, 'null', fates))
    for (const { tuple } of view.items ?? []) {
      if (tuple?.t_xmax_status !== 'multixact') continue
      const members = await server.query(
        `select xid::text::int as xid, mode from pg_get_multixact_members('${String(tuple.t_xmax)}')`,
      )
      expect((tuple.members as readonly Fields[]).map(({ xid, mode }) => ({ xid, mode }))).toEqual(members)
      for (const { mode, status } of tuple.members as readonly Fields[])
        modes.add(`${String(mode)} ${String(status)}`)
    }
  disk.close()
  expect([...modes].sort()).toEqual(['keysh committed', 'nokeyupd aborted', 'nokeyupd committed'])
})

test('a sequence is its row', async () => {
  const [row] = await server.query('select last_value::text, log_cnt::text, is_called from numbers')
  for await (const { view } of pages({ name: 'numbers', fork: 'main' }, 'null')) {
    expect(view.kind).toBe('sequence')
    expect(view.contents).toEqual(row)
  }
})

test('bt_metap, bt_page_stats and bt_page_items', { timeout: 120_000 }, async () => {
  const types: Record<string, number> = {}
  for (const name of await relations('btree', "'i'")) {
    const sql = `case when block = 0 then (select row_to_json(m) from bt_metap('${name}') m) else
      (select json_build_object('stats', s, 'items', (select json_agg(i order by itemoffset) from bt_page_items(raw) i))
       from bt_page_stats('${name}', block) s) end`
    for await (const { view, theirs, block } of pages({ name, fork: 'main' }, sql)) {
      expect(view.kind).toBe('btree')
      types[String(view.type)] = (types[String(view.type)] ?? 0) + 1
      if (block === 0) expect(btreeMeta(view.contents as Fields)).toEqual(theirs)
      else comparePageOfBtree(view, theirs)
    }
  }
  expect(Object.keys(types).sort()).toEqual(['deleted', 'internal', 'leaf', 'meta'])
  expect(types.leaf).toBeGreaterThan(100)
})

function btreeMeta(meta: Fields): Json {
  return Object.fromEntries(
    Object.entries(meta).map(([name, value]) => [
      { btm_last_cleanup_num_heap_tuples: 'last_cleanup_num_tuples' }[name] ?? name.replace('btm_', ''),
      value,
    ]),
  )
}

function comparePageOfBtree(view: PageJson, theirs: Json): void {
  const { btpo_cycleid: _, btpo_flags_names: __, ...links } = view.special ?? {}
  expect(theirs.stats).toMatchObject({
    ...links,
    type: btreeType(view),
    live_items: expect.any(Number) as number,
  })
  const items = (theirs.items ?? []) as Json[]
  expect(view.items ?? []).toHaveLength(items.length)
  for (const [n, item] of items.entries()) {
    const { lp, tuple } = view.items?.[n] ?? expect.fail()
    if (!tuple) expect.fail(`no tuple at ${lp}`)
    same(
      {
        itemoffset: lp,
        ctid: tuple.t_tid,
        itemlen: tuple.size,
        nulls: tuple.nulls,
        vars: tuple.vars,
        data: String(tuple.key).replace(/..(?=.)/g, '$& '),
        dead: tuple.dead,
        htid: tuple.heap_tid,
        tids: tuple.tids,
      },
      item,
    )
    if (tuple.downlink !== null) expect(item.ctid).toMatch(new RegExp(`^\\(${String(tuple.downlink)},`))
  }
}

/** bt_page_stats calls a root that is no leaf "r". */
function btreeType({ type, special }: PageJson): string {
  const root = (special?.btpo_flags_names as string[]).includes('ROOT')
  return { leaf: 'l', internal: root ? 'r' : 'i', deleted: 'd', 'half-dead': 'e' }[String(type)] ?? '?'
}

test(
  'hash_page_type, hash_metapage_info, hash_page_stats and hash_page_items',
  { timeout: 60_000 },
  async () => {
    const types = new Set<string>()
    for (const name of await relations('hash', "'i'")) {
      const sql = `select json_build_object('type', hash_page_type(raw),
      'meta', case hash_page_type(raw) when 'metapage' then (select row_to_json(m) from hash_metapage_info(raw) m) end,
      'stats', case when hash_page_type(raw) in ('bucket', 'overflow') then (select row_to_json(s) from hash_page_stats(raw) s) end,
      'items', case when hash_page_type(raw) in ('bucket', 'overflow') then (select json_agg(i order by itemoffset) from hash_page_items(raw) i) end)`
      for await (const { view, theirs } of pages({ name, fork: 'main' }, sql)) {
        if (view.kind === 'new') {
          expect(theirs.type).toBe('unused')
          continue
        }
        types.add(String(view.type))
        expect(view.type === 'meta' ? 'metapage' : view.type).toBe(theirs.type)
        if (view.type === 'meta') {
          const { hashm_spares, hashm_mapp, hashm_procid, ...meta } = view.contents as Fields
          const { spares, mapp, procid, ...others } = theirs.meta as Json
          expect(
            Object.fromEntries(Object.entries(meta).map(([k, v]) => [k.replace('hashm_', ''), v])),
          ).toEqual(others)
          expect(String(hashm_procid)).toBe(String(procid))
          for (const [ours, all] of [
            [hashm_spares, spares],
            [hashm_mapp, mapp],
          ] as Array<[number[], number[]]>) {
            expect(all.slice(0, ours.length)).toEqual(ours)
            expect(all.slice(ours.length).every((n) => n === 0)).toBe(true)
          }
        }
        if (theirs.stats) {
          const { hasho_flag_names: _, ...special } = view.special as Fields
          expect(theirs.stats).toMatchObject(special)
          expect(
            (view.items ?? []).map(({ lp, tuple }) => ({
              itemoffset: lp,
              ctid: tuple?.t_tid,
              data: tuple?.hashkey,
            })),
          ).toEqual(theirs.items ?? [])
        }
      }
    }
    expect([...types].sort()).toEqual(['bitmap', 'bucket', 'meta', 'overflow', 'unused'])
  },
)

test('gist_page_opaque_info and gist_page_items_bytea', { timeout: 60_000 }, async () => {
  const types = new Set<string>()
  for (const name of await relations('gist', "'i'")) {
    const sql = `select json_build_object('opaque', o, 'items',
      (select json_agg(i order by itemoffset) from gist_page_items_bytea(raw) i)) from gist_page_opaque_info(raw) o`
    for await (const { view, theirs } of pages({ name, fork: 'main' }, sql)) {
      types.add(String(view.type))
      const { nsn, rightlink, flags_names } = view.special as Fields
      const flags = (flags_names as string[]).map((flag) => flag.toLowerCase())
      expect({ lsn: view.header?.pd_lsn, nsn, rightlink, flags }).toEqual(theirs.opaque)
      const items = (theirs.items ?? []) as Json[]
      expect(view.items ?? []).toHaveLength(items.length)
      for (const [n, { key_data, ...item }] of items.entries()) {
        const { lp, tuple } = view.items?.[n] ?? expect.fail()
        expect({ itemoffset: lp, ctid: tuple?.t_tid, itemlen: tuple?.size, dead: tuple?.dead }).toEqual(item)
        const { nulls, key } = tuple ?? {}
        expect(String(key_data).slice(2 + (nulls ? 32 : 16))).toBe(key)
      }
    }
  }
  expect([...types].sort()).toEqual(['deleted', 'internal', 'leaf'])
})

test('gin_metapage_info, gin_page_opaque_info and gin_leafpage_items', { timeout: 60_000 }, async () => {
  const types = new Set<string>()
  const rowsOfKey = new Map<string, number>()
  for (const name of await relations('gin', "'i'")) {
    const sql = `select json_build_object('opaque', o,
      'meta', case when flags = '{meta}' then (select row_to_json(m) from gin_metapage_info(raw) m) end,
      'items', case when flags = '{data,leaf,compressed}' then (select json_agg(i) from gin_leafpage_items(raw) i) end)
      from gin_page_opaque_info(raw) o`
    for await (const { view, theirs } of pages({ name, fork: 'main' }, sql)) {
      types.add(String(view.type))
      const { rightlink, maxoff, flags_names } = view.special as Fields
      const flags = (flags_names as string[]).map((flag) => flag.toLowerCase())
      expect({ rightlink, maxoff, flags }).toEqual(theirs.opaque)
      if (theirs.meta) expect(ginMeta(view.contents as Fields)).toEqual(theirs.meta)
      if (theirs.items)
        expect(
          (view.entries ?? []).map(({ at: _, first, nbytes, tids }) => ({ first_tid: first, nbytes, tids })),
        ).toEqual(theirs.items)
      for (const { tuple, damaged } of view.items ?? []) {
        expect(damaged).toBe(false)
        if (tuple?.role === 'rows')
          rowsOfKey.set(`${name} ${String(tuple.key)}`, (tuple.tids as string[]).length)
      }
    }
  }
  expect([...types].sort()).toEqual(
    expect.arrayContaining([
      'entry tree leaf',
      'meta',
      'pending list',
      'posting tree leaf',
      'posting tree internal',
    ]),
  )
  expect(await rowsThatSqlFinds(rowsOfKey)).toEqual(['keys_a: every key has the rows that SQL finds'])
})

function ginMeta(meta: Fields): Json {
  const named: Record<string, string> = {
    head: 'pending_head',
    tail: 'pending_tail',
    tailFreeSize: 'tail_free_size',
    nPendingPages: 'n_pending_pages',
    nPendingHeapTuples: 'n_pending_tuples',
    nTotalPages: 'n_total_pages',
    nEntryPages: 'n_entry_pages',
    nDataPages: 'n_data_pages',
    nEntries: 'n_entries',
    ginVersion: 'version',
  }
  return Object.fromEntries(Object.entries(meta).map(([name, value]) => [named[name], Number(value)]))
}

/** pageinspect does not read the tree of keys; the table itself can say how many rows a key has. */
async function rowsThatSqlFinds(found: ReadonlyMap<string, number>): Promise<string[]> {
  let compared = 0
  for (const row of await server.query(
    'select k, count(*) as n from (select distinct id, unnest(a) as k from keys) as u group by k',
  )) {
    const key = Buffer.alloc(8)
    key.writeInt32LE(Number(row.k))
    const ours = found.get(`keys_a ${key.toString('hex')}`)
    if (ours === undefined) continue // in a posting tree, or still pending
    expect(ours, `key ${String(row.k)}`).toBe(Number(row.n))
    compared++
  }
  return compared > 50 ? ['keys_a: every key has the rows that SQL finds'] : []
}

test('brin_metapage_info, brin_revmap_data and brin_page_items', { timeout: 60_000 }, async () => {
  const types = new Set<string>()
  for (const name of await relations('brin', "'i'")) {
    const sql = `select json_build_object('type', brin_page_type(raw),
      'meta', case brin_page_type(raw) when 'meta' then (select row_to_json(m) from brin_metapage_info(raw) m) end,
      'map', case brin_page_type(raw) when 'revmap' then (select json_agg(pages::text) from brin_revmap_data(raw)) end,
      'items', case brin_page_type(raw) when 'regular' then (select json_agg(i order by itemoffset) from brin_page_items(raw, '${name}') i) end)`
    for await (const { view, theirs } of pages({ name, fork: 'main' }, sql)) {
      types.add(String(view.type))
      expect(view.type).toBe(theirs.type)
      if (theirs.meta) {
        const { brinMagic, brinVersion, pagesPerRange, lastRevmapPage } = view.contents as Fields
        expect({
          magic: `0x${(brinMagic as number).toString(16).toUpperCase()}`,
          version: brinVersion,
          pagesperrange: pagesPerRange,
          lastrevmappage: lastRevmapPage,
        }).toEqual(theirs.meta)
      }
      if (theirs.map) {
        const set = (theirs.map as string[]).flatMap((tid, range) =>
          tid.endsWith(',0)') ? [] : [{ range, tid }],
        )
        expect(view.entries).toEqual(set)
      }
      if (theirs.items)
        expect(
          (view.items ?? []).map(({ lp, tuple }) => ({
            itemoffset: lp,
            blknum: tuple?.bt_blkno ?? null,
            placeholder: tuple?.placeholder ?? null,
            empty: tuple?.empty_range ?? null,
          })),
        ).toEqual(
          (theirs.items as Json[]).map(({ itemoffset, blknum, placeholder, empty }) => ({
            itemoffset,
            blknum,
            placeholder,
            empty,
          })),
        )
    }
  }
  expect([...types].sort()).toEqual(['meta', 'regular', 'revmap'])
})

test('fsm_page_contents: every node of every free space map', { timeout: 60_000 }, async () => {
  let compared = 0
  for (const name of await relations('heap', "'r', 't', 'm'"))
    for await (const { view, theirs } of pages(
      { name, fork: 'fsm' },
      'select to_json(fsm_page_contents(raw))',
    )) {
      if (view.kind === 'new') continue
      const { fp_nodes, fp_next_slot } = view.contents as { fp_nodes: Fields[]; fp_next_slot: number }
      const lines = fp_nodes.map(({ node, value }) => `${String(node)}: ${String(value)}\n`)
      expect([...lines, `fp_next_slot: ${fp_next_slot}\n`].join('')).toBe(theirs as unknown as string)
      compared++
    }
  expect(compared).toBeGreaterThan(50)
})

test('the visibility map has as many bits as VACUUM counted', { timeout: 60_000 }, async () => {
  let [visible, frozen] = [0, 0]
  for (const name of ['cold', 'half', 'big', 'pg_class', 'pg_attribute']) {
    await server.exec(`vacuum ${name}`)
    const counts = `select row_to_json(c) from (select relallvisible, relallfrozen from pg_class where oid = '${name}'::regclass) c`
    for await (const { view, theirs } of pages({ name, fork: 'vm' }, counts)) {
      const { all_visible, all_frozen } = view.contents as { all_visible: number; all_frozen: number }
      expect({ relallvisible: all_visible, relallfrozen: all_frozen }).toEqual(theirs)
      visible += all_visible
      frozen += all_frozen
    }
  }
  expect(visible).toBeGreaterThan(frozen)
  expect(frozen).toBeGreaterThan(10)
})

test('a tree of SP-GiST holds every row once', { timeout: 60_000 }, async () => {
  const types = new Set<string>()
  for (const name of ['points_s', 'points_w']) {
    const rows: string[] = []
    for await (const { view } of pages({ name, fork: 'main' }, 'null')) {
      if (view.kind !== 'new') types.add(`${view.kind} ${String(view.type)}`)
      for (const { tuple, damaged } of view.items ?? []) {
        expect(damaged).toBe(false)
        if (tuple?.state === 'live' && tuple.heap_tid) rows.push(String(tuple.heap_tid))
      }
    }
    const all = await server.query('select ctid::text as tid from points')
    expect(rows.sort()).toEqual(all.map((row) => String(row.tid)).sort())
  }
  expect([...types].sort()).toEqual(['spgist inner', 'spgist leaf', 'spgist meta'])
})
