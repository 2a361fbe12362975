// Explains what happens to files and directories: relations, databases, tablespaces, the map of catalogs.

import { databasePath, FORK, relationPath } from '../../format/relationPath.js'
import { cString } from '../describe/text.js'
import { xl_smgr_create, xl_smgr_truncate } from '../describe/storage.js'
import { listing, type Tells } from './words.js'

export const storageTells: Tells = {
  CREATE: (w) => {
    const file = xl_smgr_create.readView(w.main, 0)
    return `${w.who} made the file ${relationPath(file, file.forkNum)}`
  },
  TRUNCATE: (w) => {
    const file = xl_smgr_truncate.readView(w.main, 0)
    return `${w.relation(file)} (${relationPath(file, FORK.MAIN)}) was cut to ${file.blkno} pages`
  },
}

export const databaseTells: Tells = {
  CREATE_FILE_COPY: (w) =>
    `${w.who} made the database directory ${databasePath(w.u32(4), w.u32(0))} ` +
    `as a copy of ${databasePath(w.u32(12), w.u32(8))}, file by file`,
  CREATE_WAL_LOG: (w) =>
    `${w.who} made the database directory ${databasePath(w.u32(4), w.u32(0))}; its files follow in the log`,
  DROP: (w) => {
    const directories: string[] = []
    for (let i = 0; i < w.main.getInt32(4, true); i++)
      directories.push(databasePath(w.u32(8 + 4 * i), w.u32(0)))
    return `${w.who} dropped a database: ${listing(directories)} goes with all it holds`
  },
}

export const tablespaceTells: Tells = {
  CREATE: (w) => {
    const path = cString(w.main, 4)
    const where = path === '' ? 'inside the data directory' : `at ${path}`
    return `${w.who} made tablespace ${w.u32(0)} ${where}`
  },
  DROP: (w) => `${w.who} dropped tablespace ${w.u32(0)}`,
}

export const relMapTells: Tells = {
  UPDATE: (w) => {
    const whose = w.u32(0) === 0 ? 'the shared catalogs' : `database ${w.u32(0)}`
    return `${w.who} changed which files hold the catalogs of ${whose} (pg_filenode.map)`
  },
}
