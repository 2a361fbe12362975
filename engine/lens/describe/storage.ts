// Describes records of resource manager Storage: files of relations made and cut (smgrdesc.c, smgr_desc).

import { struct, u32, type Struct } from '../../bytes/layout.js'
import { FORK, relationPath, type RelFileLocator } from '../../format/relationPath.js'
import type { WalRecord } from '../../wal/record.js'

const CREATE = 0x10
const TRUNCATE = 0x20

export const xl_smgr_create: Struct<RelFileLocator & { forkNum: number }> = struct('xl_smgr_create', 16, {
  spcOid: u32(0),
  dbOid: u32(4),
  relNumber: u32(8),
  forkNum: u32(12),
})
export const xl_smgr_truncate: Struct<RelFileLocator & { blkno: number; flags: number }> = struct(
  'xl_smgr_truncate',
  20,
  {
    blkno: u32(0),
    spcOid: u32(4),
    dbOid: u32(8),
    relNumber: u32(12),
    flags: u32(16),
  },
)

export function describeStorage(main: DataView, record: WalRecord): string {
  if (record.info === CREATE) {
    const file = xl_smgr_create.readView(main, 0)
    return relationPath(file, file.forkNum)
  }
  if (record.info === TRUNCATE) {
    const file = xl_smgr_truncate.readView(main, 0)
    return `${relationPath(file, FORK.MAIN)} to ${file.blkno} blocks flags ${file.flags | 0}`
  }
  return ''
}
