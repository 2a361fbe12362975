// Which rows count: case by case, and then row by row against PostgreSQL, on every table of a crashed directory.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { readFile } from '../disk/disk.js'
import { Recovery } from '../recovery/recovery.js'
import { multiXactUpdater } from '../redo/multixact.js'
import { transactionStatus } from '../redo/clog.js'
import { crashedCopy } from '../scenes/cache.js'
import { openWithPostgres } from '../scenes/judge.js'
import type { SceneName } from '../scenes/scenes.js'
import { pageOf } from './page.js'
import { HEAP, readHeapTuples } from './heapTuple.js'
import { didCommit } from './transactionStatus.js'
import { isVisibleAfterRecovery, type RowVersion } from './visibility.js'

const COMMITTED = 700
const LOST = 701
const row = (t_xmin: number, t_xmax: number, t_infomask: number, t_cid = 0): RowVersion => ({
  t_xmin,
  t_xmax,
  t_cid,
  t_infomask,
})

describe('one row', () => {
  test.each([
    ['inserted by a lost transaction', row(LOST, 0, HEAP.XMAX_INVALID), false],
    ['inserted', row(COMMITTED, 0, HEAP.XMAX_INVALID), true],
    ['a hint that it committed is believed', row(LOST, 0, HEAP.XMIN_COMMITTED | HEAP.XMAX_INVALID), true],
    ['a hint that it did not is believed', row(COMMITTED, 0, HEAP.XMIN_INVALID | HEAP.XMAX_INVALID), false],
    ['frozen', row(LOST, 0, HEAP.XMIN_FROZEN | HEAP.XMAX_INVALID), true],
    ['deleted', row(COMMITTED, COMMITTED, 0), false],
    ['deleted by a lost transaction', row(COMMITTED, LOST, 0), true],
    ['deleted, by a hint', row(COMMITTED, LOST, HEAP.XMAX_COMMITTED), false],
    ['an end that did not come, by a hint', row(COMMITTED, COMMITTED, HEAP.XMAX_INVALID), true],
    ['locked', row(COMMITTED, COMMITTED, HEAP.XMAX_LOCK_ONLY | HEAP.XMAX_KEYSHR_LOCK), true],
    ['locked before 9.3', row(COMMITTED, COMMITTED, HEAP.XMAX_EXCL_LOCK), true],
    ['locked by several', row(COMMITTED, 5, HEAP.XMAX_IS_MULTI | HEAP.XMAX_LOCK_ONLY), true],
    ['updated in a multixact', row(COMMITTED, 5, HEAP.XMAX_IS_MULTI), false],
    ['updated in a multixact by a lost one', row(COMMITTED, 6, HEAP.XMAX_IS_MULTI), true],
    ['a multixact and a hint', row(COMMITTED, 6, HEAP.XMAX_IS_MULTI | HEAP.XMAX_COMMITTED), true],
    ['moved away', row(COMMITTED, 0, HEAP.MOVED_OFF | HEAP.XMAX_INVALID, COMMITTED), false],
    ['not moved away', row(COMMITTED, 0, HEAP.MOVED_OFF | HEAP.XMAX_INVALID, LOST), true],
    ['moved here', row(COMMITTED, 0, HEAP.MOVED_IN | HEAP.XMAX_INVALID, COMMITTED), true],
    ['not moved here', row(COMMITTED, 0, HEAP.MOVED_IN | HEAP.XMAX_INVALID, LOST), false],
  ] as const)('%s', (_, version, visible) => {
    const updaterOf = (multi: number): number => (multi === 5 ? COMMITTED : LOST)
    expect(isVisibleAfterRecovery(version, (xid) => xid === COMMITTED, updaterOf)).toBe(visible)
  })
})

/** For the path of a table's file: how many rows count after our recovery. */
function visibleRows(dir: string): (path: string) => number {
  const recovery = new Recovery(nodeDisk(dir))
  for (const step of recovery.replay()) void step
  recovery.abort()
  recovery.cleanUp()
  recovery.finish()
  const { disk, context } = recovery
  const sources = {
    statusOf: (xid: number) => transactionStatus(context.tables, xid),
    parentOf: () => 0,
    oldestRunning: Number(context.counters.nextXid),
  }
  const counts = (tuple: RowVersion): boolean =>
    isVisibleAfterRecovery(
      tuple,
      (xid) => didCommit(xid, sources),
      (multi) => multiXactUpdater(context.tables, multi),
    )
  return (path) => {
    const bytes = readFile(disk, path) ?? new Uint8Array(0)
    let visible = 0
    for (let at = 0; at < bytes.length; at += 8192)
      visible += readHeapTuples(pageOf(bytes.slice(at, at + 8192))).filter(counts).length
    return visible
  }
}

test.each<SceneName>(['bank', 'migration'])(
  'scene %s: as many rows count in each table as PostgreSQL sees after its own recovery, catalogs included',
  async (name) => {
    const folder = mkdtempSync(join(tmpdir(), 'pgcrash-visibility-'))
    try {
      const scene = await crashedCopy(name, join(folder, 'data'))
      const twin = await crashedCopy(name, join(folder, 'twin'))
      const ours = visibleRows(twin.dir)
      const opened = await openWithPostgres(scene.dir, async (ask) => {
        const tables = (await ask(
          `select oid::regclass::text as name, pg_relation_filepath(oid) as path from pg_class
           where relkind in ('r', 't', 'm') and relpersistence <> 't'
             and pg_relation_filepath(oid) like 'base/5/%'`,
        )) as { name: string; path: string }[]
        const seen: [string, string, number][] = []
        for (const table of tables) {
          const [{ rows }] = (await ask(`select count(*)::int as rows from ${table.name}`)) as {
            rows: number
          }[]
          seen.push([table.name, table.path, rows])
        }
        return seen
      })
      if (opened.outcome !== 'opened') throw new Error(opened.sentence)
      expect(opened.answer.length).toBeGreaterThan(50)
      expect(opened.answer.map(([table, path]) => [table, ours(path)])).toEqual(
        opened.answer.map(([table, , rows]) => [table, rows]),
      )
    } finally {
      rmSync(folder, { recursive: true, force: true })
    }
  },
  60_000,
)
