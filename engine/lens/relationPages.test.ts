import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import {
  CATALOG_VERSION_NO,
  ControlFile,
  PG_CONTROL_VERSION,
  writeControlFile,
} from '../format/controlFile.js'
import { relationPages } from './relationPages.js'

test('blocks are counted through all files of a relation, and forks are told apart', () => {
  const disk = memoryDisk()
  for (const folder of ['global', 'base/5']) disk.makeDirectory(folder)
  const empty = ControlFile.read(new Uint8Array(ControlFile.size))
  const sizes = { blcksz: 8192, xlog_blcksz: 8192, relseg_size: 2, xlog_seg_size: 1 << 20, maxAlign: 8 }
  const versions = { pg_control_version: PG_CONTROL_VERSION, catalog_version_no: CATALOG_VERSION_NO }
  writeControlFile(disk, { ...empty, ...sizes, ...versions, floatFormat: 1234567 })
  const page = new Uint8Array(8192)
  disk.write('base/5/16384', 8192, page)
  disk.write('base/5/16384.1', 0, page)
  disk.write('base/5/16384_vm', 0, page)
  disk.write('base/5/t3_16390', 0, page)
  disk.write('base/5/pg_filenode.map', 0, page)
  disk.write('base/5/16400', 0, page.subarray(0, 100)) // cut: not a whole page

  const found = [...relationPages(disk, 'base/5')].map(
    ({ path, fork, block }) => `${path} fork ${fork} block ${block}`,
  )
  expect(found).toEqual([
    'base/5/16384 fork 0 block 0',
    'base/5/16384 fork 0 block 1',
    'base/5/16384.1 fork 0 block 2',
    'base/5/16384_vm fork 2 block 0',
  ])
})
