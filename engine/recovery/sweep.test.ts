// The crash sweep: PostgreSQL works under watch, and is crashed at each write and each fsync of its: killed, robbed of
// power, robbed of power in mid-write. We recover every such disk; PostgreSQL recovers some of them too, and both must
// end in the same pages and rows. A seed decides which: SWEEP_SEED=n repeats a run, SWEEP=all leaves nothing out.

import { beforeAll, describe, expect, test } from 'vitest'
import { watchPostgres } from '../scenes/sweep/watch.js'
import { randomFrom } from '../bytes/random.js'
import { CrashImages, crashKinds } from '../scenes/sweep/crashImages.js'
import { describePoint, everyCrash, sweep } from '../scenes/sweep/sweep.js'
import { judgeCrash } from '../scenes/sweep/judged.js'
import { workloads } from '../scenes/sweep/workloads.js'
import type { DiskEvent, Trace } from '../scenes/sweep/trace.js'

const seed = Number(process.env.SWEEP_SEED ?? 19092)
const all = process.env.SWEEP === 'all'
/** Of so many moments one is taken for our engine, and of so many crashes one for PostgreSQL. */
const [stride, judgedStride] = all ? [1, 5] : [4, 307]
const timeout = all ? 3_600_000 : 600_000

let traces: Trace[] = []
beforeAll(async () => {
  traces = await watchPostgres(workloads)
  console.log(`crash sweep: seed ${seed}; repeat it with SWEEP_SEED=${seed}`)
}, 600_000)

test.each(workloads.map(({ name }, i) => [name, i] as const))(
  '%s: our recovery',
  { timeout },
  async (name, i) => {
    const result = await sweep(traces[i], seed, (event) => (event + seed) % stride === 0)
    const { points, crashes, records } = result
    const counts = crashKinds.map((kind) => `${crashes[kind]} ${kind}`).join(', ')
    console.log(
      `${name}: ${points} of ${traces[i].events.length} moments; crashes: ${counts}; ${records} records replayed`,
    )
    expect(result.failures).toEqual([])
    expect(points).toBeGreaterThan(10)
    expect(records).toBeGreaterThan(1000)
  },
)

test('some of them, by PostgreSQL too: the same pages and rows', { timeout }, async () => {
  const wrong: string[] = []
  let judged = 0
  const first = seed % judgedStride
  let nth = first
  for (const trace of traces)
    await everyCrash(trace, seed, async (image, point) => {
      if (nth++ % judgedStride !== 0) return
      judged++
      const found = await judgeCrash(image, point)
      wrong.push(...found.slice(0, 5).map((what) => `${describePoint(point, trace)}: ${what}`))
    })
  console.log(`crash sweep: ${judged} of ${nth - first} crashes judged by PostgreSQL`)
  expect(wrong).toEqual([])
  expect(judged).toBeGreaterThan(3)
})

/** What was written to the tables since it was synced last, at each moment when pg_control is. */
function unsyncedAtCheckpoints({ events }: Trace): string[] {
  const unsynced = new Set<string>()
  const found: string[] = []
  for (const [i, event] of events.entries()) {
    if (event.kind === 'write' && /^(base|global)\/(?!pg_control)/.test(event.path)) unsynced.add(event.path)
    if (event.kind === 'sync' && event.path === 'global/pg_control')
      found.push(...[...unsynced].map((path) => `event ${i}: ${path} is written, and was not synced`))
    if (event.kind === 'remove' || event.kind === 'sync') unsynced.delete(event.path)
  }
  return found
}

test.each(workloads.map(({ name }, i) => [name, i] as const))(
  '%s: every sync is seen: before a checkpoint counts, all that was written is safe',
  (_, i) => {
    const checkpoints = traces[i].events.filter((e) => e.kind === 'sync' && e.path === 'global/pg_control')
    expect(checkpoints.length).toBeGreaterThan(0)
    expect(unsyncedAtCheckpoints(traces[i])).toEqual([])
  },
)

test('the sweep notices: with fsync forgotten, acknowledged commits are lost', { timeout }, async () => {
  const [bank] = traces
  const forgetful = {
    ...bank,
    events: bank.events.map((e): DiskEvent => (e.kind === 'sync' ? { kind: 'sync', path: 'pg_wal' } : e)),
  }
  const { failures } = await sweep(forgetful, seed, (event) => event % 10 === 0)
  expect(failures.join('\n')).toMatch(
    /power lost after event \d+ .*: step 1 was acknowledged, and transaction \d+ is not committed/,
  )
  expect(failures.join('\n')).not.toMatch(/killed/)
})

describe('the disk after a crash', () => {
  const read = (kind: (typeof crashKinds)[number], events: readonly DiskEvent[]): string => {
    const images = new CrashImages({ files: [['f', new Uint8Array(1024)]], folders: [] })
    for (const event of events) images.apply(event)
    const disk = images.image(kind, randomFrom(3))
    return disk
      .list('')
      .map(({ name }) => `${name}:${[...disk.read(name, 0, 4096)].filter((_, i) => i % 512 === 0).join('')}`)
      .join(' ')
  }
  const ones = { kind: 'write', path: 'f', at: 0, bytes: new Uint8Array(4096).fill(1) } as const

  test('killed: everything; power lost: what was synced; torn: some sectors of the rest', () => {
    expect(read('killed', [ones])).toBe('f:11111111')
    expect(read('power lost', [ones])).toBe('f:00')
    expect(read('power lost', [ones, { kind: 'sync', path: 'f' }])).toBe('f:11111111')
    expect(read('torn', [ones])).toMatch(/^f:(?=.*0)(?=.*1)[01]+$/)
  })

  test('names are kept in order; what was written under an old name goes along', () => {
    const renamed = [ones, { kind: 'rename', from: 'f', to: 'g' }] as const
    expect(read('power lost', renamed)).toBe('g:00')
    expect(read('power lost', [...renamed, { kind: 'sync', path: 'g' }])).toBe('g:11111111')
    expect(read('killed', [...renamed, { kind: 'remove', path: 'g' }, { kind: 'create', path: 'h' }])).toBe(
      'h:',
    )
  })

  test('a cut is at once, growth comes with the sync', () => {
    expect(read('power lost', [{ kind: 'truncate', path: 'f', size: 512 }])).toBe('f:0')
    const longer = { kind: 'truncate', path: 'f', size: 2048 } as const
    expect(read('power lost', [longer])).toBe('f:00')
    expect(read('power lost', [longer, { kind: 'sync', path: 'f' }])).toBe('f:0000')
  })
})
