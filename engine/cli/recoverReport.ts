// What recovery found and did, or in a dry run would do: as one JSON object, and as lines for a person.

import { stateName } from '../format/controlFile.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { isoTimestamp } from '../format/timestamp.js'
import type { CleanupPlan } from '../recovery/cleanup.js'
import type { FinalCheckpoint } from '../recovery/finish.js'
import type { StartPoint } from '../recovery/startup.js'
import type { Survey } from '../recovery/survey.js'
import type { EndVerdict, Verdict } from '../recovery/verdict.js'
import type { MissingBlock, PreparedTransaction } from '../redo/context.js'

export interface RecoverReport {
  outcome: 'recovered' | 'would recover' | 'no recovery needed'
  /** What pg_control said before. */
  state: string
  timeline: number
  checkpoint_lsn: string
  redo_lsn: string
  wal: WalReport | null
  transactions: TransactionReport | null
  files: FileReport | null
  /** Pages that the log refers to but no file holds: lost data, most likely.  */
  missing_blocks: Array<{ path: string; block: number }> | null
  final_checkpoint: { lsn: string; pages_written: number; status_pages_written: number } | null
}

export interface WalReport {
  /** First and last record to replay; null when there is none. */
  first_lsn: string | null
  last_lsn: string | null
  end_lsn: string
  records: number
  /** Of records, without page headers. */
  bytes: number
  verdict: Verdict
  /** The verdict, as a sentence. */
  meaning: string
  /** Start of the first whole record behind the break: committed work there is not replayed. */
  valid_beyond: string | null
  /** With damage or a missing segment: the newest LSN on any page of the directory, when it lies behind the end. */
  newest_page_lsn: string | null
  /** PostgreSQL's sentence for the first check that failed. */
  reason: string
  by_resource_manager: Array<{ name: string; records: number; bytes: number }>
}

export interface TransactionReport {
  committed: number
  aborted: number
  /** When the last one ended, ISO 8601 in UTC; null when none did. */
  last_end_time: string | null
  /** Neither ended nor prepared. */
  in_flight: number[]
  /** What becomes of those in pg_xact. */
  in_flight_become: 'aborted' | 'left as they are'
  /** They survive, waiting for COMMIT PREPARED or ROLLBACK PREPARED. */
  prepared: Array<{ xid: number; gid: string }>
}

export interface FileReport {
  temporary_removed: string[]
  unlogged_reset: string[]
  leftovers_removed: string[]
  /** Status files that were missing and read as zeroes. */
  dummies: string[]
}

export interface Findings {
  outcome: RecoverReport['outcome']
  start: StartPoint
  survey?: Survey
  inFlight?: number[]
  leaveInFlight: boolean
  cleanup?: CleanupPlan
  missing?: Iterable<MissingBlock>
  checkpoint?: FinalCheckpoint
  end?: EndVerdict
  newestPage?: Lsn
  prepared?: Iterable<PreparedTransaction>
  dummies?: string[]
}

export function recoverReport(found: Findings): RecoverReport {
  const { start, survey, cleanup, checkpoint, missing } = found
  return {
    outcome: found.outcome,
    state: stateName(start.control.state),
    timeline: start.checkpoint.ThisTimeLineID,
    checkpoint_lsn: formatLsn(start.checkpointLsn),
    redo_lsn: formatLsn(start.redo),
    wal: survey && found.end ? walReport(survey, found.end, found.newestPage) : null,
    transactions: survey
      ? {
          committed: survey.committed,
          aborted: survey.aborted,
          last_end_time:
            survey.lastTransactionTime === undefined ? null : isoTimestamp(survey.lastTransactionTime),
          in_flight: found.inFlight ?? [],
          in_flight_become: found.leaveInFlight ? 'left as they are' : 'aborted',
          prepared: [...(found.prepared ?? [])].map(({ xid, gid }) => ({ xid, gid })),
        }
      : null,
    files: cleanup
      ? {
          temporary_removed: cleanup.temporary,
          unlogged_reset: cleanup.unlogged.map(({ main }) => main),
          leftovers_removed: cleanup.leftovers,
          dummies: found.dummies ?? [],
        }
      : null,
    missing_blocks: missing ? [...missing].map(({ path, block }) => ({ path, block })) : null,
    final_checkpoint: checkpoint
      ? {
          lsn: formatLsn(checkpoint.lsn),
          pages_written: checkpoint.pagesWritten,
          status_pages_written: checkpoint.statusPagesWritten,
        }
      : null,
  }
}

function walReport(survey: Survey, judged: EndVerdict, newestPage: Lsn | undefined): WalReport {
  const { firstRecord, lastRecord, endOfLog, records, bytes, end, byManager } = survey
  return {
    first_lsn: firstRecord === undefined ? null : formatLsn(firstRecord),
    last_lsn: lastRecord === undefined ? null : formatLsn(lastRecord),
    end_lsn: formatLsn(endOfLog),
    records,
    bytes,
    verdict: judged.verdict,
    meaning: judged.meaning,
    valid_beyond: judged.validBeyond === undefined ? null : formatLsn(judged.validBeyond),
    newest_page_lsn: newestPage !== undefined && newestPage > endOfLog ? formatLsn(newestPage) : null,
    reason: end.reason,
    by_resource_manager: [...byManager].sort(([a], [b]) => a - b).map(([, counts]) => counts),
  }
}

const MOST_LISTED = 8
const LABEL_WIDTH = 14
const number = (n: number): string => n.toLocaleString('en-US')

