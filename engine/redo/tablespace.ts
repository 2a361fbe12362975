// Resource manager 5, Tablespace: a link in pg_tblspc to a directory elsewhere, or a directory in place
// (commands/tablespace.c, tblspc_redo).

import { DiskFault, NotRecoverable } from '../bytes/errors.js'
import { join, type Disk } from '../disk/disk.js'
import { TABLESPACE_VERSION_DIRECTORY } from '../format/relationPath.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

const CREATE = 0x00
const DROP = 0x10

export const tablespace: ResourceManager = {
  id: 5,
  name: 'Tablespace',
  identify: namesByInfo({ [CREATE]: 'CREATE', [DROP]: 'DROP' }),
  redo(record, context) {
    if (record.info > DROP) throw malformed(record, `tblspc_redo: unknown op code ${record.info}`)
    needMain(record, 4)
    const oid = record.view.getUint32(record.mainAt, true)
    if (record.info === DROP) return drop(context, oid)
    const path = record.main.subarray(4)
    const end = path.indexOf(0)
    create(context.disk, oid, new TextDecoder().decode(end < 0 ? path : path.subarray(0, end)))
  },
}

/** @throws NotRecoverable when the place that the link leads to is gone: PostgreSQL does not start then either */
function create(disk: Disk, oid: number, location: string): void {
  const place = join('pg_tblspc', String(oid))
  if (location !== '') {
    if (disk.kind(place) === 'link' || isEmpty(disk, place)) disk.remove(place)
    disk.link(place, location)
  }
  try {
    disk.makeDirectory(join(place, TABLESPACE_VERSION_DIRECTORY))
  } catch (error) {
    if (!(error instanceof DiskFault) || location === '') throw error
    throw new NotRecoverable(
      `directory "${location}" does not exist or cannot be used (${error.message}); create this directory for the ` +
        `tablespace ${oid}, then recover again`,
    )
  }
}

/**
 * The tablespace was empty when it was dropped. What stands there now belongs to a later one in the same place: only
 * empty directories go, and the link stays with what cannot go (destroy_tablespace_directories).
 */
function drop({ disk, pool }: RedoContext, oid: number): void {
  for (const file of pool.allForks())
    if (file.locator.spcOid === oid) {
      pool.drop(file)
      file.forget()
    }
  const place = join('pg_tblspc', String(oid))
  const version = join(place, TABLESPACE_VERSION_DIRECTORY)
  for (const { name } of disk.list(version))
    if (isEmpty(disk, join(version, name))) disk.remove(join(version, name))
  if (isEmpty(disk, version)) disk.remove(version)
  if (disk.kind(version) !== undefined) return
  if (disk.kind(place) === 'link' || isEmpty(disk, place)) disk.remove(place)
}

function isEmpty(disk: Disk, path: string): boolean {
  return disk.kind(path) === 'directory' && disk.list(path).length === 0
}
