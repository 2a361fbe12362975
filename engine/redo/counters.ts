// What the next transaction, object and multixact will be called. A checkpoint record sets them, later records move
// them on; a counter that ends too low would hand out a name twice, the most dangerous mistake recovery can make.

import type { CheckPoint } from '../format/checkpoint.js'
import { XID, xidPrecedes } from '../format/transactionStatus.js'

const TWO_32 = 0x100000000

export class Counters {
  nextOid: number
  nextMulti: number
  nextMultiOffset: number
  oldestXid: number
  oldestXidDB: number
  oldestMulti: number
  oldestMultiDB: number
  oldestCommitTsXid: number
  newestCommitTsXid: number
  fullPageWrites: number
  private epoch = 0
  private nextXidLow = 0

  constructor(checkpoint: CheckPoint) {
    this.nextXid = checkpoint.nextXid
    this.nextOid = checkpoint.nextOid
    this.nextMulti = checkpoint.nextMulti
    this.nextMultiOffset = checkpoint.nextMultiOffset
    this.oldestXid = checkpoint.oldestXid
    this.oldestXidDB = checkpoint.oldestXidDB
    this.oldestMulti = checkpoint.oldestMulti
    this.oldestMultiDB = checkpoint.oldestMultiDB
    this.oldestCommitTsXid = checkpoint.oldestCommitTsXid
    this.newestCommitTsXid = checkpoint.newestCommitTsXid
    this.fullPageWrites = checkpoint.fullPageWrites
  }

  /** The body of a checkpoint record with these counters (CreateCheckPoint): what the constructor takes. */
  checkPoint(
    at: Pick<CheckPoint, 'redo' | 'ThisTimeLineID' | 'wal_level' | 'time' | 'oldestActiveXid'>,
  ): CheckPoint {
    return {
      ...at,
      PrevTimeLineID: at.ThisTimeLineID,
      fullPageWrites: this.fullPageWrites,
      nextXid: this.nextXid,
      nextOid: this.nextOid,
      nextMulti: this.nextMulti,
      nextMultiOffset: this.nextMultiOffset,
      oldestXid: this.oldestXid,
      oldestXidDB: this.oldestXidDB,
      oldestMulti: this.oldestMulti,
      oldestMultiDB: this.oldestMultiDB,
      oldestCommitTsXid: this.oldestCommitTsXid,
      newestCommitTsXid: this.newestCommitTsXid,
    }
  }

  /** The next transaction id, its epoch (how often the 32 bits have wrapped) in the high half. */
  get nextXid(): bigint {
    return (BigInt(this.epoch) << 32n) | BigInt(this.nextXidLow)
  }
  set nextXid(value: bigint) {
    this.epoch = Number(value >> 32n)
    this.nextXidLow = Number(value & 0xffffffffn)
  }

  /** Makes sure that `xid` will not be handed out again (AdvanceNextFullTransactionIdPastXid). */
  advancePastXid(xid: number): void {
    if (xid < XID.FIRST_NORMAL || xidPrecedes(xid, this.nextXidLow)) return
    const next = (xid + 1) % TWO_32
    if (next < this.nextXidLow) this.epoch++
    this.nextXidLow = Math.max(next, XID.FIRST_NORMAL)
  }

  /** The full id of a transaction that is at most 2^31 away from the next one (FullTransactionIdFromAllowableAt). */
  fullXid(xid: number): bigint {
    const epoch =
      xid > this.nextXidLow && this.epoch > 0 && xid - this.nextXidLow > TWO_32 / 2
        ? this.epoch - 1
        : this.epoch
    return (BigInt(epoch) << 32n) | BigInt(xid)
  }

  /** Raises the next multixact and member offset; neither ever goes back (MultiXactAdvanceNextMXact). */
  advanceMulti(multi: number, offset: number): void {
    if (((this.nextMulti - multi) | 0) < 0) this.nextMulti = multi
    if (((this.nextMultiOffset - offset) | 0) < 0) this.nextMultiOffset = offset >>> 0
  }

  /** Raises the oldest multixact that may still be met (MultiXactAdvanceOldest). */
  advanceOldestMulti(multi: number, database: number): void {
    if (((this.oldestMulti - multi) | 0) >= 0) return
    this.oldestMulti = multi
    this.oldestMultiDB = database
  }
}
