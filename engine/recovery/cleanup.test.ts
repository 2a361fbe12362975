import { expect, test } from 'vitest'
import { memoryDisk } from '../disk/memoryDisk.js'
import { reference } from '../parts.js'
import { carryOutCleanup, planCleanup, resetUnlogged } from './cleanup.js'

test('a relation with an init fork: all else goes, each init file becomes a main file', () => {
  const names = [
    '16400',
    '16400.1',
    '16400_fsm',
    '16400_init',
    '16400_init.1',
    '16400_vm',
    '16401',
    '16401_vm',
  ]
  expect(resetUnlogged(names)).toEqual({
    remove: ['16400', '16400.1', '16400_fsm', '16400_vm'],
    copy: [
      ['16400_init', '16400'],
      ['16400_init.1', '16400.1'],
    ],
  })
})

test('temporary relations and names that are none are left alone', () => {
  expect(resetUnlogged(['t3_16400', 't3_16400_init', '016400', '16400_init', '16400.0'])).toEqual({
    remove: [],
    copy: [['16400_init', '16400']],
  })
  expect(resetUnlogged(['t3_16400', 't3_16400_init', '16400'])).toEqual({ remove: [], copy: [] })
})

test('only databases have unlogged relations: not global, not pgsql_tmp, not another version', () => {
  const bytes = Uint8Array.of(1)
  const empty = new Uint8Array(0)
  const other = ['global', 'base/pgsql_tmp', 'pg_tblspc/9/PG_17_202406281/5'].flatMap((folder) => [
    `${folder}/16400`,
    `${folder}/16400_init`,
  ])
  const disk = memoryDisk([
    ...['base/5/16400', 'base/6/16400', ...other].map((path) => [path, bytes] as const),
    ['base/5/16400_init', empty],
    ['pg_tblspc/9/PG_18_202506291/5/16400_init', empty],
  ])
  const plan = planCleanup(disk, reference)
  expect(plan.unloggedFiles).toEqual(['base/5/16400'])
  expect(plan.unlogged.map(({ main }) => main)).toEqual([
    'base/5/16400',
    'pg_tblspc/9/PG_18_202506291/5/16400',
  ])
  carryOutCleanup(disk, plan)
  const sizes = [...disk.files()].map(([path, { length }]) => [path, length])
  expect(Object.fromEntries(sizes)).toMatchObject({
    'base/5/16400': 0,
    'base/6/16400': 1,
    'pg_tblspc/9/PG_18_202506291/5/16400': 0,
    'global/16400': 1,
    'base/pgsql_tmp/16400': 1,
    'pg_tblspc/9/PG_17_202406281/5/16400': 1,
  })
})
