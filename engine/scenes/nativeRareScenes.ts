/** Crashes of a native server that bring out the operations of the log that everyday work does not write. */
import type { NativeScene, ScriptedScene } from './nativeScene.js'

/** Multixacts of their own: each row is locked by the transaction and by a subtransaction of its own. */
export const multixacts = (rows: number): string => `do $$ declare n int; begin
    perform * from held for key share;
    for n in 1..${rows} loop
      begin perform * from held where id = n for share; exception when division_by_zero then null; end;
    end loop;
  end $$`

/** Transaction ids by the dozen, a subtransaction each; rows of a temporary table are not logged. */
const transactionIds = (count: number): string => `do $$ begin
    create temporary table taken (n int);
    for n in 1..${count} loop
      begin insert into taken values (1); exception when division_by_zero then null; end;
    end loop;
    drop table taken;
  end $$`

const shrinkAndGrow: ScriptedScene = {
  name: 'indexes that shrink and grow',
  initdb: ['--no-data-checksums'], // with them, the map's page is logged whole when it is cut
  why: 'most rows leave, VACUUM takes the empty pages away, new rows take the pages again',
  before: [
    'create table nums (id int primary key, h int, tags int[], area box, spot point, word text, near inet)',
    'create index nums_h on nums using hash (h)',
    'create index nums_tags on nums using gin (tags) with (fastupdate = off)',
    'create index nums_area on nums using gist (area)',
    'create index nums_spot on nums using spgist (spot)',
    'create index nums_word on nums using spgist (word)',
    'create index nums_near on nums using spgist (near)',
    'create table tail (a int)',
  ],
  main: [
    `insert into nums select $i * 100000 + g, g % 5, array[1, g % 3, $i * 1000 + g % 400],
       box(point(g, g), point(g + 1, g + 1)), point(g % 200, g), repeat('stem', g % 9) || g,
       ('10.' || g % 250 || '.' || g / 250 || '.1')::inet from generate_series(1, 20000) g`,
    'delete from nums where id % 100000 <= 19900',
    'select pg_current_xact_id()',
    'vacuum nums',
    'select pg_current_xact_id()',
    'vacuum nums',
    `insert into nums select $i * 100000 + 30000 + g, 7, array[2, g % 3], box(point(-g, g), point(1 - g, g + 1)),
       point(g, -g), 'stem' || g, '192.168.0.1' from generate_series(1, 6000) g`,
    'delete from nums where id % 100000 > 30000',
    'vacuum nums',
    // Its end is cut off, and with it what the visibility map said of those pages; then it grows again.
    'insert into tail select generate_series(1, 9000)',
    'vacuum tail',
    'delete from tail where a > 500',
    'vacuum tail',
    'insert into tail select generate_series(1, 3000)',
  ],
  rounds: 2,
  open: ['insert into nums (id) select -g from generate_series(1, 300) g'],
}

const smallPages: ScriptedScene = {
  name: 'small pages of large indexes',
  prunesGist: true,
  why: 'hash buckets that overflow, are killed and squeezed; summaries of BRIN that grow and move',
  before: [
    'create table wide (id int, h int, words text, filler text)',
    'alter table wide alter words set storage plain',
    'create index wide_h on wide using hash (h)',
    'create table spots (id int, area box, at point)',
    'create index spots_area on spots using gist (area)',
    'create table few (at point)',
    'create index few_at on few using spgist (at)',
    'create index wide_words on wide using brin (words, filler) with (pages_per_range = 1)',
    'create index wide_id on wide using brin (id int4_minmax_multi_ops) with (pages_per_range = 1)',
  ],
  main: [
    `insert into wide select g, case when g % 3 = 0 then 1 else g end, 'w', repeat('f', 60)
       from generate_series(1, 6000) g`,
    "select brin_summarize_new_values('wide_words'), brin_summarize_new_values('wide_id')",
    "update wide set words = repeat('x', 200 + id % 300) where id % 40 = 0",
    "update wide set words = repeat('z', 900 + id % 300) where id % 90 = 0",
    'delete from wide where h = 1 and id % 2 = 0',
    'set enable_seqscan = off; set enable_bitmapscan = off',
    'select count(*) from wide where h = 1',
    'insert into spots select g, box(point(g, 0), point(g + 1, 1)) from generate_series(1, 300) g',
    'delete from spots where id % 2 = 0',
    "select count(*) from spots where area && '(0,0),(1000,1000)'",
    'insert into spots select g, box(point(g, 0), point(g + 1, 1)) from generate_series(1, 300) g',
    'insert into few select point(g, g) from generate_series(1, 20) g',
    'delete from few',
    'vacuum few',
    'insert into wide select g, 1, null, null from generate_series(1, 2000) g',
    'delete from wide where h = 1 and id % 5 > 0',
    'vacuum wide',
    'insert into wide select g, g * 7, null, null from generate_series(1, 2000) g',
    "select brin_desummarize_range('wide_words', 3), brin_desummarize_range('wide_id', 0)",
  ],
  rounds: 3,
  open: ['insert into wide select g, 1, null, null from generate_series(1, 500) g'],
}

