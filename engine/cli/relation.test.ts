import { expect, test } from 'vitest'
import { oneFork, parseRelation } from './relation.js'

test.each([
  ['base/5/16384', { spcOid: 1663, dbOid: 5, relNumber: 16384 }, 0, 0],
  ['base/5/16384_vm.2', { spcOid: 1663, dbOid: 5, relNumber: 16384 }, 2, 2],
  ['global/1262_fsm', { spcOid: 1664, dbOid: 0, relNumber: 1262 }, 1, 0],
  ['pg_tblspc/16999/PG_18_202506291/5/17000_init', { spcOid: 16999, dbOid: 5, relNumber: 17000 }, 3, 0],
  ['1663/5/16384', { spcOid: 1663, dbOid: 5, relNumber: 16384 }, undefined, 0],
  ['1663/5/16384_vm', { spcOid: 1663, dbOid: 5, relNumber: 16384 }, 2, 0],
  ['1664/0/1262', { spcOid: 1664, dbOid: 0, relNumber: 1262 }, undefined, 0],
])('%s', (text, locator, fork, segment) => expect(parseRelation(text)).toEqual({ locator, fork, segment }))

test.each([
  '',
  '16384',
  'base/16384',
  'base/5/0',
  'base/5/t3_16384',
  'base/5/PG_VERSION',
  '0/5/16384',
  '1663/5/4294967296',
])('"%s" names no relation', (text) => expect(parseRelation(text)).toBeUndefined())

test('a path without a suffix leaves the fork to the option; a suffix does not', () => {
  expect([oneFork(0, 2), oneFork(undefined, undefined), oneFork(2, undefined), oneFork(2, 2)]).toEqual([
    2, 0, 2, 2,
  ])
  expect(oneFork(2, 1)).toBeUndefined()
})
