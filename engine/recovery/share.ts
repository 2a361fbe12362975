// Whoever reads the log ahead of replay has time left. He replays some relations himself, and nobody else touches them:
//
//   log        │ bank │ hot │ hot │ big │ hot │ commit │ big │ DROP hot │ …
//   reader            redo   redo         redo                ▼            pages of `hot`, as they are now
//   replay       bank               big         commit   big  ═ taken in ═ DROP hot
//
// These are tables whose rows change again and again on a few pages: much work, little memory, and no other relation in
// any record. Pages are independent of each other, so it makes no difference who redoes a record, as long as a page's
// records come in their order. What cannot be done here, because it would change a byte on disk or needs another's
// knowledge, sends the relation back before the record. The end of the log sends back the rest.

import { CorruptData, DiskFault, tell, type ToldError } from '../bytes/errors.js'
import type { PieceOfMemory } from '../buffers/bufferPool.js'
import type { Disk } from '../disk/disk.js'
import { FORK, type RelFileLocator } from '../format/relationPath.js'
import { XACT } from '../format/transactionRecord.js'
import { XID } from '../format/transactionStatus.js'
import { reference } from '../parts.js'
import type { MissingBlock, RedoContext } from '../redo/context.js'
import { database } from '../redo/database.js'
import { heap } from '../redo/heap.js'
import { heap2 } from '../redo/heap2.js'
import { relmap } from '../redo/relmap.js'
import { storage } from '../redo/storage.js'
import { tablespace } from '../redo/tablespace.js'
import { transaction, transactionEnd } from '../redo/transaction.js'
import { XLOG, xlog } from '../redo/xlog.js'
import type { WalRecord } from '../wal/record.js'
import { makeContext } from './context.js'
import { beforeChanges } from './firstChange.js'
import { redoRecord } from './replay.js'
import type { StartPoint } from './startup.js'
import { openLog } from './survey.js'

/** A fork that is sent back: its size, and the pages that are newer than those on disk. */
export interface ReturnedFork {
  locator: RelFileLocator
  fork: number
  nblocks: number
  blocks: number[]
  /** Where each page is; see BufferedPage.place. */
  places: number[]
}

/** Told where it happened in the log, between two records. */
export type ShareNote =
  | {
      kind: 'returned'
      forks: ReturnedFork[]
      /** The memory that their pages are in. */
      pieces: PieceOfMemory[]
      /** Nothing is left here. */
      last: boolean
    }
  | { kind: 'failed'; error: ToldError }

/** Fewer pages in memory are not worth it. */
const LEAST_PAGES = 64

/** How relations are chosen. */
export interface Choice {
  /** Records that are looked at. */
  sample: number
  /** A relation is chosen that has so many records for each of its pages, and so many in the sample. */
  recordsAPage: number
  leastRecords: number
  /** The most of all records that may be redone here: the log has to be read, too. */
  mostOfAll: number
}
const USUAL: Choice = { sample: 2048, recordsAPage: 8, leastRecords: 64, mostOfAll: 0.6 }
/** All that can be redone here, whether it is sooner or not: to see that it makes no difference. */
export const ALL_THAT_CAN_BE: Choice = { sample: 1e9, recordsAPage: 0, leastRecords: 1, mostOfAll: 1 }

/** When replay was not waited for during so many windows of the log, such a part of a window's records is too much. */
const WINDOWS_LATE = 64
const TOO_MUCH = 0.7

// The loop below compares numbers.
const XLOG_ID = xlog.id
const TRANSACTION = transaction.id
const HEAP = heap.id
const HEAP2 = heap2.id
/** Their records name no pages, but make, remove or replace whole files. */
const REPLACES_FILES: ReadonlySet<number> = new Set(
  [storage, database, tablespace, relmap].map(({ id }) => id),
)

class CannotHere extends Error {}
const refuse = (): never => {
  throw new CannotHere()
}

/** A disk on which nothing is changed by what is replayed here. */
export const forShare = (disk: Disk): Disk => beforeChanges(disk, refuse)

/** Blocks that are missing are told of in the order of the log: by whoever replays all of it. */
class NoneMissing extends Map<string, MissingBlock> {
  override set(): this {
    return refuse()
  }
}

/** The relations that are replayed here. */
export class Share {
  private late = 0

  private readonly context: RedoContext

  /** `context`: on a disk made by `forShare`, its pool in `pieces`. `tell` is called before `replay` returns. */
  constructor(
    context: RedoContext,
    private readonly pieces: PieceOfMemory[],
    private readonly relations: RelFileLocator[],
    private readonly tell: (note: ShareNote) => void,
  ) {
    this.context = { ...context, touched: [], missingBlocks: new NoneMissing(), log: refuse }
  }

  get isEmpty(): boolean {
    return this.relations.length === 0
  }

  /** A transaction id after which none is newer of those met here. */
  get newestXid(): number {
    const next = Number(this.context.counters.nextXid & 0xffffffffn)
    return next === XID.FIRST_NORMAL ? 0xffffffff : next - 1 // the first ones are skipped where ids begin anew
  }

  /** Replays a record, if it is one of ours. False: whoever replays the rest must do it. */
  replay(record: WalRecord): boolean {
    if (this.relations.length === 0) return false
    const { blocks } = record
    if (blocks.length === 0) {
      if (concernsAll(record)) this.sendBack(this.relations)
      return false
    }
    const first = this.find(blocks[0])
    let alone = first !== undefined && isRedoneHere(record)
    for (let i = 1; i < blocks.length; i++) alone &&= this.find(blocks[i]) === first
    if (alone) return this.redo(record, first as RelFileLocator)
    this.sendBack(this.relations.filter((one) => blocks.some((ref) => isSame(one, ref))))
    return false
  }

