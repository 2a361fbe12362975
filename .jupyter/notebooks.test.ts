import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { describeReport, runNotebooks, type NotebookReport, type RunOptions } from './notebooks.mjs'
import { makeFolder } from './testing/kernelSession.js'

let folder: string

beforeAll(() => {
  folder = makeFolder()
})
afterAll(() => rmSync(folder, { recursive: true }))

interface Executed {
  cells: Array<{ execution_count?: number | null; outputs?: Array<{ text?: string[]; ename?: string }> }>
}

/** Writes a notebook of a heading and these code cells, and runs it. */
async function run(
  name: string,
  cells: readonly string[],
  options: RunOptions = {},
): Promise<NotebookReport> {
  const file = path.join(folder, `${name}.ipynb`)
  const code = cells.map((source, i) => {
    return { cell_type: 'code', id: `c${i}`, source, metadata: {}, outputs: [], execution_count: null }
  })
  const heading = { cell_type: 'markdown', id: 'heading', source: '# A heading', metadata: {} }
  const metadata = { kernelspec: { name: 'tslab', display_name: 'TypeScript', language: 'typescript' } }
  writeFileSync(file, JSON.stringify({ cells: [heading, ...code], metadata, nbformat: 4, nbformat_minor: 5 }))
  const reports = await runNotebooks([file], { onReport: () => undefined, ...options })
  return reports[0]!
}

const statuses = (report: NotebookReport): string[] => report.cells.map(({ status }) => status)

test.each([
  ['our kernel', false],
  ['stock tslab', true],
])('in %s a notebook runs from top to bottom, and its copy has outputs and counts', async (name, stock) => {
  const cells = ["import { formatLsn } from 'pgcrash'", 'formatLsn(0x1A2B3C8n)', '', "console.log('last')"]
  const outDir = path.join(folder, 'executed', name)
  const report = await run('good', cells, { stock, outDir })
  expect(report).toMatchObject({ status: 'ok', executed: path.join(outDir, 'good.ipynb') })
  expect(report.cells.map(({ cell, status, executionCount }) => [cell, status, executionCount])).toEqual([
    [2, 'ok', 1],
    [3, 'ok', 2],
    [5, 'ok', 3],
  ])
  const executed = JSON.parse(readFileSync(report.executed!, 'utf8')) as Executed
  expect(executed.cells[2]).toMatchObject({ execution_count: 2, outputs: [{ text: ['0/1A2B3C8\n'] }] })
})

test('a cell that fails ends the notebook, and no copy is written', async () => {
  const outDir = path.join(folder, 'none')
  mkdirSync(outDir)
  const report = await run('bad', ['1', 'const lsn: bigint = 1', '3'], { outDir })
  expect(statuses(report)).toEqual(['ok', 'failed', 'notRun'])
  expect(report.message).toMatch(/^cell 3: 1:7 - Type 'number' is not assignable to type 'bigint'\./)
  expect(report.executed).toBeUndefined()
  expect(describeReport(report)).toMatch(/^FAILED +\d+\.\d s {2}.*bad\.ipynb\n {4}cell 3: 1:7/)
})

test('with keepGoing the cells after it are run, and the copy has its error', async () => {
  const cells = [
    "throw new RangeError('boom')",
    "console.error('careless')",
    "Promise.reject('lost'); 1",
    '4',
  ]
  const report = await run('worse', cells, { keepGoing: true, outDir: folder + '/kept' })
  expect(statuses(report)).toEqual(['failed', 'failed', 'failed', 'ok'])
  expect(report.cells[1]?.message).toBe('it wrote to stderr: careless')
  const executed = JSON.parse(readFileSync(report.executed!, 'utf8')) as Executed
  expect(executed.cells[1]?.outputs?.at(-1)).toMatchObject({ ename: 'RangeError', evalue: 'boom' })
})

test('stock tslab skips cells without a word; that is a failure too', async () => {
  const report = await run('skipped', ["throw new Error('first')", '2'], { stock: true, keepGoing: true })
  expect(report.cells[1]).toMatchObject({ status: 'failed', message: 'the kernel skipped it' })
})

test('what is written to stderr when the last cell is done is a failure', async () => {
  const late = "setImmediate(() => setImmediate(() => console.error('too late'))); null"
  const report = await run('late', ['1', late])
  expect(report.message).toBe('cell 3: a cell that was done wrote to stderr: too late')
})

test.each([
  ['process.exit(3)', {}, 'the kernel died'],
  ['await new Promise(() => {})', { timeout: 1 }, 'it took longer than 1 seconds'],
])('%s is a failure', async (code, options, message) => {
  const report = await run('end', ['1', code], options)
  expect(report.message).toBe(`cell 3: ${message}`)
})

test('a notebook that is not there is a failure', async () => {
  const [report] = await runNotebooks([path.join(folder, 'none.ipynb')], { onReport: () => undefined })
  expect(report).toMatchObject({
    status: 'failed',
    message: expect.stringContaining('No such file') as string,
  })
})
