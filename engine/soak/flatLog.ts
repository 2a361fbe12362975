/**
 * A log as one run of bytes, to be damaged and repaired in place thousands of times a second. The disk that it gives
 * lends these very bytes, so that reading costs no copy.
 */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { memoryDisk } from '../disk/memoryDisk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { DiskFault } from '../bytes/errors.js'
import { readControlFile } from '../format/controlFile.js'
import { parseSegmentFileName, segmentFileName, type Lsn } from '../format/lsn.js'
import { WalReader, type WalReaderOptions } from '../wal/reader.js'

export interface FlatLog {
  readonly name: string
  /** From the start of a segment to the end of one. */
  readonly bytes: Uint8Array
  /** Position of the first byte. */
  readonly base: Lsn
  readonly segmentSize: number
  readonly timeline: number
  readonly systemIdentifier: bigint
}

/** A log, and the records that are in it before any harm is done. */
export interface KnownLog extends FlatLog {
  readonly records: readonly { readonly start: Lsn; readonly end: Lsn }[]
}

/** A disk whose pg_wal is this log; nothing can be written to it. */
export function logDisk(log: FlatLog): Disk {
  const segments = new Map<string, Uint8Array>()
  for (let at = 0; at < log.bytes.length; at += log.segmentSize) {
    const segment = (log.base + BigInt(at)) / BigInt(log.segmentSize)
    const name = segmentFileName(log.timeline, segment, log.segmentSize)
    segments.set(`pg_wal/${name}`, log.bytes.subarray(at, at + log.segmentSize))
  }
  const need = (path: string): Uint8Array => {
    const bytes = segments.get(path)
    if (!bytes) throw new DiskFault(`could not read "${path}": no such file`)
    return bytes
  }
  return {
    ...memoryDisk(),
    name: log.name,
    read: (path, offset, length) => need(path).subarray(offset, offset + length),
    size: (path) => segments.get(path)?.length,
    list: (path) =>
      path !== 'pg_wal' ? [] : [...segments.keys()].map((name) => ({ name: name.slice(7), kind: 'file' })),
  }
}

/** A reader that starts at a record. */
export function readerOf(
  log: FlatLog,
  from: Lsn,
  disk = logDisk(log),
  options: Partial<WalReaderOptions> = {},
): WalReader {
  const { segmentSize, timeline, systemIdentifier } = log
  const reader = new WalReader({ disk, segmentSize, timelines: [timeline], systemIdentifier, ...options })
  reader.beginAt(from)
  return reader
}

/** Finds the records from `first` on. */
export function knowRecords(log: FlatLog, first: Lsn): KnownLog {
  const records: { start: Lsn; end: Lsn }[] = []
  const reader = readerOf(log, first)
  for (let read = reader.read(); read.kind === 'record'; read = reader.read())
    records.push({ start: read.lsn, end: read.endLsn })
  return { ...log, records }
}

/** Where a position is in `bytes`. */
export function offsetIn(log: FlatLog, lsn: Lsn): number {
  return Number(lsn - log.base)
}

/** The log of a crashed directory, from its redo point's segment on. The directory is only read. */
export function logOfDirectory(name: string, directory: string): KnownLog {
  const disk = nodeDisk(directory, { readOnly: true })
  const control = readControlFile(disk)
  disk.close()
  const { xlog_seg_size: segmentSize, system_identifier: systemIdentifier, checkPointCopy } = control
  const timeline = checkPointCopy.ThisTimeLineID
  const first = checkPointCopy.redo / BigInt(segmentSize)
  const folder = join(directory, 'pg_wal')
  const files: Uint8Array[] = []
  for (let segment = first; ; segment++) {
    const path = join(folder, segmentFileName(timeline, segment, segmentSize))
    if (!existsSync(path)) break
    files.push(readFileSync(path))
  }
  const log = {
    name,
    bytes: Buffer.concat(files),
    base: first * BigInt(segmentSize),
    segmentSize,
    timeline,
    systemIdentifier,
  }
  return withoutEmptySegments(knowRecords(log, checkPointCopy.redo))
}

/** Segments that stand ready behind the end of the log are left away, but for one. */
function withoutEmptySegments(log: KnownLog): KnownLog {
  const end = offsetIn(log, log.records.at(-1)?.end ?? log.base)
  const length = (Math.floor(end / log.segmentSize) + 2) * log.segmentSize
  return { ...log, bytes: Uint8Array.from(log.bytes.subarray(0, length)) }
}

/** All of a disk's segments in a row; they must follow each other. */
export function logOfDisk(
  name: string,
  disk: Disk,
  about: Omit<FlatLog, 'name' | 'bytes' | 'base'>,
): FlatLog {
  const { segmentSize } = about
  const files = disk.list('pg_wal').flatMap((entry) => {
    const parsed = parseSegmentFileName(entry.name, segmentSize)
    return parsed ? [{ path: `pg_wal/${entry.name}`, segment: parsed.segment }] : []
  })
  const bytes = new Uint8Array((files.length + 1) * segmentSize) // one that stands ready
  files.forEach(({ path }, i) => bytes.set(disk.read(path, 0, segmentSize), i * segmentSize))
  return { name, bytes, base: files[0].segment * BigInt(segmentSize), ...about }
}
