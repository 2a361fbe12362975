// Histories of transactions, as the log tells them: each transaction and each of its subtransactions shows up with its
// first record, then it ends, or the crash comes first. Their events are mixed as those of concurrent sessions are.

import fc from 'fast-check'
import type { TransactionEvent } from 'pgcrash'

export type Ending =
  'open' | TransactionEvent['kind'] | 'prepare, commit prepared' | 'prepare, abort prepared'

export interface HistoryOptions {
  readonly endings: readonly Ending[]
  /** Most subtransactions of one transaction. */
  readonly subtransactions?: number
  /** May a transaction have begun before the redo point, so that its first events are not in the log? */
  readonly begunBefore?: boolean
  readonly transactions?: number
}

interface Transaction {
  readonly ending: Ending
  /** For each subtransaction: was it rolled back on its own? */
  readonly subs: readonly boolean[]
  readonly lost: number
}

/** Mixed events of some transactions. Ids start at `first`, and small histories are the simpler ones. */
export function history(options: HistoryOptions): fc.Arbitrary<TransactionEvent[]> {
  const transaction: fc.Arbitrary<Transaction> = fc.record({
    ending: fc.constantFrom(...options.endings),
    subs: fc.array(fc.boolean(), { maxLength: options.subtransactions ?? 0 }),
    lost: options.begunBefore ? fc.nat({ max: 3 }) : fc.constant(0),
  })
  return fc
    .tuple(
      fc.constantFrom(750, 8, 98, 998, 99998),
      fc.array(transaction, { minLength: 1, maxLength: options.transactions ?? 5 }),
      fc.array(fc.nat({ max: 9 }), { maxLength: 40 }),
    )
    .map(([first, transactions, turns]) => mix(numberEvents(first, transactions), turns))
}

function numberEvents(first: number, transactions: readonly Transaction[]): TransactionEvent[][] {
  let next = first
  return transactions.map(({ ending, subs, lost }) => {
    const xid = next++
    const events: TransactionEvent[] = [{ xid, kind: 'seen', subxids: [] }]
    const released: number[] = []
    for (const rolledBack of subs) {
      const subxid = next++
      events.push({ xid: subxid, kind: 'seen', subxids: [] })
      if (rolledBack) events.push({ xid: subxid, kind: 'abort', subxids: [] })
      else released.push(subxid)
    }
    if (ending !== 'open' && ending !== 'seen')
      for (const kind of ending.split(', ') as TransactionEvent['kind'][])
        events.push({ xid, kind, subxids: released })
    // The end itself is never lost, and of an open transaction nothing is.
    return ending === 'open' ? events : events.slice(Math.min(lost, events.length - 1))
  })
}

/** Deals the events out one by one; each turn says whose next event it is. */
function mix(sessions: readonly TransactionEvent[][], turns: readonly number[]): TransactionEvent[] {
  const waiting = sessions.map((events) => [...events])
  const mixed: TransactionEvent[] = []
  for (let turn = 0; waiting.some((events) => events.length > 0); turn++) {
    const busy = waiting.filter((events) => events.length > 0)
    const event = busy[(turns[turn] ?? 0) % busy.length].shift()
    if (event) mixed.push(event)
  }
  return mixed
}
