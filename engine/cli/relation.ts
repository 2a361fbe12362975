// A relation named on the command line: as pg_relation_filepath() gives it, as its file's path, or as the three numbers
// that WAL has for it.

import { DEFAULTTABLESPACE_OID, GLOBALTABLESPACE_OID } from '../format/relationPath.js'
import {
  FORK,
  FORK_NAMES,
  parseRelationFileName,
  TABLESPACE_VERSION_DIRECTORY,
  type RelFileLocator,
} from '../format/relationPath.js'

export interface NamedRelation {
  locator: RelFileLocator
  /** Undefined when the name does not say: the three numbers stand for all forks. */
  fork: number | undefined
  /** The name is that of a later file of a large relation. */
  segment: number
}

const UINT32_MAX = 0xffffffff

/** What a relation's name looks like, for a message. */
export const RELATION_EXAMPLES =
  'Expected a path like base/5/16384 or base/5/16384_vm, or tablespace OID/database OID/file number, like 1663/5/16384.'

/** Reads a name; undefined for anything else. Temporary relations have no place in the log, and none here. */
export function parseRelation(text: string): NamedRelation | undefined {
  const numbers = /^(\d{1,10})\/(\d{1,10})\/([1-9]\d{0,9})(?:_(fsm|vm|init))?$/.exec(text)
  if (numbers) {
    const [spcOid, dbOid, relNumber] = numbers.slice(1, 4).map(Number)
    if (spcOid === 0 || Math.max(spcOid, dbOid, relNumber) > UINT32_MAX) return undefined
    const fork = numbers[4] === undefined ? undefined : FORK_NAMES.indexOf(numbers[4])
    return { locator: { spcOid, dbOid, relNumber }, fork, segment: 0 }
  }
  const slash = text.lastIndexOf('/')
  const database = parseDatabasePath(text.slice(0, Math.max(slash, 0)))
  const file = parseRelationFileName(text.slice(slash + 1))
  if (!database || !file || file.backend !== undefined) return undefined
  return { locator: { ...database, relNumber: file.relNumber }, fork: file.fork, segment: file.segment }
}

/** The other way round of databasePath. */
function parseDatabasePath(path: string): Omit<RelFileLocator, 'relNumber'> | undefined {
  if (path === 'global') return { spcOid: GLOBALTABLESPACE_OID, dbOid: 0 }
  const base = /^base\/(\d{1,10})$/.exec(path)
  if (base) return { spcOid: DEFAULTTABLESPACE_OID, dbOid: Number(base[1]) }
  const other = new RegExp(`^pg_tblspc/(\\d{1,10})/${TABLESPACE_VERSION_DIRECTORY}/(\\d{1,10})$`).exec(path)
  return other ? { spcOid: Number(other[1]), dbOid: Number(other[2]) } : undefined
}

/** The fork that a name and an option stand for together; undefined when they contradict each other. */
export function oneFork(named: number | undefined, option: number | undefined): number | undefined {
  if (named !== undefined && option !== undefined && named !== option && named !== FORK.MAIN) return undefined
  return option ?? named ?? FORK.MAIN
}
