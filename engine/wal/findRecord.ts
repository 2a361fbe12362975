// Finding a place to start reading. Records have no marks: only a page's header says, in xlp_rem_len, where the first
// record that begins on the page begins. So go back to the page's start, skip what is left of an older record, and
// read on to the position asked for (xlogreader.c, XLogFindNextRecord).
//
//   page:  │hdr│ rest of an older record │ first record │ next │ …
//            └─ xlp_rem_len ────────────►▲                  ▲ from

import { maxAlign, type Lsn } from '../format/lsn.js'
import { pageHeaderSize, XLOG_BLCKSZ, XLOG_PAGE_MAGIC, XLogPageHeader, XLP } from '../format/walPage.js'
import { listSegments, WalSegments, type WalWindow } from './segments.js'
import { WalReader, type WalReaderOptions } from './reader.js'
import type { EndOfWal } from './record.js'
import type { Disk } from '../disk/disk.js'

/** A reader that is about to read the first record at or after the position asked for. */
export interface FoundRecord {
  readonly kind: 'found'
  readonly reader: WalReader
  /** Where that record starts. */
  readonly lsn: Lsn
}

/** The first whole record at or after `from`; or why the log ends before there is one. */
export function findRecord(options: WalReaderOptions, from: Lsn): FoundRecord | EndOfWal {
  const reader = new WalReader(options)
  reader.beginAt(firstStart(options, from - (from % BigInt(XLOG_BLCKSZ))))
  for (;;) {
    const record = reader.read()
    if (record.kind === 'end') return record
    if (record.lsn < from) continue
    reader.beginAt(record.lsn)
    return { kind: 'found', reader, lsn: record.lsn }
  }
}

/** Where the first record begins that begins on `page` or a later one. A page that cannot be is left to the reader. */
function firstStart(options: WalReaderOptions, page: Lsn): Lsn {
  const segments = new WalSegments(options.disk, options.segmentSize, options.timelines)
  let window: WalWindow | undefined
  for (;;) {
    const segment = page / BigInt(options.segmentSize)
    const offset = Number(page % BigInt(options.segmentSize))
    if (window?.segment !== segment || offset - window.offset >= window.bytes.length)
      window = segments.window(segment, offset)
    const at = offset - (window?.offset ?? 0)
    if (!window || window.bytes.length - at < XLogPageHeader.size) return page
    const header = XLogPageHeader.readView(window.view, at)
    if (header.xlp_magic !== XLOG_PAGE_MAGIC || header.xlp_pageaddr !== page) return page
    if (!(header.xlp_info & XLP.FIRST_IS_CONTRECORD)) return page
    const start = pageHeaderSize(offset) + maxAlign(header.xlp_rem_len)
    if (start < XLOG_BLCKSZ) return page + BigInt(start)
    page += BigInt(XLOG_BLCKSZ)
  }
}

/** Where the oldest segment starts that pg_wal still holds; undefined when it holds none. */
export function oldestPosition(disk: Disk, segmentSize: number): Lsn | undefined {
  let oldest: bigint | undefined
  for (const { segment } of listSegments(disk, segmentSize))
    if (oldest === undefined || segment < oldest) oldest = segment
  return oldest === undefined ? undefined : oldest * BigInt(segmentSize)
}
