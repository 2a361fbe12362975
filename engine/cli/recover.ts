// `pgcrash recover`: what PostgreSQL's startup process does after a crash, in its order and in its words.
//
//   --dry-run      all of it, on an overlay that keeps every change to itself
//   --into, --to   all of it on a copy, up to a position
//   --backup       every byte that is overwritten goes to a file first; `pgcrash undo` puts it back

import { cpSync, existsSync } from 'node:fs'
import { totalmem } from 'node:os'
import { backupDisk } from '../disk/backupDisk.js'
import type { Disk } from '../disk/disk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { reference } from '../parts.js'
import { newestPageLsn } from '../recovery/consistency.js'
import { Recovery } from '../recovery/recovery.js'
import type { Survey } from '../recovery/survey.js'
import { judgeEnd } from '../recovery/verdict.js'
import { assistantFor, type AssistantThread } from '../threads/assistant.js'
import { openDirectory } from './dataDirectory.js'
import { EXIT, UsageError, type ExitCode } from './exit.js'
import type { CommandIo } from './io.js'
import { recoveryProgress, type RecoveryProgress } from './progressBar.js'
import { losses, recoverReport, reportLines, type Findings } from './recoverReport.js'
import { openJournal } from './undo.js'

/** 760 MiB at most, and a twentieth more that an assistant may hold; 64 MiB however small the machine. */
const MAX_PAGES = 97_280
const MIN_PAGES = 8192

export interface RecoverCommandOptions {
  dryRun?: boolean
  json?: boolean
  leaveInFlight?: boolean
  backup?: string
  into?: string
  to?: bigint
}

/**
 * Recovers a directory, or says what it would do. `thread`: one that was made ready while this code was loaded. Errors
 * as those of the engine's Recovery.
 */
export async function recoverCommand(
  argument: string | undefined,
  options: RecoverCommandOptions,
  io: CommandIo,
  thread?: AssistantThread,
): Promise<ExitCode> {
  refuseContradictions(options)
  const directory = options.into ? copyInto(argument, options.into, io) : argument
  const disk = openDirectory(directory, io, { readOnly: options.dryRun === true })
  const journal = options.backup ? openJournal(options.backup, disk.name) : undefined
  // A reader of our words that goes away must not stop a recovery half-way.
  for (const stream of [io.stdout, io.stderr]) stream.on('error', () => {})
  const words = recoveryProgress(io, options.json ? io.stderr : io.stdout)
  const began = performance.now()
  let rehearsing = false
  try {
    const worked: Disk = options.dryRun ? overlayDisk(disk) : journal ? backupDisk(disk, journal) : disk
    let judged: Judged | undefined
    const recovery: Recovery = new Recovery(worked, reference, {
      log: (sentence) => rehearsing || words.print(`LOG:  ${sentence}`),
      onProgress: (progress) => words.update(progress),
      leaveInFlight: options.leaveInFlight,
      time: io.now(),
      upTo: options.to,
      capacity: pagesInMemory(),
      assistant: (start, pages) => assistantFor(disk, start, { writes: worked === disk, thread, pages }),
      beforeChanges: (survey) => (judged = judge(worked, recovery.start, survey)),
    })
    rehearsing = options.dryRun === true
    const found = carryOut(recovery, options, () => judged)
    words.stop()
    conclude(found, options, io, words, { directory: disk.name, seconds: (performance.now() - began) / 1000 })
    return EXIT.OK
  } finally {
    words.stop()
    journal?.close()
    disk.close()
  }
}

function refuseContradictions({ dryRun, backup, into, to }: RecoverCommandOptions): void {
  if (to !== undefined && !into && !dryRun)
    throw new UsageError('--to leaves the rest of the log behind: do it on a copy, with --into NEWDIR')
  if (dryRun && (backup || into))
    throw new UsageError('a dry run changes nothing: leave out --backup and --into')
}

/** Copies the directory; the original is only read. */
function copyInto(argument: string | undefined, into: string, io: CommandIo): string {
  const original = openDirectory(argument, io, { readOnly: true })
  try {
    if (existsSync(into)) throw new UsageError(`"${into}" exists: --into makes a new directory`)
    new Recovery(original) // whatever forbids recovery shows before anything is copied
    cpSync(original.name, into, { recursive: true, verbatimSymlinks: true, preserveTimestamps: true })
  } finally {
    original.close()
  }
  return into
}

/** Pages of 8192 bytes: the whole process stays under 1 GiB, and within half of the machine's memory. */
function pagesInMemory(): number {
  const memory = Math.min(totalmem(), process.constrainedMemory() || Infinity)
  return Math.max(MIN_PAGES, Math.min(MAX_PAGES, Math.floor(memory / 2 / 8192)))
}

type Judged = Pick<Findings, 'end' | 'newestPage'>

/** What the log's end means. Looked at before pages are written, and before anything is written behind a break. */
function judge(disk: Disk, start: Recovery['start'], survey: Survey): Judged {
  const end = judgeEnd(disk, start, survey)
  const broken = end.verdict === 'damage' || end.verdict === 'missing segment'
  return { end, newestPage: broken ? newestPageLsn(disk) : undefined }
}

function carryOut(
  recovery: Recovery,
  { leaveInFlight = false, dryRun }: RecoverCommandOptions,
  judged: () => Judged | undefined,
): Findings {
  const { start, disk } = recovery
  if (!recovery.crashed) return { outcome: 'no recovery needed', start, leaveInFlight }
  recovery.replayAll()
  const inFlight = recovery.abort()
  const cleanup = recovery.cleanUp()
  const checkpoint = recovery.finish()
  return {
    outcome: dryRun ? 'would recover' : 'recovered',
    start,
    survey: recovery.survey,
    ...judged(),
    inFlight,
    leaveInFlight,
    cleanup,
    missing: recovery.context.missingBlocks.values(),
    prepared: recovery.context.prepared.values(),
    dummies: Object.values(recovery.context.tables)
      .flatMap((table) => [...table.dummies])
      .filter((path) => disk.size(path) !== undefined), // but for those that a later record removed
    checkpoint,
  }
}

function conclude(
  found: Findings,
  options: RecoverCommandOptions,
  io: CommandIo,
  words: RecoveryProgress,
  { directory, seconds }: { directory: string; seconds: number },
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
  if (found.outcome === 'would recover') {
    words.print('nothing was changed; this is what pgcrash recover finds and would do:')
    for (const line of reportLines(report)) words.print(`  ${line}`)
    return
  }
  words.print(`recovered in ${seconds.toFixed(2)} s; PostgreSQL will start as after a clean shutdown`)
  for (const line of losses(report)) words.print(`WARNING:  ${line}`)
  if (options.backup)
    words.print(`to take it back: pgcrash undo ${quoted(directory)} ${quoted(options.backup)}`)
}

/** A path as a shell takes it. */
function quoted(path: string): string {
  return /^[\w./:+@%-]+$/.test(path) ? path : `'${path.replaceAll("'", `'\\''`)}'`
}
