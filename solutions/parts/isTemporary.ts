// 06-temp-cleanup: is this file temporary?

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import {
  backend,
  database,
  oid,
  sorting,
  suffix,
  temporaryNote,
  type PathInput,
} from '../../exercises/parts/isTemporary.js'
import type { Solution } from '../solution.js'

/** By its place first, then by its name; anchored at both ends, so that nothing else looks like it. */
export function isTemporary(path: string): boolean {
  const tablespace = '(base|pg_tblspc/\\d+/PG_18_202506291)'
  const sortFile = new RegExp(`^${tablespace}/pgsql_tmp/pgsql_tmp`)
  const relation = new RegExp(`^${tablespace}/\\d+/t\\d+_\\d+(_fsm|_vm|_init)?(\\.\\d+)?$`)
  return sortFile.test(path) || relation.test(path)
}

const tablespace = fc.constantFrom(
  'base',
  'pg_tblspc/16999/PG_18_202506291',
  'pg_tblspc/24601/PG_18_202506291',
)
const paths = (path: fc.Arbitrary<string>): fc.Arbitrary<PathInput> => path.map((text): PathInput => [text])
const relationName = fc.tuple(oid, suffix).map(([relation, rest]) => `${relation}${rest}`)
const temporaryName = fc.tuple(backend, relationName).map(([owner, rest]) => `t${owner}_${rest}`)

/** pgsql_tmp<process>.<number>, and the folders that parallel workers share. */
const sortName = fc
  .tuple(
    fc.integer({ min: 100, max: 99999 }),
    fc.nat({ max: 30 }),
    fc.constantFrom('', '.fileset/0.0', '.fileset/o3of8.p1'),
  )
  .map(([process, n, rest]) => `pgsql_tmp${process}.${n}${rest}`)

/** One of these texts, its numbers filled in. */
function oneOf(...texts: readonly ((owner: number, relation: number) => string)[]): fc.Arbitrary<string> {
  return fc
    .tuple(fc.constantFrom(...texts), backend, oid)
    .map(([text, owner, relation]) => text(owner, relation))
}

const nearly = oneOf(
  (_, n) => `t_${n}`,
  (o) => `t${o}_`,
  (o, n) => `t${o}_${n}_main`,
  (o, n) => `t${o}_${n}_fsm_vm`,
  (o, n) => `t${o}_${n}.`,
  (o, n) => `t${o}_${n}.1.2`,
  (o, n) => `t${o}_${n}.1_fsm`,
  (o, n) => `t${o}_${n}~`,
  (o, n) => `tt${o}_${n}`,
  (o, n) => `T${o}_${n}`,
  (o, n) => `t${o}-${n}`,
  (o, n) => `${o}_${n}`,
  (_, n) => `t${n}`,
  (o, n) => `t${o}_${n}.tmp`,
  () => 'pg_filenode.map.tmp',
)
const elsewhere = oneOf(
  (o, n) => `global/t${o}_${n}`,
  (_, n) => `global/pgsql_tmp${n}.0`,
  (o, n) => `pg_wal/t${o}_${n}`,
  (o, n) => `pg_stat_tmp/t${o}_${n}`,
  (o, n) => `pg_replslot/5/t${o}_${n}`,
  (o, n) => `pgsql_tmp/pgsql_tmp${n}.${o}`,
  (o, n) => `base/t${o}_${n}`,
  (_, n) => `base/5/pgsql_tmp${n}.0`,
  (o, n) => `base/pgsql_tmp.old/pgsql_tmp${n}.${o}`,
  (o, n) => `pg_tblspc/16999/t${o}_${n}`,
  (o, n) => `pg_tblspc/16999/PG_17_202406281/5/t${o}_${n}`,
  (o, n) => `pg_tblspc/16999/PG_17_202406281/pgsql_tmp/pgsql_tmp${n}.${o}`,
)
const lasting = fc.constantFrom('PG_VERSION', 'pg_filenode.map', 'pg_internal.init')

