/** Scene `bank`: the crash that the course recovers. */
import type { Scene, Step } from './scene.js'

/** `from_account`, `to_account`, `amount`, `reference`, `memo` of transfers first … last. */
const transfers = (first: number, last: number, memo: string): string => `
  insert into transfers (from_account, to_account, amount, reference, memo)
  select g * 7 % 60 + 1, g * 11 % 60 + 1, g % 90 + 1, left(md5(g::text), 12), '${memo} ' || g
  from generate_series(${first}, ${last}) g`

const before: readonly Step[] = [
  { what: 'tools for looking at pages and WAL, and for checking them', sql: 'create extension amcheck' },
  { what: 'pageinspect', sql: 'create extension pageinspect' },
  { what: 'pg_walinspect', sql: 'create extension pg_walinspect' },
  {
    what: 'the tables: accounts have room on each page, so that a changed balance stays on its page (HOT)',
    sql: `
      create table accounts (id int primary key, owner text not null, balance bigint not null)
        with (fillfactor = 70);
      create index accounts_owner on accounts (owner);
      create table transfers (
        id bigint generated always as identity primary key,
        from_account int not null references accounts,
        to_account int not null references accounts,
        amount bigint not null check (amount > 0),
        reference text not null,
        memo text);
      create index transfers_reference on transfers (reference);
      create index transfers_from on transfers (from_account);
      create table letters (account int not null references accounts, body text not null);
      alter table letters alter body set storage external;
      create sequence receipts`,
  },
  {
    what: 'who is logged in: unlogged, because losing it in a crash does no harm',
    sql: 'create unlogged table sessions (token text primary key, account int not null)',
  },
  {
    what: 'a shopping list that dies with its session: temporary',
    sql: 'create temporary table basket (line int primary key, thing text not null)',
  },
  {
    what: '60 accounts with 100.00 each',
    sql: `insert into accounts
      select g, 'owner ' || lpad((g * 37 % 60)::text, 2, '0'), 10000 from generate_series(1, 60) g`,
  },
  { what: '250 transfers of the past', sql: transfers(1, 250, 'opening') },
  {
    what: '100 sessions',
    sql: 'insert into sessions select md5(g::text), g % 60 + 1 from generate_series(1, 100) g',
  },
  {
    what: '50 lines in the basket',
    sql: "insert into basket select g, 'thing ' || g from generate_series(1, 50) g",
  },
  { what: 'the checkpoint: recovery will begin here', sql: 'checkpoint' },
]

const committed: readonly Step[] = [
  {
    what: 'the rent: 5.00 from account 1 to account 2',
    sql: `begin;
      insert into transfers (from_account, to_account, amount, reference, memo)
        values (1, 2, 500, 'rent-july', 'rent');
      update accounts set balance = balance - 500 where id = 1;
      update accounts set balance = balance + 500 where id = 2;
      commit`,
  },
  {
    what: 'dinner: 1.20 from account 3 to account 4',
    sql: `begin;
      insert into transfers (from_account, to_account, amount, reference, memo)
        values (3, 4, 120, 'dinner', 'shared dinner');
      update accounts set balance = balance - 120 where id = 3;
      update accounts set balance = balance + 120 where id = 4;
      commit`,
  },
  {
    what: 'a new name: its index needs a new entry, so this update is not HOT',
    sql: "update accounts set owner = 'new name' where id = 5",
  },
  { what: '240 standing orders: index pages fill up and split', sql: transfers(251, 490, 'standing order') },
  { what: 'old transfers leave', sql: 'delete from transfers where id <= 40' },
  { what: 'three receipts', sql: "select nextval('receipts') from generate_series(1, 3)" },
  {
    what: 'a mistyped transfer, rolled back',
    sql: `begin;
      insert into transfers (from_account, to_account, amount, reference, memo)
        values (9, 10, 999, 'typo', 'wrong account');
      update accounts set balance = balance - 999 where id = 9;
      rollback`,
  },
  {
    what: `a gift, with a savepoint rolled back and one kept: the row of account 11 is locked by the
      transaction and changed by its subtransaction, which takes a multixact`,
    sql: `begin;
      insert into transfers (from_account, to_account, amount, reference, memo)
        values (11, 12, 40, 'gift', 'birthday');
      savepoint with_fee;
      update accounts set balance = balance - 41 where id = 11;
      rollback to with_fee;
      savepoint without_fee;
      update accounts set balance = balance - 40 where id = 11;
      update accounts set balance = balance + 40 where id = 12;
      release without_fee;
      commit`,
  },
  {
    what: 'a letter too long for its page: stored out of line (TOAST)',
    sql: "insert into letters select 7, string_agg(md5(g::text), '') from generate_series(1, 200) g",
  },
  {
    what: '40 more sessions: no WAL for their rows',
    sql: 'insert into sessions select md5(g::text), g % 60 + 1 from generate_series(101, 140) g',
  },
  { what: 'vacuum clears the deleted transfers away', sql: 'vacuum transfers' },
  { what: 'one cent for everybody', sql: 'update accounts set balance = balance + 1' },
]

const open: readonly Step[] = [
  {
    what: 'the interest run begins: it will never commit',
    sql: `begin;
      update accounts set balance = balance + balance / 100;
      insert into transfers (from_account, to_account, amount, reference, memo)
        select g, g % 60 + 1, 1, 'interest-' || g, 'interest, not yet approved' from generate_series(1, 60) g;
      delete from transfers where id between 41 and 60`,
  },
  {
    what: `it writes a letter to every account: more pages than PostgreSQL has buffers, so pages with
      uncommitted rows go to disk, and their WAL before them`,
    sql: `insert into letters
      select a, string_agg(md5((a * 1000 + g)::text), '')
      from generate_series(1, 60) a, generate_series(1, 200) g group by a`,
  },
  {
    what: 'it sorts a year of statements: too much for work_mem, so the sort spills into a file',
    sql: `set local work_mem = '64kB';
      declare statements cursor for
        select t.*, a.owner from transfers t join accounts a on a.id = t.from_account,
          generate_series(1, 12) month
        order by md5(t.reference || month)`,
  },
  { what: 'and reads the first ten lines', sql: 'fetch 10 from statements' },
  {
    what: 'one more change: its record is still in memory at the kill, and dies there',
    sql: 'update accounts set balance = 0 where id = 60',
  },
]

export const bank: Scene = {
  name: 'bank',
  why: 'A bank is killed in the middle of its interest run, with transfers done, undone and not yet done.',
  // 1 MiB segments instead of 16: the WAL of this short story crosses a segment border, and a copy is small.
  initdb: ['--wal-segsize=1'],
  // 64 buffers: pages are evicted in mid-transaction, as in a big database with 128 MB.
  settings: { shared_buffers: '512kB', min_wal_size: '2MB' },
  steps: [...before, ...committed, ...open],
  crash: 'killed with the interest run open: its sort file is on disk, its last record is not',
}

/** The same story without images of whole pages in the log: the page LSN alone guards redo. */
export const bankWithoutImages: Scene = {
  ...bank,
  name: 'bank-without-images',
  why: `${bank.why} With full_page_writes off, pages on disk may already hold what a record would do.`,
  settings: { ...bank.settings, full_page_writes: 'off' },
}
