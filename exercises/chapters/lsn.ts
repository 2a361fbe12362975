// Exercises of chapter 02-lsn: what each part's type is, which part of the engine it stands for, and its checks.

import { formatLsn, parseLsn, reference, type Parts } from 'pgcrash'
import type { Exercise } from '../checking/check.js'
import { locateLsn } from '../parts/locateLsn.js'
import { printLsn } from '../parts/printLsn.js'
import { readLsn } from '../parts/readLsn.js'
import { between, recordBytesBetween } from '../parts/recordBytesBetween.js'
import { redoInserts, redoneByEngine, type RowRecord } from '../parts/redoInserts.js'

export interface LsnSignatures extends Pick<Parts, 'locateLsn'> {
  /** The position that a text names, "0/1A2B3C8"; undefined for a text that PostgreSQL refuses. */
  readLsn(text: string): bigint | undefined
  /** A position as PostgreSQL prints it. */
  printLsn(lsn: bigint): string
  /** Bytes that can hold records between two positions, page headers not counted. `segmentSize` in bytes. */
  recordBytesBetween(from: bigint, to: bigint, segmentSize: number): bigint
  /** The page with the rows that it misses, and stamped; it may be the same memory. */
  redoInserts(page: Uint8Array, records: readonly RowRecord[]): Uint8Array
}

export const lsnExercises: readonly Exercise[] = [
  locateLsn,
  readLsn,
  printLsn,
  recordBytesBetween,
  redoInserts,
]

/** The engine's own parts. */
export const lsnEngine: LsnSignatures = {
  locateLsn: reference.locateLsn,
  readLsn: parseLsn,
  printLsn: formatLsn,
  recordBytesBetween: between.reference,
  redoInserts: redoneByEngine,
}
