/** Crashes of a server that was taken far away in time first: its ids and its log are at the ends of their ranges. */
import { multixacts } from './nativeRareScenes.js'
import type { ScriptedScene } from './nativeScene.js'

/** Before a directory is taken elsewhere, nothing in it may depend on a transaction id. */
const allFrozen = [
  "update pg_database set datistemplate = false where datname like 'template_'",
  'drop database template0',
  'drop database template1',
  'vacuum (freeze)',
]

export const farScenes: readonly ScriptedScene[] = [
  {
    name: 'across the end of transaction ids and multixacts',
    why: 'ids begin again from 3 in the middle of the work, multixacts from 1, their members from 0',
    settings: { track_commit_timestamp: 'off' },
    before: [
      'create table held (id int primary key, note text)',
      "insert into held select g, 'before' from generate_series(1, 1000) g",
      ...allFrozen,
    ],
    movedTo: { nextXid: 0xffffff00n, nextMulti: 0xfffffff0, nextMultiOffset: 0xffffff00 },
    main: [
      'vacuum (freeze)', // the tables too are told where they are
      'begin; update held set note = $$prepared before the end$$ where id = 900; savepoint p; insert into held values (-1); ' +
        "prepare transaction 'early'",
      multixacts(40),
      "do $$ begin for n in 1..300 loop begin insert into held values (2000 + n, 'sub'); if n % 3 = 0 then raise exception 'no'; end if; exception when raise_exception then null; end; end loop; end $$",
      multixacts(200),
      "begin; update held set note = 'prepared behind it' where id = 901; savepoint p; insert into held values (-2); prepare transaction 'late'",
      "update held set note = 'after' where id between 500 and 800",
      "commit prepared 'early'",
      'vacuum held',
    ],
    rounds: 1,
    open: ['insert into held select -g from generate_series(100, 300) g'],
  },
  {
    name: 'a log across 2^53',
    why: 'positions that no JavaScript number holds, segment names of more digits than usual',
    initdb: ['--wal-segsize=1'],
    before: ['create table t (id int primary key, body text)', ...allFrozen],
    movedTo: { lsn: 2n ** 53n - 2n ** 20n },
    main: [
      "insert into t select $i * 1000 + g, repeat('x', g) from generate_series(1, 800) g",
      "update t set body = 'short' where id % 3 = $i % 3",
      "select pg_logical_emit_message(true, '', repeat('m', 30000))",
    ],
    rounds: 4,
    open: ["insert into t select -g, 'open' from generate_series(1, 100) g"],
  },
]

/** Beyond CI's. */
export const moreFarScenes: readonly ScriptedScene[] = [
  {
    name: 'a log across 2^32, ids of the second epoch',
    why: 'both halves of positions and of transaction ids change',
    before: ['create table t (id int primary key, body text)', ...allFrozen],
    movedTo: { lsn: 2n ** 32n - 2n ** 24n, nextXid: 2n ** 33n - 40n },
    main: [
      'vacuum (freeze) t', // it is told that it is not in the future

      "insert into t select $i * 10000 + g, repeat('x', 900) from generate_series(1, 8000) g",
      "begin; update t set body = 'short' where id % 3 = $i % 3; savepoint s; delete from t where id % 7 = 0; rollback to s; commit",
      "begin; insert into t values (-$i); prepare transaction 'p$i'",
    ],
    rounds: 4,
    beside: [['select pg_current_xact_id()']],
    open: ["insert into t select -1000 - g, 'open' from generate_series(1, 100) g"],
  },
]
