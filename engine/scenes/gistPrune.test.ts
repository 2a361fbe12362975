// PostgreSQL 18.3 refuses its own log, and recovers from it once we have: see staged/gistPrune.ts.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { recover } from '../recovery/recovery.js'
import { copyFor, crashNative, recoverNatively } from './crashNative.js'
import { giveToServer, nativeIsAvailable, NativeServer } from './native.js'
import { gistPrune } from './staged/gistPrune.js'

const folder = mkdtempSync(join(tmpdir(), 'pgcrash-gist-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

if (!nativeIsAvailable())
  console.log('no native PostgreSQL binaries for this system: its own log is not refused')
else
  test('PostgreSQL alone stops at Gist/DELETE at each start; after our recovery every row is there', async () => {
    const crashed = join(folder, 'crashed')
    await crashNative(gistPrune, crashed)
    const alone = copyFor(crashed, join(folder, 'alone'))
    for (const start of ['first', 'second'])
      await expect(recoverNatively(alone), `${start} start`).rejects.toThrow(
        /FATAL: {2}inconsistent page found, rel .*\n.*CONTEXT: {2}WAL redo at .* for Gist\/DELETE/,
      )
    const disk = nodeDisk(crashed)
    recover(disk)
    disk.close()
    giveToServer(crashed)
    const server = await NativeServer.start(crashed)
    try {
      const [{ n }] = await server.run(['set enable_seqscan = off', 'select count(*)::int as n from spots'])
      expect(n).toBe(450)
      expect(server.log.join('\n')).toContain('database system was shut down at')
    } finally {
      await server.stop('fast')
    }
  }, 60_000)
