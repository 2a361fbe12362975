import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import fc from 'fast-check'
import { crashedCopy } from 'pgcrash'
import { afterAll, expect, test } from 'vitest'
import { crashOf, crashOfScene, planOfEngine } from './crashes.js'
import { anything, planning } from './planRecovery.js'

const folder = mkdtempSync(join(tmpdir(), 'pgcrash-crashes-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

test.each(['bank', 'bank-without-images', 'migration'] as const)(
  'the plan made from plain data is the one that the engine carries out on scene %s',
  { timeout: 60_000 },
  async (name) => {
    const scene = await crashedCopy(name, join(folder, name))
    const { applied, ...plan } = planning.reference(crashOfScene(scene))
    const engine = planOfEngine(scene)
    expect(applied.length).toBeGreaterThan(1000)
    expect(applied.map(({ record, page }) => `${record} ${page}`)).toEqual(
      engine.applied.map(({ record, page }) => `${record} ${page}`),
    )
    expect(plan.aborted).toEqual(engine.aborted)
    expect(plan.removed.sort()).toEqual(engine.removed.sort())
    expect(plan.writes).toEqual(engine.writes)
  },
)

test('made-up crashes are logs as PostgreSQL writes them: records in a row, each pointing at the one before', () => {
  const seed = Math.floor(Math.random() * 1e9)
  fc.assert(
    fc.property(crashOf({ ...anything, ends: ['nothing'] }), ({ control, records }) => {
      for (const [i, { start, end, prev }] of records.entries()) {
        expect(end).toBeGreaterThan(start)
        if (i > 0) expect([start, prev]).toEqual([records[i - 1].end, records[i - 1].start])
      }
      const starts = records.map(({ start }) => start)
      expect(starts).toContain(control.redo)
      expect(starts).toContain(control.checkPoint)
      expect(control.checkPoint).toBeGreaterThanOrEqual(control.redo)
    }),
    { seed },
  )
})
