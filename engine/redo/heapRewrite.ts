// While a table that is being decoded logically is rewritten (VACUUM FULL of a catalog), a file keeps which row went
// where: pg_logical/mappings/map-<db>-<rel>-<start LSN>-<mapped xid>-<writing xid> (access/heap/rewriteheap.c).

import { LOGICAL_REWRITE_MAPPING_SIZE, xl_heap_rewrite_mapping } from '../format/heapRecords.js'
import { formatLsn } from '../format/lsn.js'
import type { WalRecord } from '../wal/record.js'
import type { RedoContext } from './context.js'
import { malformed, needMain } from './contradiction.js'

export const MAPPINGS_DIRECTORY = 'pg_logical/mappings'

/** Writes the file's end once more, from the last byte that was sure to be on disk (heap_xlog_logical_rewrite). */
export function redoRewrite(record: WalRecord, context: RedoContext): void {
  needMain(record, xl_heap_rewrite_mapping.size)
  const mapping = xl_heap_rewrite_mapping.readView(record.view, record.mainAt)
  const size = mapping.num_mappings * LOGICAL_REWRITE_MAPPING_SIZE
  needMain(record, xl_heap_rewrite_mapping.size + size)
  const offset = Number(mapping.offset)
  if (offset < 0 || !Number.isSafeInteger(offset))
    throw malformed(record, `it writes at byte ${mapping.offset} of a file`)
  const path = mappingPath(mapping, record.xl_xid)
  const { disk } = context
  const rows = record.mainAt + xl_heap_rewrite_mapping.size
  if (disk.size(path) === undefined) {
    disk.write(path, 0, new Uint8Array(0))
    disk.sync(MAPPINGS_DIRECTORY)
  }
  disk.truncate(path, offset)
  disk.write(path, offset, record.bytes.subarray(rows, rows + size))
  disk.sync(path)
}

function mappingPath(mapping: xl_heap_rewrite_mapping, xid: number): string {
  const hex = (n: number): string => n.toString(16)
  const start = formatLsn(mapping.start_lsn).replace('/', '_')
  const names = [hex(mapping.mapped_db), hex(mapping.mapped_rel), start, hex(mapping.mapped_xid), hex(xid)]
  return `${MAPPINGS_DIRECTORY}/map-${names.join('-')}`
}
