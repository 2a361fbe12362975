// Exercises of chapter 01-wal: what each part's type is, which part of the engine it stands for, and its checks.

import { reference, XLogRecord, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { flushBeforeWrite, flushedByPool, type CachedPage } from '../parts/flushBeforeWrite.js'
import { joinedByReader, joinRecord } from '../parts/joinRecord.js'
import { blockRefsOf, readBlockRefs, type BlockRefFields } from '../parts/readBlockRefs.js'
import { readRecordHeader } from '../parts/readRecordHeader.js'
import { recordCrc } from '../parts/recordCrc.js'

export interface WalSignatures extends Pick<Parts, 'recordCrc'> {
  /** The header of a record: its first 24 bytes. */
  readRecordHeader(record: Uint8Array): XLogRecord
  /** The pages that a record changes, in the order in which it names them. */
  readBlockRefs(record: Uint8Array): BlockRefFields[]
  /** The bytes of the record that starts at this byte of the first page; undefined when it is not whole. */
  joinRecord(pages: readonly Uint8Array[], start: number): Uint8Array | undefined
  /** Up to where the log must be flushed before the dirty ones of these pages are written; undefined for not at all. */
  flushBeforeWrite(pages: readonly CachedPage[], flushedTo: bigint): bigint | undefined
}

export const walExercises: readonly Exercise[] = [
  recordCrc,
  readRecordHeader,
  readBlockRefs,
  joinRecord,
  flushBeforeWrite,
]

/** The engine's own parts. */
export const walEngine: WalSignatures = {
  recordCrc: reference.recordCrc,
  readRecordHeader: (record) => XLogRecord.read(record),
  readBlockRefs: blockRefsOf,
  joinRecord: joinedByReader,
  flushBeforeWrite: flushedByPool,
}
