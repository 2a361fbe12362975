// SQL that leaves pages of every kind behind, full ones and emptied ones.

export const pagesOfEveryKind: readonly string[] = [
  // Rows of every fate: dead, updated on their page and elsewhere, locked by several, frozen, long, with nulls.
  `create table t (id int primary key, v text, n int) with (autovacuum_enabled = off, fillfactor = 80);
   insert into t select g, repeat('x', g % 50), nullif(g % 3, 0) from generate_series(1, 2000) g`,
  `begin; insert into t values (5001, 'a'); savepoint s; insert into t values (5002, 'b'); rollback to s; commit`,
  `begin; insert into t values (5003, 'never'); rollback`,
  `begin; select count(*) from (select * from t where id < 9 for key share) as k; savepoint m;
   update t set v = 'n' where id < 9; commit`,
  `create table locked (id int primary key, v int) with (autovacuum_enabled = off);
   insert into locked select g, g from generate_series(1, 20) g`,
  `begin; select count(*) from (select * from locked where id < 9 for key share) as k; savepoint m;
   update locked set v = -1 where id < 5; rollback to m; savepoint n; update locked set v = 0 where id < 3; commit`,
  `begin; select count(*) from (select * from t where id between 20 and 40 for share) as k; commit`,
  `update t set n = 7 where id % 9 = 1; update t set v = repeat('long', 400) where id % 50 = 1;
   delete from t where id % 4 = 0`,
  `create table cold (a int); insert into cold select generate_series(1, 3000)`,
  `vacuum (freeze) cold`,
  `create table half (a int); insert into half select generate_series(1, 5000)`,
  `vacuum half`,
  `delete from half where a < 300`,
  `create table big (a text); alter table big alter a set storage external;
   insert into big select repeat('0123456789', 2000) from generate_series(1, 5)`,
  `create sequence numbers; select nextval('numbers') from generate_series(1, 50); select setval('numbers', 4711, false)`,
  // Index pages of every method.
  `create table d (k int, s text) with (autovacuum_enabled = off); create index d_k on d (k); create index d_s on d (s, k);
   insert into d select g % 5, null from generate_series(1, 1200) g;
   insert into d select g, md5(g::text) from generate_series(10, 20000) g`,
  `delete from d where k between 3000 and 18000`,
  `vacuum d`,
  `create table h (a int) with (autovacuum_enabled = off); create index h_a on h using hash (a);
   insert into h select g % 40 from generate_series(1, 6000) g; insert into h select generate_series(100, 3000)`,
  `delete from h where a < 10`,
  `vacuum h`,
  `create table keys (id serial, a int[], v tsvector) with (autovacuum_enabled = off);
   insert into keys (a, v) select array[i % 200, 777], to_tsvector('simple', 'w' || i % 20) from generate_series(1, 30000) i;
   create index keys_a on keys using gin (a) with (fastupdate = off); create index keys_v on keys using gin (v);
   insert into keys (a, v) select array[i, 777], to_tsvector('simple', 'new' || i) from generate_series(1, 400) i`,
  `create table points (p point, w text) with (autovacuum_enabled = off); create index points_g on points using gist (p);
   create index points_s on points using spgist (p); create index points_w on points using spgist (w);
   insert into points select point(i % 100, i / 100), 'abc' || (i * 7919 % 1000) || repeat('z', i % 5)
   from generate_series(1, 5000) i`,
  `delete from points where p[0] < 70`,
  `vacuum points`,
  `vacuum points`,
  `insert into points select point(i % 10, i / 10), 'xyz' || i from generate_series(1, 300) i`,
  `create table b (id int, x text) with (autovacuum_enabled = off, fillfactor = 50);
   create index b_x on b using brin (x) with (pages_per_range = 1);
   insert into b select g, repeat(chr(65 + g % 26), 10 + g % 90) from generate_series(1, 4000) g;
   select brin_summarize_new_values('b_x')`,
  `update b set x = repeat('zz', 700) where id % 100 = 1`,
  `select brin_desummarize_range('b_x', 2)`,
]
