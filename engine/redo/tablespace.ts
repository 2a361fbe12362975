// Resource manager 5, Tablespace: a link in pg_tblspc to a directory elsewhere, or a directory in place
// (commands/tablespace.c, tblspc_redo).

import { join } from '../disk/disk.js'
import { TABLESPACE_VERSION_DIRECTORY } from '../format/relationPath.js'
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
    const { disk, pool } = context
    const oid = record.view.getUint32(record.mainAt, true)
    const place = join('pg_tblspc', String(oid))
    if (record.info === DROP) {
      for (const file of pool.allForks())
        if (file.locator.spcOid === oid) {
          pool.drop(file)
          file.forget()
        }
      disk.remove(join(place, TABLESPACE_VERSION_DIRECTORY))
      disk.remove(place)
      return
    }
    const path = record.main.subarray(4)
    const end = path.indexOf(0)
    const location = new TextDecoder().decode(end < 0 ? path : path.subarray(0, end))
    if (location !== '') {
      if (disk.kind(place) === 'link') disk.remove(place)
      disk.link(place, location)
    }
    disk.makeDirectory(join(place, TABLESPACE_VERSION_DIRECTORY))
  },
}
