/** Scene `rows`: everything that can happen to a row. A test of its own looks at each page after each record. */
import type { Scene, Step } from './scene.js'

/** What PostgreSQL must have to recover the scene as well. */
export const rowsSettings = { max_prepared_transactions: '5', wal_level: 'logical' }
const copyFile = "current_setting('data_directory') || '/rows.txt'"

const before: readonly Step[] = [
  {
    what: 'tables with room, without room, with an index, without, in two partitions',
    sql: `
      create table roomy (id int primary key, v text, n int) with (fillfactor = 60);
      create table frozen (id int primary key, a text unique, b text);
      create table wide (id int primary key, big text);
      create table bare (n int, txt text);
      create table parted (id int, k text) partition by list (id);
      create table parted1 partition of parted for values in (1);
      create table parted2 partition of parted for values in (2);
      insert into roomy select g, 'value ' || g, g from generate_series(1, 400) g;
      insert into frozen select g, 'a' || g, 'b' || g from generate_series(1, 300) g;
      insert into wide select g, repeat('x', g) from generate_series(1, 200) g;
      insert into bare select g, repeat('n', 30) from generate_series(1, 2000) g`,
  },
  {
    what: 'a unique index whose function makes a rival row between the look and the insertion',
    sql: `
      create table contested (k int);
      create function rival() returns void volatile language plpgsql as
        $$ begin insert into contested values (5); end $$;
      create function looked_at(i int) returns int immutable language plpgsql as $$
        begin
          if i = 5 and current_setting('my.looks', true) = '1' then
            perform set_config('my.looks', '2', true);
            perform rival();
          elsif i = 5 and coalesce(current_setting('my.looks', true), '') = '' then
            perform set_config('my.looks', '1', true);
          end if;
          return i;
        end $$;
      create unique index on contested (looked_at(k))`,
  },
  {
    what: 'rows in a file',
    sql: `do $d$ begin execute format('copy (select g, ''row '' || g
      from generate_series(1, 300) g) to %L', ${copyFile}); end $d$`,
  },
  { what: 'all frozen', sql: 'vacuum (freeze) frozen' },
  { what: 'the checkpoint: recovery will begin here', sql: 'checkpoint' },
]

const steps: ReadonlyArray<readonly [string, string]> = [
  ['HOT updates, three in a chain', 'update roomy set n = n + 1 where id % 3 = 0'],
  ['', 'update roomy set n = n + 1 where id % 3 = 0'],
  ['', 'update roomy set n = n + 1 where id % 3 = 0'],
  ['a look that prunes', 'select sum(n) from roomy'],
  [
    'updates that find no room',
    `update roomy set v = v || repeat(' more', 8), id = id + 1000 where id % 5 = 0`,
  ],
  ['deletions', 'delete from roomy where id % 7 = 0'],
  [
    'all for nothing',
    `begin; update roomy set v = 'gone' where id < 100;
    insert into roomy select g from generate_series(5000, 5100) g; rollback`,
  ],
  ['both passes of VACUUM', 'vacuum roomy'],
  ['pages that were all visible', 'update roomy set n = 7 where id in (1, 2, 3, 200)'],
  ['locks', `begin; select * from roomy where id < 20 for update; commit`],
  ['locks of frozen rows', `begin; select * from frozen where id < 20 for share; commit`],
  [
    'locks that are given up',
    `begin; select * from frozen where id between 100 and 150 for key share;
    savepoint s; select * from frozen where id between 100 and 150 for update; rollback to s; commit`,
  ],
  [
    'changes of frozen pages, one to another page',
    `update frozen set b = 'z' where id in (250, 251);
    update frozen set b = repeat('long', 500) where id in (5, 6, 7, 8, 9); delete from frozen where id = 200`,
  ],
  [
    'insert or update',
    `insert into frozen values (1, 'q', 'q'), (1001, 'q', 'q') on conflict do nothing;
    insert into frozen values (2, 'zz', 'r') on conflict (id) do update set b = excluded.b`,
  ],
  ['a speculative row that meets a rival', 'insert into contested values (5) on conflict do nothing'],
  [
    'a prepared update',
    `begin; update roomy set n = n + 100 where id in (11, 12, 13); prepare transaction 'p'`,
  ],
  ['a lock on its new rows', 'begin; select * from roomy where id in (11, 12, 13) for key share; commit'],
  ['', `commit prepared 'p'`],
  [
    'from one partition to the other',
    `insert into parted values (1, 'one'), (1, 'uno'), (2, 'two');
    update parted set id = 2 where k = 'one'`,
  ],
  [
    'rows that grow and shrink',
    `update wide set big = repeat('y', 1000) where id % 2 = 0;
    update wide set big = repeat('y', 2000) where id % 4 = 0; update wide set big = repeat('y', 10) where id % 4 = 2`,
  ],
  ['', 'delete from wide where id % 3 = 0'],
  ['', 'vacuum wide'],
  ['into the holes', `insert into wide select g, repeat('x', g % 100) from generate_series(1000, 1200) g`],
  ['no index: dead rows need no line pointer', 'delete from bare where n % 2 = 0'],
  ['', 'select count(*) from bare'],
  ['', 'vacuum bare'],
  ['', `insert into bare select g, repeat('m', 40) from generate_series(1, 100) g`],
  [
    'nulls',
    `alter table bare add column x int, add column y text;
    update bare set y = 'q' where n < 20; update bare set x = 4 where n < 10`,
  ],
  ['freezing', 'vacuum (freeze) bare'],
  ['', 'vacuum (freeze) roomy'],
  [
    'a frozen page changed, another locked',
    'update bare set x = 9 where n = 501; select * from bare where n = 701 for update',
  ],
  [
    'rows copied frozen',
    `begin; create table copied (n int, s text); insert into copied values (1, 'before');
    truncate copied; do $d$ begin execute format('copy copied from %L with (freeze)', ${copyFile}); end $d$; commit`,
  ],
  ['rows copied', `do $d$ begin execute format('copy copied from %L', ${copyFile}); end $d$`],
  ['', 'vacuum copied'],
  [
    'rows copied onto a page that is all visible',
    `do $d$ begin execute format('copy copied from %L', ${copyFile}); end $d$`,
  ],
  [
    'the catalogs',
    'create index on roomy (v); analyze roomy; alter table frozen add column zz int default 5',
  ],
  ['', 'truncate bare'],
  [
    'never committed',
    `begin; update roomy set n = -1 where id < 50; delete from frozen where id > 290;
    insert into roomy select g from generate_series(9000, 9500) g`,
  ],
]

export const rows: Scene = {
  name: 'rows',
  why: 'each record of Heap and Heap2 that PostgreSQL 18 writes without a replication slot',
  initdb: [],
  settings: { ...rowsSettings, wal_consistency_checking: 'heap, heap2' },
  steps: [...before, ...steps.map(([what, sql]) => ({ what: what || 'and', sql }))],
  crash: 'with a transaction open',
}
