// The whole story, in PostgreSQL's order, one method a chapter. `recover` at the end calls them all.
//
//   startup          was there a crash? where to begin? what does the log hold?       (constructor, survey)
//   replay           every record in sequence, applied where the page is older
//   abort            transactions without a commit are marked aborted in pg_xact
//   cleanUp          temporary data goes, unlogged tables become empty
//   finish           the final checkpoint: everything to disk, pg_control last
//
// Until `replay` or a later step is called, no byte of the directory changes.

import { assert, NotRecoverable, Unsupported } from '../bytes/errors.js'
import { join, type Disk } from '../disk/disk.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { reference, type Parts } from '../parts.js'
import type { RedoContext } from '../redo/context.js'
import type { WalReader } from '../wal/reader.js'
import { markAborted } from './abort.js'
import { carryOutCleanup, planCleanup, type CleanupPlan } from './cleanup.js'
import { newestPageLsn } from './consistency.js'
import { makeContext } from './context.js'
import { beforeChanges } from './firstChange.js'
import { finalCheckpoint, markInRecovery, type FinalCheckpoint } from './finish.js'
import { AssistantLost, HandedOverLog, type Assistant } from './handedOver.js'
import { isPrepared } from './prepared.js'
import { replay, replayNext, unsupportedManager, type Step } from './replay.js'
import { findStartPoint, type StartPoint } from './startup.js'
import { openLog, surveyLog, type Survey } from './survey.js'

export interface RecoverOptions {
  /** Hears PostgreSQL's sentences as they come. */
  log?: (sentence: string) => void
  /** Progress of reading the log, replaying it, writing pages. Called every some thousand records. */
  onProgress?: (progress: Progress) => void
  /** Seconds since 1970 to write into the checkpoint; the control file's own time when not given. */
  time?: bigint
  /** PostgreSQL's way: leave transactions in flight as 00, which reads as aborted. */
  leaveInFlight?: boolean
  /** Replay only records that end at or before this position; the log behind it is cut off by `finish`. */
  upTo?: Lsn
  /** Most pages held in memory at once. */
  capacity?: number
  /** Called once, when the whole log is known and no byte has been changed yet. */
  beforeChanges?: (survey: Survey) => void
  /**
   * Asked for somebody to work beside us, when all of the log is replayed; see threads/. `pages`: the most that he may
   * hold in memory of his own. undefined: not worth it.
   */
  assistant?: (start: StartPoint, pages: number) => Assistant | undefined
}

export interface Progress {
  phase: 'survey' | 'replay' | 'write'
  /** Position in the log, and where the log begins and (once known) ends. */
  position: Lsn
  begin: Lsn
  end: Lsn | undefined
  records: number
}

export interface RecoveryResult {
  /** `no recovery needed`: the directory was shut down cleanly, nothing was changed. */
  outcome: 'recovered' | 'no recovery needed'
  start: StartPoint
  survey: Survey | undefined
  aborted: number[]
  cleanup: CleanupPlan | undefined
  checkpoint: FinalCheckpoint | undefined
}

const PROGRESS_EVERY = 16384
/** The assistant may hold as many pages as we, divided by this. */
const PART_OF_SHARE = 20

export class Recovery {
  readonly start: StartPoint
  /** What redo works with, and leaves behind. */
  context: RedoContext
  private readonly log: (sentence: string) => void
  /** Sentences that must wait until the log is known: nobody hears of redo when there will be none. */
  private withheld: string[] | undefined
  private assistant: Assistant | undefined
  private handedOver: HandedOverLog | undefined
  private readonly time: bigint
  private surveyed: Survey | undefined
  private changing = false
  /** Paths where redo and the final checkpoint have changed something. */
  private readonly changed = new Set<string>()

  /** Looks at the directory. @throws DirectoryInUse, NotRecoverable, CorruptData, Unsupported */
  constructor(
    readonly disk: Disk,
    readonly parts: Parts = reference,
    private readonly options: RecoverOptions = {},
  ) {
    this.log = (sentence) => (this.withheld ? void this.withheld.push(sentence) : options.log?.(sentence))
    this.start = findStartPoint(disk, parts)
    this.time = options.time ?? this.start.control.time
    this.context = this.freshContext()
    for (const sentence of this.start.sentences) this.log(sentence)
  }

  /** `again`: what there was to say about the directory was said. */
  private freshContext(again = false): RedoContext {
    const { disk, start, parts, options } = this
    let silent = again
    const announce = (path: string): void => {
      this.beginChanges()
      this.changed.add(path)
    }
    const announced = options.assistant ? beforeChanges(disk, announce) : disk
    const context = makeContext(announced, start, parts, {
      capacity: options.capacity,
      memory: () => this.assistant?.memory(),
      log: (sentence) => silent || this.log(sentence),
    })
    silent = false
    return context
  }

