/**
 * Notebooks run from top to bottom in the TypeScript kernel: for the tests, and for the site's outputs.
 *
 *   node .jupyter/notebooks.mjs [--stock] [--keep-going] [--out DIR] [--timeout SECONDS] [--json] NOTEBOOK...
 *
 * Exit codes: 0 every cell of every notebook ran, 1 one did not, 2 wrong options.
 */

import { once } from 'node:events'
import { mkdirSync } from 'node:fs'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { pathToFileURL } from 'node:url'
import { parseArgs } from 'node:util'

import { inProject, jupyterEnvironment, kernels, venvPython } from './environment.mjs'
import { prepare } from './prepare.mjs'
import { endAll, failed, onEnd, start } from './processes.mjs'
import { Refusal } from './refusal.mjs'

/** See notebooks.d.mts. */
export async function runNotebooks(notebooks, options = {}) {
  const { outDir, stock = false, keepGoing = false, timeout = 60, tell, onReport = complain } = options
  if (notebooks.length === 0) return []
  await prepare(tell)
  const parameters = [inProject('.jupyter', 'run-notebooks.py'), '--timeout', String(timeout)]
  if (outDir !== undefined) {
    mkdirSync(outDir, { recursive: true })
    parameters.push('--out', outDir)
  }
  if (keepGoing) parameters.push('--keep-going')
  const env = jupyterEnvironment(stock ? kernels.stock : kernels.repaired)
  const runner = start(venvPython, [...parameters, '--', ...notebooks], { cwd: process.cwd(), env })

  let complaint = ''
  runner.stderr.setEncoding('utf8').on('data', (text) => (complaint += text))
  const closed = once(runner, 'close')
  const reports = []
  for await (const line of createInterface({ input: runner.stdout })) {
    const report = JSON.parse(line)
    reports.push(report)
    onReport(report)
  }
  await closed
  if (reports.length < notebooks.length) throw failed('Running the notebooks', complaint)
  return reports
}

/** One line for a notebook; below it, why it failed. */
export function describeReport({ notebook, status, seconds, message }) {
  const line = `${status === 'ok' ? 'ok    ' : 'FAILED'} ${seconds.toFixed(1).padStart(5)} s  ${notebook}`
  return message === undefined ? line : `${line}\n${message.replace(/^/gm, '    ')}`
}

function complain(report) {
  if (report.status !== 'ok') process.stderr.write(`${describeReport(report)}\n`)
}

function readOptions(parameters) {
  const flag = { type: 'boolean', default: false }
  const options = {
    stock: flag,
    'keep-going': flag,
    json: flag,
    out: { type: 'string' },
    timeout: { type: 'string' },
  }
  const { values, positionals } = parseArgs({ args: parameters, options, allowPositionals: true })
  const { stock, json, out, timeout = '60', 'keep-going': keepGoing } = values
  if (positionals.length === 0) throw new Error('No notebook given')
  if (!(Number(timeout) > 0))
    throw new Error(`A timeout is a number of seconds, and this is none: ${timeout}`)
  return { notebooks: positionals, stock, keepGoing, json, outDir: out, timeout: Number(timeout) }
}

async function main(parameters) {
  onEnd(() => endAll().then(() => process.exit(1)))
  try {
    const { notebooks, json, ...options } = readOptions(parameters)
    const tell = json ? () => undefined : undefined
    const print = (report) =>
      process.stdout.write(`${json ? JSON.stringify(report) : describeReport(report)}\n`)
    const reports = await runNotebooks(notebooks, { ...options, tell, onReport: print })
    process.exitCode = reports.every(({ status }) => status === 'ok') ? 0 : 1
  } catch (error) {
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error instanceof Refusal ? error.exitCode : 2
  }
}

if (import.meta.url === pathToFileURL(path.resolve(process.argv[1] ?? '')).href)
  await main(process.argv.slice(2))
