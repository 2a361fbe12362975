/** Crashes of a native server: what it is led through, one after the other. */
import type { NativeScene, ScriptedScene } from './nativeScene.js'
import { cutShort } from './nativeCutShort.js'
import { farScenes, moreFarScenes } from './farScenes.js'
import { rareScenes, slowScenes } from './nativeRareScenes.js'
import { brokenRecords } from './staged/brokenRecord.js'
import { promotion } from './staged/promotion.js'

const accounts = [
  'create table accounts (id int primary key, owner text, balance bigint, note text)',
  'create index on accounts (owner)',
  "insert into accounts select g, 'owner ' || g % 97, 1000, '' from generate_series(1, 3000) g",
]
const transfer = [
  'begin',
  'update accounts set balance = balance - 1 where id = 1 + ($i * 7) % 3000',
  'update accounts set balance = balance + 1 where id = 1 + ($i * 13) % 3000',
  'commit',
]
const noted = [...transfer.slice(0, -1), 'insert into journal values ($s, $i)', 'commit']
const churn = [
  "insert into accounts select 10000 + $i * 50 + g, 'new ' || g, 0, repeat('n', g) from generate_series(1, 50) g on conflict do nothing",
  "update accounts set note = repeat('x', $i % 60), owner = 'moved ' || $i where id % 41 = $i % 41",
  'delete from accounts where id between 10000 + $i * 50 and 10020 + $i * 50',
]
const open = [
  'insert into accounts select 900000 + g, null, 0, null from generate_series(1, 2000) g',
  'update accounts set balance = 7 where id between 900001 and 900100',
]

/** 5,000 subtransactions of one transaction, each third of them rolled back. */
const subtransactions = (from: string): string => `do $$ begin
  for n in 1..5000 loop
    begin
      insert into accounts values (${from} + n, 'sub', n, '');
      if n % 3 = 0 then raise exception 'no'; end if;
    exception when raise_exception then null; end;
  end loop; end $$`

/** Every access method that ships, over one table whose rows come, change and go. */
const methods = [
  'create extension if not exists bloom',
  'create table item (id int, tags text[], words tsvector, area box, spot point, big bigint, code text)',
  'create index item_btree on item (code)',
  'create index item_hash on item using hash (id)',
  'create index item_gin on item using gin (tags) with (fastupdate = on)',
  'create index item_gin_words on item using gin (words) with (fastupdate = off)',
  'create index item_gist on item using gist (area)',
  'create index item_spgist on item using spgist (spot)',
  'create index item_spgist_text on item using spgist (code)',
  'create index item_brin on item using brin (big) with (pages_per_range = 2, autosummarize = off)',
  'create index item_bloom on item using bloom (id)',
]
const items = (from: string, n: number): string =>
  `insert into item select ${from} + g, array['t' || g % 7, 'u' || g % 211], to_tsvector('simple', 'word' || g % 90 || ' more' || g),
   box(point(g % 100, g), point(g % 100 + 1, g + 1)), point(g % 97, g % 89), ${from} + g, md5((${from} + g)::text) from generate_series(1, ${n}) g`