  get crashed(): boolean {
    return this.start.crashed
  }

  /** What the log holds, read once and checked to its end. @throws Unsupported for a resource manager we cannot redo */
  get survey(): Survey {
    if (this.surveyed) return this.surveyed
    const found = this.assistant?.result()
    // Later he cannot be lost any more; and nothing has been changed so far.
    if (!found && this.handedOver?.isAwaiting) throw new AssistantLost()
    const survey = found ?? this.surveyHere()
    for (const [rmid, lsn] of survey.unsupported)
      throw new Unsupported(unsupportedManager(rmid, formatLsn(lsn)))
    if (survey.end.cause === 'requested') this.refuseGoingBack(survey.endOfLog)
    return (this.surveyed = survey)
  }

  private surveyHere(): Survey {
    return surveyLog(this.disk, this.start, this.parts, {
      upTo: this.options.upTo,
      onProgress: (position, records) => this.progress('survey', position, records),
    })
  }

  private refuseGoingBack(position: Lsn): void {
    const newest = newestPageLsn(this.disk)
    if (newest > position)
      throw new NotRecoverable(
        `the directory cannot be brought to ${formatLsn(position)}: pages on disk carry later changes already, ` +
          `up to ${formatLsn(newest)}; ask for ${formatLsn(newest)} or later. Nothing was changed`,
      )
  }

  /** Replays the log, a step a record. Pages change in memory, and on disk when memory is short. */
  *replay(): Generator<Step, void, undefined> {
    const reader = this.beginReplay(false)
    if (!reader) return
    let records = 0
    for (const step of replay(reader, this.context)) {
      yield step
      this.replayed(reader, ++records)
    }
    this.endReplay(records)
  }

  /** The same to the end of the log, for whoever does not look at the steps: several times as fast. */
  replayAll(): void {
    if (this.replayBeside()) return
    const reader = this.beginReplay(true)
    if (!reader) return
    this.context.touched = []
    let records = 0
    while (replayNext(reader, this.context)) this.replayed(reader, ++records)
    this.endReplay(records)
  }

  /**
   * Replays in memory what somebody else has surveyed a moment ago. Whatever would change a byte on disk waits until all
   * of the log is known, and what the survey finds wrong comes before what replay does: to whoever looks at directory,
   * sentences and errors it is the same as one after the other. False when nobody surveys beside us.
   */
  private replayBeside(): boolean {
    const { parts, options } = this
    if (!this.surveyed && parts === reference && options.upTo === undefined)
      this.assistant = options.assistant?.(this.start, Math.floor(this.context.pool.capacity / PART_OF_SHARE))
    if (!this.assistant) return false
    const { assistant } = this
    this.withheld = []
    this.context.touched = []
    const log = new HandedOverLog(assistant, this.context, {
      survey: () => this.survey,
      open: () => openLog(this.disk, this.start, parts, { transient: true }),
    })
    this.handedOver = log
    try {
      for (let turn = 1; replayNext(log, this.context); turn++)
        if (turn % PROGRESS_EVERY === 0) this.progress('replay', log.position, log.records)
    } catch (error) {
      this.afterFault(assistant, error)
      return this.startOver()
    }
    assert(log.records === this.survey.records, 'what was replayed is what was surveyed')
    if (log.records > 0) this.beginChanges()
    this.withheld = undefined
    this.endReplay(log.records)
    return true
  }

  /** Returns when the assistant is lost; any other fault is thrown, but for one of the survey, which comes first. */
  private afterFault(assistant: Assistant, fault: unknown): void {
    try {
      if (!(fault instanceof AssistantLost)) this.beginChanges()
    } catch (error) {
      if (!(error instanceof AssistantLost)) throw error
      return
    } finally {
      assistant.dismiss()
    }
    if (!(fault instanceof AssistantLost)) throw fault
  }

  /** Forgets what was replayed in memory, to replay it without anybody's help. */
  private startOver(): false {
    this.assistant = this.handedOver = this.withheld = undefined
    this.context = this.freshContext(true)
    return false
  }

  private tellWithheld(): void {
    const withheld = this.withheld
    this.withheld = undefined
    if (withheld) this.log(`redo starts at ${formatLsn(this.survey.firstRecord ?? 0n)}`)
    for (const sentence of withheld ?? []) this.log(sentence)
  }

