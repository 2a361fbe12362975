import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { reference } from 'pgcrash'
import { afterAll, expect, test } from 'vitest'
import { myParts } from './myParts.js'

const folder = mkdtempSync(join(tmpdir(), 'pgcrash-parts-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

function notebook(name: string, exercise: string, source: string): void {
  const metadata = { pgcrash: { exercise, role: 'stub' } }
  writeFileSync(join(folder, `${name}.ipynb`), JSON.stringify({ cells: [{ source: [source], metadata }] }))
}

test('in the notebooks of the course, as they are handed out, every part is still the engine’s', async () => {
  const { parts, list } = await myParts()
  expect(parts).toEqual(reference)
  expect(list.map(({ whose }) => whose)).toEqual(list.map(() => "the engine's"))
  expect(list.map(({ part }) => part).sort()).toEqual(Object.keys(reference).sort())
})

test('a part that is written is used; one that does not run is named, and the engine’s stands in', async () => {
  const typed =
    'function needsRedo(pageLSN: bigint, recordEnd: bigint): boolean { return pageLSN <= recordEnd }'
  notebook('04-startup', 'needsRedo', `import { NotStarted } from 'pgcrash'\n${typed}`)
  notebook('05-abort', 'inFlight', 'const notAFunction = 1; throw new Error("no")')
  notebook(
    '06-temp-cleanup',
    'isTemporary',
    "function isTemporary(path: string) { throw new NotStarted('isTemporary') }",
  )
  const { parts, list } = await myParts(folder)
  expect(parts.needsRedo(8n, 8n, 0n)).toBe(true)
  const whose = Object.fromEntries(list.map((entry) => [entry.part, entry.whose]))
  expect(whose).toMatchObject({
    needsRedo: 'yours',
    inFlight: "the engine's: the cell of yours does not run, no",
    isTemporary: "the engine's",
    redoPoint: "the engine's",
  })
  expect(parts.inFlight).toBe(reference.inFlight)
})
