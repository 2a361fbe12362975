/**
 * The parts of `npm test`. Each prints as it goes and resolves to what it counted, and to a line or two about each
 * failure; a part that has no files counts nothing.
 *
 *   types       tsc over everything; prettier over everything                        one each
 *   unit        vitest, without the site's tests                                      each test
 *   notebooks   chapters and untouched exercises, in our kernel and in stock tslab    each notebook
 *   exercises   every solution passes, every wrong solution is caught                 as it counts itself
 *   site        the site is built; its tests, in headless Chromium when there is one  one, each test
 */

import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import path from 'node:path'

import { inProject } from '../.jupyter/environment.mjs'
import { describeReport, runNotebooks } from '../.jupyter/notebooks.mjs'
import { run } from '../.jupyter/processes.mjs'

const print = (text) => process.stdout.write(text)

/** The program of an npm package, to be run by this Node: so it needs no shell, on Windows either. */
function program(name, command = name) {
  const manifest = createRequire(import.meta.url).resolve(`${name}/package.json`)
  const { bin } = JSON.parse(readFileSync(manifest, 'utf8'))
  return path.join(path.dirname(manifest), typeof bin === 'string' ? bin : bin[command])
}

const onePassed = { passed: 1, failed: 0, failures: [] }
const oneFailed = (failure) => ({ passed: 0, failed: 1, failures: [failure] })

/** Runs a program that passes or fails as a whole. Shows its output when it fails. */
async function check(file, ...parameters) {
  const { code, output } = await run(process.execPath, [file, ...parameters])
  if (code === 0) return onePassed
  print(output)
  return oneFailed(`${path.basename(file)} ${parameters.join(' ')}: exit code ${code}`)
}

/** The sum of several counts. */
export function add(counts) {
  const total = (key) => counts.reduce((sum, count) => sum + count[key], 0)
  return {
    passed: total('passed'),
    failed: total('failed'),
    failures: counts.flatMap(({ failures }) => failures),
  }
}

const firstLines = (text) => text.split('\n').slice(0, 6).join('\n    ').slice(0, 800)

async function types() {
  return add(
    await Promise.all([
      check(program('typescript', 'tsc'), '-p', 'tsconfig.json'),
      check(program('prettier'), '--check', '.'),
    ]),
  )
}

const relative = (file) => path.relative(inProject('.'), file)

/** Counts tests; also files that could not be loaded, and tests that were skipped: they prove nothing. */
function countTests(report, code) {
  const broken = report.testResults.filter(
    ({ status, assertionResults }) =>
      status === 'failed' && !assertionResults.some(({ status }) => status === 'failed'),
  )
  const failures = broken.map(({ name, message }) => `${relative(name)}: ${firstLines(message)}`)
  for (const { name, assertionResults } of report.testResults)
    for (const { status, fullName, failureMessages } of assertionResults)
      if (status !== 'passed')
        failures.push(`${relative(name)}: ${fullName}: ${status}: ${firstLines(failureMessages.join('\n'))}`)
  if (failures.length === 0 && code !== 0) failures.push(`vitest: exit code ${code}`)
  return { passed: report.numPassedTests, failed: failures.length, failures }
}

async function vitest(...parameters) {
  const folder = mkdtempSync(path.join(tmpdir(), 'pgcrash-'))
  try {
    const file = path.join(folder, 'report.json')
    const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${file}`]
    const options = ['run', '--passWithNoTests', ...reporters, ...parameters]
    const { code } = await run(process.execPath, [program('vitest'), ...options], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    if (!existsSync(file)) return oneFailed(`vitest ended before its report: exit code ${code}`)
    return countTests(JSON.parse(readFileSync(file, 'utf8')), code)
  } finally {
    rmSync(folder, { recursive: true })
  }
}

function notebooksIn(folder) {
  if (!existsSync(inProject(folder))) return []
  const names = readdirSync(inProject(folder)).filter((name) => name.endsWith('.ipynb'))
  return names.sort().map((name) => path.join(folder, name))
}

/** Where the run of the notebooks in our kernel leaves them, for the site to show; undefined before it. */
let executed

/** Each notebook twice, side by side: in our kernel, and in stock tslab, which learners may have too. */
async function notebooks() {
  const folders = ['chapters', 'exercises']
  executed = inProject('.cache', 'executed')
  rmSync(executed, { recursive: true, force: true })
  const runIn = async (name, stock) => {
    const onReport = (report) => print(`${name.padEnd(12)} ${describeReport(report)}\n`)
    const reports = []
    for (const folder of folders) {
      const outDir = stock ? undefined : path.join(executed, folder)
      reports.push(...(await runNotebooks(notebooksIn(folder), { stock, outDir, onReport })))
    }
    return reports
  }
  const reports = (await Promise.all([runIn('our kernel', false), runIn('stock tslab', true)])).flat()
  const broken = reports.filter(({ status }) => status !== 'ok')
  const failures = broken.map((report) => firstLines(describeReport(report)))
  return { passed: reports.length - broken.length, failed: broken.length, failures }
}

async function exercises() {
  if (!existsSync(inProject('solutions', 'kills.ts'))) return add([])
  const { code, output } = await run(process.execPath, [program('tsx'), 'solutions/kills.ts'])
  print(output)
  const failure = `solutions/kills.ts: exit code ${code}; its lines are above`
  const [, passed, failed] = /^(\d+) passed, (\d+) failed$/m.exec(output) ?? []
  if (passed === undefined) return code === 0 ? onePassed : oneFailed(failure)
  const count = code === 0 ? Number(failed) : Math.max(1, Number(failed))
  return { passed: Number(passed), failed: count, failures: count > 0 ? [failure] : [] }
}

/** The course's own pages are built first, from the run of the notebooks if there was one: the tests look at them too. */
async function site() {
  if (!existsSync(inProject('site', 'build.ts'))) return add([])
  const outputs = executed === undefined ? [] : ['--executed', executed]
  return add([await check(program('tsx'), 'site/build.ts', ...outputs), await vitest('--project', 'site')])
}

export const parts = {
  types,
  unit: () => vitest('--project', 'course', '--project', 'jupyter'),
  notebooks,
  exercises,
  site,
}