  /** The log, opened where replay begins; undefined when there is nothing to replay. */
  private beginReplay(transient: boolean): WalReader | undefined {
    const { survey } = this
    if (survey.firstRecord === undefined) {
      this.endReplay(0)
      return undefined
    }
    this.beginChanges()
    this.log(`redo starts at ${formatLsn(survey.firstRecord)}`)
    return openLog(this.disk, this.start, this.parts, { checkedUpTo: survey.endOfLog, transient })
  }

  private replayed(reader: WalReader, records: number): void {
    const { end, endOfLog } = this.survey
    if (end.cause === 'requested' && reader.position >= endOfLog) reader.stop()
    if (records % PROGRESS_EVERY === 0) this.progress('replay', reader.position, records)
  }

  private endReplay(records: number): void {
    const { lastRecord, endOfLog, end } = this.survey
    if (lastRecord !== undefined) this.progress('replay', endOfLog, records)
    this.log(end.reason)
    this.log(lastRecord === undefined ? 'redo is not required' : `redo done at ${formatLsn(lastRecord)}`)
    // What a status table lacks now, no record brings back (xlog.c, InRecovery = false).
    for (const table of Object.values(this.context.tables)) table.endReplay()
  }

  /** Marks transactions in flight as aborted; returns their ids. Prepared ones are left alone. */
  abort(): number[] {
    const { inFlight } = this.survey
    const prepared = [...this.context.prepared.values()]
    if (this.options.leaveInFlight) return inFlight.filter((xid) => !isPrepared(prepared, xid))
    this.beginChanges()
    const marked = markAborted(this.context.tables, inFlight, prepared)
    if (marked.length > 0) this.log(`transactions in flight marked aborted: ${marked.join(', ')}`)
    return marked
  }

  /** Removes temporary data and resets unlogged relations; returns what was done. */
  cleanUp(): CleanupPlan {
    this.beginChanges()
    const plan = planCleanup(this.disk, this.parts)
    const gone = new Set([...plan.unloggedFiles, ...plan.unlogged.map(({ main }) => main)])
    for (const file of this.context.pool.allForks())
      if (gone.has(file.path)) {
        this.context.pool.drop(file)
        file.forget()
      }
    carryOutCleanup(this.context.disk, plan)
    return plan
  }

  /** The final checkpoint. Afterwards the directory counts as shut down. */
  finish(): FinalCheckpoint {
    this.beginChanges()
    this.log('checkpoint starting: end-of-recovery immediate wait')
    const { survey, context } = this
    context.pool.beside = this.assistant?.writer
    const onProgress = (written: number, of: number): void => {
      const fraction = { phase: 'write' as const, position: BigInt(written), begin: 0n, end: BigInt(of) }
      this.options.onProgress?.({ ...fraction, records: written })
    }
    let done: FinalCheckpoint
    try {
      done = finalCheckpoint(context, survey, this.parts, this.time, { onProgress, changed: this.changed })
    } finally {
      this.assistant?.dismiss()
    }
    this.log(
      `checkpoint complete: wrote ${done.pagesWritten} buffers, wrote ${done.statusPagesWritten} SLRU buffers; ` +
        `lsn=${formatLsn(done.lsn)}, redo lsn=${formatLsn(done.lsn)}`,
    )
    return done
  }

  private progress(phase: Progress['phase'], position: Lsn, records: number): void {
    const { redo } = this.start
    this.options.onProgress?.({ phase, position, begin: redo, end: this.surveyed?.endOfLog, records })
  }

  private beginChanges(): void {
    if (this.changing) return
    const { survey } = this // whatever forbids recovery must show before the first change
    this.options.beforeChanges?.(survey)
    this.changing = true
    for (const name of new Set(
      this.disk
        .list('pg_wal')
        .filter((e) => e.kind === 'file')
        .map((e) => e.name),
    ))
      this.disk.sync(join('pg_wal', name)) // write-ahead: the log we replay is on disk before any page is
    markInRecovery(this.disk, this.start.control, this.time)
    for (const path of this.context.stalePrepared) this.disk.remove(path)
    this.tellWithheld()
  }
}

/** Recovers a crashed data directory, all of it. A directory that was shut down is left as it is. */
export function recover(disk: Disk, parts: Parts = reference, options: RecoverOptions = {}): RecoveryResult {
  const recovery = new Recovery(disk, parts, options)
  const { start } = recovery
  if (!start.crashed)
    return {
      outcome: 'no recovery needed',
      start,
      survey: undefined,
      aborted: [],
      cleanup: undefined,
      checkpoint: undefined,
    }
  const { survey } = recovery
  recovery.replayAll()
  const aborted = recovery.abort()
  const cleanup = recovery.cleanUp()
  const checkpoint = recovery.finish()
  return { outcome: 'recovered', start, survey, aborted, cleanup, checkpoint }
}
