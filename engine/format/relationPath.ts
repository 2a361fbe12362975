// Where a relation's pages live. A relation is named on disk by three numbers (RelFileLocator); each of its forks is
// a row of files of at most 1 GiB (common/relpath.c, GetRelationPath).
//
//   (1663, 5, 16384) main   base/5/16384, base/5/16384.1, …
//   (1664, 0, 1262) vm      global/1262_vm
//   (16999, 5, 17000) init  pg_tblspc/16999/PG_18_202506291/5/17000_init

import { CATALOG_VERSION_NO } from './controlFile.js'

export const DEFAULTTABLESPACE_OID = 1663
export const GLOBALTABLESPACE_OID = 1664
export const TABLESPACE_VERSION_DIRECTORY = `PG_18_${CATALOG_VERSION_NO}`

export const FORK = { MAIN: 0, FSM: 1, VM: 2, INIT: 3 } as const
export const FORK_NAMES: readonly string[] = ['main', 'fsm', 'vm', 'init']

/** A relation's physical name: tablespace, database (0 for shared relations), file number. */
export interface RelFileLocator {
  spcOid: number
  dbOid: number
  relNumber: number
}

/** Directory of a database's files, relative to the data directory (GetDatabasePath). */
export function databasePath(spcOid: number, dbOid: number): string {
  if (spcOid === GLOBALTABLESPACE_OID) return 'global'
  if (spcOid === DEFAULTTABLESPACE_OID) return `base/${dbOid}`
  return `pg_tblspc/${spcOid}/${TABLESPACE_VERSION_DIRECTORY}/${dbOid}`
}

/** Path of a fork's first file; later ones add ".1", ".2", … */
export function relationPath(locator: RelFileLocator, fork: number): string {
  const suffix = fork === FORK.MAIN ? '' : `_${FORK_NAMES[fork]}`
  return `${databasePath(locator.spcOid, locator.dbOid)}/${locator.relNumber}${suffix}`
}

/** What a file name in a database's directory says: "16384_vm.1", "t3_16390", … */
export interface RelationFileName {
  relNumber: number
  fork: number
  segment: number
  /** Of a temporary relation: the number of the backend that made it. */
  backend?: number
}

/** Reads a relation file's name; undefined for other names (parse_filename_for_nontemp_relation). */
export function parseRelationFileName(name: string): RelationFileName | undefined {
  const match = /^(?:t(\d+)_)?([1-9]\d{0,9})(?:_(fsm|vm|init))?(?:\.([1-9]\d{0,9}))?$/.exec(name)
  if (!match || Number(match[2]) > 0xffffffff || Number(match[4] ?? 0) > 0xffffffff) return undefined
  const file = {
    relNumber: Number(match[2]),
    fork: match[3] ? FORK_NAMES.indexOf(match[3]) : FORK.MAIN,
    segment: Number(match[4] ?? 0),
  }
  return match[1] === undefined ? file : { ...file, backend: Number(match[1]) }
}

/** Is this the name of a temporary relation's file, t<digits>_<digits> (looks_like_temp_rel_name, fd.c)? */
export function isTemporaryRelationName(name: string): boolean {
  return /^t\d+_\d+(?:_(?:fsm|vm|init))?(?:\.\d+)?$/.test(name)
}