export const nativeScenes: readonly NativeScene[] = [
  {
    name: 'bank under load',
    why: 'transfers, rows that come and go, a session that never commits, an autovacuum in between',
    settings: {
      autovacuum_naptime: '1s',
      autovacuum_vacuum_threshold: '50',
      autovacuum_vacuum_scale_factor: '0',
    },
    before: accounts,
    main: noted,
    rounds: 400,
    beside: [churn, noted, noted],
    open,
    journal: true,
    holds: ['select sum(balance) = 3000000 from accounts where id <= 3000'],
  },
  {
    name: 'every index access method',
    why: 'btree, hash, gin, gist, spgist, brin and bloom change together; vacuum takes pages away',
    before: [...methods, items('0', 2000)],
    main: [
      items('$i * 1000', 300),
      "update item set spot = point(id % 13, $i), tags = tags || ('v' || $i) where id % 9 = $i % 9",
      'delete from item where id % 5 = $i % 5',
      'vacuum item',
      "select brin_summarize_new_values('item_brin')",
      "select brin_desummarize_range('item_brin', 0)",
      "select gin_clean_pending_list('item_gin')",
    ],
    rounds: 6,
    open: [items('900000', 200)],
  },
  {
    name: 'index builds',
    why: 'indexes of every kind built after the checkpoint, tables rewritten, dropped and truncated',
    settings: { wal_level: 'logical', max_wal_senders: '4' },
    before: ['create extension bloom', ...methods.slice(1, 2), items('0', 1500)],
    main: [
      ...methods.slice(2),
      items('$i * 1000', 200),
      'vacuum full item',
      'cluster item using item_btree',
      'reindex table item',
      'create table copy_$i as select * from item',
      'truncate copy_$i',
      'insert into copy_$i select * from item limit 100',
      'drop table copy_$i',
      ...methods.slice(2).map((sql) => sql.replace(/create index (\w+) .*/, 'drop index $1')),
    ],
    rounds: 2,
    open: [
      'create table never (a int primary key)',
      'insert into never select generate_series(1, 500)',
      'create index on never (a)',
    ],
  },
  {
    name: 'databases and tablespaces',
    why: 'created by both strategies, filled, dropped, moved',
    settings: { allow_in_place_tablespaces: 'on', wal_keep_size: '1GB' },
    fromFirstCheckpoint: true,
    before: ['create database template_small strategy file_copy', "create tablespace early location ''"],
    main: [
      'create database by_copy_$i template template_small strategy file_copy',
      'create database by_wal_$i template template_small strategy wal_log',
      "create tablespace space_$i location ''",
      'create table in_space_$i (a int primary key) tablespace space_$i',
      'insert into in_space_$i select generate_series(1, 1000)',
      'alter table in_space_$i set tablespace early',
      'drop table in_space_$i',
      'drop tablespace space_$i',
      'drop database by_copy_$i',
    ],
    rounds: 3,
    open: [
      'create table in_flight (a int) tablespace early',
      'insert into in_flight select generate_series(1, 1000)',
    ],
  },
  {
    name: 'locks, savepoints and prepared transactions',
    why: 'multixacts by the hundred, 5,000 subtransactions, two-phase commits that end and some that do not',
    settings: { max_prepared_transactions: '40', track_commit_timestamp: 'on' },
    before: [
      ...accounts,
      "begin; insert into accounts values (-1, 'held since before the checkpoint', 1, ''); prepare transaction 'old'",
    ],
    main: [
      'begin; select * from accounts where id <= 200 for key share; savepoint a; update accounts set balance = balance + 1 where id <= 100; commit',
      'begin; select count(*) from (select 1 from accounts where id <= 300 for share) x; savepoint s; select count(*) from (select 1 from accounts where id <= 300 for update) x; rollback to s; commit',
      subtransactions('100000 + $i * 5000'),
      `begin; ${subtransactions('500000 + $i * 5000')}; prepare transaction 'many$i'`,
      "begin; insert into accounts values (200000 + $i, 'prepared', 1, ''); savepoint p; update accounts set balance = 5 where id = 2000 + $i; prepare transaction 'p$i'",
      "begin; insert into accounts values (300000 + $i, 'to be committed', 1, ''); create table twophase_$i (a int); prepare transaction 'c$i'",
      "commit prepared 'c$i'",
      "begin; insert into accounts values (400000 + $i, 'to be rolled back', 1, ''); create table gone_$i (a int); prepare transaction 'r$i'",
      "rollback prepared 'r$i'",
    ],
    rounds: 3,
    beside: [
      [
        'begin; select * from accounts where id between 400 and 500 for share; savepoint x; select * from accounts where id between 400 and 450 for key share; commit',
      ],
      ['begin; select * from accounts where id between 400 and 500 for key share; commit'],
    ],
    open: [...open, subtransactions('800000')],
  },
  {
    name: 'toast, partitions and sequences',
    why: 'values kept outside their row, rows that move from partition to partition, sequences, messages, temporary and unlogged tables',
    settings: { wal_level: 'logical' },
    before: [
      'create table big (id int primary key, body text)',
      'alter table big alter body set storage external',
      'create table part (id int, at int) partition by range (at)',
      'create table part_low partition of part for values from (0) to (500)',
      'create table part_high partition of part for values from (500) to (1000)',
      'insert into part select g, g % 1000 from generate_series(1, 2000) g',
      'create sequence seq',
      'create unlogged table fleeting (a int primary key)',
      'insert into fleeting select generate_series(1, 500)',
    ],
    main: [
      'insert into big select $i * 10 + g, repeat(md5(($i + g)::text), 300) from generate_series(1, 9) g',
      'update big set body = body || body where id % 10 = 3',
      'delete from big where id % 10 = 5',
      'update part set at = (at + 499) % 1000 where id % 17 = $i % 17',
      "select count(nextval('seq')) from generate_series(1, 40)",
      'insert into fleeting select 1000 * $i + g from generate_series(1, 100) g on conflict do nothing',
      'create unlogged table new_$i (a int primary key, b text); insert into new_$i select g from generate_series(1, 100) g',
      'create temporary table mine_$i as select generate_series(1, 1000) g',
      "select pg_logical_emit_message(true, 'note', 'hello $i'), pg_logical_emit_message(false, 'note', repeat('x', 9000))",
      "select pg_replication_origin_create('o$i')",
      "begin; select pg_replication_origin_session_setup('o$i'), pg_replication_origin_xact_setup('0/1000$i', now()); insert into part values (-$i, 1); commit; select pg_replication_origin_session_reset()",
      "select case when $i > 2 then pg_replication_origin_drop('o' || $i) end",
      'select pg_switch_wal()',
    ],
    rounds: 4,
    open: ["insert into big select -g, repeat('open', 9000) from generate_series(1, 20) g"],
  },
  {
    name: 'no full-page images',
    why: 'full_page_writes off: pages are read from disk and compared by LSN; one-mebibyte segments',
    initdb: ['--wal-segsize=1'],
    settings: { full_page_writes: 'off', shared_buffers: '1MB' },
    before: [...accounts, ...methods, items('0', 500)],
    main: [...transfer, items('$i * 100', 20)],
    rounds: 150,
    beside: [churn],
    open,
  },
  {
    name: 'compressed images, no checksums, large segments',
    why: 'wal_compression pglz, initdb --no-data-checksums, 64-mebibyte segments, a checkpoint in the middle',
    initdb: ['--no-data-checksums', '--wal-segsize=64'],
    settings: { wal_compression: 'pglz', wal_level: 'minimal', max_wal_senders: '0', wal_log_hints: 'on' },
    before: [...accounts, ...methods, items('0', 500)],
    main: [
      ...transfer,
      ...churn,
      items('$i * 100', 20),
      'vacuum accounts',
      'select case when $i = 30 then pg_stat_reset() end',
    ],
    rounds: 40,
    beside: [churn, ['checkpoint']],
    open,
  },
  {
    name: 'every change with its page',
    why: 'wal_consistency_checking: each record carries the page as it was afterwards, and redo must make the same one',
    settings: { wal_consistency_checking: 'all', max_wal_size: '16GB' },
    before: [
      ...accounts.slice(0, 2),
      "insert into accounts select g, 'owner ' || g % 97, 1000, '' from generate_series(1, 200) g",
      ...methods,
      items('0', 300),
      'create sequence counted',
      'create table big (id int primary key, body text)',
      'alter table big alter body set storage external',
    ],
    main: [
      items('$i * 1000', 60),
      "update item set spot = point(id % 13, $i), tags = tags || ('v' || $i) where id % 9 = $i % 9",
      'delete from item where id % 5 = $i % 5',
      'vacuum item',
      "select brin_summarize_new_values('item_brin'), gin_clean_pending_list('item_gin')",
      'begin; select * from accounts where id <= 40 for key share; savepoint a; update accounts set balance = balance + 1 where id <= 20; commit',
      "insert into accounts select $i * 1000 + g, 'new', 0, repeat('n', g) from generate_series(1, 60) g on conflict do nothing",
      "update accounts set note = repeat('x', $i * 9) where id % 3 = 0",
      "select count(nextval('counted')) from generate_series(1, 70)",
      'insert into big select $i * 10 + g, repeat(md5(($i + g)::text), 200) from generate_series(1, 5) g',
      'delete from big where id % 10 = 2',
      'vacuum (freeze) accounts',
      "select brin_desummarize_range('item_brin', 0)",
    ],
    rounds: 4,
    beside: [churn],
    open: [items('900000', 40)],
  },
  {
    name: 'pages that are newer or gone',
    why: 'no images, a checkpoint that is forgotten, tables dropped since: redo meets what it has done, and what is no more',
    settings: { full_page_writes: 'off', wal_keep_size: '1GB' },
    fromFirstCheckpoint: true,
    before: [
      ...methods,
      items('0', 2000),
      'create table gone (like item including indexes)',
      // PostgreSQL 18.3 does not survive this with BRIN: brin_xlog_insert_update asks the missing page for its number.
      'drop index gone_big_idx',
      'insert into gone select * from item',
      'create sequence gone_too',
    ],
    main: [
      ...['item', 'gone'].flatMap((table) => [
        items('$i * 1000', 400).replace('item', table),
        `update ${table} set spot = point(id % 13, $i), tags = tags || ('v' || $i) where id % 9 = $i % 9`,
        `delete from ${table} where id % 5 > $i`,
        `vacuum ${table}`,
        `begin; select count(*) from (select 1 from ${table} where id % 31 = 3 for share) x; commit`,
        `insert into ${table} select * from ${table} where id % 3 = 0`,
      ]),
      "select nextval('gone_too')",
    ],
    rounds: 3,
    afterRestart: { settings: {}, main: ['drop table gone', 'drop sequence gone_too', 'checkpoint'] },
  },
  ...rareScenes,
  ...farScenes,
  ...cutShort,
  promotion,
  ...brokenRecords,
]

