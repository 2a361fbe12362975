// 05-abort: did a transaction commit?

import fc from 'fast-check'
import { generated } from '../../exercises/checking/contract.js'
import {
  ABORTED,
  COMMITTED,
  family,
  fate,
  fateNote,
  OPEN,
  someXid,
  SUB_COMMITTED,
  xidAfter,
  type Family,
  type FateInput,
} from '../../exercises/parts/didCommit.js'
import type { Solution } from '../solution.js'

/** 01 has committed. 11 asks its parent, as long as that one may be running. Everybody else has not. */
export function didCommit(
  xid: number,
  statuses: Readonly<Record<number, number>>,
  parents: Readonly<Record<number, number>>,
  oldestRunning: number,
): boolean {
  if (xid < 3) return xid !== 0 // bootstrap and frozen ids are older than pg_xact
  const status = statuses[xid] ?? 0
  if (status !== 3) return status === 1
  if (((xid - oldestRunning) | 0) < 0) return false // modulo 2^32: whoever could have committed it is gone
  const parent = parents[xid] ?? 0
  return parent !== 0 && didCommit(parent, statuses, parents, oldestRunning)
}

const definite = fc.constantFrom(OPEN, COMMITTED, ABORTED)
const subs = (most: number): fc.Arbitrary<number[]> =>
  fc.integer({ min: 1, max: most }).map((n) => Array<number>(n).fill(SUB_COMMITTED))
/** A top-level transaction whose subtransactions are all sub-committed. */
const undecided = fc
  .tuple(someXid, definite, subs(4))
  .map(([base, top, below]) => family(base, [top, ...below]))

/** Asks for the last of a family, everybody running that may be. */
const youngest = ({ xids, statuses, parents }: Family): FateInput => [
  xids[xids.length - 1],
  statuses,
  parents,
  xids[0],
]

/** The solution, but that what it does with these is another's. */
const instead =
  (when: (...input: FateInput) => boolean, then: (...input: FateInput) => boolean) =>
  (...input: FateInput): boolean =>
    when(...input) ? then(...input) : didCommit(...input)
const isSub = (...[xid, statuses]: FateInput): boolean => xid >= 3 && statuses[xid] === SUB_COMMITTED

function topOf(xid: number, parents: FateInput[2]): number {
  let top = xid
  while (parents[top]) top = parents[top]
  return top
}

