// wal_compression = lz4 and zstd. No PostgreSQL here is built with them, which is shown first; so a real crash's log is
// given such images (recompress.ts), and our recovery of it must be PostgreSQL's recovery of the log as it was.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from '@electric-sql/pglite'
import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { BKPIMAGE } from '../format/walRecord.js'
import { reference } from '../parts.js'
import { comparePages, describeDifference } from '../scenes/comparePages.js'
import { copyFor, crashNative, recoverNatively } from '../scenes/crashNative.js'
import { initdb, nativeIsAvailable, NativeServer } from '../scenes/native.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import { compareControl } from '../scenes/oracle/controlFile.js'
import { recompress } from '../scenes/oracle/recompress.js'
import { Recovery } from './recovery.js'

const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-compressed-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

const scene: NativeScene = {
  name: 'images in plenty',
  why: 'most pages are changed for the first time since the checkpoint',
  before: [
    'create table wide (id int primary key, word text, filler text)',
    'insert into wide select g, md5(g::text), repeat(chr(97 + g % 26), 40 + g % 60) from generate_series(1, 6000) g',
    'create index on wide (filler)',
    'create index on wide using hash (word)',
    'delete from wide where id % 4 = 0',
  ],
  main: [
    "update wide set filler = filler || 'u' where id % 37 = 1",
    'vacuum wide',
    'delete from wide where id % 50 = 2',
  ],
  rounds: 1,
  open: ["insert into wide select -g, 'open', repeat('o', 80) from generate_series(1, 200) g"],
}

test('PGlite knows pglz alone', async () => {
  const db = await PGlite.create()
  try {
    await db.query("set wal_compression = 'pglz'")
    for (const method of ['lz4', 'zstd'])
      await expect(db.query(`set wal_compression = '${method}'`)).rejects.toThrow(
        /invalid value for parameter/,
      )
  } finally {
    await db.close()
  }
})

if (!nativeIsAvailable()) console.log('no native PostgreSQL binaries for this system: no log to compress')
else {
  test('so does the native server', async () => {
    initdb(join(shelf, 'asked'))
    const server = await NativeServer.start(join(shelf, 'asked'))
    try {
      const setting = "select enumvals from pg_settings where name = 'wal_compression'"
      expect(await server.run([setting])).toEqual([{ enumvals: ['pglz', 'on', 'off'] }])
    } finally {
      await server.kill()
    }
  })

  test('images in lz4 and in zstd: the same pages as PostgreSQL makes from the images as they were', async () => {
    const crashed = join(shelf, 'crashed')
    await crashNative(scene, crashed)
    const theirs = copyFor(crashed, join(shelf, 'theirs'))
    await recoverNatively(theirs)
    for (const method of ['lz4', 'zstd'] as const) {
      const ours = copyFor(crashed, join(shelf, method))
      const disk = nodeDisk(ours)
      const { compressed } = recompress(disk, method)
      expect(compressed, `images in ${method}`).toBeGreaterThan(100)
      const flag = method === 'lz4' ? BKPIMAGE.COMPRESS_LZ4 : BKPIMAGE.COMPRESS_ZSTD
      let restored = 0
      const recovery = new Recovery(disk, reference, { leaveInFlight: true })
      for (const { record } of recovery.replay())
        restored += record.blocks.filter(({ image }) => image && image.bimg_info & flag).length
      recovery.abort()
      recovery.cleanUp()
      recovery.finish()
      disk.close()
      expect(restored, `images restored from ${method}`).toBe(compressed)
      const same = comparePages(theirs, ours)
      expect(same.differences.map(describeDifference)).toEqual([])
      expect([same.lsns, same.statuses, compareControl(theirs, ours)]).toEqual([[], [], []])
    }
  })
}
