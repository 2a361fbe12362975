// Why did the log end, and is that harmless? PostgreSQL stops at the first record that does not fit and never looks
// further. Here the pages behind the break are read too: whole records there mean that committed work may be lost.
//
//   clean end           nothing was ever written behind the last record
//   recycled segment    an old segment's pages, waiting to be overwritten: as harmless
//   torn tail           the last record was being written when the server died
//   missing segment     the log goes on in a file that is not there
//   damage              the log is broken here, and whole records stand behind the break
//   requested           the log goes on: replay was asked to stop

import type { Disk } from '../disk/disk.js'
import type { ControlFile } from '../format/controlFile.js'
import { locateLsn, maxAlign, type Lsn } from '../format/lsn.js'
import { pageHeaderSize, XLOG_BLCKSZ, XLogPageHeader, XLP } from '../format/walPage.js'
import { listSegments, type SegmentFile, type Timeline } from '../wal/segments.js'
import { WalReader } from '../wal/reader.js'
import type { Survey } from './survey.js'

export type Verdict =
  'clean end' | 'torn tail' | 'recycled segment' | 'damage' | 'missing segment' | 'requested'

export interface EndVerdict {
  verdict: Verdict
  /** Start of the first whole record behind the break; undefined when there is none. */
  validBeyond: Lsn | undefined
  /** One sentence for a person. */
  meaning: string
}

/** Which log is judged: of a start point, what it takes to read the log. */
export interface JudgedLog {
  timelines: readonly Timeline[]
  control: Pick<ControlFile, 'xlog_seg_size' | 'system_identifier'>
}

const MEANINGS: Record<Verdict, string> = {
  'clean end': 'nothing was written after the last record; no WAL is lost',
  'torn tail':
    'the server died while it wrote the next record, whose transaction cannot have been told that it committed',
  'recycled segment': 'what follows is an old segment waiting to be overwritten; no WAL is lost',
  damage:
    'the log is broken here and whole records stand behind the break: committed work there cannot be replayed',
  requested: 'replay stops where it was asked to; the log goes on',
  'missing segment': 'the log goes on in a segment that is not there: put it back, or what it holds is lost',
}

/** Judges the end that a survey found. Reads the rest of the log, changes nothing. */
export function judgeEnd(disk: Disk, start: JudgedLog, survey: Pick<Survey, 'end' | 'timeline'>): EndVerdict {
  const { cause, lsn } = survey.end
  const validBeyond =
    cause === 'requested' ? undefined : cause === 'timeline' ? lsn : findRecordBeyond(disk, start, survey)
  const verdict = verdictOf(disk, start, survey, validBeyond)
  return { verdict, validBeyond, meaning: MEANINGS[verdict] }
}

function verdictOf(
  disk: Disk,
  start: JudgedLog,
  survey: Pick<Survey, 'end' | 'timeline'>,
  validBeyond: Lsn | undefined,
): Verdict {
  const { end } = survey
  if (end.cause === 'requested') return 'requested'
  const laterSegment = (): boolean => {
    const { xlog_seg_size } = start.control
    const { segment } = locateLsn(end.aborted?.missingContinuation ?? end.lsn, xlog_seg_size)
    return segmentsFrom(disk, start, survey).some(
      (file) => file.segment > segment && isOwn(disk, start, file.segment),
    )
  }
  if (end.cause === 'missing segment') {
    if (laterSegment()) return 'missing segment'
    return end.aborted ? 'torn tail' : 'clean end'
  }
  if (validBeyond !== undefined) return 'damage'
  if (end.aborted) return 'torn tail'
  if (end.cause === 'stale page' || end.cause === 'stale record') return 'recycled segment'
  return end.cause === 'zeroes' ? 'clean end' : 'torn tail'
}

/** Segments of the timeline that the log ended on, and of its children: a parent's log may go on by itself. */
function segmentsFrom(
  disk: Disk,
  { control, timelines }: JudgedLog,
  { timeline }: Pick<Survey, 'timeline'>,
): SegmentFile[] {
  return listSegments(disk, control.xlog_seg_size).filter(
    (file) => file.timeline >= timeline && timelines.some(({ id }) => id === file.timeline),
  )
}

/** Does the segment's file begin with the page that belongs there, or is it a recycled one? */
function isOwn(disk: Disk, start: JudgedLog, segment: bigint): boolean {
  const reader = readerOf(disk, start)
  reader.beginAt(segment * BigInt(start.control.xlog_seg_size))
  const first = reader.read()
  return (
    first.kind === 'record' ||
    !['stale page', 'zeroes', 'missing segment', 'page', 'timeline'].includes(first.cause)
  )
}

function readerOf(disk: Disk, start: JudgedLog): WalReader {
  const { control, timelines } = start
  const { xlog_seg_size, system_identifier } = control
  return new WalReader({ disk, segmentSize: xlog_seg_size, timelines, systemIdentifier: system_identifier })
}

/** The first whole record on a page behind the break that carries the address it should. */
function findRecordBeyond(
  disk: Disk,
  start: JudgedLog,
  survey: Pick<Survey, 'end' | 'timeline'>,
): Lsn | undefined {
  const { xlog_seg_size } = start.control
  const segments = segmentsFrom(disk, start, survey)
  const broken = survey.end.aborted?.missingContinuation ?? survey.end.lsn
  let page = broken - (broken % BigInt(XLOG_BLCKSZ)) + BigInt(XLOG_BLCKSZ)
  const last = segments.reduce((max, file) => (file.segment > max ? file.segment : max), 0n)
  const reader = readerOf(disk, start)
  for (; page < (last + 1n) * BigInt(xlog_seg_size); page += BigInt(XLOG_BLCKSZ)) {
    const { segment, offset } = locateLsn(page, xlog_seg_size)
    const file = segments.find((candidate) => candidate.segment === segment)
    if (!file || file.size < offset + XLOG_BLCKSZ) continue
    const header = XLogPageHeader.read(disk.read(`pg_wal/${file.name}`, offset, XLogPageHeader.size))
    if (header.xlp_pageaddr !== page) continue
    const rest = header.xlp_info & XLP.FIRST_IS_CONTRECORD ? maxAlign(header.xlp_rem_len) : 0
    if (rest >= XLOG_BLCKSZ - pageHeaderSize(offset)) continue
    reader.beginAt(page + BigInt(pageHeaderSize(offset) + rest))
    const record = reader.read()
    if (record.kind === 'record' && record.lsn >= page) return record.lsn
  }
  return undefined
}
