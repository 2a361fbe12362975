// Tablespaces made and dropped in redo, where the place may have a later life already.

import { expect, test } from 'vitest'
import { DiskFault, NotRecoverable } from '../bytes/errors.js'
import { TABLESPACE_VERSION_DIRECTORY as VERSION } from '../format/relationPath.js'
import { tablespace } from './tablespace.js'
import { testWorld, type TestWorld } from './testing/context.js'
import { ascii, concat, le32, walRecord } from './testing/records.js'

const [CREATE, DROP] = [0x00, 0x10]
const create = (world: TestWorld, oid: number, location: string): void =>
  world.redo(
    tablespace,
    walRecord({ rmid: 5, info: CREATE, main: concat(le32(oid), ascii(`${location}\0`)) }),
  )
const drop = (world: TestWorld, oid: number): void =>
  world.redo(tablespace, walRecord({ rmid: 5, info: DROP, main: le32(oid) }))

test('made in place or as a link, again when it is there; gone when it is dropped', () => {
  const world = testWorld()
  const { disk } = world.context
  for (let time = 0; time < 2; time++) {
    create(world, 1, '')
    create(world, 2, '/elsewhere')
  }
  expect([disk.kind('pg_tblspc/1'), disk.kind('pg_tblspc/2')]).toEqual(['directory', 'link'])
  expect(disk.kind(`pg_tblspc/1/${VERSION}`)).toBe('directory')
  disk.makeDirectory(`pg_tblspc/1/${VERSION}/5`)
  drop(world, 1)
  drop(world, 2)
  drop(world, 3)
  expect(disk.list('pg_tblspc')).toEqual([])
})

test('files that a later tablespace keeps in the same place stay, and the link to them', () => {
  const world = testWorld()
  const { disk } = world.context
  create(world, 2, '/elsewhere')
  for (const database of [5, 6]) disk.makeDirectory(`pg_tblspc/2/${VERSION}/${database}`)
  disk.write(`pg_tblspc/2/${VERSION}/5/16384`, 0, ascii('a table of today'))
  drop(world, 2)
  expect(disk.size(`pg_tblspc/2/${VERSION}/5/16384`)).toBe(16)
  expect(disk.kind(`pg_tblspc/2/${VERSION}/6`)).toBeUndefined()
  expect(disk.kind('pg_tblspc/2')).toBe('link')
})

test('a place that is gone must be made again first', () => {
  const world = testWorld()
  world.context.disk.makeDirectory = (path) => {
    throw new DiskFault(`could not create directory "${path}": ENOENT: no such file or directory`)
  }
  expect(() => create(world, 2, '/gone')).toThrow(NotRecoverable)
  expect(() => create(world, 2, '/gone')).toThrow(
    /directory "\/gone" does not exist .* create this directory/,
  )
})