/** All but GiST, whose pruned pages PostgreSQL 18.3 itself takes for inconsistent (staged/gistPrune.ts). */
const BUT_GIST = 'heap, heap2, btree, hash, gin, spgist, brin, sequence, generic'

/** The same scene, every change with its page: as many rounds as the log, many times as long, allows. */
function everyChangeWithItsPage(scene: ScriptedScene): ScriptedScene {
  const checked = scene.prunesGist ? BUT_GIST : 'all'
  const settings = { ...scene.settings, wal_consistency_checking: checked, max_wal_size: '32GB' }
  return {
    ...scene,
    name: `${scene.name}, every change with its page`,
    settings,
    rounds: Math.ceil(scene.rounds / 8),
  }
}

/**
 * It is checked as it is; or replay begins at a forgotten checkpoint without images, and meets pages that are newer or
 * are made from nothing among them: they are not those of that moment, and PostgreSQL refuses them.
 */
const isUnchecked = ({ settings = {}, fromFirstCheckpoint = false }: ScriptedScene): boolean =>
  settings.wal_consistency_checking !== undefined ||
  (fromFirstCheckpoint && settings.full_page_writes === 'off')

/**
 * What CI leaves out: scenes that take long, and each scripted scene once more under wal_consistency_checking.
 * `NATIVE_SCENES=all npx vitest run engine/recovery/native.test.ts` proves them too.
 */
export const moreNativeScenes: readonly NativeScene[] = [
  ...slowScenes,
  ...moreFarScenes,
  ...nativeScenes.flatMap((scene) =>
    'stage' in scene || isUnchecked(scene) ? [] : [everyChangeWithItsPage(scene)],
  ),
]
