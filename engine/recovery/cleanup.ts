// Temporary data is not in the log, so nothing can bring it back: what a crash left of it goes.
//
//   base/pgsql_tmp/pgsql_tmp…          sort and hash files        removed    (fd.c, RemovePgTempFiles)
//   base/5/t3_16390                    temporary tables           removed
//   base/5/16400 beside 16400_init     unlogged tables            main := copy of init: empty (reinit.c)
//   pg_snapshots/…, pg_internal.init   exported snapshots, caches removed
//   pg_xact/000C, missing              status nobody wrote        a dummy of zeroes (slru.c)

import { join, type Disk } from '../disk/disk.js'
import { FORK, parseRelationFileName, TABLESPACE_VERSION_DIRECTORY } from '../format/relationPath.js'
import type { Parts } from '../parts.js'

/** What the clean-up does, file by file, before it does it. */
export interface CleanupPlan {
  /** Temporary files and relations. */
  temporary: string[]
  /** Unlogged relations: `remove` goes, then each `init` file is copied to `main`. */
  unlogged: Array<{ init: string; main: string }>
  unloggedFiles: string[]
  /** Caches and leftovers that a start after a crash always drops. */
  leftovers: string[]
}

/** A directory that holds databases, and the tablespace it belongs to. */
function tablespaceRoots(disk: Disk): string[] {
  const roots = ['base']
  for (const { name } of disk.list('pg_tblspc'))
    if (/^\d+$/.test(name)) roots.push(join('pg_tblspc', name, TABLESPACE_VERSION_DIRECTORY))
  return roots
}

/** Directories of databases, in every tablespace. */
export function databaseDirectories(disk: Disk): string[] {
  return tablespaceRoots(disk).flatMap((root) =>
    disk
      .list(root)
      .filter(({ name, kind }) => kind !== 'file' && /^\d+$/.test(name))
      .map(({ name }) => join(root, name)),
  )
}

/** Finds what must go. Changes nothing. */
export function planCleanup(disk: Disk, parts: Pick<Parts, 'isTemporary'>): CleanupPlan {
  const plan: CleanupPlan = { temporary: [], unlogged: [], unloggedFiles: [], leftovers: [] }
  const databases = databaseDirectories(disk)
  const directories = [...databases, ...tablespaceRoots(disk).map((root) => join(root, 'pgsql_tmp'))]
  for (const directory of directories)
    for (const { name } of disk.list(directory))
      if (parts.isTemporary(join(directory, name))) plan.temporary.push(join(directory, name))
  for (const directory of databases) {
    const { remove, copy } = resetUnlogged(disk.list(directory).map(({ name }) => name))
    for (const name of remove) plan.unloggedFiles.push(join(directory, name))
    for (const [init, main] of copy)
      plan.unlogged.push({ init: join(directory, init), main: join(directory, main) })
  }
  for (const directory of ['global', ...databases])
    if (disk.size(join(directory, 'pg_internal.init')) !== undefined)
      plan.leftovers.push(join(directory, 'pg_internal.init'))
  for (const { name } of disk.list('pg_snapshots')) plan.leftovers.push(join('pg_snapshots', name))
  for (const { name } of disk.list('pg_wal'))
    if (name.startsWith('xlogtemp.')) plan.leftovers.push(join('pg_wal', name))
  for (const { name } of disk.list('pg_replslot'))
    if (name.endsWith('.tmp')) plan.leftovers.push(join('pg_replslot', name))
  if (disk.size('pg_stat/pgstat.stat') !== undefined) plan.leftovers.push('pg_stat/pgstat.stat')
  return plan
}

/** What becomes of unlogged relations: files to remove, then [from, to] to copy; names in one directory. */
export interface UnloggedReset {
  remove: string[]
  copy: Array<[init: string, main: string]>
}

/**
 * Of each relation with an init fork everything else goes, then the init fork is copied to the main fork, file by file
 * (reinit.c, ResetUnloggedRelationsInDbspaceDir). `names` are the files in one database's directory; both lists keep
 * their order. Temporary relations are not looked at.
 */
export function resetUnlogged(names: readonly string[]): UnloggedReset {
  const files = names.flatMap((name) => {
    const file = parseRelationFileName(name)
    return file && file.backend === undefined ? [{ name, ...file }] : []
  })
  const isInit = ({ fork }: { fork: number }): boolean => fork === FORK.INIT
  const unlogged = new Set(files.filter(isInit).map(({ relNumber }) => relNumber))
  return {
    remove: files.filter((file) => !isInit(file) && unlogged.has(file.relNumber)).map(({ name }) => name),
    copy: files.filter(isInit).map(({ name }) => [name, name.replace('_init', '')]),
  }
}

/** Does what the plan says. */
export function carryOutCleanup(disk: Disk, plan: CleanupPlan): void {
  for (const path of [...plan.temporary, ...plan.unloggedFiles, ...plan.leftovers]) disk.remove(path)
  for (const { init, main } of plan.unlogged) {
    const size = disk.size(init) ?? 0
    disk.write(main, 0, size === 0 ? new Uint8Array(0) : disk.read(init, 0, size))
    if (size === 0) disk.truncate(main, 0)
  }
}
