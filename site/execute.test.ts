import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename, join, relative } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { alreadyRun, executeNotebooks, type ExecutedNotebook, type RunNotebook } from './execute.js'
import { markdown, notebook, pretendToRun, writeSample } from './testing/sample.js'

let root: string
let asked: string[]

beforeEach(() => {
  root = writeSample()
  asked = []
})
afterEach(() => rmSync(root, { recursive: true }))

async function execute(): Promise<ExecutedNotebook[]> {
  asked.length = 0
  return executeNotebooks({ root, cacheDir: join(root, '.cache'), run: pretendToRun(asked), say: () => {} })
}

test('chapters and exercises of one name are run apart and come back with their outputs', async () => {
  const executed = await execute()
  expect(executed.map(({ path }) => path)).toEqual([
    'chapters/01-wal.ipynb',
    'chapters/02-lsn.ipynb',
    'exercises/01-wal.ipynb',
  ])
  expect(executed[0]?.text).toContain('hexdump')
  expect(executed[2]?.text).toContain('recordCrc')
  expect(asked).toHaveLength(3)
})

test('kernels run side by side, and each notebook in one of them, chapters first', async () => {
  const asked: string[] = []
  let atOnce = 0
  let most = 0
  const run: RunNotebook = async (path, place) => {
    most = Math.max(most, ++atOnce)
    const report = await pretendToRun(asked)(path, place)
    await new Promise(setImmediate)
    atOnce--
    return report
  }
  await executeNotebooks({ root, cacheDir: join(root, '.cache'), run, say: () => {} })
  expect(most).toBeGreaterThanOrEqual(2)
  expect(asked.map((path) => relative(root, path).replaceAll('\\', '/'))).toEqual([
    'chapters/01-wal.ipynb',
    'chapters/02-lsn.ipynb',
    'exercises/01-wal.ipynb',
  ])
})

test('what has not changed is not run again', async () => {
  await execute()
  expect((await execute()).length).toBe(3)
  expect(asked).toEqual([])
})

test('a crash that a run has left beside the engine for the next one changes nothing', async () => {
  await execute()
  mkdirSync(join(root, 'engine/dist/.scenes/bank-1'), { recursive: true })
  writeFileSync(join(root, 'engine/dist/.scenes/bank-1/scene.json'), '{}')
  await execute()
  expect(asked).toEqual([])
})

test('a changed notebook is run alone, and its older run is forgotten', async () => {
  await execute()
  writeFileSync(join(root, 'chapters/02-lsn.ipynb'), notebook(markdown('# 2. LSN\n\nWhere?')))
  await execute()
  expect(asked.map((path) => basename(path))).toEqual(['02-lsn.ipynb'])
  expect(readdirSync(join(root, '.cache/chapters')).sort()).toEqual([
    expect.stringMatching(/^01-wal@/),
    expect.stringMatching(/^02-lsn@/),
  ])
})

test.each(['engine/dist/index.js', 'exercises/dist/check.js', '.jupyter/preload.cjs'])(
  'a changed %s runs everything again',
  async (file) => {
    await execute()
    mkdirSync(join(root, file, '..'), { recursive: true })
    writeFileSync(join(root, file), 'changed')
    await execute()
    expect(asked).toHaveLength(3)
  },
)

test('a notebook that fails is named with its cell; the others need not run again', async () => {
  const good = pretendToRun(asked)
  const options = { root, cacheDir: join(root, '.cache'), say: () => {} }
  const failing: RunNotebook = async (path, place) => {
    const report = await good(path, place)
    return path.endsWith('02-lsn.ipynb') ? { ...report, status: 'failed', message: 'cell 2: boom' } : report
  }
  await expect(executeNotebooks({ ...options, run: failing })).rejects.toThrow(
    'chapters/02-lsn.ipynb, cell 2: boom',
  )
  await execute()
  expect(asked.map((path) => basename(path))).toEqual(['02-lsn.ipynb'])
})

test('a runner that gives nothing back is an error', async () => {
  const run: RunNotebook = async (notebook) => ({ notebook, status: 'ok' })
  const options = { root, cacheDir: join(root, '.cache'), run, say: () => {} }
  await expect(executeNotebooks(options)).rejects.toThrow('nothing came back from the kernel')
  expect(existsSync(join(root, '.cache/chapters'))).toBe(false)
})

test('what somebody else ran is taken as it is; what is not there is named', async () => {
  const ran = join(root, 'ran')
  for (const [folder, name] of [
    ['chapters', '01-wal'],
    ['chapters', '02-lsn'],
    ['exercises', '01-wal'],
  ]) {
    mkdirSync(join(ran, folder), { recursive: true })
    writeFileSync(join(ran, folder, `${name}.ipynb`), notebook(markdown(`${folder} ${name}`)))
  }
  const options = { root, cacheDir: join(root, '.cache'), run: alreadyRun(ran), say: () => {} }
  const texts = (await executeNotebooks(options)).map(
    ({ text }) => /(chapters|exercises) [\w-]+/.exec(text)?.[0],
  )
  expect(texts).toEqual(['chapters 01-wal', 'chapters 02-lsn', 'exercises 01-wal'])

  rmSync(join(root, '.cache'), { recursive: true })
  rmSync(join(ran, 'chapters', '02-lsn.ipynb'))
  await expect(executeNotebooks(options)).rejects.toThrow('chapters/02-lsn.ipynb is not there')
})
