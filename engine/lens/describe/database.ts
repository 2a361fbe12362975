// Describes records of resource manager Database: directories of databases (dbasedesc.c, dbase_desc).

import { struct, u32, type Struct } from '../../bytes/layout.js'
import type { WalRecord } from '../../wal/record.js'
import { u32List } from './text.js'

const CREATE_FILE_COPY = 0x00
const CREATE_WAL_LOG = 0x10
const DROP = 0x20

interface FileCopy {
  db_id: number
  tablespace_id: number
  src_db_id: number
  src_tablespace_id: number
}
const xl_dbase_create_file_copy_rec: Struct<FileCopy> = struct('xl_dbase_create_file_copy_rec', 16, {
  db_id: u32(0),
  tablespace_id: u32(4),
  src_db_id: u32(8),
  src_tablespace_id: u32(12),
})

export function describeDatabase(main: DataView, record: WalRecord): string {
  switch (record.info) {
    case CREATE_FILE_COPY: {
      const copy = xl_dbase_create_file_copy_rec.readView(main, 0)
      const source = `${copy.src_tablespace_id}/${copy.src_db_id}`
      return `copy dir ${source} to ${copy.tablespace_id}/${copy.db_id}`
    }
    case CREATE_WAL_LOG:
      return `create dir ${main.getUint32(4, true)}/${main.getUint32(0, true)}`
    case DROP: {
      const database = main.getUint32(0, true)
      const tablespaces = u32List(main, 8, main.getInt32(4, true))
      return `dir${tablespaces.map((tablespace) => ` ${tablespace}/${database}`).join('')}`
    }
    default:
      return ''
  }
}
