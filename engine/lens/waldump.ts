// pg_waldump's line for a record, byte for byte: what the log says, one line each, so that our reading can be laid
// beside PostgreSQL's own (pg_waldump.c, XLogDumpDisplayRecord).
//
//   rmgr: Heap        len (rec/tot):     69/    69, tx:        800, lsn: 0/01579F90, prev 0/01579F48,
//   desc: INSERT off: 70, flags: 0x08, blkref #0: rel 1663/16384/16545 blk 5

import { BLCKSZ } from '../format/controlFile.js'
import { FORK, FORK_NAMES } from '../format/relationPath.js'
import { BKPIMAGE } from '../format/walRecord.js'
import { malformed } from '../redo/contradiction.js'
import type { BlockImage, BlockRef, WalRecord } from '../wal/record.js'
import { describeBrin } from './describe/brin.js'
import { describeBtree } from './describe/btree.js'
import { describeClog } from './describe/clog.js'
import { describeCommitTs } from './describe/commitTs.js'
import { describeDatabase } from './describe/database.js'
import { describeGeneric } from './describe/generic.js'
import { describeGin } from './describe/gin.js'
import { describeGist } from './describe/gist.js'
import { describeHash } from './describe/hash.js'
import { describeHeap } from './describe/heap.js'
import { describeHeap2 } from './describe/heap2.js'
import { describeLogicalMessage } from './describe/logicalMessage.js'
import { describeMultiXact } from './describe/multixact.js'
import { describeRelMap } from './describe/relMap.js'
import { describeReplicationOrigin } from './describe/replicationOrigin.js'
import { describeSequence } from './describe/sequence.js'
import { describeSpgist } from './describe/spgist.js'
import { describeStandby } from './describe/standby.js'
import { describeStorage } from './describe/storage.js'
import { describeTablespace } from './describe/tablespace.js'
import { locatorText } from './describe/text.js'
import { describeTransaction } from './describe/transaction.js'
import { describeXlog } from './describe/xlog.js'
import { operationName, resourceManagerName } from '../format/recordNames.js'
import { UTC, type TimeZone } from './timeZone.js'

/** Describes a record. `main` sees the main data and no byte more: reading past it throws a RangeError. */
type Describe = (main: DataView, record: WalRecord, zone: TimeZone) => string

/** By xl_rmid. */
const descriptions: readonly Describe[] = [
  describeXlog,
  describeTransaction,
  describeStorage,
  describeClog,
  describeDatabase,
  describeTablespace,
  describeMultiXact,
  describeRelMap,
  describeStandby,
  describeHeap2,
  describeHeap,
  describeBtree,
  describeHash,
  describeGin,
  describeGist,
  describeSequence,
  describeSpgist,
  describeBrin,
  describeCommitTs,
  describeReplicationOrigin,
  describeGeneric,
  describeLogicalMessage,
]

/** Name of the record's operation: "INSERT+INIT"; "UNKNOWN (f0)" for a code that is not PostgreSQL 18's. */
export function identifyRecord(record: WalRecord): string {
  return operationName(record.xl_rmid, record.xl_info)
}

/**
 * What pg_waldump prints after the operation's name, without the block references. Times are in `zone`.
 * @throws CorruptData when the record holds fewer bytes than it announces.
 */
export function describeRecord(record: WalRecord, zone: TimeZone = UTC): string {
  const describe = descriptions[record.xl_rmid]
  if (!describe) return `rmid: ${record.xl_rmid}`
  const main = new DataView(record.bytes.buffer, record.bytes.byteOffset + record.mainAt, record.mainLength)
  try {
    return describe(main, record, zone)
  } catch (error) {
    if (error instanceof RangeError)
      throw malformed(
        record,
        `${resourceManagerName(record.xl_rmid)} ${identifyRecord(record)} announces more than it holds`,
      )
    throw error
  }
}

/** pg_waldump's line for a record, without the newline. Errors as {@link describeRecord}. */
export function waldumpLine(record: WalRecord, zone: TimeZone = UTC): string {
  let line = headText(record, zone)
  for (const ref of record.blocks) line += blockText(ref)
  return line
}

/** The same with a line of details for each block reference, as pg_waldump --bkp-details prints it. */
export function waldumpDetails(record: WalRecord, zone: TimeZone = UTC): string {
  return [headText(record, zone), ...blockReferences(record).map((text) => `\t${text}`)].join('\n')
}

function headText(record: WalRecord, zone: TimeZone): string {
  const rmgr = resourceManagerName(record.xl_rmid).padEnd(11)
  const lengths = `${six(record.xl_tot_len - imageLength(record))}/${six(record.xl_tot_len)}`
  const { view, at } = record
  const lsn = paddedLsn(record.lsnHigh, record.lsnLow)
  const prev = paddedLsn(view.getUint32(at + 12, true), view.getUint32(at + 8, true))
  const tx = String(record.xl_xid).padStart(10)
  const desc = `${identifyRecord(record)} ${describeRecord(record, zone)}`
  return `rmgr: ${rmgr} len (rec/tot): ${lengths}, tx: ${tx}, lsn: ${lsn}, prev ${prev}, desc: ${desc}`
}

/** Bytes of full-page images in the record, as they are stored (XLogRecGetLen). */
export function imageLength(record: WalRecord): number {
  let length = 0
  for (const { image } of record.blocks) if (image) length += image.length
  return length
}

function blockText(ref: BlockRef): string {
  const fork = ref.fork === FORK.MAIN ? '' : ` fork ${FORK_NAMES[ref.fork]}`
  const image = !ref.image ? '' : ref.appliesImage ? ' FPW' : ' FPW for WAL verification'
  return `, blkref #${ref.id}: rel ${locatorText(ref)}${fork} blk ${ref.block}${image}`
}

/**
 * The block references with fork, and with hole and compression of each image, as in pg_walinspect's column block_ref
 * (XLogRecGetBlockRefInfo).
 */
export function blockReferences(record: WalRecord): string[] {
  return record.blocks.map((ref) => {
    const text = `blkref #${ref.id}: rel ${locatorText(ref)} fork ${FORK_NAMES[ref.fork]} blk ${ref.block}`
    const { image } = ref
    if (!image) return text
    const hole = `hole: offset: ${image.hole_offset}, length: ${image.hole_length}`
    const method = compressionMethod(image)
    const saved = BLCKSZ - image.hole_length - image.length
    const packed = method === 'none' ? '' : `, compression saved: ${saved}, method: ${method}`
    return `${text} (FPW${ref.appliesImage ? '' : ' for WAL verification'}); ${hole}${packed}`
  })
}

export type Compression = 'none' | 'pglz' | 'lz4' | 'zstd'

/** How a page image is packed. */
export function compressionMethod({ bimg_info }: BlockImage): Compression {
  if (!(bimg_info & BKPIMAGE.COMPRESSED)) return 'none'
  if (bimg_info & BKPIMAGE.COMPRESS_PGLZ) return 'pglz'
  return bimg_info & BKPIMAGE.COMPRESS_LZ4 ? 'lz4' : 'zstd'
}

const six = (n: number): string => String(n).padStart(6)

/** "0/01579F90": pg_waldump pads an LSN's second half in its lines, and nowhere else. */
function paddedLsn(high: number, low: number): string {
  return `${high.toString(16).toUpperCase()}/${low.toString(16).toUpperCase().padStart(8, '0')}`
}
