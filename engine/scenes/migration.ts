/** Scene `migration`: files come and go while the schema changes, and the change is cut short. */
import type { Scene, Step } from './scene.js'

const before: readonly Step[] = [
  { what: 'checks', sql: 'create extension amcheck; create extension pageinspect' },
  {
    what: 'a shop',
    sql: `
      create table customers (id int primary key, name text not null, points int not null default 0);
      create table orders (id int primary key, customer int not null, total int not null, note text);
      create index orders_customer on orders (customer);
      create table old_prices (item int primary key, price int not null);
      create table countries (id int primary key, name text not null);
      create unlogged table visits (id bigint generated always as identity primary key, page text)`,
  },
  {
    what: 'its rows',
    sql: `
      insert into customers select g, 'customer ' || g from generate_series(1, 300) g;
      insert into orders select g, g % 300 + 1, g * 3, 'order ' || g from generate_series(1, 3000) g;
      insert into old_prices select g, g * 10 from generate_series(1, 500) g;
      insert into countries select g, repeat('country ' || g, 10) from generate_series(1, 300) g;
      insert into visits (page) select 'page ' || g from generate_series(1, 50) g`,
  },
  { what: 'the checkpoint: recovery will begin here', sql: 'checkpoint' },
]

const committed: readonly Step[] = [
  {
    what: 'a new table with an index over rows that are already there',
    sql: `
      create table invoices (number bigint generated always as identity, order_id int not null, text text);
      insert into invoices (order_id, text) select g, 'invoice for ' || g from generate_series(1, 700) g;
      create unique index invoices_number on invoices (number)`,
  },
  { what: 'a dropped table: its files go at the commit', sql: 'drop table old_prices' },
  {
    what: 'a table made and dropped again',
    sql: `create table scratch (n int); insert into scratch select generate_series(1, 1000); drop table scratch`,
  },
  {
    what: 'a wider column: the whole table is written anew into another file',
    sql: 'alter table customers alter points type bigint',
  },
  {
    what: 'a table that a rollback takes back, with its files',
    sql: `begin; create table regretted (n int); insert into regretted values (1); rollback`,
  },
  {
    what: 'and one that only a savepoint takes back',
    sql: `begin;
      update customers set points = 5 where id = 5;
      savepoint trial;
      create table tried (n int primary key);
      insert into tried values (1);
      rollback to trial;
      update customers set points = 6 where id = 6;
      commit`,
  },
  { what: 'all but the first 400 orders leave', sql: 'delete from orders where id > 400' },
  { what: 'vacuum: index pages are deleted, the table is cut', sql: 'vacuum orders' },
  { what: 'one order more, into the room that is left', sql: "insert into orders values (401, 1, 5, 'new')" },
  { what: 'countries hardly change: their rows are frozen', sql: 'vacuum (freeze) countries' },
  {
    what: 'a frozen row is locked: its page is not all frozen any more, says the visibility map',
    sql: 'select name from countries where id = 1 for update',
  },
  {
    what: 'and three pages are not all visible any more: a deletion, an update, one that needs another page',
    sql: `delete from countries where id = 80;
      update countries set name = 'new name' where id = 150;
      update countries set name = repeat('long name ', 300) where id = 250`,
  },
  {
    what: 'a truncated table, filled again: a new file',
    sql: `begin; truncate customers;
      insert into customers select g, 'customer ' || g, g from generate_series(1, 200) g; commit`,
  },
  {
    what: 'a new index of pg_class: its file is named in the relation map only',
    sql: 'reindex index pg_class_oid_index',
  },
  {
    what: 'an unlogged table of the new schema',
    sql: 'create unlogged table clicks (id int primary key); insert into clicks select generate_series(1, 20)',
  },
]

const open: readonly Step[] = [
  {
    what: 'the next version begins: it will never commit',
    sql: `begin;
      drop table invoices;
      alter table orders add column paid boolean not null default false;
      create table payments (id int primary key, order_id int);
      insert into payments select g, g from generate_series(1, 500) g;
      update customers set points = points + 1`,
  },
  {
    what: 'a table of this transaction is emptied: a cut must be in the log first, so all WAL goes to disk',
    sql: 'truncate payments',
  },
]

export const migration: Scene = {
  name: 'migration',
  why: 'A shop changes its schema: files are made, cut, dropped and rewritten, and the last change is cut short.',
  initdb: ['--wal-segsize=1'],
  settings: { shared_buffers: '1MB', min_wal_size: '2MB' },
  steps: [...before, ...committed, ...open],
  crash: 'killed with a migration open that has dropped one table and made another',
}
