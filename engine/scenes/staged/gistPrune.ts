/**
 * A page of a GiST index whose dead entries an insert removes: where PostgreSQL 18.3 under wal_consistency_checking does
 * not recover from its own log, and we do.
 *
 *   at work    gistprunepage          takes the entries away, F_HAS_GARBAGE too
 *   in replay  gistRedoDeleteRecord   does the same, and sets F_TUPLES_DELETED
 *
 * The two pages differ in that flag, which gist_mask does not mask: "inconsistent page found", FATAL, and so at every
 * start. Without wal_consistency_checking nobody compares, and nothing depends on the flag.
 */
import type { ScriptedScene } from '../nativeScene.js'

/** More than a page: of a root that is a leaf nobody marks the entries. */
const spots = 'insert into spots select g, box(point(g, 0), point(g + 1, 1)) from generate_series(1, 300) g'

export const gistPrune: ScriptedScene = {
  name: 'dead entries leave a GiST page',
  why: 'an index scan marks entries dead, an insert that finds no room removes them',
  settings: { wal_consistency_checking: 'gist', autovacuum: 'off' },
  before: [
    'create table spots (id int, area box)',
    'create index spots_area on spots using gist (area)',
    spots,
  ],
  main: [
    'delete from spots where id % 2 = 0',
    'set enable_seqscan = off; set enable_bitmapscan = off',
    "select count(*) from spots where area && '(0,0),(1000,1000)'",
    spots,
  ],
  rounds: 1,
}