export const rareScenes: readonly NativeScene[] = [
  {
    name: 'freezing',
    why: 'more than a segment of transaction ids and of multixacts is used up, frozen, and cut off the status tables',
    settings: { track_commit_timestamp: 'on', max_locks_per_transaction: '256' },
    before: [
      "update pg_database set datistemplate = false where datname like 'template_'",
      'drop database template0',
      'drop database template1',
      'create table held (id int primary key)',
      'insert into held select generate_series(1, 3000)',
    ],
    main: [
      multixacts(2500),
      transactionIds(1100000),
      'vacuum (freeze)',
      multixacts(500),
      'vacuum (freeze) held',
    ],
    rounds: 1,
    open: ['insert into held values (-1)'],
  },
  shrinkAndGrow,
  smallPages,
  {
    name: 'restarts, backups and settings',
    why: 'a shutdown, a restart with other settings, a backup, ids of objects: what the log says of the server itself',
    settings: { wal_keep_size: '1GB', wal_level: 'logical' },
    fromFirstCheckpoint: true,
    before: [
      'create table plain (id int primary key, body text)',
      'create table catalog_like (id int primary key, body text) with (user_catalog_table = true)',
      "select pg_create_logical_replication_slot('watcher', 'pgoutput')",
    ],
    main: [
      'insert into plain select g, $i from generate_series($i * 1000, $i * 1000 + 300) g',
      'insert into catalog_like select g, $i from generate_series($i * 1000, $i * 1000 + 300) g',
      "update catalog_like set body = 'changed' where id % 7 = 0",
      'vacuum full catalog_like',
      "select pg_create_restore_point('before $i')",
      "select pg_backup_start('backup $i', true)",
      'update plain set body = body || 1 where id % 3 = 0',
      'select pg_backup_stop(false)',
      'select count(lo_create(0)) from generate_series(1, 9000)',
      'alter system set full_page_writes = off',
      'select pg_reload_conf()',
      'checkpoint',
      'update plain set body = body || 2 where id % 5 = 0',
      'alter system reset full_page_writes',
      'select pg_reload_conf()',
      'checkpoint',
      "select pg_replication_origin_create('far $i'), pg_replication_origin_advance('far $i', '0/5000$i')",
    ],
    rounds: 2,
    open: ['insert into plain select -g, $$open$$ from generate_series(1, 300) g'],
    afterRestart: {
      settings: { max_connections: '57', track_commit_timestamp: 'on' },
      main: [
        'update plain set body = $$after the restart$$ where id % 2 = 0',
        'delete from plain where id % 11 = 0',
      ],
    },
  },
  {
    name: 'little log',
    why: 'wal_level minimal: files made in a transaction are not logged, but synced, or written whole, at its end',
    settings: { wal_level: 'minimal', max_wal_senders: '0', wal_skip_threshold: '64kB' },
    before: ['create table kept (id int primary key)'],
    main: [
      'begin',
      'create table fresh_$i (id int primary key, area box)',
      'create index fresh_area_$i on fresh_$i using gist (area)',
      'insert into fresh_$i select g, box(point(g % 50, g), point(g % 50 + 1, g + 1)) from generate_series(1, $i * 900) g',
      'truncate kept',
      'insert into kept select generate_series(1, 1000)',
      'commit',
      'delete from fresh_$i where id % 2 = 0',
      'vacuum fresh_$i',
    ],
    rounds: 3,
    open: ['create table never (a int)', 'insert into never select generate_series(1, 100)'],
  },
]

/** The statements of both, fewer rows: what they do to pages is what counts. */
const both = [shrinkAndGrow, smallPages]
const before = [
  ...both.flatMap((scene) => scene.before),
  'create table held (id int primary key, body text)',
  'insert into held select g, repeat($$h$$, g % 60) from generate_series(1, 500) g',
]
const main = [
  ...both.flatMap((scene) => scene.main).map((sql) => sql.replace('(1, 20000)', '(1, 9000)')),
  multixacts(50),
  'update held set body = body || $i where id % 3 = 0',
  'insert into held select 1000 * $i + g from generate_series(1, 400) g on conflict do nothing',
  'delete from held where id % 7 = 0',
  'vacuum (freeze) held',
]
/** Pages that there are already when the log begins. */
const pagesThere = main.filter((sql) => sql.startsWith('insert'))
// PostgreSQL 18.3 does not survive BRIN without its pages: brin_xlog_insert_update asks the missing one for its number.
const withoutBrin = (sql: string): boolean => !/brin/.test(sql)

/** For the full run, NATIVE_SCENES=all, and for the table of what redo has been through. */
export const slowScenes: readonly NativeScene[] = [
  {
    name: 'images everywhere',
    why: 'checkpoints without end: whatever is changed is changed for the first time, and comes with its page',
    settings: { wal_keep_size: '4GB', max_wal_size: '16GB' },
    fromFirstCheckpoint: true,
    before,
    main,
    rounds: 1,
    beside: [['checkpoint']],
  },
  {
    name: 'every page newer',
    why: 'no images, and all that the log changes was on disk before it was asked for again',
    settings: { full_page_writes: 'off', wal_keep_size: '4GB', max_wal_size: '16GB' },
    fromFirstCheckpoint: true,
    before: [...before, ...pagesThere],
    main: [...main, 'checkpoint'],
    rounds: 1,
  },
  {
    name: 'no page anywhere',
    why: 'all that the log changes was dropped later: no file has the pages that redo asks for',
    settings: { full_page_writes: 'off', wal_keep_size: '4GB', max_wal_size: '16GB' },
    fromFirstCheckpoint: true,
    before: [...before, ...pagesThere].filter(withoutBrin),
    main: main.filter(withoutBrin),
    rounds: 1,
    afterRestart: { settings: {}, main: ['drop table nums, tail, wide, spots, few, held', 'checkpoint'] },
  },
]
