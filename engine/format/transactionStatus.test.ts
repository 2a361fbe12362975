import { expect, test } from 'vitest'
import { didCommit, TRANSACTION_STATUS, XID, type StatusSources } from './transactionStatus.js'

const { COMMITTED, ABORTED, SUB_COMMITTED } = TRANSACTION_STATUS

function sources(
  statuses: Record<number, number>,
  parents: Record<number, number> = {},
  oldestRunning = 3,
): StatusSources {
  return { statusOf: (xid) => statuses[xid] ?? 0, parentOf: (xid) => parents[xid] ?? 0, oldestRunning }
}

test('01 alone is committed', () => {
  const statuses = { 701: COMMITTED, 702: ABORTED }
  expect([700, 701, 702].map((xid) => didCommit(xid, sources(statuses)))).toEqual([false, true, false])
})

test('permanent ids are not looked up', () => {
  const statusOf = (): never => {
    throw new Error('pg_xact was asked')
  }
  const ids = [XID.INVALID, XID.BOOTSTRAP, XID.FROZEN]
  expect(ids.map((xid) => didCommit(xid, { ...sources({}), statusOf }))).toEqual([false, true, true])
})

test('11 asks its parent, level by level, unless the parent cannot be running any more', () => {
  const parents = { 703: 702, 702: 701 }
  const committed = { 701: COMMITTED, 702: SUB_COMMITTED, 703: SUB_COMMITTED }
  expect(didCommit(703, sources(committed, parents))).toBe(true)
  expect(didCommit(703, sources({ ...committed, 701: ABORTED }, parents))).toBe(false)
  expect(didCommit(703, sources({ ...committed, 702: ABORTED }, parents))).toBe(false)
  expect(didCommit(703, sources(committed, { 703: 702 }))).toBe(false)
  expect(didCommit(703, sources(committed, parents, 702))).toBe(true)
  expect(didCommit(703, sources(committed, parents, 703))).toBe(false)
  expect(didCommit(703, sources(committed, parents, 704))).toBe(false)
})

test('oldest is counted modulo 2^32', () => {
  const statuses = { 4294967290: SUB_COMMITTED, 5: SUB_COMMITTED, 4: COMMITTED }
  const parents = { 4294967290: 4294967289, 5: 4, 4294967289: 4 }
  expect(didCommit(5, sources(statuses, parents, 4294967200))).toBe(true)
  expect(didCommit(4294967290, sources({ ...statuses, 4294967289: COMMITTED }, parents, 4))).toBe(false)
})
