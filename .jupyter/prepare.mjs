/** Installs and builds what is missing, and nothing that is there. */

import { prepareEngine, preparePackages } from './packages.mjs'
import { planPython, preparePython } from './python.mjs'

/** Says a step, one line each, with the seconds since the program started. */
export function say(step) {
  const seconds = performance.now() / 1000
  process.stdout.write(`${seconds.toFixed(1).padStart(6)} s  ${step}\n`)
}

/**
 * @param tell called with each step as it begins
 * @throws Refusal when Python has to be installed first, or an installation fails
 */
export async function prepare(tell = say) {
  const plan = await planPython()
  await Promise.all([preparePackages(tell), preparePython(plan, tell)])
  await prepareEngine(tell)
}
