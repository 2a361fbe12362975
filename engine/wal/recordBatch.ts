// Records, checked and decoded, on their way to another thread: the bytes as they were read, and an index of numbers
// from which a record is filled in again without a second look at its headers.
//
//   window   │ record │ record │ reco…│      bytes of a segment, as they lie in the file
//   side     │ …record │                     records that went over page ends, put together
//   index    │ where, LSN, end, blocks, main data │ per block: place, data, image │ …
//
// The memory is shared, but never used by both at once: whoever has used a batch up gives it back, to be filled again.

import { viewOf } from '../bytes/layout.js'
import { lsnOf, type Lsn } from '../format/lsn.js'
import { ReusedRecord, type WalRecord } from './record.js'

/** The memory of a batch, and how much of it is filled. `Note`: what else is told of, between two records. */
export interface RecordBatch<Note = never> {
  window: SharedArrayBuffer
  side: SharedArrayBuffer
  index: SharedArrayBuffer
  /** Bytes of `side` that are filled, and numbers of `index`. */
  sideUsed: number
  indexUsed: number
  records: number
  /** Records, by number in the batch, before which an overwritten one was skipped, and where that had started. */
  overwritten: Array<[number, Lsn]>
  /** What else is told, and before which record, by number in the batch: after the last one, too. */
  notes: Array<[number, Note]>
  /** Records that were not handed over, for somebody has replayed them already; and no transaction of theirs is newer. */
  left: number
  newestXid: number
  /** End of the last record, handed over or not; undefined when there was none. */
  end: Lsn | undefined
}

// A record's numbers in the index, then those of its blocks.
const AT = 0
const LSN_LOW = 1
const LSN_HIGH = 2
const END_LOW = 3
const END_HIGH = 4
const SHAPE = 5 // blocks, and what follows below
const MAIN_AT = 6
const MAIN_LENGTH = 7
const TOPLEVEL = 8
const ORIGIN = 9
const RECORD_NUMBERS = 10

const BLOCK_COUNT = 0xff
const ON_THE_SIDE = 0x100

const KIND = 0 // block id, flags, and whether there is an image
const SPC = 1
const DB = 2
const REL = 3
const BLOCK = 4
const DATA_AT = 5
const DATA_LENGTH = 6
const BLOCK_NUMBERS = 7

const WITH_IMAGE = 0x10000
const IMAGE_NUMBERS = 5

/** The most numbers that one record can take. */
const MOST_NUMBERS = RECORD_NUMBERS + 33 * (BLOCK_NUMBERS + IMAGE_NUMBERS)

/** An empty batch for windows of `windowBytes`. */
export function emptyBatch<Note = never>(windowBytes: number): RecordBatch<Note> {
  return {
    window: new SharedArrayBuffer(windowBytes),
    side: new SharedArrayBuffer(windowBytes >>> 2),
    index: new SharedArrayBuffer(Math.max(windowBytes, 4 * MOST_NUMBERS)),
    sideUsed: 0,
    indexUsed: 0,
    records: 0,
    overwritten: [],
    notes: [],
    left: 0,
    newestXid: 0,
    end: undefined,
  }
}

/** Fills batches. The window's bytes are read into it by whoever reads the log. */
export class BatchWriter<Note = never> {
  private window: Uint8Array<SharedArrayBuffer>
  private side: Uint8Array<SharedArrayBuffer>
  private index: Uint32Array<SharedArrayBuffer>
  private sideUsed = 0
  private indexUsed = 0
  private records = 0
  private overwritten: Array<[number, Lsn]> = []
  private readonly notes: Array<[number, Note]> = []
  private left = 0
  /** No transaction of those left out is newer. */
  newestXid = 0
  private endHigh = 0
  private endLow = 0

  constructor(memory: RecordBatch<Note>) {
    this.window = new Uint8Array(memory.window)
    this.side = new Uint8Array(memory.side)
    this.index = new Uint32Array(memory.index)
  }

  /** What was filled in so far. */
  take(): RecordBatch<Note> {
    const { window, side, index, sideUsed, indexUsed, records, overwritten, notes, left, newestXid } = this
    const memory = { window: window.buffer, side: side.buffer, index: index.buffer }
    const end = records + left > 0 ? lsnOf(this.endHigh, this.endLow) : undefined
    return { ...memory, sideUsed, indexUsed, records, overwritten, notes, left, newestXid, end }
  }

  /** Nothing has come so far. */
  get isEmpty(): boolean {
    return this.records + this.left + this.notes.length === 0
  }

  /** The window's memory. */
  get windowBytes(): Uint8Array<SharedArrayBuffer> {
    return this.window
  }

  /** The part of the records so far that was left out; 0 of none. */
  get leftOut(): number {
    return this.left / Math.max(1, this.records + this.left)
  }

