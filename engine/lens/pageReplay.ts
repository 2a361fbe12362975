// One page at a position of the log: the page as it lies on disk, and the records from the redo point on that touch it.
//
//   disk    ─────●                          the page carries changes up to its pd_lsn
//   log     redo point ──┬── image ──┬── change ──┬── …
//                        ▼           ▼            ▼
//   --at           cannot go back    from here on the page can be had at any position, wherever the disk is
//
// A record's change to a page needs that page only, so of all the log the relation's own records are replayed, and
// those that make, cut or drop files or tell how transactions ended. Nothing on disk changes: all of it is an overlay.

import { NotRecoverable } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { BLCKSZ } from '../format/controlFile.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { pageLsn, pageOf, type Page } from '../format/page.js'
import { FORK, type RelFileLocator } from '../format/relationPath.js'
import { parsePrepare, parseTransactionEnd, XACT } from '../format/transactionRecord.js'
import { reference } from '../parts.js'
import { makeContext } from '../recovery/context.js'
import { applyRecord } from '../recovery/replay.js'
import { startPointOf, type StartPoint } from '../recovery/startup.js'
import { openLog } from '../recovery/survey.js'
import type { Outcome } from '../redo/block.js'
import type { RedoContext } from '../redo/context.js'
import type { BlockRef, EndOfWal, WalRecord } from '../wal/record.js'
import { fatesIn, type Fates } from './page/fates.js'
import type { TimeZone } from './timeZone.js'
import { recordToJson, type RecordJson } from './walJson.js'

/** A page's place: its relation, the number of its fork, its block in the fork. */
export interface PageAddress extends RelFileLocator {
  readonly fork: number
  readonly block: number
}

/**
 * What a record did to the page. Beside the four outcomes of redo:
 * `cleared` a map's bits changed by a record that does not name the map · `created` `truncated` `dropped` its file was ·
 * `skipped` the record names the page, and redo has nothing to do there.
 */
export type TouchOutcome = Outcome | 'cleared' | 'created' | 'truncated' | 'dropped' | 'skipped'

export interface Touch {
  readonly record: RecordJson
  /** Where the record starts and ends. */
  readonly lsn: Lsn
  readonly endLsn: Lsn
  readonly outcome: TouchOutcome
  /** The page's LSN when the record came; undefined when there was no page. */
  readonly before: Lsn | undefined
  /** The record made the page from nothing, put its image in place, or took it away: the disk no longer matters. */
  readonly fresh: boolean
}

export interface ReplayedPage {
  readonly start: StartPoint
  /** The page there; undefined when there is none. */
  readonly page: Page | undefined
  /** Was the page changed in memory, so that it has no checksum yet? */
  readonly unwritten: boolean
  /** The page's LSN on disk; undefined when it is not on disk. */
  readonly onDisk: Lsn | undefined
  /** Records that touched it, up to the position. */
  readonly touches: readonly Touch[]
  /** How many more in the log name it behind the position. */
  readonly later: number
  /** Why the log ended, when it ended before the position asked for. */
  readonly end: EndOfWal | undefined
  /** End of the last record at or before the position; the redo point when there is none. */
  readonly reached: Lsn
  readonly fates: Fates
}

export interface PageReplayOptions {
  /** Replay only records that end at or before this position; all of them when not given. */
  readonly upTo?: Lsn
  /** For times in the descriptions of records. */
  readonly zone?: TimeZone
  readonly onProgress?: (progress: { position: Lsn; begin: Lsn; records: number }) => void
}

const PROGRESS_EVERY = 16384
const RM_XLOG = 0
const RM_TRANSACTION = 1
/** Transaction, Storage, CLOG, Database, Tablespace, MultiXact. */
const STRUCTURAL = new Set([RM_TRANSACTION, 2, 3, 4, 5, 6])

/**
 * Replays a page up to a position. `disk` is only read; a server may be using it.
 * @throws NotRecoverable when the page on disk is newer than the position and the log holds no image to go back to, or
 * the log cannot be read; CorruptData, Unsupported as replay does
 */
export function replayPage(disk: Disk, address: PageAddress, options: PageReplayOptions = {}): ReplayedPage {
  return new PageReplay(disk, address, options).run()
}

class PageReplay {
  private readonly start: StartPoint
  private readonly context: RedoContext
  private readonly touches: Touch[] = []
  private readonly onDisk: Lsn | undefined
  /** Has the position been passed? */
  private beyond = false
  private later = 0
  /** End of the first record behind the position that makes the page anew. */
  private nextFresh: Lsn | undefined
  /** Transactions that end behind the position, which pg_xact may know already, and those that are prepared there. */
  private readonly endLater = new Set<number>()
  private readonly preparedLater = new Set<number>()

  constructor(
    base: Disk,
    private readonly address: PageAddress,
    private readonly options: PageReplayOptions,
  ) {
    const disk = overlayDisk(base)
    this.start = startPointOf(disk, reference)
    this.context = makeContext(disk, this.start, reference)
    const page = this.peek()
    this.onDisk = page && pageLsn(page)
  }

  run(): ReplayedPage {
    const { upTo, onProgress } = this.options
    const reader = openLog(this.context.disk, this.start, reference)
    let reached = this.start.redo
    let end: EndOfWal | undefined
    for (let records = 1; ; records++) {
      const record = reader.read()
      if (record.kind === 'end') {
        if (!this.beyond) end = record
        break
      }
      if (reader.overwritten !== undefined) {
        this.context.overwritten = reader.overwritten
        reader.overwritten = undefined
      }
      this.beyond ||= upTo !== undefined && record.endLsn > upTo
      if (this.beyond) this.lookBeyond(record)
      else {
        reached = record.endLsn
        if (this.concerns(record)) this.apply(record)
      }
      if (records % PROGRESS_EVERY === 0)
        onProgress?.({ position: record.endLsn, begin: this.start.redo, records })
    }
    this.refuseGoingBack()
    return this.result(end, reached)
  }

