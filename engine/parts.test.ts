import { expect, test } from 'vitest'
import { reference } from './parts.js'

test('temporary is what PostgreSQL removes at start-up, in every tablespace, and nothing else', () => {
  const temporary = [
    'base/pgsql_tmp/pgsql_tmp4242.0',
    'base/pgsql_tmp/pgsql_tmp4242.0.fileset/0.0',
    'base/5/t3_16390',
    'base/5/t12_16390_fsm.2',
    'pg_tblspc/16999/PG_18_202506291/pgsql_tmp/pgsql_tmp7.1',
    'pg_tblspc/16999/PG_18_202506291/5/t3_17000_init',
  ]
  const lasting = [
    'base/pgsql_tmp/notes.txt',
    'base/5/16390',
    'base/5/16390_init',
    'base/5/t3_16390_main',
    'base/5/t3_16390/deeper',
    'base/t3_16390',
    'global/t3_1262',
    'pgsql_tmp/pgsql_tmp4242.0',
    'pg_tblspc/16999/t3_17000',
    'pg_tblspc/16999/PG_17_202406281/5/t3_17000',
    'pg_stat_tmp/t3_16390',
  ]
  expect(temporary.filter((path) => !reference.isTemporary(path))).toEqual([])
  expect(lasting.filter((path) => reference.isTemporary(path))).toEqual([])
})