  /** Tells something before the next record. */
  note(note: Note): void {
    this.notes.push([this.records, note])
  }

  /** A record is left out: it was replayed already. */
  leaveOut({ endHigh, endLow }: WalRecord, overwritten: Lsn | undefined): void {
    if (overwritten !== undefined) this.overwritten.push([this.records, overwritten])
    this.left++
    this.endHigh = endHigh
    this.endLow = endLow
  }

  /** Adds a record whose bytes lie in the window, or are copied to the side. */
  add(record: WalRecord, overwritten: Lsn | undefined): void {
    if (this.indexUsed + MOST_NUMBERS > this.index.length) this.growIndex()
    if (overwritten !== undefined) this.overwritten.push([this.records, overwritten])
    const { index, indexUsed: to } = this
    const { blocks } = record
    const aside = record.bytes.buffer !== this.window.buffer
    const moved = aside ? this.putAside(record) - record.at : 0
    index[to + AT] = record.at + moved
    index[to + LSN_LOW] = record.lsnLow
    index[to + LSN_HIGH] = record.lsnHigh
    index[to + END_LOW] = record.endLow
    index[to + END_HIGH] = record.endHigh
    index[to + SHAPE] = blocks.length | (aside ? ON_THE_SIDE : 0)
    index[to + MAIN_AT] = record.mainAt + moved
    index[to + MAIN_LENGTH] = record.mainLength
    index[to + TOPLEVEL] = record.toplevelXid
    index[to + ORIGIN] = record.origin
    let at = to + RECORD_NUMBERS
    for (let i = 0; i < blocks.length; i++) {
      const ref = blocks[i]
      const { image } = ref
      index[at + KIND] = ref.id | (ref.flags << 8) | (image ? WITH_IMAGE : 0)
      index[at + SPC] = ref.spcOid
      index[at + DB] = ref.dbOid
      index[at + REL] = ref.relNumber
      index[at + BLOCK] = ref.block
      index[at + DATA_AT] = ref.dataAt + moved
      index[at + DATA_LENGTH] = ref.dataLength
      at += BLOCK_NUMBERS
      if (!image) continue
      index[at] = image.at + moved
      index[at + 1] = image.length
      index[at + 2] = image.hole_offset
      index[at + 3] = image.hole_length
      index[at + 4] = image.bimg_info
      at += IMAGE_NUMBERS
    }
    this.indexUsed = at
    this.records++
    this.endHigh = record.endHigh
    this.endLow = record.endLow
  }

  /** Room on the side for a record of so many bytes; the same again until one was added. */
  reserve(bytes: number): Uint8Array<SharedArrayBuffer> {
    const end = this.sideUsed + bytes
    if (end > this.side.length) {
      const grown = new Uint8Array(new SharedArrayBuffer(Math.max(end, 2 * this.side.length)))
      grown.set(this.side.subarray(0, this.sideUsed))
      this.side = grown
    }
    return this.side.subarray(this.sideUsed, end)
  }

  /** Sees that a record's bytes are on the side; returns where they are. */
  private putAside(record: WalRecord): number {
    const at = this.sideUsed
    const { bytes } = record
    // Put together there, or in the batch before, in which it began.
    if (bytes.buffer !== this.side.buffer || bytes.byteOffset + record.at !== at)
      this.reserve(record.xl_tot_len).set(record.raw)
    this.sideUsed = (at + record.xl_tot_len + 7) & ~7
    return at
  }

  private growIndex(): void {
    const grown = new Uint32Array(new SharedArrayBuffer(8 * this.index.length))
    grown.set(this.index.subarray(0, this.indexUsed))
    this.index = grown
  }
}

/** Pages that the next records will ask for. */
export interface Upcoming {
  readonly relNumber: Uint32Array
  readonly fork: Uint8Array
  readonly block: Uint32Array
  count: number
}

/** Pages to look at together, and the most that there is room for. */
const LOOK_AHEAD = 24
const MOST_AHEAD = 64
/** Pages that count as looked at lately: a power of two. */
const LATELY = 4096

/** Hands out a batch's records, each in the same object. */
export class BatchReader<Note = never> {
  private readonly reused = new ReusedRecord()
  private batch: RecordBatch<Note> | undefined
  private window: Uint8Array = NO_BYTES
  private windowView = viewOf(NO_BYTES)
  private side: Uint8Array = NO_BYTES
  private sideView = viewOf(NO_BYTES)
  private index: Uint32Array = new Uint32Array(0)
  private at = 0
  private end = 0
  private ahead = 0
  private number = 0
  private nextOverwritten = -1
  private nextNote = -1
  /** Set when an overwritten record was skipped before the one read: where it had started. */
  overwritten: Lsn | undefined

  private readonly lately = new Int32Array(LATELY)
  private readonly upcoming: Upcoming = {
    relNumber: new Uint32Array(MOST_AHEAD),
    fork: new Uint8Array(MOST_AHEAD),
    block: new Uint32Array(MOST_AHEAD),
    count: 0,
  }

