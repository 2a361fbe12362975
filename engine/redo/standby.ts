// Resource manager 8, Standby: what a server in hot standby needs to know. Crash recovery changes nothing for these
// records (storage/ipc/standby.c, standby_redo), but RUNNING_XACTS tells which transactions were under way.

import type { WalRecord } from '../wal/record.js'
import { malformed, needMain } from './contradiction.js'
import { namesByInfo, type ResourceManager } from './resourceManager.js'

export const STANDBY = { LOCK: 0x00, RUNNING_XACTS: 0x10, INVALIDATIONS: 0x20 } as const

export const standby: ResourceManager = {
  id: 8,
  name: 'Standby',
  identify: namesByInfo({
    [STANDBY.LOCK]: 'LOCK',
    [STANDBY.RUNNING_XACTS]: 'RUNNING_XACTS',
    [STANDBY.INVALIDATIONS]: 'INVALIDATIONS',
  }),
  redo(record) {
    if (record.info > STANDBY.INVALIDATIONS)
      throw malformed(record, `standby_redo: unknown op code ${record.info}`)
  },
}

/** Transactions and subtransactions that were running, from a RUNNING_XACTS record (xl_running_xacts). */
export function runningTransactions(record: WalRecord): number[] {
  needMain(record, 24)
  const { view, mainAt } = record
  const count = view.getInt32(mainAt, true) + view.getInt32(mainAt + 4, true)
  needMain(record, 24 + 4 * Math.max(0, count))
  return Array.from({ length: count }, (_, i) => view.getUint32(mainAt + 24 + 4 * i, true))
}