  private get file(): ReturnType<RedoContext['pool']['relation']> {
    const { spcOid, dbOid, relNumber, fork } = this.address
    return this.context.pool.relation(spcOid, dbOid, relNumber, fork)
  }

  /** The page as replay has it now, without asking whether it is sound; undefined when there is none. */
  private peek(): Page | undefined {
    const { file } = this
    const { block } = this.address
    if (!file.exists() || block >= file.nblocks) return undefined
    const held = file.held(block)
    if (held) return held
    const page = pageOf()
    file.readBlock(block, page.bytes)
    return page
  }

  private isOurs(ref: BlockRef): boolean {
    return this.isOfRelation(ref) && ref.fork === this.address.fork && ref.block === this.address.block
  }

  private isOfRelation(ref: BlockRef): boolean {
    const { spcOid, dbOid, relNumber } = this.address
    return ref.relNumber === relNumber && ref.dbOid === dbOid && ref.spcOid === spcOid
  }

  private concerns({ xl_rmid, blocks }: WalRecord): boolean {
    if (STRUCTURAL.has(xl_rmid) || (xl_rmid === RM_XLOG && blocks.length === 0)) return true
    return blocks.some((ref) => this.isOfRelation(ref))
  }

  private apply(record: WalRecord): void {
    const isMap = this.address.fork === FORK.VM || this.address.fork === FORK.FSM
    const page = this.peek()
    const before = page && pageLsn(page)
    const bytes = isMap ? page?.bytes.slice() : undefined
    const step = applyRecord(record, this.context)
    const ref = record.blocks.find((candidate) => this.isOurs(candidate))
    const asked = step.blocks.find((block) => this.isOurs(block.ref))
    const outcome = asked?.outcome ?? this.fileOutcome(page !== undefined) ?? this.mapOutcome(bytes)
    if (!ref && !outcome) return
    const fresh =
      outcome === 'restored' ||
      outcome === 'truncated' ||
      outcome === 'dropped' ||
      (ref?.willInit === true && outcome === 'needsRedo')
    // The record itself would keep a stretch of the log in memory.
    const { lsn, endLsn } = record
    const json = recordToJson(record, this.options.zone)
    this.touches.push({ record: json, lsn, endLsn, outcome: outcome ?? 'skipped', before, fresh })
  }

  /** Did the page come or go with its file? */
  private fileOutcome(wasThere: boolean): TouchOutcome | undefined {
    const { file } = this
    const isThere = file.exists() && this.address.block < file.nblocks
    if (isThere === wasThere) return undefined
    return isThere ? 'created' : file.exists() ? 'truncated' : 'dropped'
  }

  private mapOutcome(before: Uint8Array | undefined): TouchOutcome | undefined {
    if (!before) return undefined
    const after = this.peek()?.bytes
    return after && before.some((byte, i) => byte !== after[i]) ? 'cleared' : undefined
  }

  private lookBeyond(record: WalRecord): void {
    for (const ref of record.blocks)
      if (this.isOurs(ref)) {
        this.later++
        if (ref.appliesImage || ref.willInit) this.nextFresh ??= record.endLsn
      }
    if (record.xl_rmid !== RM_TRANSACTION) return
    const operation = record.xl_info & XACT.OPMASK
    if (operation === XACT.PREPARE) {
      for (const xid of [record.xl_xid, ...parsePrepare(record.main).subxids]) this.preparedLater.add(xid)
    } else if (operation <= XACT.ABORT_PREPARED) {
      const ended = parseTransactionEnd(record.main, record.xl_info)
      const prepared = operation >= XACT.COMMIT_PREPARED
      for (const xid of [prepared ? ended.twophaseXid : record.xl_xid, ...ended.subxids])
        this.endLater.add(xid)
    }
  }

  /** A page can only be brought forward; an image in the log is where it can be had anew. */
  private refuseGoingBack(): void {
    const { onDisk, nextFresh } = this
    const { upTo } = this.options
    if (upTo === undefined || onDisk === undefined || onDisk <= upTo) return
    if (this.address.fork === FORK.FSM || this.touches.some(({ fresh }) => fresh)) return
    const soonest = nextFresh !== undefined && nextFresh < onDisk ? nextFresh : onDisk
    const why =
      upTo < this.start.redo
        ? `the log is read from the redo point ${formatLsn(this.start.redo)} on`
        : 'the log holds no full-page image of it from before that'
    throw new NotRecoverable(
      `the page cannot be shown as of ${formatLsn(upTo)}: on disk it carries later changes already, up to ` +
        `${formatLsn(onDisk)}, and ${why}; ask for ${formatLsn(soonest)} or later`,
    )
  }

  private result(end: EndOfWal | undefined, reached: Lsn): ReplayedPage {
    const { start, onDisk, touches, later, context, endLater, preparedLater } = this
    const held = this.file.held(this.address.block)
    const page = this.peek()
    const prepared = new Set([...context.prepared.keys()].filter((xid) => !preparedLater.has(xid)))
    return {
      start,
      page: page && pageOf(page.bytes.slice(0, BLCKSZ)),
      unwritten: held?.dirty === true,
      onDisk,
      touches,
      later,
      end,
      reached,
      fates: fatesIn(context.tables, prepared, new Set([...endLater, ...preparedLater])),
    }
  }
}
