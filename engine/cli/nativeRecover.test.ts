// The command itself, as it is installed, on the directory of a native server that was killed: afterwards that server
// starts as if it had been shut down.

import { execFile } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, expect, test } from 'vitest'
import { crashNative, recoveredCopy, recoverNatively } from '../scenes/crashNative.js'
import { nativeIsAvailable } from '../scenes/native.js'
import { judgeNatively } from '../scenes/nativeJudge.js'
import type { NativeScene } from '../scenes/nativeScene.js'

const project = dirname(dirname(dirname(fileURLToPath(import.meta.url))))
const npx = process.platform === 'win32' ? 'npx.cmd' : 'npx'
const shelf = mkdtempSync(join(tmpdir(), 'pgcrash-command-'))
chmodSync(shelf, 0o755)
afterAll(() => rmSync(shelf, { recursive: true, force: true }))

const scene: NativeScene = {
  name: 'an ordinary day',
  why: 'committed, prepared and unfinished work, on a tablespace elsewhere too',
  before: [
    "create tablespace far location '$spaces/far'",
    'create table kept (id int primary key, body text)',
    'create table far_away (id int primary key) tablespace far',
  ],
  main: [
    "insert into kept select $i * 1000 + g, repeat('k', g) from generate_series(1, 200) g",
    'insert into far_away select $i * 1000 + g from generate_series(1, 200) g',
    "begin; insert into kept values (-$i, 'prepared'); prepare transaction 'p$i'",
    'create table new_$i tablespace far as select * from kept',
  ],
  rounds: 3,
  open: ['insert into kept values (0, $$never$$)', 'create table never (a int)'],
}

if (!nativeIsAvailable())
  console.log('no native PostgreSQL binaries for this system: no directory to recover')
else
  test(
    'npx pgcrash recover DIR, and the server finds a directory that was shut down',
    { timeout: 60_000 },
    async () => {
      const [crashed, theirs, ours] = ['crashed', 'theirs', 'ours'].map((name) => join(shelf, name))
      await crashNative(scene, crashed)
      expect(existsSync(join(crashed, 'postmaster.pid'))).toBe(true)
      const { stdout, stderr } = await recoveredCopy(crashed, ours, (dir) =>
        promisify(execFile)(npx, ['--no-install', 'pgcrash', 'recover', dir], { cwd: project }),
      )
      expect(stderr).not.toMatch(/pgcrash/) // npm itself may have a word to say
      expect(stdout).toMatch(/^LOG: {2}database system was interrupted; last known up at /)
      expect(stdout).toMatch(/recovered in [\d.]+ s; PostgreSQL will start as after a clean shutdown\n$/)

      const opinion = await judgeNatively(ours)
      expect(opinion.log.join('\n')).toMatch(/database system was shut down at/)
      expect(opinion.log.join('\n')).not.toMatch(/automatic recovery in progress|PANIC|FATAL|ERROR/)
      expect(opinion.problems).toEqual([])
      await recoveredCopy(crashed, theirs, recoverNatively)
      expect(opinion.digests).toEqual((await judgeNatively(theirs)).digests)
      expect(opinion.digests['prepared transactions']).toBe('p1,p2,p3')
    },
  )
