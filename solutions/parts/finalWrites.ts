// 07-final-checkpoint: the order of the last writes.

import fc from 'fast-check'
import type { FinalWrite } from 'pgcrash'
import type { Check } from '../../exercises/checking/check.js'
import { generated } from '../../exercises/checking/contract.js'
import {
  BEFORE,
  brokenOrder,
  changedWrites,
  ordering,
  type WritesInput,
} from '../../exercises/parts/finalWrites.js'
import type { Solution } from '../solution.js'

/** What pg_control promises must be on disk before pg_control is: sort by the place in this list. */
export function finalWrites(writes: readonly FinalWrite[]): FinalWrite[] {
  const order: FinalWrite[] = [
    'write transaction status',
    'write data pages',
    'sync data files', //         nothing of them is in memory only any more
    'write checkpoint record', // so the log may say that replay can begin here
    'sync WAL',
    'write pg_control', //        and pg_control may point at that record
    'sync pg_control',
  ]
  return order.filter((write) => writes.includes(write))
}

const always: readonly FinalWrite[] = [
  'write checkpoint record',
  'sync WAL',
  'write pg_control',
  'sync pg_control',
]
const pages: readonly FinalWrite[] = ['write data pages', 'write transaction status']

/** Any order of the writes that a recovery has to make; one that found nothing to redo has fewer. */
const someWrites = fc
  .subarray([...pages])
  .chain((dirty) =>
    fc.shuffledSubarray<FinalWrite>([...dirty, 'sync data files', ...always], {
      minLength: dirty.length + 5,
    }),
  )
  .map((writes): WritesInput => [writes])

/** The pairs of BEFORE that end in `second`. */
const until = (...seconds: FinalWrite[]): typeof BEFORE =>
  BEFORE.filter(([, second]) => seconds.includes(second))

function orderRule(rule: string, why: string, pairs: typeof BEFORE): Check {
  return generated(ordering, {
    rule,
    why,
    input: someWrites,
    fault: (answer, writes) => brokenOrder(answer, pairs) ?? changedWrites(answer, writes),
  })
}

/** The writes in a fixed order of their own. */
const inOrder =
  (...order: FinalWrite[]): ((writes: readonly FinalWrite[]) => FinalWrite[]) =>
  (writes) =>
    order.filter((write) => writes.includes(write))

export const finalWritesSolution: Solution<'finalWrites'> = {
  name: 'finalWrites',
  solution: finalWrites,
  hidden: [
    generated(ordering, {
      rule: 'What comes back is what was given: nothing lost, nothing added.',
      why: 'A recovery that changed no page has none to write.',
      input: someWrites,
      fault: changedWrites,
    }),
    orderRule(
      'Data pages and transaction status are written before they are synced.',
      'fsync takes to the disk what was written before it, and no more.',
      until('sync data files'),
    ),
    orderRule(
      'The data files are synced before the checkpoint record is written.',
      'The record tells the next recovery that it need not look at anything before it.',
      until('write checkpoint record'),
    ),
    orderRule(
      'The checkpoint record is on disk before pg_control points at it.',
      'A pg_control that points at nothing stops every start: PANIC, could not locate a valid checkpoint record.',
      until('sync WAL', 'write pg_control'),
    ),
    orderRule(
      'pg_control is written last, and then synced.',
      'It is the one write that ends the recovery; until then the next start recovers once more.',
      [
        ...until('sync pg_control'),
        ...[...pages, 'sync data files' as const, ...always].map(
          (write) => [write, 'sync pg_control', 'It is the last step of all.'] as const,
        ),
      ],
    ),
  ],
  alsoRight: {
    'data pages before transaction status': inOrder(
      'write data pages',
      'write transaction status',
      'sync data files',
      'write checkpoint record',
      'sync WAL',
      'write pg_control',
      'sync pg_control',
    ),
    'sorted by what comes before what': (writes) => {
      const sorted: FinalWrite[] = []
      const ready = (write: FinalWrite): boolean =>
        BEFORE.every(
          ([first, second]) => second !== write || sorted.includes(first) || !writes.includes(first),
        )
      while (sorted.length < writes.length)
        sorted.push(...writes.filter((write) => !sorted.includes(write) && ready(write)).slice(0, 1))
      return sorted
    },
  },
  wrong: {
    'as they were given': (writes) => [...writes],
    alphabetical: (writes) => [...writes].sort(),
    'the right order backwards': (writes) => finalWrites(writes).reverse(),
    'the right list, whatever was given': () => finalWrites([...pages, 'sync data files', ...always]),
    'all writes, then all syncs': inOrder(
      'write transaction status',
      'write data pages',
      'write checkpoint record',
      'write pg_control',
      'sync data files',
      'sync WAL',
      'sync pg_control',
    ),
    'pg_control before the log is synced': inOrder(
      'write transaction status',
      'write data pages',
      'sync data files',
      'write checkpoint record',
      'write pg_control',
      'sync WAL',
      'sync pg_control',
    ),
    'the log before the data': inOrder(
      'write checkpoint record',
      'sync WAL',
      'write transaction status',
      'write data pages',
      'sync data files',
      'write pg_control',
      'sync pg_control',
    ),
    'pg_control first': inOrder(
      'write pg_control',
      'sync pg_control',
      'write transaction status',
      'write data pages',
      'sync data files',
      'write checkpoint record',
      'sync WAL',
    ),
    'transaction status after the sync': inOrder(
      'write data pages',
      'sync data files',
      'write transaction status',
      'write checkpoint record',
      'sync WAL',
      'write pg_control',
      'sync pg_control',
    ),
    'syncs left to the operating system': (writes) =>
      finalWrites(writes).filter((write) => !write.startsWith('sync')),
    'pg_control not synced': (writes) => finalWrites(writes).filter((write) => write !== 'sync pg_control'),
    'sync before write': (writes) => {
      const order = finalWrites(writes)
      const at = order.indexOf('sync WAL')
      return [...order.slice(0, at - 1), order[at], order[at - 1], ...order.slice(at + 1)]
    },
  },
}
