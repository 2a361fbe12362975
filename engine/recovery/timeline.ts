// A record may say that from here on the log belongs to a new timeline: the end of a standby's recovery does. Whether it
// may is checked while the log is surveyed, before anything is changed (xlogrecovery.c, ApplyWalRecord).

import { NotRecoverable } from '../bytes/errors.js'
import { CheckPoint } from '../format/checkpoint.js'
import { formatLsn } from '../format/lsn.js'
import { EndOfRecovery, XLOG } from '../redo/xlog.js'
import type { WalRecord } from '../wal/record.js'
import type { Timeline } from '../wal/segments.js'

/** Follows the log from timeline to timeline. */
export class TimelineWatch {
  constructor(
    /** The timeline of the checkpoint that replay begins at. */
    private current: number,
    private readonly history: readonly Timeline[],
  ) {}

  /** @throws NotRecoverable for a switch to a timeline that is not in the history, or from one that is not this one */
  take(record: WalRecord): void {
    if (record.xl_rmid !== 0) return
    if (record.info === XLOG.CHECKPOINT_SHUTDOWN) this.follow(CheckPoint.read(record.main), record)
    else if (record.info === XLOG.END_OF_RECOVERY) this.follow(EndOfRecovery.read(record.main), record)
    else if (record.info === XLOG.CHECKPOINT_ONLINE) this.stay(CheckPoint.read(record.main), record)
  }

  private follow(
    { ThisTimeLineID, PrevTimeLineID }: Pick<CheckPoint, 'ThisTimeLineID' | 'PrevTimeLineID'>,
    record: WalRecord,
  ): void {
    const { current } = this
    if (ThisTimeLineID === current) return
    if (PrevTimeLineID !== current)
      throw wrong(
        `unexpected previous timeline ID ${PrevTimeLineID} (current timeline ID ${current})`,
        record,
      )
    if (ThisTimeLineID < current || !this.history.some(({ id }) => id === ThisTimeLineID))
      throw wrong(`unexpected timeline ID ${ThisTimeLineID} (after ${current})`, record)
    this.current = ThisTimeLineID
  }

  private stay({ ThisTimeLineID }: CheckPoint, record: WalRecord): void {
    if (ThisTimeLineID !== this.current)
      throw wrong(`unexpected timeline ID ${ThisTimeLineID} (should be ${this.current})`, record)
  }
}

function wrong(what: string, record: WalRecord): NotRecoverable {
  return new NotRecoverable(`${what} in checkpoint record at ${formatLsn(record.lsn)}; nothing was changed`)
}
