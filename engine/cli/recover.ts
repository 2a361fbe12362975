// `pgcrash recover`: what PostgreSQL's startup process does after a crash, in its order and in its words.

import { locateLsn } from '../format/lsn.js'
import { reference } from '../parts.js'
import { planCleanup } from '../recovery/cleanup.js'
import { isPrepared } from '../recovery/prepared.js'
import { Recovery } from '../recovery/recovery.js'
import { listSegments } from '../wal/segments.js'
import { openDirectory, type OpenDirectory } from './dataDirectory.js'
import { EXIT, type ExitCode } from './exit.js'
import type { CommandIo } from './io.js'
import { recoveryProgress, type RecoveryProgress } from './progressBar.js'
import { recoverReport, reportLines, type Findings } from './recoverReport.js'

export interface RecoverCommandOptions {
  dryRun?: boolean
  json?: boolean
  leaveInFlight?: boolean
}

/** Recovers a directory, or says what it would do. Errors as those of the engine's Recovery. */
export async function recoverCommand(
  directory: string | undefined,
  options: RecoverCommandOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const disk = openDirectory(directory, io, { readOnly: options.dryRun === true })
  // A reader of our words that goes away must not stop a recovery half-way.
  for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {})
  const words = recoveryProgress(io, options.json ? io.stderr : io.stdout)
  const began = performance.now()
  try {
    const recovery = new Recovery(disk, reference, {
      log: (sentence) => words.print(`LOG:  ${sentence}`),
      onProgress: (progress) => words.update(progress),
      leaveInFlight: options.leaveInFlight,
      time: io.now(),
    })
    const found = options.dryRun ? lookAhead(recovery, options) : carryOut(recovery, options)
    words.stop()
    conclude(found, options, io, words, (performance.now() - began) / 1000)
    return EXIT.OK
  } finally {
    words.stop()
    disk.close()
  }
}

function lookAhead(recovery: Recovery, { leaveInFlight = false }: RecoverCommandOptions): Findings {
  const { start, context, disk } = recovery
  if (!recovery.crashed) return { outcome: 'no recovery needed', start, leaveInFlight, laterSegments: false }
  const { survey } = recovery
  return {
    outcome: 'would recover',
    start,
    survey,
    inFlight: survey.inFlight.filter((xid) => !isPrepared(context, xid)),
    leaveInFlight,
    cleanup: planCleanup(disk, reference),
    laterSegments: hasLaterSegments(recovery),
  }
}

function carryOut(recovery: Recovery, { leaveInFlight = false }: RecoverCommandOptions): Findings {
  const { start, context } = recovery
  if (!recovery.crashed) return { outcome: 'no recovery needed', start, leaveInFlight, laterSegments: false }
  const { survey } = recovery
  const laterSegments = hasLaterSegments(recovery) // before the final checkpoint writes the next one
  for (const step of recovery.replay()) void step
  const inFlight = recovery.abort()
  const cleanup = recovery.cleanUp()
  const checkpoint = recovery.finish()
  const missing = context.missingBlocks.values()
  return {
    outcome: 'recovered',
    start,
    survey,
    inFlight,
    leaveInFlight,
    cleanup,
    missing,
    checkpoint,
    laterSegments,
  }
}

function hasLaterSegments({ disk, start, survey }: Recovery): boolean {
  const size = start.control.xlog_seg_size
  const { segment } = locateLsn(survey.end.lsn, size)
  return listSegments(disk as OpenDirectory, size).some((file) => file.segment > segment)
}

function conclude(
  found: Findings,
  options: RecoverCommandOptions,
  io: CommandIo,
  words: RecoveryProgress,
  seconds: number,
): void {
  const report = recoverReport(found)
  if (options.json) {
    io.stdout.write(JSON.stringify(report, null, 2) + '\n')
    return
  }
  if (found.outcome === 'no recovery needed') {
    words.print('no recovery needed; nothing was changed')
    return
  }
  if (found.outcome === 'recovered') {
    words.print(`recovered in ${seconds.toFixed(2)} s; PostgreSQL will start as after a clean shutdown`)
    const lost = report.missing_blocks ?? []
    if (lost.length > 0)
      for (const line of reportLines({ ...report, wal: null, transactions: null, files: null }))
        words.print(line)
    return
  }
  words.print('nothing was changed; pgcrash recover would do this:')
  for (const line of reportLines(report)) words.print(`  ${line}`)
}
