/**
 * A1: each native scene, recovered alone and with an assistant who replays every relation that he can. Some are harmed
 * before: the log cut, a page broken, a file shortened. Some have little memory, some are rehearsals. Whoever looks at
 * directory, sentences, errors and findings may not notice which it was.
 */
import { cpSync, readdirSync, rmSync, truncateSync, writeFileSync, readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { isDeepStrictEqual } from 'node:util'
import { randomFrom } from '../bytes/random.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { locateLsn, segmentFileName } from '../format/lsn.js'
import { Recovery, type RecoverOptions } from '../recovery/recovery.js'
import { ALL_THAT_CAN_BE } from '../recovery/share.js'
import type { StartPoint } from '../recovery/startup.js'
import { nativeScenes } from '../scenes/nativeScenes.js'
import { rareScenes } from '../scenes/nativeRareScenes.js'
import { startAssistant } from '../threads/assistant.js'
import { crashedOnce } from './bothRecover.js'
import { eachCase, type Idea, type Pick, type SoakOptions, type SoakResult } from './cases.js'
import { forgetBuffers, outcomeOf, watchShare, type Outcome, type ShareSeen } from './outcome.js'

const plain = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? String(value) : value)

/** Those whose directory is all there is: copies of it share nothing. */
const scenes = [...nativeScenes, ...rareScenes].filter(
  (scene) => !JSON.stringify(scene, plain).includes('$spaces'),
)

/** The bytes of pg_wal from a random position on become zeroes. */
function cutLog(dir: string, pick: Pick): void {
  const disk = nodeDisk(dir)
  const { start, survey } = new Recovery(disk)
  const size = start.control.xlog_seg_size
  const at = start.redo + BigInt(pick(Number(survey.endOfLog - start.redo)))
  for (let from = at; from < survey.endOfLog;) {
    const { segment, offset } = locateLsn(from, size)
    disk.write(
      `pg_wal/${segmentFileName(survey.timeline, segment, size)}`,
      offset,
      new Uint8Array(size - offset),
    )
    from += BigInt(size - offset)
  }
  disk.close()
}

/** A file of a relation, of two blocks or more. */
function someFile(dir: string, pick: Pick): string {
  const base = join(dir, 'base', '5')
  const files = readdirSync(base).filter(
    (name) => /^\d+$/.test(name) && statSync(join(base, name)).size >= 16384,
  )
  return join(base, files[pick(files.length)])
}

function breakPage(dir: string, pick: Pick): void {
  const file = someFile(dir, pick)
  const bytes = readFileSync(file)
  const at = pick(bytes.length - 64)
  writeFileSync(file, bytes.fill(0xa5, at, at + 64))
}

function shorten(dir: string, pick: Pick): void {
  const file = someFile(dir, pick)
  truncateSync(file, 8192 * pick(statSync(file).size / 8192))
}

const HARMS = [undefined, undefined, cutLog, breakPage, shorten] as const
const CAPACITIES = [undefined, 1280, 1500, 4000] as const

/** Recovers a copy alone, and another with the assistant. */
function bothWays(
  from: string,
  harm: (dir: string) => void,
  options: RecoverOptions,
  rehearse: boolean,
): Outcome[] {
  const seen: ShareSeen = { records: 0, returned: 0 }
  return [false, true].map((beside) => {
    const dir = `${from}-${beside ? 'beside' : 'alone'}`
    cpSync(from, dir, { recursive: true, verbatimSymlinks: true })
    try {
      harm(dir)
      const assistant = (start: StartPoint, pages: number) =>
        watchShare(startAssistant(dir, start, { writes: !rehearse, pages, choice: ALL_THAT_CAN_BE }), seen)
      return outcomeOf(dir, beside ? { ...options, assistant } : options, rehearse)
    } finally {
      rmSync(dir, { recursive: true, force: true })
    }
  })
}

/** The first part of what came of it that is not the same. */
function difference([alone, beside]: Outcome[]): string | undefined {
  for (const part of ['error', 'said', 'known', 'found', 'files'] as const)
    if (!isDeepStrictEqual(alone[part], beside[part]))
      return `${part}: ${JSON.stringify(alone[part] ?? 'none', plain)?.slice(0, 300)} alone, ${JSON.stringify(beside[part] ?? 'none', plain)?.slice(0, 300)} with the assistant`
  return undefined
}

async function run(options: SoakOptions): Promise<SoakResult> {
  return eachCase(options, Infinity, async (i, pick) => {
    const scene = scenes[i % scenes.length]
    const dir = await crashedOnce(scene)
    const [harm, capacity, rehearse] = [
      HARMS[pick(HARMS.length)],
      CAPACITIES[pick(CAPACITIES.length)],
      pick(4) === 0,
    ]
    const harmed = pick(1e9)
    const same = (to: string): void => {
      const random = randomFrom(harmed) // the same harm for both copies
      harm?.(to, (n) => Math.floor(random() * n))
    }
    const outcomes = bothWays(dir, same, { capacity }, rehearse)
    if (capacity !== undefined) forgetBuffers(...outcomes)
    const what = difference(outcomes)
    return (
      what &&
      `${scene.name}, ${harm?.name ?? 'unharmed'}, ${capacity ?? 'all'} pages, ${rehearse ? 'rehearsed' : 'done'}: ${what}`
    )
  })
}

export const besideIdea: Idea = {
  id: 'A1',
  what: 'scenes, unharmed and harmed, recovered alone and with an assistant',
  ci: 6,
  full: 2_000,
  needsNative: true,
  run,
}
