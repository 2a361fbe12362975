// What recovery would do, said before it does anything: the whole of it is rehearsed on an overlay of the directory.

import { overlayDisk } from '../disk/overlayDisk.js'
import type { Disk } from '../disk/disk.js'
import { stateName } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { formatTime, formatTimestamp } from '../format/timestamp.js'
import { reference, type Parts } from '../parts.js'
import { Recovery, type RecoverOptions } from './recovery.js'
import { judgeEnd, type Verdict } from './verdict.js'

/** The version of the document's shape; a field is only ever added. */
export const REPORT_FORMAT = 1

/** Plain data: LSNs as PostgreSQL prints them, 64-bit numbers as decimal text, times in UTC. */
export interface RecoveryReport {
  format: typeof REPORT_FORMAT
  directory: string
  systemIdentifier: string
  state: string
  /** Was there a crash? When false nothing else would be done, and the fields below are absent. */
  crashed: boolean
  checkpoint: { lsn: string; redo: string; timeline: number; time: string }
  log?: {
    firstRecord: string | null
    lastRecord: string | null
    end: string
    /** PostgreSQL's sentence for why the log ends there. */
    reason: string
    verdict: Verdict
    meaning: string
    /** Start of the first whole record behind the break. */
    validBeyond: string | null
    records: number
    bytes: number
    resourceManagers: Array<{ id: number; name: string; records: number; bytes: number }>
  }
  transactions?: {
    committed: number
    aborted: number
    /** To be marked aborted. */
    inFlight: number[]
    prepared: Array<{ xid: number; gid: string; subxids: number[] }>
    lastEnded: string | null
    nextXid: string
  }
  files?: {
    temporary: string[]
    /** Unlogged relations that become copies of their init fork. */
    unloggedReset: string[]
    unloggedRemoved: string[]
    leftovers: string[]
    /** Status files that are missing and read as zeroes. */
    dummies: string[]
  }
  pages?: { read: number; changed: number }
  /** Blocks that the log refers to, that no file holds and no later record drops: probably lost data. */
  missingBlocks?: Array<{ file: string; block: number; zeroes: boolean }>
  finalCheckpoint?: string
}

/** Rehearses the recovery of a directory and tells what it would do. Changes no byte; errors as `recover`. */
export function rehearse(disk: Disk, parts: Parts = reference, options: RecoverOptions = {}): RecoveryReport {
  const recovery = new Recovery(overlayDisk(disk), parts, options)
  const { start, context } = recovery
  const { control, checkpoint } = start
  const report: RecoveryReport = {
    format: REPORT_FORMAT,
    directory: disk.name,
    systemIdentifier: control.system_identifier.toString(),
    state: stateName(control.state),
    crashed: start.crashed,
    checkpoint: {
      lsn: formatLsn(start.checkpointLsn),
      redo: formatLsn(start.redo),
      timeline: checkpoint.ThisTimeLineID,
      time: formatTime(checkpoint.time),
    },
  }
  if (!start.crashed) return report
  const { survey } = recovery
  for (const step of recovery.replay()) void step
  const inFlight = recovery.abort()
  const cleanup = recovery.cleanUp()
  const done = recovery.finish()
  const optional = (lsn: bigint | undefined): string | null => (lsn === undefined ? null : formatLsn(lsn))
  const end = judgeEnd(disk, start, survey)
  return {
    ...report,
    log: {
      firstRecord: optional(survey.firstRecord),
      lastRecord: optional(survey.lastRecord),
      end: formatLsn(survey.endOfLog),
      reason: survey.end.reason,
      verdict: end.verdict,
      meaning: end.meaning,
      validBeyond: optional(end.validBeyond),
      records: survey.records,
      bytes: survey.bytes,
      resourceManagers: [...survey.byManager]
        .sort(([a], [b]) => a - b)
        .map(([id, counts]) => ({ id, ...counts })),
    },
    transactions: {
      committed: survey.committed,
      aborted: survey.aborted,
      inFlight,
      prepared: [...context.prepared.values()].map(({ xid, gid, subxids }) => ({
        xid,
        gid,
        subxids: [...subxids],
      })),
      lastEnded:
        survey.lastTransactionTime === undefined ? null : formatTimestamp(survey.lastTransactionTime),
      nextXid: context.counters.nextXid.toString(),
    },
    files: {
      temporary: cleanup.temporary,
      unloggedReset: cleanup.unlogged.map(({ main }) => main),
      unloggedRemoved: cleanup.unloggedFiles,
      leftovers: cleanup.leftovers,
      dummies: Object.values(context.tables).flatMap((table) => [...table.dummies]),
    },
    pages: { read: context.pool.pagesRead, changed: done.pagesWritten },
    missingBlocks: [...context.missingBlocks.values()].map(({ path, block, present }) => ({
      file: path,
      block,
      zeroes: present,
    })),
    finalCheckpoint: formatLsn(done.lsn),
  }
}
