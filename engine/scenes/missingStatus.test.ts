// A status file that is missing: PostgreSQL 18.3 starts or refuses, and we do the same, to the byte.

import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { nodeDisk } from '../disk/nodeDisk.js'
import { reference } from '../parts.js'
import { recover } from '../recovery/recovery.js'
import { copyFor, recoverNatively } from './crashNative.js'
import { nativeIsAvailable } from './native.js'
import { compareStatusFiles } from './oracle/statusFiles.js'
import { killedAtWork } from './staged/missingStatus.js'

const folder = mkdtempSync(join(tmpdir(), 'pgcrash-status-'))
chmodSync(folder, 0o755)
afterAll(() => rmSync(folder, { recursive: true, force: true }))

interface Said {
  /** Undefined when the directory was recovered. */
  readonly refusal: string | undefined
  readonly dummies: readonly string[]
}

const dummiesIn = (lines: readonly string[]): string[] =>
  lines.flatMap((line) => /file "(\S+)" doesn't exist, reading as zeroes/.exec(line)?.[1] ?? [])

async function theirs(dir: string): Promise<Said> {
  try {
    return { refusal: undefined, dummies: dummiesIn(await recoverNatively(dir)) }
  } catch (error) {
    const log = (error as Error).message
    return { refusal: log, dummies: dummiesIn(log.split('\n')) }
  }
}

function ours(dir: string): Said {
  const said: string[] = []
  const disk = nodeDisk(dir)
  try {
    recover(disk, reference, { leaveInFlight: true, log: (sentence) => said.push(sentence) })
    return { refusal: undefined, dummies: dummiesIn(said) }
  } catch (error) {
    return { refusal: (error as Error).message, dummies: dummiesIn(said) }
  } finally {
    disk.close()
  }
}

const QUIET = 'nothing in the log but a transaction in flight'
const BUSY = 'commits and multixacts in the log'
const [XACT, OFFSETS] = ['pg_xact/0000', 'pg_multixact/offsets/0000']
const [MEMBERS, TIMES] = ['pg_multixact/members/0000', 'pg_commit_ts/0000']

if (!nativeIsAvailable())
  console.log('no native PostgreSQL binaries for this system: missing status files are not tried')
else
  describe.each([QUIET, BUSY])('%s', (name) => {
    const crashed = join(folder, name.replaceAll(' ', '-'))
    beforeAll(() => killedAtWork(crashed, name === QUIET), 60_000)
    const without = (path: string, who: string): string => {
      const dir = copyFor(crashed, `${crashed}-${who}-${path.replaceAll('/', '-')}`)
      rmSync(join(dir, path))
      return dir
    }

    test.each(name === QUIET ? [XACT, OFFSETS, MEMBERS] : [])(
      '%s is missing: refused, and the dead transaction does not make it up',
      { timeout: 60_000 },
      async (path) => {
        const { refusal } = await theirs(without(path, 'theirs'))
        expect(refusal).toMatch(/FATAL: {2}could not access status of transaction \d+/)
        expect(refusal).toContain(`Could not open file "${path}": No such file or directory`)
        const sentence = `${path}: could not open file: no such file, and the log does not bring it back`
        expect(ours(without(path, 'ours')).refusal).toContain(sentence)
        const disk = nodeDisk(without(path, 'marked'))
        expect(() => recover(disk)).toThrow(sentence)
        disk.close()
      },
    )

    test.each(name === QUIET ? [TIMES] : [XACT, OFFSETS, MEMBERS, TIMES])(
      '%s is missing: PostgreSQL starts, and writes the same status files as we do',
      { timeout: 60_000 },
      async (path) => {
        const [a, b] = [without(path, 'theirs'), without(path, 'ours')]
        const [told, said] = [await theirs(a), ours(b)]
        expect(said).toEqual(told)
        expect(told).toEqual({ refusal: undefined, dummies: path === TIMES ? [] : [path] })
        expect(compareStatusFiles(a, b)).toEqual([])
      },
    )
  })
