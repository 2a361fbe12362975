import { expect, test } from 'vitest'
import { multixact, multiXactMembers, multiXactUpdater, type MultiXactMember } from './multixact.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { concat, le32, walRecord } from './testing/records.js'

const [KEY_SHARE, UPDATE_LOCK, NO_KEY_UPDATE, UPDATE] = [0, 3, 4, 5]

function create(world: TestWorld, multi: number, first: number, members: readonly MultiXactMember[]): void {
  const pairs = members.flatMap(({ xid, status }) => [le32(xid), le32(status)])
  const main = concat(le32(multi), le32(first), le32(members.length), ...pairs)
  world.redo(multixact, walRecord({ rmid: 6, info: 0x20, main }))
}

test('members come back as they were logged; groups of four are crossed', () => {
  const world = testWorld()
  const lists = [
    [701, 702],
    [703, 704, 705, 706, 707],
    [708, 709],
  ].map((xids) => xids.map((xid, i) => ({ xid, status: i === 1 ? UPDATE : KEY_SHARE })))
  let offset = 1
  for (const [i, members] of lists.entries()) {
    create(world, i + 1, offset, members)
    offset += members.length
  }
  const { tables } = world.context
  expect([1, 2, 3].map((multi) => multiXactMembers(tables, multi))).toEqual(lists)
  expect([1, 2, 3].map((multi) => multiXactUpdater(tables, multi))).toEqual([702, 704, 709])
})

test('whoever only locks is no updater, the strongest lock included', () => {
  const world = testWorld()
  create(world, 1, 1, [
    { xid: 701, status: KEY_SHARE },
    { xid: 702, status: UPDATE_LOCK },
  ])
  create(world, 2, 3, [
    { xid: 703, status: NO_KEY_UPDATE },
    { xid: 704, status: KEY_SHARE },
  ])
  const { tables } = world.context
  expect([multiXactUpdater(tables, 1), multiXactUpdater(tables, 2)]).toEqual([0, 703])
})

test('a multixact that was never made', () => {
  const world = testWorld()
  create(world, 1, 1, [{ xid: 701, status: KEY_SHARE }])
  expect(() => multiXactMembers(world.context.tables, 2)).toThrow(
    'pg_multixact/offsets/0000: MultiXact 2 has invalid next offset',
  )
})

test('behind the last multixact comes the first, behind the last member the first: 0 is no member', () => {
  const world = testWorld()
  const members = [701, 702, 703].map((xid) => ({ xid, status: KEY_SHARE }))
  create(world, 0xffffffff, 0xfffffffe, members)
  expect(multiXactMembers(world.context.tables, 0xffffffff).map(({ xid }) => xid)).toEqual([701, 702, 703])
})
