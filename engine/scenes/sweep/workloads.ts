/** Small pieces of work, a crash at each write of which is recovered. */
import type { Workload } from './trace.js'

/** Notes in the table `done` that the step was taken, in the step's own transaction. */
const noting = (sql: string): string => `begin; insert into done values ($n); ${sql}; commit`

export const workloads: readonly Workload[] = [
  {
    name: 'bank',
    why: 'transfers, one taken back, a checkpoint among them',
    before: [
      'create table account (id int primary key, balance bigint, note text) with (fillfactor = 70)',
      "insert into account select g, 100, repeat('n', 50) from generate_series(1, 200) g",
    ],
    steps: [
      ...[1, 2, 3].map((n) =>
        noting(
          `update account set balance = balance - ${n} where id = ${n};
           update account set balance = balance + ${n} where id = ${n + 100}`,
        ),
      ),
      'begin; update account set balance = 0; rollback',
      'checkpoint',
      noting(
        'update account set balance = balance - 9 where id = 9; update account set balance = balance + 9 where id = 4',
      ),
      noting("insert into account select g, 0, repeat('m', 90) from generate_series(1000, 1200) g"),
      noting('select count(*) from account; delete from account where id between 1000 and 1100'),
    ],
  },
  {
    name: 'schema',
    why: 'tables, indexes and a sequence made, rewritten, filled, dropped; a relation map written',
    before: [
      'create table old (id int primary key, body text)',
      'insert into old select g, g from generate_series(1, 300) g',
    ],
    steps: [
      noting(
        'create table new (id int, body text); insert into new select g, md5(g::text) from generate_series(1, 400) g',
      ),
      noting('create index new_id on new (id); create index new_body on new using hash (body)'),
      noting('alter table old alter id type bigint'),
      'begin; create table never (a int primary key); insert into never select generate_series(1, 200); rollback',
      'checkpoint',
      noting('reindex index pg_class_oid_index'),
      noting('truncate old; insert into old values (1, $$one$$)'),
      noting('drop table new'),
    ],
  },
  {
    name: 'vacuum',
    why: 'rows leave, VACUUM prunes, takes index pages away and cuts the table; it is frozen and filled again',
    before: [
      'create table item (id int primary key, body text)',
      "insert into item select g, repeat('b', 40) from generate_series(1, 3000) g",
    ],
    steps: [
      noting('delete from item where id > 300'),
      'vacuum item',
      noting("insert into item select g, 'again' from generate_series(301, 500) g"),
      'checkpoint',
      noting('delete from item where id % 2 = 0'),
      'vacuum (freeze) item',
      noting('update item set body = $$thawed$$ where id < 50'),
      'vacuum full item',
    ],
  },
]