  /** Sends every relation back. */
  sendAllBack(): void {
    this.sendBack(this.relations)
  }

  /** Told after each window of the log: the part of its records that was redone here, and did replay keep us waiting? */
  windowDone(part: number, waited: boolean): void {
    this.late = waited ? 0 : this.late + 1
    if (this.late >= WINDOWS_LATE && part > TOO_MUCH) this.sendAllBack()
  }

  private find(ref: RelFileLocator & { fork: number }): RelFileLocator | undefined {
    const { relations } = this
    for (let i = 0; i < relations.length; i++)
      if (isSame(relations[i], ref) && ref.fork !== FORK.INIT) return relations[i]
    return undefined
  }

  private redo(record: WalRecord, relation: RelFileLocator): boolean {
    const { touched } = this.context
    while (touched.length > 0) touched.pop()
    try {
      redoRecord(record, this.context)
    } catch (error) {
      if (error instanceof CannotHere) {
        this.sendBack([relation])
        return false
      }
      this.relations.length = 0
      // Anything but a fault of the directory is ours: the pages are not sent back, and all is replayed elsewhere.
      if (!(error instanceof CorruptData || error instanceof DiskFault)) throw error
      this.tell({ kind: 'failed', error: tell(error) })
    }
    return true
  }

  private sendBack(which: readonly RelFileLocator[]): void {
    if (which.length === 0) return
    const { pool } = this.context
    const forks: ReturnedFork[] = []
    for (const file of pool.allForks()) {
      if (!which.some((one) => isSame(one, file.locator)) || !file.exists()) continue
      const { locator, fork, nblocks } = file
      const dirty = pool.handOut(file).filter((page) => page.dirty)
      const [blocks, places] = [dirty.map(({ block }) => block), dirty.map(({ place }) => place)]
      forks.push({ locator, fork, nblocks, blocks, places })
    }
    const left = this.relations.filter((one) => !which.includes(one))
    this.relations.splice(0, Infinity, ...left)
    this.tell({ kind: 'returned', forks, pieces: this.pieces, last: left.length === 0 })
    if (pool.capacity < LEAST_PAGES) this.sendBack(this.relations) // what went has taken its memory along
  }
}

const isSame = (one: RelFileLocator, other: RelFileLocator): boolean =>
  one.relNumber === other.relNumber && one.dbOid === other.dbOid && one.spcOid === other.spcOid

/** Is it of a kind whose redo looks at nothing but the pages of its relation and of its visibility map? */
function isRedoneHere({ xl_rmid, info }: WalRecord): boolean {
  if (xl_rmid === HEAP || xl_rmid === HEAP2) return true
  return xl_rmid === XLOG_ID && (info === XLOG.FPI || info === XLOG.FPI_FOR_HINT)
}

/** Does a record without pages remove or replace whole files, or change what redo goes by? */
function concernsAll(record: WalRecord): boolean {
  if (record.xl_rmid === XLOG_ID) return record.info === XLOG.PARAMETER_CHANGE
  if (record.xl_rmid !== TRANSACTION) return REPLACES_FILES.has(record.xl_rmid)
  if (!(record.xl_info & XACT.HAS_INFO)) return false
  const operation = record.xl_info & XACT.OPMASK
  const ends = operation <= XACT.ABORT_PREPARED && operation !== XACT.PREPARE
  return ends && transactionEnd(record).relations.length > 0
}

/**
 * Chooses relations by the first records of the log. `pages`: the most to hold in memory. undefined: there are none that
 * it is worth it for.
 */
export function openShare(
  disk: Disk,
  start: StartPoint,
  pages: number,
  memory: () => PieceOfMemory,
  tellOf: (note: ShareNote) => void,
  choice?: Choice,
): Share | undefined {
  if (pages < LEAST_PAGES) return undefined
  const relations = chooseRelations(disk, start, choice)
  if (relations.length === 0) return undefined
  const pieces: PieceOfMemory[] = []
  const another = (): PieceOfMemory => {
    const piece = memory()
    pieces.push(piece)
    return piece
  }
  const context = makeContext(forShare(disk), start, reference, { capacity: pages, memory: another })
  return new Share(context, pieces, relations, tellOf)
}

/** Relations of which all records are ones that can be redone here, many for each page, the hottest first. */
export function chooseRelations(disk: Disk, start: StartPoint, choice = USUAL): RelFileLocator[] {
  const log = openLog(disk, start, reference, { transient: true })
  const met = new Map<
    number,
    { locator: RelFileLocator; records: number; pages: Set<number>; all: boolean }
  >()
  let total = 0
  for (; total < choice.sample; total++) {
    const record = log.read()
    if (record.kind === 'end') break
    for (const { spcOid, dbOid, relNumber, fork, block } of record.blocks) {
      const locator = { spcOid, dbOid, relNumber }
      let one = met.get(relNumber)
      if (!one) met.set(relNumber, (one = { locator, records: 0, pages: new Set(), all: true }))
      one.all &&=
        isSame(one.locator, locator) &&
        isRedoneHere(record) &&
        record.blocks.every((ref) => isSame(ref, locator))
      if (fork === FORK.MAIN) one.pages.add(block)
      one.records++
    }
  }
  const candidates = [...met.values()]
    .filter(({ all, records }) => all && records >= choice.leastRecords)
    .map(({ locator, records, pages }) => ({ locator, records, heat: records / Math.max(1, pages.size) }))
    .filter(({ heat }) => heat >= choice.recordsAPage)
    .sort((a, b) => b.heat - a.heat)
  const chosen: RelFileLocator[] = []
  let left = total * choice.mostOfAll
  for (const { locator, records } of candidates) {
    if (records > left) continue
    left -= records
    chosen.push(locator)
  }
  return chosen
}
