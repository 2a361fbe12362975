// A record as one JSON object, under the column names of pg_walinspect's pg_get_wal_records_info and
// pg_get_wal_block_info, so that output here and rows there can be joined.

import { formatLsn } from '../format/lsn.js'
import { FORK_NAMES } from '../format/relationPath.js'
import type { BlockRef, WalRecord } from '../wal/record.js'
import { resourceManagerName } from '../format/recordNames.js'
import { UTC, type TimeZone } from './timeZone.js'
import {
  compressionMethod,
  describeRecord,
  identifyRecord,
  imageLength,
  type Compression,
} from './waldump.js'
import type { StatsKind, StatsRow, WalStats } from './waldumpStats.js'

/** A page that a record touches. */
export interface BlockJson {
  block_id: number
  reltablespace: number
  reldatabase: number
  relfilenode: number
  relforkname: string
  relblocknumber: number
  /** Redo makes the page from nothing. */
  will_init: boolean
  /** Bytes. */
  block_data_length: number
  image?: ImageJson
}

/** A page's whole contents inside a record. */
export interface ImageJson {
  /** Bytes as stored. */
  length: number
  hole_offset: number
  hole_length: number
  compression: Compression
  /** Redo puts it in place; if not, it is there to be compared. */
  apply: boolean
}

export interface RecordJson {
  start_lsn: string
  end_lsn: string
  prev_lsn: string
  xid: number
  resource_manager: string
  record_type: string
  /** Bytes: all, the main data, the page images as stored. */
  record_length: number
  main_data_length: number
  fpi_length: number
  description: string
  /** Top-level transaction of a subtransaction's first record. */
  toplevel_xid?: number
  /** Replication origin. */
  origin?: number
  blocks: BlockJson[]
}

/** The record's values. Times in the description are in `zone`. */
export function recordToJson(record: WalRecord, zone: TimeZone = UTC): RecordJson {
  return {
    start_lsn: formatLsn(record.lsn),
    end_lsn: formatLsn(record.endLsn),
    prev_lsn: formatLsn(record.xl_prev),
    xid: record.xl_xid,
    resource_manager: resourceManagerName(record.xl_rmid),
    record_type: identifyRecord(record),
    record_length: record.xl_tot_len,
    main_data_length: record.mainLength,
    fpi_length: imageLength(record),
    description: describeRecord(record, zone),
    ...(record.toplevelXid ? { toplevel_xid: record.toplevelXid } : {}),
    ...(record.origin ? { origin: record.origin } : {}),
    blocks: record.blocks.map(blockToJson),
  }
}

function blockToJson(ref: BlockRef): BlockJson {
  const { image } = ref
  return {
    block_id: ref.id,
    reltablespace: ref.spcOid,
    reldatabase: ref.dbOid,
    relfilenode: ref.relNumber,
    relforkname: FORK_NAMES[ref.fork],
    relblocknumber: ref.block,
    will_init: ref.willInit,
    block_data_length: ref.dataLength,
    ...(image
      ? {
          image: {
            length: image.length,
            hole_offset: image.hole_offset,
            hole_length: image.hole_length,
            compression: compressionMethod(image),
            apply: ref.appliesImage,
          },
        }
      : {}),
  }
}

/** The statistics as one object; sizes in bytes. */
export function statsToJson(stats: WalStats, kind: StatsKind): StatsJson {
  const plain = ({ count, recordLength, imageLength }: Omit<StatsRow, 'name'>): StatsCountJson => ({
    count,
    record_size: recordLength,
    fpi_size: imageLength,
    combined_size: recordLength + imageLength,
  })
  return {
    start_lsn: formatLsn(stats.start),
    end_lsn: stats.end === undefined ? null : formatLsn(stats.end),
    total: plain(stats.total),
    rows: stats.rows(kind).map((row) => ({ type: row.name, ...plain(row) })),
  }
}

export interface StatsCountJson {
  count: number
  record_size: number
  fpi_size: number
  combined_size: number
}

export interface StatsJson {
  start_lsn: string
  end_lsn: string | null
  total: StatsCountJson
  rows: Array<StatsCountJson & { type: string }>
}