export const didCommitSolution: Solution<'didCommit'> = {
  name: 'didCommit',
  solution: didCommit,
  hidden: [
    generated(fate, {
      rule: '00, and an id that is not there, has not committed: it is running, or it crashed.',
      why: 'PostgreSQL writes nothing for a transaction that a crash cuts short: 00 is all that is left of it.',
      note: fateNote,
      input: fc
        .tuple(someXid, definite, fc.boolean())
        .map(([base, status, there]): FateInput => [base, there ? { [base]: status } : {}, {}, base]),
    }),
    generated(fate, {
      rule: 'Ids 1 and 2 have committed, 0 is nobody; pg_xact is not asked about them.',
      why: 'BootstrapTransactionId made the catalogs, FrozenTransactionId stands for the past (TransactionLogFetch).',
      note: fateNote,
      input: fc
        .tuple(
          fc.oneof(fc.constantFrom(0, 1, 2), fc.integer({ min: 3, max: 60 })),
          fc.nat({ max: 3 }),
          fc.integer({ min: 3, max: 90 }),
        )
        .map(([xid, status, base]): FateInput => [xid, { [xid]: status }, {}, base]),
    }),
    generated(fate, {
      rule: '11, sub-committed, asks its parent, which may be 11 as well.',
      why: 'A savepoint within a savepoint: only the topmost transaction decides for all of them.',
      note: fateNote,
      input: undecided.map(youngest),
    }),
    generated(fate, {
      rule: '11 with a parent that nobody knows has not committed.',
      why: 'After a start pg_subtrans may have nothing to say; then nobody has committed it.',
      note: fateNote,
      input: fc.tuple(undecided, fc.nat()).map(([{ xids, statuses, parents }, n]): FateInput => {
        const orphan = xids[1 + (n % (xids.length - 1))]
        const known = Object.entries(parents).filter(([xid]) => Number(xid) !== orphan)
        return youngest({ xids, statuses, parents: Object.fromEntries(known) })
      }),
    }),
    generated(fate, {
      rule: 'A subtransaction with a fate of its own asks nobody.',
      why: 'A savepoint that was rolled back is 10, whatever becomes of the transaction around it.',
      note: fateNote,
      input: fc
        .tuple(
          someXid,
          fc.array(fc.constantFrom(OPEN, COMMITTED, ABORTED, SUB_COMMITTED), { minLength: 2, maxLength: 4 }),
        )
        .map(([base, all]) => youngest(family(base, [all[0] % 3, ...all.slice(1)]))),
    }),
    generated(fate, {
      rule: '11 that is older than everybody who is running has not committed, whatever its parent says.',
      why: 'Its commit would have been finished, or replayed from the log: what is 11 still was cut short by a crash.',
      note: fateNote,
      input: fc
        .tuple(fc.constantFrom(700, 32768, 3000000000), subs(3), fc.nat({ max: 8 }))
        .map(([base, below, n]): FateInput => {
          const [xid, statuses, parents] = youngest(family(base, [COMMITTED, ...below]))
          return [xid, statuses, parents, xid - 4 + n]
        }),
    }),
    generated(fate, {
      rule: 'What is older committed long ago, if it is 01.',
      why: 'The oldest running transaction decides only whether a parent is asked.',
      note: fateNote,
      input: fc
        .tuple(someXid, definite, fc.integer({ min: 1, max: 9 }))
        .map(([base, status, n]): FateInput => [base, { [base]: status }, {}, xidAfter(base, n)]),
    }),
    generated(fate, {
      rule: 'Older is counted modulo 2^32: behind 4,294,967,295 comes 3.',
      why: 'Ids are used again and again; 5 may be younger than 4,294,967,290 (TransactionIdPrecedes).',
      note: fateNote,
      input: fc
        .tuple(fc.integer({ min: 4294967289, max: 4294967295 }), subs(3), fc.nat({ max: 12 }))
        .map(([base, below, n]): FateInput => {
          const [xid, statuses, parents] = youngest(family(base, [COMMITTED, ...below]))
          return [xid, statuses, parents, xidAfter(base, n)]
        }),
    }),
  ],
  alsoRight: {
    'a loop': (xid, statuses, parents, oldestRunning) => {
      const isOlder = (id: number): boolean => {
        const ahead = (oldestRunning - id + 2 ** 32) % 2 ** 32
        return ahead > 0 && ahead <= 2 ** 31
      }
      let id = xid
      while (id > 2 && statuses[id] === 3 && !isOlder(id)) id = parents[id] ?? 0
      return id === 1 || id === 2 || (id !== 0 && statuses[id] === 1)
    },
  },
  wrong: {
    '11 is committed': instead(isSub, () => true),
    '11 is not committed': instead(isSub, () => false),
    'only the parent is asked, not its parent': instead(isSub, (...[xid, statuses, parents, oldest]) => {
      const parent = parents[xid] ?? 0
      return ((xid - oldest) | 0) >= 0 && (parent === 1 || parent === 2 || statuses[parent] === 1)
    }),
    'the topmost decides for all': (xid, statuses, parents, oldest) =>
      didCommit(topOf(xid, parents), statuses, parents, oldest),
    'whoever is not aborted has committed': instead(
      (xid, statuses) => xid >= 3 && !isSub(xid, statuses, {}, 0),
      (xid, statuses) => statuses[xid] !== ABORTED,
    ),
    'an orphan has committed': instead(
      (xid, statuses, parents, oldest) =>
        isSub(xid, statuses, parents, oldest) && statuses[topOf(xid, parents)] === SUB_COMMITTED,
      (xid, _statuses, _parents, oldest) => ((xid - oldest) | 0) >= 0,
    ),
    'pg_xact is asked about 1 and 2': instead(
      (xid) => xid < 3,
      (xid, statuses) => statuses[xid] === COMMITTED,
    ),
    '0 has committed': instead(
      (xid) => xid < 3,
      () => true,
    ),
    'only 2 is permanent': instead(
      (xid) => xid === 1,
      (xid, statuses) => statuses[xid] === COMMITTED,
    ),
    'the parent is always asked': (xid, statuses, parents) => didCommit(xid, statuses, parents, xid),
    'older as plain numbers': (xid, statuses, parents, oldest) => {
      const ask = (id: number): boolean =>
        isSub(id, statuses, parents, oldest)
          ? id >= oldest && id in parents && ask(parents[id])
          : didCommit(id, statuses, parents, oldest)
      return ask(xid)
    },
    'the oldest running one counts as older': instead(
      (xid, statuses, parents, oldest) => isSub(xid, statuses, parents, oldest) && xid === oldest,
      () => false,
    ),
    'whoever is older has not committed': instead(
      (xid, _statuses, _parents, oldest) => xid >= 3 && ((xid - oldest) | 0) < 0,
      () => false,
    ),
    'the parent must not be older either': instead(isSub, (...[xid, statuses, parents, oldest]) => {
      const parent = parents[xid] ?? 0
      return ((parent - oldest) | 0) >= 0 && didCommit(xid, statuses, parents, oldest)
    }),
  },
}
