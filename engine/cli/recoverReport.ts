// What recovery found and did, or in a dry run would do: as one JSON object, and as lines for a person.

import { stateName } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
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
  /** PostgreSQL's sentence for the first check that failed. */
  reason: string
  by_resource_manager: Array<{ name: string; records: number; bytes: number }>
}

export interface TransactionReport {
  committed: number
  aborted: number
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
    wal: survey && found.end ? walReport(survey, found.end) : null,
    transactions: survey
      ? {
          committed: survey.committed,
          aborted: survey.aborted,
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

function walReport(survey: Survey, judged: EndVerdict): WalReport {
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
    reason: end.reason,
    by_resource_manager: [...byManager].sort(([a], [b]) => a - b).map(([, counts]) => counts),
  }
}

const MOST_LISTED = 8

/** The report as lines, indented under a heading that the caller prints. */
export function reportLines(report: RecoverReport): string[] {
  const { wal, transactions, files, missing_blocks: missing } = report
  const lines: string[] = []
  if (wal) {
    lines.push(
      `redo point ${report.redo_lsn}; ${wal.records} records, ${wal.bytes} bytes, up to ${wal.end_lsn}`,
    )
    for (const { name, records, bytes } of wal.by_resource_manager)
      lines.push(
        `  ${name.padEnd(18)} ${String(records).padStart(9)} records ${String(bytes).padStart(12)} bytes`,
      )
    lines.push(`the log ends there: ${wal.verdict} (${wal.reason})`, `  ${wal.meaning}`)
    if (wal.valid_beyond) lines.push(`  the first whole record behind the break is at ${wal.valid_beyond}`)
  }
  if (transactions) {
    lines.push(`transactions: ${transactions.committed} committed, ${transactions.aborted} aborted`)
    const { in_flight: open, in_flight_become: become } = transactions
    if (open.length > 0)
      lines.push(
        `in flight, ${become === 'aborted' ? 'marked aborted' : become}: ${shortList(open.map(String))}`,
      )
  }
  if (transactions && transactions.prepared.length > 0)
    lines.push(`prepared, kept: ${shortList(transactions.prepared.map(({ xid, gid }) => `${xid} "${gid}"`))}`)
  if (files) {
    lines.push(...fileLine('temporary files removed', files.temporary_removed))
    lines.push(...fileLine('unlogged relations emptied', files.unlogged_reset))
    lines.push(...fileLine('caches and leftovers removed', files.leftovers_removed))
    lines.push(...fileLine('missing status files, read as zeroes', files.dummies))
  }
  if (missing && missing.length > 0)
    lines.push(
      `pages the log refers to, but no file holds (probably lost data): ` +
        shortList(missing.map(({ path, block }) => `${path} block ${block}`)),
    )
  return lines
}

function fileLine(what: string, paths: readonly string[]): string[] {
  return paths.length > 0 ? [`${what}: ${shortList(paths)}`] : []
}

function shortList(items: readonly string[]): string {
  const shown = items.slice(0, MOST_LISTED).join(', ')
  return items.length > MOST_LISTED ? `${shown}, … (${items.length} in all)` : shown
}
