// The log, as it comes from somebody who reads, checks and decodes it while it is replayed here.

import { pageAt, type PieceOfMemory, type WriterBeside } from '../buffers/bufferPool.js'
import { told } from '../bytes/errors.js'
import type { Lsn } from '../format/lsn.js'
import type { WalReader } from '../wal/reader.js'
import type { RedoContext } from '../redo/context.js'
import type { EndOfWal, WalRecord } from '../wal/record.js'
import { BatchReader, type RecordBatch } from '../wal/recordBatch.js'
import type { RecordSource } from './replay.js'
import type { ShareNote } from './share.js'
import type { Survey } from './survey.js'

/** Records on their way, but for those of relations that the assistant replays himself; and these, when they come back. */
export type HandedOver = RecordBatch<ShareNote>

/** Somebody who surveys the log while it is replayed here, hands its records over, and has memory ready. */
export interface Assistant {
  /** The next records of the log, in order and checked; waits for them. undefined: no more come, see `result`. */
  records(): HandedOver | undefined
  /** Takes the memory of used records back. */
  giveBack(batch: HandedOver): void
  /**
   * Waits until the whole log is surveyed; no more records come then but those on their way. undefined: it failed, and
   * whoever asks must survey the log himself.
   */
  result(): Survey | undefined
  /** Zeroed memory for pages that he sees, too; where he had time, the system has found it already. */
  memory(): PieceOfMemory | undefined
  /** Writes pages beside us in the end; undefined where what we write does not go to the files themselves. */
  readonly writer: WriterBeside | undefined
  /** Nothing more is asked of the assistant, but for its result; he writes no page any more. */
  dismiss(): void
}

/** The assistant is not heard of any more, and has pages that nobody else has: all must be replayed again. */
export class AssistantLost extends Error {}

/** What is done without the assistant. */
interface Alone {
  /** What the log holds, whoever has found it out. */
  survey: () => Survey
  /** The log, opened where replay begins. */
  open: () => WalReader
}

/** Records as an assistant hands them over; where no more come before the log's end, the rest is read here. */
export class HandedOverLog implements RecordSource {
  overwritten: Lsn | undefined
  /** Records so far, replayed here or by the assistant. */
  records = 0
  private readonly batches: BatchReader<ShareNote>
  private batch: HandedOver | undefined
  private last: WalRecord | undefined
  /** Where the batches used up have ended. */
  private end: Lsn | undefined
  /** The assistant has pages that are not back. */
  private awaiting = false
  get isAwaiting(): boolean {
    return this.awaiting
  }
  private own: WalReader | undefined

  constructor(
    private readonly assistant: Assistant,
    private readonly context: RedoContext,
    private readonly alone: Alone,
  ) {
    const { pool } = context
    this.batches = new BatchReader(
      (upcoming) => pool.glance(upcoming),
      (note) => this.hear(note),
    )
  }

  /** The end of the last record. */
  get position(): Lsn {
    return this.last?.endLsn ?? 0n
  }

  /** @throws AssistantLost, and what the assistant met when he replayed */
  read(): WalRecord | EndOfWal {
    while (!this.own) {
      const record = this.batches.read()
      if (record) {
        this.records++
        this.last = record
        if (this.batches.overwritten !== undefined) {
          this.overwritten = this.batches.overwritten
          this.batches.overwritten = undefined
        }
        return record
      }
      if (!this.nextBatch()) break
    }
    return this.readHere()
  }

  private nextBatch(): boolean {
    if (this.batch) {
      const { left, newestXid, end } = this.batch
      this.records += left
      this.context.counters.advancePastXid(newestXid)
      this.end = end ?? this.end
      this.assistant.giveBack(this.batch)
    }
    this.batch = this.assistant.records()
    if (!this.batch) return false
    if (this.batch.left > 0) this.awaiting = true
    this.batches.begin(this.batch)
    return true
  }

  /** Takes pages in that come back, with the memory they are in; meets what the assistant has met. */
  private hear(note: ShareNote): void {
    if (note.kind === 'failed') throw told(note.error)
    const { pool } = this.context
    const pieces = new Map(note.pieces.map(({ number, memory }) => [number, memory]))
    for (const { locator, fork, nblocks, blocks, places } of note.forks) {
      const file = pool.relation(locator.spcOid, locator.dbOid, locator.relNumber, fork)
      file.extendTo(nblocks)
      blocks.forEach((block, i) => pool.adopt(file, block, pageAt(pieces, places[i]), places[i]))
    }
    if (note.last) this.awaiting = false
  }

  private readHere(): WalRecord | EndOfWal {
    if (this.awaiting) throw new AssistantLost()
    const survey = this.alone.survey()
    if (this.records === survey.records) return survey.end
    if (!this.own) {
      this.own = this.alone.open()
      if (this.end !== undefined) this.own.beginAt(this.end)
    }
    const record = this.own.read()
    if (record.kind === 'record') this.last = record
    this.overwritten = this.own.overwritten
    this.own.overwritten = undefined
    this.records++
    return record
  }
}