/** The report for a person: what matters most first, a label and its lines each. */
export function reportLines(report: RecoverReport): string[] {
  const { wal, transactions, files } = report
  const sections: Array<readonly [label: string, lines: string[]]> = [
    ['verdict', verdictLines(report)],
    [
      'crash',
      [
        `pg_control says "${report.state}"; last checkpoint ${report.checkpoint_lsn}, timeline ${report.timeline}`,
      ],
    ],
  ]
  if (wal) {
    const { records, bytes, end_lsn } = wal
    sections.push([
      'log',
      [
        `from the redo point ${report.redo_lsn} to ${end_lsn}: ${number(records)} records, ${number(bytes)} bytes`,
      ],
    ])
    sections.push(['end of log', [`${wal.verdict}: ${wal.meaning}`, `PostgreSQL says: ${wal.reason}`]])
  }
  if (transactions) sections.push(['transactions', transactionLines(transactions)])
  if (report.missing_blocks || report.final_checkpoint) sections.push(['pages', pageLines(report)])
  const removed = files ? fileLines(files) : []
  if (removed.length > 0) sections.push(['files', removed])
  if (wal) sections.push(['records', managerLines(wal)])
  return sections.flatMap(([label, lines]) =>
    lines.map((line, i) => `${(i === 0 ? label : '').padEnd(LABEL_WIDTH)}${line}`),
  )
}

function verdictLines(report: RecoverReport): string[] {
  const lost = losses(report)
  if (lost.length > 0) return lost
  return report.wal?.verdict === 'requested'
    ? ['what was committed behind the position asked for is left out; nothing else is lost']
    : ['nothing that was committed is lost']
}

/** What is lost, or may be, a sentence each; none when nothing is. */
export function losses({ wal, missing_blocks: missing, files }: RecoverReport): string[] {
  const lines: string[] = []
  if (wal?.verdict === 'damage' || wal?.verdict === 'missing segment') {
    lines.push(`committed work may be lost: ${wal.meaning}`)
    if (wal.valid_beyond) lines.push(`the first whole record behind the break is at ${wal.valid_beyond}`)
    if (wal.newest_page_lsn)
      lines.push(
        `pages on disk carry changes from behind the end of the log, up to ${wal.newest_page_lsn}: ` +
          'tables and indexes may disagree',
      )
  }
  if (missing && missing.length > 0)
    lines.push(
      `pages that the log refers to are in no file (lost data, most likely): ${shortList(blockRanges(missing))}`,
    )
  const status = files?.dummies.filter((path) => path.startsWith('pg_xact/')) ?? []
  if (status.length > 0)
    lines.push(
      `missing, and read as zeroes: ${shortList(status)}; transactions there whose end is not in the log count as aborted`,
    )
  return lines
}

function transactionLines({
  committed,
  aborted,
  last_end_time,
  in_flight,
  in_flight_become,
  prepared,
}: TransactionReport): string[] {
  const last =
    last_end_time === null
      ? ''
      : `; the last of them ended at ${last_end_time.replace('T', ' ').replace(/\.\d+Z$/, ' UTC')}`
  const lines = [`${number(committed)} committed, ${number(aborted)} aborted${last}`]
  if (in_flight.length > 0) {
    const become = in_flight_become === 'aborted' ? 'marked aborted' : in_flight_become
    lines.push(`in flight, ${become}: ${shortList(in_flight.map(String))}`)
  }
  if (prepared.length > 0)
    lines.push(`prepared, kept: ${shortList(prepared.map(({ xid, gid }) => `${xid} "${gid}"`))}`)
  return lines
}

function pageLines({ missing_blocks: missing, final_checkpoint: checkpoint }: RecoverReport): string[] {
  const lines = missing?.length === 0 ? ['every page that the log refers to is there'] : []
  if (checkpoint)
    lines.push(
      `${number(checkpoint.pages_written)} to write, and ${number(checkpoint.status_pages_written)} of transaction status; ` +
        `then a checkpoint at ${checkpoint.lsn}`,
    )
  return lines
}

function fileLines(files: FileReport): string[] {
  return [
    ...fileLine('temporary, removed', files.temporary_removed),
    ...fileLine('unlogged relations, emptied', files.unlogged_reset),
    ...fileLine('caches and leftovers, removed', files.leftovers_removed),
    ...fileLine('missing status files, read as zeroes', files.dummies),
  ]
}

function fileLine(what: string, paths: readonly string[]): string[] {
  return paths.length > 0 ? [`${what}: ${shortList(paths)}`] : []
}

function managerLines({ by_resource_manager: managers }: WalReport): string[] {
  return managers.map(
    ({ name, records, bytes }) =>
      `${name.padEnd(18)}${number(records).padStart(12)}${number(bytes).padStart(16)} bytes`,
  )
}

/** "base/5/16384 blocks 0 to 2": a file's blocks together. */
function blockRanges(missing: ReadonlyArray<{ path: string; block: number }>): string[] {
  const sorted = [...missing].sort((a, b) =>
    a.path === b.path ? a.block - b.block : a.path < b.path ? -1 : 1,
  )
  const ranges: Array<{ path: string; from: number; to: number }> = []
  for (const { path, block } of sorted) {
    const last = ranges.at(-1)
    if (last?.path === path && last.to + 1 === block) last.to = block
    else ranges.push({ path, from: block, to: block })
  }
  return ranges.map(({ path, from, to }) =>
    from === to ? `${path} block ${from}` : `${path} blocks ${from} to ${to}`,
  )
}

function shortList(items: readonly string[]): string {
  const shown = items.slice(0, MOST_LISTED).join(', ')
  return items.length > MOST_LISTED ? `${shown}, … (${items.length} in all)` : shown
}
