// The command as a process of its own: what only an operating system can show.

import { spawn, type ChildProcessByStdio } from 'node:child_process'
import { once } from 'node:events'
import { createRequire } from 'node:module'
import type { Readable } from 'node:stream'
import { text } from 'node:stream/consumers'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { expect, test } from 'vitest'
import { testDirectory } from './cli/testing/directory.js'

function start(...args: string[]): ChildProcessByStdio<null, Readable, Readable> {
  const tsx = pathToFileURL(createRequire(import.meta.url).resolve('tsx')).href
  const script = fileURLToPath(new URL('./cli.ts', import.meta.url))
  return spawn(process.execPath, ['--import', tsx, script, ...args], { stdio: ['ignore', 'pipe', 'pipe'] })
}

test('a pipe that is closed early, as by "| head -1", is no failure', async () => {
  const directory = testDirectory(40) // 1 MB of text: more than any pipe holds
  const child = start('wal', directory.path)
  try {
    const exit = once(child, 'exit')
    const complaints = text(child.stderr)
    await once(child.stdout, 'data')
    child.stdout.destroy()
    expect(await exit).toEqual([0, null])
    expect(await complaints).toBe('')
  } finally {
    child.kill('SIGKILL')
    directory.remove()
  }
})

test('an interrupt ends --follow, exit code 0', async () => {
  const directory = testDirectory()
  const child = start('wal', directory.path, '--follow')
  try {
    const exit = once(child, 'exit')
    await once(child.stdout, 'data')
    child.kill('SIGINT')
    expect(await exit).toEqual([0, null])
  } finally {
    child.kill('SIGKILL')
    directory.remove()
  }
})

test('the exit code reaches the shell', async () => {
  const child = start('control', '/nowhere/at/all')
  const [exit, complaints] = await Promise.all([once(child, 'exit'), text(child.stderr)])
  expect(exit).toEqual([3, null])
  expect(complaints).toBe('pgcrash: error: there is no directory "/nowhere/at/all"\n')
})
