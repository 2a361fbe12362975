/** Installs what is missing, runs the parts one after another, and adds up: what failed, then `N passed, N failed`. */

import { parseArgs } from 'node:util'

import { projectFolder } from '../.jupyter/environment.mjs'
import { prepare, say } from '../.jupyter/prepare.mjs'
import { endAll, onEnd } from '../.jupyter/processes.mjs'
import { Refusal } from '../.jupyter/refusal.mjs'
import { useTemporaryFolder } from '../.jupyter/temporaryFolder.mjs'
import { add, parts } from './parts.mjs'

function readOptions(parameters) {
  const { values } = parseArgs({ args: parameters, options: { only: { type: 'string' } } })
  const names = values.only?.split(',') ?? Object.keys(parts)
  const unknown = names.find((name) => !Object.hasOwn(parts, name))
  if (unknown !== undefined)
    throw new Error(`There is no part ${unknown}. Parts: ${Object.keys(parts).join(', ')}`)
  return names
}

async function runPart(name) {
  say(name)
  const began = performance.now()
  const counted = await parts[name]()
  const seconds = (performance.now() - began) / 1000
  say(`${name}: ${counted.passed} passed, ${counted.failed} failed, in ${seconds.toFixed(1)} s`)
  return counted
}

/** @param parameters the command line, without node and the script */
export async function main(parameters) {
  process.chdir(projectFolder)
  useTemporaryFolder()
  onEnd(() => endAll().then(() => process.exit(1)))
  const counts = []
  try {
    const names = readOptions(parameters)
    await prepare()
    for (const name of names) counts.push(await runPart(name))
  } catch (error) {
    const sentence = error instanceof Refusal ? error.message : error.stack
    counts.push({ passed: 0, failed: 1, failures: [sentence] })
  }
  const { passed, failed, failures } = add(counts)
  for (const failure of failures) process.stdout.write(`failed: ${failure}\n`)
  process.stdout.write(`${passed} passed, ${failed} failed\n`)
  process.exitCode = failed > 0 ? 1 : 0
}
