/**
 * A standby takes over and is killed before its first checkpoint as a primary:
 *
 *   primary   ── checkpoint ── work ── killed
 *                   │ copied      │ streamed
 *   standby         └──────── replayed ── promoted: END_OF_RECOVERY, timeline 2 ── more work ── killed
 *
 * pg_control still names a checkpoint of timeline 1, the log goes on in files of timeline 2, and the history file says
 * where one became the other.
 */
import { rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { configure, copyTree, giveToServer, initdb, NativeServer } from '../native.js'
import { crashSettings } from '../crashNative.js'
import type { StagedScene } from '../nativeScene.js'

const BEFORE = [
  'create table ledger (id int primary key, owner text, balance bigint)',
  'create index on ledger (owner)',
  "insert into ledger select g, 'owner ' || g % 97, 100 from generate_series(1, 4000) g",
  'create unlogged table scratch (a int)',
  'insert into scratch select generate_series(1, 100)',
]
const AS_PRIMARY = [
  'update ledger set balance = balance + 1 where id % 3 = 0',
  "begin; insert into ledger values (-1, 'prepared on the primary', 0); prepare transaction 'from the primary'",
  "begin; insert into ledger values (-2, 'to be committed by its heir', 0); prepare transaction 'inherited'",
  'create table made_by_primary as select * from ledger where id < 100',
  'delete from ledger where id between 500 and 700',
]
const AS_HEIR = [
  "commit prepared 'inherited'",
  'update ledger set balance = balance - 1 where id % 5 = 0',
  "insert into ledger select 10000 + g, 'heir', 1 from generate_series(1, 3000) g",
  'create table made_by_heir (id int primary key, area box)',
  'create index on made_by_heir using gist (area)',
  'insert into made_by_heir select g, box(point(g, g), point(g + 1, g + 1)) from generate_series(1, 500) g',
  'drop table made_by_primary',
  'select pg_switch_wal()',
  'vacuum ledger',
]

async function stage(dir: string): Promise<void> {
  const origin = `${dir}-primary`
  initdb(origin)
  configure(origin, { ...crashSettings, max_prepared_transactions: '10' })
  try {
    const first = await NativeServer.start(origin)
    await first.run(BEFORE)
    await first.stop('fast')
    copyTree(origin, dir)
    const primary = await NativeServer.start(origin)
    let heir: NativeServer | undefined
    try {
      configure(dir, { primary_conninfo: `host=127.0.0.1 port=${primary.port} user=postgres` })
      writeFileSync(join(dir, 'standby.signal'), '')
      giveToServer(dir)
      heir = await NativeServer.start(dir)
      await primary.run(AS_PRIMARY)
      const [{ lsn }] = await primary.run(['select pg_current_wal_flush_lsn() as lsn'])
      await replayed(heir, String(lsn))
      await primary.kill()
      await heir.run(['select pg_promote()', ...AS_HEIR])
    } finally {
      await primary.kill()
      await heir?.kill()
    }
  } finally {
    rmSync(origin, { recursive: true, force: true })
  }
}

async function replayed(standby: NativeServer, lsn: string): Promise<void> {
  const session = await standby.session()
  const question = `select pg_last_wal_replay_lsn() >= '${lsn}'::pg_lsn as there`
  while (!(await session.query<{ there: boolean }>(question)).rows[0].there);
  await session.end()
}

export const promotion: StagedScene = {
  name: 'a standby, promoted',
  why: 'END_OF_RECOVERY and the switch to a new timeline, before any checkpoint on it',
  holds: [
    "select count(*) = 1 from ledger where owner = 'to be committed by its heir'",
    'select count(*) = 500 from made_by_heir',
    "select to_regclass('made_by_primary') is null",
    'select timeline_id = 2 from pg_control_checkpoint()',
  ],
  stage,
}
