// The log, as it comes from somebody who reads, checks and decodes it while it is replayed here.

import type { BufferPool, WriterBeside } from '../buffers/bufferPool.js'
import type { Lsn } from '../format/lsn.js'
import type { WalReader } from '../wal/reader.js'
import type { EndOfWal, WalRecord } from '../wal/record.js'
import { BatchReader, type RecordBatch } from '../wal/recordBatch.js'
import type { RecordSource } from './replay.js'
import type { Survey } from './survey.js'

/** Somebody who surveys the log while it is replayed here, hands its records over, and has memory ready. */
export interface Assistant {
  /** The next records of the log, in order and checked; waits for them. undefined: no more come, see `result`. */
  records(): RecordBatch | undefined
  /** Takes the memory of used records back. */
  giveBack(batch: RecordBatch): void
  /**
   * Waits until the whole log is surveyed; no more records come then but those on their way. undefined: it failed, and
   * whoever asks must survey the log himself.
   */
  result(): Survey | undefined
  /** Zeroed memory for pages, a multiple of their size, that the system has found already; undefined: none at hand. */
  memory(): SharedArrayBuffer | undefined
  /** Writes pages beside us in the end; undefined where what we write does not go to the files themselves. */
  readonly writer: WriterBeside | undefined
  /** Nothing more is asked of the assistant, but for its result. */
  dismiss(): void
}

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
  private readonly batches: BatchReader
  private batch: RecordBatch | undefined
  private last: WalRecord | undefined
  private records = 0
  private own: WalReader | undefined

  constructor(
    private readonly assistant: Assistant,
    pool: BufferPool,
    private readonly alone: Alone,
  ) {
    this.batches = new BatchReader((upcoming) => pool.glance(upcoming))
  }

  /** The end of the last record. */
  get position(): Lsn {
    return this.last?.endLsn ?? 0n
  }

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
    if (this.batch) this.assistant.giveBack(this.batch)
    this.batch = this.assistant.records()
    if (this.batch) this.batches.begin(this.batch)
    return this.batch !== undefined
  }

  private readHere(): WalRecord | EndOfWal {
    const survey = this.alone.survey()
    if (this.records === survey.records) return survey.end
    if (!this.own) {
      this.own = this.alone.open()
      if (this.last) this.own.beginAt(this.last.endLsn)
    }
    const record = this.own.read()
    if (record.kind === 'record') this.last = record
    this.overwritten = this.own.overwritten
    this.own.overwritten = undefined
    this.records++
    return record
  }
}
