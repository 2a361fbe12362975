// Every idea of the soak, at counts that fit CI. SOAK_SEED=n makes other cases of the same kinds; `npm run soak` makes
// far more of them.

import { describe, expect, test } from 'vitest'
import { nativeIsAvailable } from '../scenes/native.js'
import { eachCase, type SoakOptions } from './cases.js'
import { CutLog } from './cuts.js'
import { ideas } from './ideas.js'
import { knownLogs } from './knownLogs.js'

const seed = Number(process.env.SOAK_SEED ?? 18)
console.log(`soak: seed ${seed}; other cases with SOAK_SEED=n`)
const native = nativeIsAvailable()
if (!native) console.log('no native PostgreSQL binaries for this system: ideas that need them are not tried')

const possible = ideas.filter(({ needsNative }) => native || !needsNative)
test.each(possible.map((idea) => [idea.id, idea.what, idea] as const))(
  '%s: %s',
  { timeout: 240_000 },
  async (id, _, idea) => {
    const result = await idea.run({ seed, count: idea.ci, log: () => {} })
    const failures = result.failures.map(
      (failure) => `${failure.what} (npm run soak -- --replay ${id}:${seed}:${failure.case})`,
    )
    expect(failures.slice(0, 10)).toEqual([])
    expect(result.cases).toBeGreaterThan(0)
    console.log(`${id}: ${result.cases} cases`)
  },
)

describe('cases', () => {
  const options = (more: Partial<SoakOptions> = {}): SoakOptions => ({
    seed: 7,
    count: 50,
    log: () => {},
    ...more,
  })
  const tried = async (more: Partial<SoakOptions>, total: number): Promise<string[]> => {
    const seen: string[] = []
    await eachCase(options(more), total, (i, pick) => void seen.push(`${i} ${pick(1000)} ${pick(1000)}`))
    return seen
  }

  test('all of few, a spread of many, as many as asked of what never ends', async () => {
    expect((await tried({}, 3)).map((s) => Number(s.split(' ')[0]))).toEqual([0, 1, 2])
    const some = (await tried({}, 5000)).map((s) => Number(s.split(' ')[0]))
    expect(some).toHaveLength(50)
    for (const [i, index] of some.entries()) expect(Math.floor(index / 100)).toBe(i)
    expect(await tried({}, Infinity)).toHaveLength(50)
  })

  test('one alone is the same as among the others; another seed makes others', async () => {
    const all = await tried({}, 5000)
    const onlyCase = Number(all[20].split(' ')[0])
    expect(await tried({ onlyCase }, 5000)).toEqual([all[20]])
    expect(await tried({ seed: 8 }, 5000)).not.toEqual(all)
  })

  test('what a case throws is its failure, with the place where it was thrown', async () => {
    const { failures } = await eachCase(options(), 3, (i) => {
      if (i === 1) throw new TypeError('no')
      return i === 2 ? 'wrong' : undefined
    })
    expect(failures).toEqual([
      { case: 1, what: expect.stringMatching(/^TypeError: no \(at .*soak\.test/) as string },
      { case: 2, what: 'wrong' },
    ])
  })
})

test('the cuts notice a reader that believes every checksum', async () => {
  const stated = (record: Uint8Array): number =>
    new DataView(record.buffer, record.byteOffset).getUint32(20, true)
  const log = (await knownLogs())[2]
  const careless = new CutLog(log, { recordCrc: stated })
  const found = careless.zone
    .slice(-20_000, -19_000)
    .map((_, i) => careless.compare(careless.zone.length - 20_000 + i, 'zeroes', () => 0))
  expect(found.filter((what) => what !== undefined).join('\n')).toMatch(
    /^small records, cut at .*: expected .* \(incorrect resource manager data checksum/m,
  )
})