export const isTemporarySolution: Solution<'isTemporary'> = {
  name: 'isTemporary',
  solution: isTemporary,
  hidden: [
    generated(sorting, {
      rule: 'A temporary table has several files: forks, and segments of 1 GiB.',
      why: 'A fork that stays behind is later found beside a new table of the same number.',
      note: temporaryNote,
      input: paths(
        fc.tuple(database, fc.oneof(temporaryName, relationName)).map(([db, name]) => `base/${db}/${name}`),
      ),
    }),
    generated(sorting, {
      rule: 'Temporary tables lie in every tablespace.',
      why: 'temp_tablespaces puts them on a disk of their own, and that is the one that fills up.',
      note: temporaryNote,
      input: paths(
        fc
          .tuple(tablespace, database, fc.oneof(temporaryName, relationName))
          .map(([space, db, name]) => `${space}/${db}/${name}`),
      ),
    }),
    generated(sorting, {
      rule: 'In pgsql_tmp goes what is called pgsql_tmp…, with all that lies in it, and nothing else.',
      why: 'Sorts and hashes leave gigabytes; a file that somebody else put there is reported and left alone.',
      note: temporaryNote,
      input: paths(
        fc
          .tuple(
            tablespace,
            fc.oneof(
              sortName,
              oneOf(
                (_, n) => `notes${n}.txt`,
                (o, n) => `tmp${n}.${o}`,
                (o, n) => `t${o}_${n}`,
                (o, n) => `PGSQL_TMP${n}.${o}`,
              ),
            ),
          )
          .map(([space, name]) => `${space}/pgsql_tmp/${name}`),
      ),
    }),
    generated(sorting, {
      rule: 'Tables, indexes, unlogged tables and their init forks are not temporary.',
      why: 'The init fork is what an unlogged table is made empty from: without it the table cannot be opened.',
      note: temporaryNote,
      input: paths(
        fc
          .tuple(tablespace, database, fc.oneof(relationName, lasting, temporaryName))
          .map(([space, db, name]) => `${space}/${db}/${name}`),
      ),
    }),
    generated(sorting, {
      rule: 'A name that only looks like one.',
      why: 'What is removed at start-up is gone: the name must fit from its first letter to its last.',
      note: temporaryNote,
      input: paths(
        fc.tuple(database, fc.oneof(nearly, temporaryName)).map(([db, name]) => `base/${db}/${name}`),
      ),
    }),
    generated(sorting, {
      rule: 'The right name in the wrong place.',
      why: "Temporary files are only ever made in a tablespace of this version: anything elsewhere is not PostgreSQL's.",
      note: temporaryNote,
      input: paths(
        fc.oneof(
          elsewhere,
          fc.tuple(database, temporaryName).map(([db, name]) => `base/${db}/${name}`),
        ),
      ),
    }),
  ],
  alsoRight: {
    'folder by folder': (path) => {
      const folders = path.split('/')
      const name = folders[0] === 'base' ? folders.slice(1) : folders.slice(3)
      if (folders[0] !== 'base' && (folders[0] !== 'pg_tblspc' || folders[2] !== 'PG_18_202506291'))
        return false
      if (name[0] === 'pgsql_tmp') return name[1] !== undefined && name[1].startsWith('pgsql_tmp')
      const file = /^t[0-9]+_[0-9]+(_(fsm|vm|init))?([.][0-9]+)?$/
      return name.length === 2 && /^[0-9]+$/.test(name[0]) && file.test(name[1])
    },
  },
  wrong: {
    'tmp somewhere in the path': (path) => path.includes('tmp') || /\/t\d+_\d+/.test(path),
    'the name starts with t': (path) => /\/t[^/]*$/.test(path) || path.includes('/pgsql_tmp/'),
    'no forks': (path) => isTemporary(path) && !/_(fsm|vm|init)(\.\d+)?$/.test(path),
    'no segments': (path) => isTemporary(path) && !/^[^.]*\/t[^/]*\.\d+$/.test(path),
    'the end of the name not looked at': (path) => isTemporary(path) || /^base\/\d+\/t\d+_\d+/.test(path),
    'the start of the name not looked at': (path) =>
      isTemporary(path) || /^base\/\d+\/.*t\d+_\d+$/.test(path),
    'only in base': (path) => path.startsWith('base/') && isTemporary(path),
    'in any folder': (path) => isTemporary(path) || /(^|\/)t\d+_\d+$/.test(path),
    'tablespaces of any version': (path) => isTemporary(path.replace(/PG_\d+_\d+/, 'PG_18_202506291')),
    'only tables': (path) => isTemporary(path) && !path.includes('/pgsql_tmp/'),
    'only sort files': (path) => isTemporary(path) && path.includes('/pgsql_tmp/'),
    'everything in pgsql_tmp': (path) => isTemporary(path) || /^(base|pg_tblspc\/.*)\/pgsql_tmp\//.test(path),
    'only one folder deep': (path) => isTemporary(path) && !path.includes('.fileset/'),
    'unlogged tables too': (path) => isTemporary(path) || path.endsWith('_init'),
    'upper case as well': (path) => isTemporary(path.toLowerCase().replace('pg_18', 'PG_18')),
  },
}
