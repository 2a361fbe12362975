// A real server, killed in its checkpoint: what it loses when it starts again, and what is there when we recover first.

import { chmodSync, mkdtempSync, rmSync, truncateSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { recover } from '../recovery/recovery.js'
import { copyFor } from './crashNative.js'
import { giveToServer, NativeServer } from './native.js'
import { killedInCheckpoint, lostInCheckpoint } from './staged/checkpointCutShort.js'

const COUNT = 4
const all = Array.from({ length: COUNT }, (_, i) => `p${i}`)
const [, ...lost] = all
let folder: string
let crashed: string
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'pgcrash-checkpoint-'))
  chmodSync(folder, 0o755)
  crashed = join(folder, 'crashed')
  await killedInCheckpoint(crashed, COUNT)
}, 60_000)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

async function preparedIn(dir: string): Promise<unknown[]> {
  const server = await NativeServer.start(dir)
  try {
    return (await server.run(['select gid from pg_prepared_xacts order by gid'])).map(({ gid }) => gid)
  } finally {
    await server.stop('fast')
  }
}

function recovered(name: string, before: (dir: string) => void = () => {}): string {
  const dir = copyFor(crashed, join(folder, name))
  before(dir)
  const disk = nodeDisk(dir)
  recover(disk)
  disk.close()
  giveToServer(dir)
  return dir
}

test('PostgreSQL 18.3 alone loses all but the first', async () => {
  const dir = copyFor(crashed, join(folder, 'alone'))
  const disk = nodeDisk(dir, { readOnly: true })
  expect(lostInCheckpoint(disk).sort()).toEqual(lost)
  disk.close()
  expect(await preparedIn(dir)).toEqual(['p0'])
}, 60_000)

test('after our recovery it has them all, at the second start too', async () => {
  const dir = recovered('ours')
  expect(await preparedIn(dir)).toEqual(all)
  expect(await preparedIn(dir)).toEqual(all)
}, 60_000)

test('a file that was only half written is written anew', async () => {
  const dir = recovered('half', (copy) => truncateSync(join(copy, 'pg_twophase', nameOf(copy)), 10))
  expect(await preparedIn(dir)).toEqual(all)
}, 60_000)

/** The last of its state files. */
function nameOf(dir: string): string {
  const disk = nodeDisk(dir, { readOnly: true })
  const names = disk.list('pg_twophase').map(({ name }) => name)
  disk.close()
  return names.sort().at(-1) ?? ''
}
