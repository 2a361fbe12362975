// 05-abort: transactions that began and never ended.

import type { TransactionEvent } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import { history, type HistoryOptions } from '../../exercises/parts/histories.js'
import { counting, inFlightNote, type HistoryInput } from '../../exercises/parts/inFlight.js'
import type { Solution } from '../solution.js'

/** Whoever shows up is open until an event ends it; subtransactions end with their parent. */
export function inFlight(seen: readonly TransactionEvent[]): number[] {
  const open = new Set<number>()
  for (const { xid, kind, subxids } of seen) {
    if (kind === 'seen') open.add(xid)
    else for (const ended of [xid, ...subxids]) open.delete(ended)
  }
  return [...open].sort((a, b) => a - b)
}

function rule(text: string, why: string, options: HistoryOptions): Check {
  const input = history(options).map((events): HistoryInput => [events])
  return generated(counting, { rule: text, why, note: inFlightNote, input })
}

const ascending = (xids: Iterable<number>): number[] => [...xids].sort((a, b) => a - b)

/** The solution, but for the events that `ends` does not let through, and with `subs` for the subtransactions. */
function variant(
  ends: (event: TransactionEvent) => boolean,
  subs: (event: TransactionEvent) => readonly number[] = ({ subxids }) => subxids,
): (seen: readonly TransactionEvent[]) => number[] {
  return (seen) => {
    const open = new Set<number>()
    for (const event of seen) {
      if (event.kind === 'seen') open.add(event.xid)
      else if (ends(event)) for (const ended of [event.xid, ...subs(event)]) open.delete(ended)
    }
    return ascending(open)
  }
}

function lastEventIsSeen(seen: readonly TransactionEvent[]): number[] {
  const last = new Map<number, string>()
  for (const { xid, kind } of seen) last.set(xid, kind)
  return ascending([...last].filter(([, kind]) => kind === 'seen').map(([xid]) => xid))
}

export const inFlightSolution: Solution<'inFlight'> = {
  name: 'inFlight',
  solution: inFlight,
  hidden: [
    rule(
      'A commit or an abort ends a transaction; without one it is in flight.',
      'An aborted transaction that is still counted is aborted twice; a committed one would lose its rows.',
      { endings: ['open', 'commit', 'abort'], transactions: 4 },
    ),
    rule(
      'Subtransactions that were released end with their parent.',
      'Rows carry the id of the subtransaction: taken for aborted, they vanish out of a committed transaction.',
      { endings: ['open', 'commit', 'abort'], subtransactions: 3, transactions: 3 },
    ),
    rule(
      'A savepoint rolled back ends alone; its parent is as open as before.',
      'The abort names the subtransaction, and the session goes on.',
      { endings: ['open'], subtransactions: 3, transactions: 2 },
    ),
    rule(
      'A prepared transaction is not in flight: it waits for COMMIT PREPARED, over any number of crashes.',
      'PREPARE is a promise that COMMIT will still work.',
      {
        endings: ['open', 'prepare', 'prepare, commit prepared', 'prepare, abort prepared'],
        subtransactions: 1,
      },
    ),
    rule(
      'Transactions that began before the redo point: their end is in the log, their beginning is not.',
      'An end is no beginning: such a transaction is over.',
      {
        endings: ['open', 'commit', 'abort', 'prepare, commit prepared'],
        subtransactions: 2,
        begunBefore: true,
      },
    ),
    rule(
      'The ids come in ascending order, as numbers, each once.',
      'pg_xact has four transactions in a byte: in ascending order each of its pages is visited once.',
      { endings: ['open'], subtransactions: 2, transactions: 6 },
    ),
  ],
  alsoRight: {
    'the ended ones first, then the rest': (seen) => {
      const ended = new Set(
        seen.flatMap(({ xid, kind, subxids }) => (kind === 'seen' ? [] : [xid, ...subxids])),
      )
      return ascending(new Set(seen.map(({ xid }) => xid).filter((xid) => !ended.has(xid))))
    },
  },
  wrong: {
    'an abort is no end': variant(({ kind }) => !kind.startsWith('abort')),
    'only a commit of its own is an end': variant(({ kind }) => kind === 'commit'),
    'subtransactions forgotten': variant(
      () => true,
      () => [],
    ),
    'subtransactions only of those that commit': variant(
      () => true,
      ({ kind, subxids }) => (kind.startsWith('commit') ? subxids : []),
    ),
    'prepared ones are in flight': variant(({ kind }) => kind !== 'prepare'),
    'sorted as text': (seen) => inFlight(seen).map(String).sort().map(Number),
    'in the order of their first record': (seen) => {
      const open = new Set(inFlight(seen))
      return [...new Set(seen.map(({ xid }) => xid).filter((xid) => open.has(xid)))]
    },
    'newest first': (seen) => inFlight(seen).reverse(),
    'a rolled-back savepoint ends the transaction that was last seen': (seen) => {
      const open = new Set<number>()
      for (const { xid, kind, subxids } of seen) {
        if (kind === 'seen') open.add(xid)
        else if (kind === 'abort') open.delete(Math.max(...open, xid) - 1)
        if (kind !== 'seen') for (const ended of [xid, ...subxids]) open.delete(ended)
      }
      return ascending(open)
    },
    'its own last event decides': lastEventIsSeen,
    'everybody who was seen': (seen) => ascending(new Set(seen.map(({ xid }) => xid))),
    'nobody: PostgreSQL needs no list': () => [],
  },
}