  /** `lookAhead` hears of pages that the records to come will ask for, some at a time; `hear` of what is told. */
  constructor(
    private readonly lookAhead: (upcoming: Upcoming) => void,
    private readonly hear: (note: Note) => void = () => {},
  ) {}

  /** Begins a batch. */
  begin(batch: RecordBatch<Note>): void {
    this.batch = batch
    this.window = new Uint8Array(batch.window)
    this.windowView = viewOf(this.window)
    this.side = new Uint8Array(batch.side)
    this.sideView = viewOf(this.side)
    this.index = new Uint32Array(batch.index)
    this.at = this.ahead = this.number = 0
    this.end = batch.indexUsed
    this.nextOverwritten = batch.overwritten[0]?.[0] ?? -1
    this.nextNote = batch.notes[0]?.[0] ?? -1
  }

  /** The next record; undefined when the batch is used up. */
  read(): WalRecord | undefined {
    const { index, at } = this
    if (this.number === this.nextNote) this.hearNotes()
    if (at === this.end) return undefined
    if (at >= this.ahead) this.look()
    if (this.number++ === this.nextOverwritten) this.noteOverwritten()
    const shape = index[at + SHAPE]
    const aside = (shape & ON_THE_SIDE) !== 0
    const bytes = aside ? this.side : this.window
    const view = aside ? this.sideView : this.windowView
    const { reused } = this
    const record = reused.become(
      bytes,
      view,
      index[at + AT],
      index[at + LSN_HIGH],
      index[at + LSN_LOW],
      index[at + END_HIGH],
      index[at + END_LOW],
    )
    record.mainAt = index[at + MAIN_AT]
    record.mainLength = index[at + MAIN_LENGTH]
    record.toplevelXid = index[at + TOPLEVEL]
    record.origin = index[at + ORIGIN]
    let next = at + RECORD_NUMBERS
    const count = shape & BLOCK_COUNT
    for (let i = 0; i < count; i++) next = this.readBlock(i, next)
    if (count > 0) record.blocks = reused.list(count)
    this.at = next
    return record
  }

  private noteOverwritten(): void {
    const { overwritten } = this.batch as RecordBatch<Note>
    this.overwritten = overwritten.shift()?.[1]
    this.nextOverwritten = overwritten[0]?.[0] ?? -1
  }

  private hearNotes(): void {
    const { notes } = this.batch as RecordBatch<Note>
    const due = notes.filter(([number]) => number === this.number)
    notes.splice(0, due.length)
    this.nextNote = notes[0]?.[0] ?? -1
    for (const [, note] of due) this.hear(note)
  }

  private readBlock(n: number, at: number): number {
    const { index } = this
    const kind = index[at + KIND]
    const ref = this.reused.ref(
      n,
      kind & 0xff,
      (kind >>> 8) & 0xff,
      index[at + SPC],
      index[at + DB],
      index[at + REL],
      index[at + BLOCK],
    )
    ref.dataAt = index[at + DATA_AT]
    ref.dataLength = index[at + DATA_LENGTH]
    const next = at + BLOCK_NUMBERS
    if ((kind & WITH_IMAGE) === 0) {
      ref.image = undefined
      return next
    }
    ref.image = {
      at: index[next],
      length: index[next + 1],
      hole_offset: index[next + 2],
      hole_length: index[next + 3],
      bimg_info: index[next + 4],
    }
    return next + IMAGE_NUMBERS
  }

  /** Tells of the pages that the next records change, but for those told of lately and those with an image. */
  private look(): void {
    const { index, end, upcoming, lately } = this
    const { relNumber, fork, block } = upcoming
    let at = this.ahead
    let n = 0
    while (at < end && n < LOOK_AHEAD) {
      const count = index[at + SHAPE] & BLOCK_COUNT
      at += RECORD_NUMBERS
      for (let i = 0; i < count; i++) {
        const kind = index[at + KIND]
        const mark = Math.imul(index[at + REL], 0x9e3779b1) ^ index[at + BLOCK] ^ (kind & 0xf00)
        const place = (mark ^ (mark >>> 12)) & (LATELY - 1)
        if (!(kind & WITH_IMAGE) && lately[place] !== mark && n < MOST_AHEAD) {
          lately[place] = mark
          relNumber[n] = index[at + REL]
          fork[n] = (kind >>> 8) & 0xf
          block[n++] = index[at + BLOCK]
        }
        at += kind & WITH_IMAGE ? BLOCK_NUMBERS + IMAGE_NUMBERS : BLOCK_NUMBERS
      }
    }
    this.ahead = at
    upcoming.count = n
    this.lookAhead(upcoming)
  }
}

const NO_BYTES = new Uint8Array(0)
