import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, test } from 'vitest'
import type { RunReport } from './execute.js'
import { nodeRunner } from './nodeKernel.js'
import { parseNotebook } from './notebook.js'
import { code, markdown, notebook } from './testing/sample.js'

const project = fileURLToPath(new URL('..', import.meta.url))
const root = mkdtempSync(join(tmpdir(), 'pgcrash-nodekernel-'))
mkdirSync(join(root, 'chapters'))
// The kernel looks for types and packages upward from the notebook.
symlinkSync(join(project, 'node_modules'), join(root, 'node_modules'))
afterAll(() => rmSync(root, { recursive: true }))

const outDir = join(root, 'out')
mkdirSync(outDir)
const run = nodeRunner(join(project, '.jupyter/kernels/tslab'))

async function runCells(...cells: ReturnType<typeof code>[]): Promise<RunReport> {
  const path = join(root, 'chapters/01-wal.ipynb')
  writeFileSync(path, notebook(...cells))
  return run(path, { outDir })
}

test('cells run in order in one kernel, and what they print and display comes back', async () => {
  const report = await runCells(
    markdown('# 1. WAL\n\nWhy?'),
    code("import { display } from 'tslab'\nconst lsn = 0x1000000"),
    code('console.log(`at ${lsn}`)\nlsn + 1'),
    code("display.html('<b>bold</b>')\nawait new Promise((done) => setTimeout(done, 5))"),
  )
  const executedPath = join(outDir, '01-wal.ipynb')
  expect(report).toEqual({
    notebook: join(root, 'chapters/01-wal.ipynb'),
    status: 'ok',
    executed: executedPath,
  })
  const executed = parseNotebook(readFileSync(executedPath, 'utf8'), 'x')
  expect(executed.cells.slice(1)).toMatchObject([
    { outputs: [] },
    { outputs: [{ type: 'stream', name: 'stdout', text: 'at 16777216\n16777217\n' }] },
    { outputs: [{ type: 'display', data: { 'text/html': '<b>bold</b>' } }] },
  ])
}, 60_000)

test('what cells leave in the folder for temporary files goes with their kernel', async () => {
  await runCells(
    code(`import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
console.log(mkdtempSync(tmpdir() + '/left-'))`),
  )
  const executed = parseNotebook(readFileSync(join(outDir, '01-wal.ipynb'), 'utf8'), 'x')
  const [output] = executed.cells[0]?.type === 'code' ? executed.cells[0].outputs : []
  const left = output?.type === 'stream' ? output.text.trim() : ''
  expect(left).toMatch(/left-\w+$/)
  expect(existsSync(left)).toBe(false)
}, 60_000)

test.each([
  ['throws', "throw new RangeError('no such page')", 'cell 2: RangeError: no such page'],
  ['has a type error', "const n: number = 'one'", 'cell 2: '],
  ['writes to stderr', "console.error('careful')", 'cell 2: it wrote to stderr: careful'],
  ['ends the kernel', 'process.exit(3)', 'cell 2: the kernel died'],
])(
  'a cell that %s is a failure with its place',
  async (_what, source, message) => {
    const report = await runCells(markdown('# 1. WAL\n\nWhy?'), code(source), code('1'))
    expect(report).toMatchObject({ status: 'failed', message: expect.stringContaining(message) as string })
  },
  60_000,
)
