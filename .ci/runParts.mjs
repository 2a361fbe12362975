/** Installs what is missing, runs the parts one after another, and adds up: `N passed, N failed`. */

import { parseArgs } from 'node:util'

import { projectFolder } from '../.jupyter/environment.mjs'
import { prepare, say } from '../.jupyter/prepare.mjs'
import { endAll, onEnd } from '../.jupyter/processes.mjs'
import { Refusal } from '../.jupyter/refusal.mjs'
import { parts } from './parts.mjs'

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
  const { passed, failed } = await parts[name]()
  const seconds = (performance.now() - began) / 1000
  say(`${name}: ${passed} passed, ${failed} failed, in ${seconds.toFixed(1)} s`)
  return { passed, failed }
}

/** @param parameters the command line, without node and the script */
export async function main(parameters) {
  process.chdir(projectFolder)
  onEnd(() => endAll().then(() => process.exit(1)))
  const total = { passed: 0, failed: 0 }
  try {
    const names = readOptions(parameters)
    await prepare()
    for (const name of names) {
      const { passed, failed } = await runPart(name)
      total.passed += passed
      total.failed += failed
    }
  } catch (error) {
    process.stderr.write(`${error instanceof Refusal ? error.message : error.stack}\n`)
    total.failed += 1
  }
  process.stdout.write(`${total.passed} passed, ${total.failed} failed\n`)
  process.exitCode = total.failed > 0 ? 1 : 0
}
