// SQL that makes PostgreSQL write as many kinds of records as one session can, a statement or block each.

export const everyKindOfRecord: readonly string[] = [
  // Tables: rows, subtransactions, multixacts, speculative inserts, pruning, freezing.
  `create table t (id int primary key, v text) with (autovacuum_enabled = off);
   insert into t select g, repeat('x', g % 50) from generate_series(1, 900) g`,
  `begin; insert into t values (1001, 'a'); savepoint a; insert into t values (1002, 'b'); savepoint b;
   delete from t where id = 1; release b; commit`,
  `begin; savepoint s; insert into t values (1003, 'a'); rollback to s; rollback`,
  `begin; select * from t where id = 5 for key share; savepoint m; update t set v = 'n' where id = 5; commit`,
  `insert into t values (7, 'again') on conflict (id) do nothing;
   insert into t values (2000, 'new') on conflict (id) do update set v = 'u'`,
  `update t set v = 'hot' where id % 9 = 1; update t set v = repeat('long', 400) where id % 50 = 1;
   delete from t where id % 4 = 0`,
  `vacuum (freeze) t`,
  `begin; declare c cursor for select * from t for update; fetch 3 from c; commit`,
  `create table part (a int) partition by list (a); create table p1 partition of part for values in (1);
   create table p2 partition of part for values in (2); insert into part values (1); update part set a = 2`,
  `vacuum full t`,
  // Transactions that end in other ways, sequences, messages, origins, files.
  `begin; insert into t values (3001, 'p'); prepare transaction 'one'`,
  `commit prepared 'one'`,
  `begin; create table gone (a int); savepoint x; insert into gone values (2); prepare transaction 'two'`,
  `rollback prepared 'two'`,
  `create sequence s; select nextval('s') from generate_series(1, 50); select setval('s', 9999)`,
  `select pg_logical_emit_message(true, 'né', 'payload'); select pg_logical_emit_message(false, 'p', '\\x00ff'::bytea)`,
  `select pg_replication_origin_create('o'); select pg_replication_origin_session_setup('o')`,
  `begin; select pg_replication_origin_xact_setup('0/1234', now()); insert into t values (4001, 'o'); commit`,
  `select pg_replication_origin_session_reset(); select pg_replication_origin_advance('o', '0/5678')`,
  `select pg_replication_origin_drop('o')`,
  `truncate t cascade; drop table part; create unlogged table u (a serial primary key); insert into u default values`,
  `set allow_in_place_tablespaces = on`,
  `create tablespace ts location ''`,
  `drop tablespace ts`,
  `select pg_backup_start('b', true)`,
  `select pg_backup_stop()`,
  // Indexes, one access method after another: filled, emptied, vacuumed, filled again.
  `create table d (k int) with (autovacuum_enabled = off); create index d_k on d (k);
   insert into d select g % 5 from generate_series(1, 1200) g; insert into d select generate_series(10, 9000)`,
  `delete from d where k between 1000 and 8000 or k = 2`,
  `vacuum d`,
  `insert into d select generate_series(1000, 6000)`,
  `create table h (a int) with (autovacuum_enabled = off); create index h_a on h using hash (a);
   insert into h select g % 40 from generate_series(1, 4000) g`,
  `delete from h where a between 10 and 20`,
  `set enable_seqscan = off; set enable_bitmapscan = off;
   do $$ declare n int; begin for i in 10..20 loop select count(*) into n from h where a = i; end loop; end $$;
   insert into h select 10 + g % 10 from generate_series(1, 1500) g`,
  `delete from h`,
  `vacuum h`,
  `reset all; create table g (a int[], v tsvector) with (autovacuum_enabled = off);
   create index g_a on g using gin (a) with (fastupdate = off); create index g_v on g using gin (v);
   insert into g select array[i % 10, 77], to_tsvector('simple', 'w' || i % 20) from generate_series(1, 3000) i`,
  `delete from g where a[1] < 8`,
  `vacuum g`,
  `insert into g select array[1, 77], to_tsvector('simple', 'w') from generate_series(1, 800) i`,
  `create table p (p point, w text) with (autovacuum_enabled = off); create index p_g on p using gist (p);
   create index p_s on p using spgist (p); create index p_w on p using spgist (w);
   insert into p select point(i % 100, i / 100), 'abc' || (i * 7919 % 1000) || repeat('z', i % 5)
   from generate_series(1, 2500) i; insert into p select point(1, 1), chr(65 + i % 60) || 'long' from generate_series(1, 400) i`,
  `delete from p where p[0] < 50`,
  `vacuum p`,
  `delete from p`,
  `vacuum p`,
  `insert into p select point(i % 100, i / 100), 'abc' || i from generate_series(1, 800) i`,
  `create table b (id int, x text) with (autovacuum_enabled = off, fillfactor = 50);
   create index b_x on b using brin (x) with (pages_per_range = 1);
   insert into b select g, repeat(chr(65 + g % 26), 10 + g % 90) from generate_series(1, 2000) g;
   select brin_summarize_new_values('b_x')`,
  `update b set x = repeat('zz', 700) where id % 100 = 1`,
  `select brin_desummarize_range('b_x', 2)`,
  `create database other`,
  `drop database other`,
  `select pg_create_restore_point('rp'); select pg_switch_wal()`,
  `vacuum full pg_class`,
]
