// pg_wal as one long stream: which file holds a position, and its bytes in windows of a few megabytes.
//
//   pg_wal/000000010000000000000001   [ window │ window │ window │ window ]
//   pg_wal/000000010000000000000002   [ window │ …

import { join, type Disk } from '../disk/disk.js'
import { parseSegmentFileName, segmentFileName, type Lsn } from '../format/lsn.js'

export const WAL_DIRECTORY = 'pg_wal'
const FIRST_WINDOW_BYTES = 64 * 1024
const WINDOW_BYTES = 2 * 1024 * 1024

/** A timeline in the history of another (timeline.h, TimeLineHistoryEntry). */
export interface Timeline {
  readonly id: number
  /** The first position that is its own; 0 for one without a parent. */
  readonly begin: Lsn
  /** Where its child left it; undefined for the newest. */
  readonly end: Lsn | undefined
}

/** Timelines to read, newest first; a number stands for one without a history. */
export type Timelines = ReadonlyArray<Timeline | number>

/** A segment file that is there. */
export interface SegmentFile {
  name: string
  timeline: number
  segment: bigint
  /** Bytes; a whole segment has the cluster's segment size. */
  size: number
}

/** A piece of a segment in memory. Records point into `bytes`; they are written again only when windows are transient. */
export interface WalWindow {
  bytes: Uint8Array
  view: DataView
  /** Offset of the first byte in the segment. */
  offset: number
  segment: bigint
  timeline: number
  name: string
}

/** Memory that somebody else gives, to be used again when he has seen the records in it. */
export interface LogMemory {
  /** For a window of so many bytes. */
  window(bytes: number): Uint8Array
  /** For a record of so many bytes that goes over page ends; the same again until the record is complete. */
  record(bytes: number): Uint8Array
}

/** Every segment file in pg_wal, in the order of names. */
export function listSegments(disk: Disk, segmentSize: number): SegmentFile[] {
  const found: SegmentFile[] = []
  for (const { name, kind } of disk.list(WAL_DIRECTORY)) {
    const parsed = kind === 'directory' ? undefined : parseSegmentFileName(name, segmentSize)
    if (parsed) found.push({ name, ...parsed, size: disk.size(join(WAL_DIRECTORY, name)) ?? 0 })
  }
  return found
}

/** Reads segments of a timeline's history: the newest timeline that has the file wins (XLogFileReadAnyTLI). */
export class WalSegments {
  /** Bytes read at once: few for who wants one record, more and more for who reads on. A power of two. */
  private windowSize = FIRST_WINDOW_BYTES
  readonly timelines: readonly Timeline[]
  private memory: Uint8Array = new Uint8Array(0)

  constructor(
    readonly disk: Disk,
    readonly segmentSize: number,
    /** Timelines to look in, newest first. */
    timelines: Timelines,
    /** Reads every window into the same memory, or into what somebody gives: the one before is gone then. */
    private readonly transient: boolean | LogMemory = false,
  ) {
    this.timelines = timelines.map((one) =>
      typeof one === 'number' ? { id: one, begin: 0n, end: undefined } : one,
    )
  }

  /**
   * The file for a segment; undefined when no timeline of the history has it. A timeline has no segment from before it
   * began, and none older than `atLeast` is looked at: a parent's log may go on behind the point where it was left.
   */
  find(segment: bigint, atLeast = 0): { name: string; timeline: number } | undefined {
    for (const { id, begin } of this.timelines) {
      if (id < atLeast) return undefined
      if (segment < begin / BigInt(this.segmentSize)) continue
      const name = segmentFileName(id, segment, this.segmentSize)
      if (this.disk.size(join(WAL_DIRECTORY, name)) !== undefined) return { name, timeline: id }
    }
    return undefined
  }

  /** The window that holds `offset` of a segment; undefined when there is no file. May be short at its end. */
  window(segment: bigint, offset: number, atLeast = 0): WalWindow | undefined {
    const file = this.find(segment, atLeast)
    if (!file) return undefined
    const start = offset - (offset % this.windowSize)
    const bytes = this.read(join(WAL_DIRECTORY, file.name), start)
    this.windowSize = Math.min(this.windowSize * 4, WINDOW_BYTES, this.segmentSize)
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
    return { bytes, view, offset: start, segment, ...file }
  }

  private read(path: string, start: number): Uint8Array {
    if (!this.transient) return this.disk.read(path, start, this.windowSize)
    if (typeof this.transient === 'object') this.memory = this.transient.window(this.windowSize)
    else if (this.memory.length !== this.windowSize) this.memory = new Uint8Array(this.windowSize)
    return this.memory.subarray(0, this.disk.readInto(path, start, this.memory))
  }
}
