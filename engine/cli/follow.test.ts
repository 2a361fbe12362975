import { mkdirSync, mkdtempSync, rmSync, watch, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate } from 'node:timers/promises'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DirectoryWatch } from './follow.js'

let directory: string
let watching: DirectoryWatch
const quiet = new AbortController().signal

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'pgcrash-follow-'))
  mkdirSync(join(directory, 'pg_wal'))
  watching = new DirectoryWatch(directory)
})
afterEach(() => {
  watching.close()
  rmSync(directory, { recursive: true })
})

/** Is there a change to report right now? */
const noticed = async (): Promise<string> =>
  Promise.race([watching.change(quiet).then(() => 'changed'), setImmediate('nothing')])

async function writeAndBeHeard(): Promise<void> {
  const second = watch(join(directory, 'pg_wal'))
  const heard = once(second, 'change')
  writeFileSync(join(directory, 'pg_wal', '000000010000000000000001'), 'more')
  await heard
  second.close()
  await setImmediate()
}

test('a change that comes while the log is being read is not missed', async () => {
  expect(await noticed()).toBe('nothing')
  await writeAndBeHeard()
  expect(await noticed()).toBe('changed')
})

test('a change ends the waiting, and so does an interrupt', async () => {
  const waiting = watching.change(quiet)
  await writeAndBeHeard()
  await waiting
  const interrupt = new AbortController()
  const interrupted = watching.change(interrupt.signal)
  interrupt.abort()
  await interrupted
  await watching.change(interrupt.signal)
})
