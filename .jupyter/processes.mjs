/** Programs that we start, without a shell, and end by their process id. */

import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { setTimeout as delay } from 'node:timers/promises'

import { projectFolder } from './environment.mjs'
import { Refusal } from './refusal.mjs'

const running = new Set()

/** Starts a program. It is ended with us. Its input is empty, so it asks no questions. */
export function start(program, parameters, options = {}) {
  const child = spawn(program, parameters, {
    cwd: projectFolder,
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...options,
  })
  running.add(child)
  child.once('close', () => running.delete(child))
  child.once('error', () => running.delete(child))
  return child
}

/**
 * Runs a program to its end.
 *
 * @returns its exit code, null when it cannot be started or was ended by a signal, and all that it printed
 */
export async function run(program, parameters, options = {}) {
  const child = start(program, parameters, options)
  let output = ''
  for (const stream of [child.stdout, child.stderr]) {
    stream?.setEncoding('utf8').on('data', (text) => (output += text))
  }
  try {
    const [code] = await once(child, 'close')
    return { code, output }
  } catch (error) {
    return { code: null, output: error.message }
  }
}

/** Ends a program: asks it, and after `patience` milliseconds no longer asks. */
export async function end(child, patience = 10_000) {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return
  const closed = once(child, 'close')
  child.kill('SIGTERM')
  const isClosed = await Promise.race([closed.then(() => true), delay(patience, false, { ref: false })])
  if (!isClosed) child.kill('SIGKILL')
  await closed
}

export async function endAll() {
  await Promise.all([...running].map((child) => end(child)))
}

/** Calls `whenAsked` once when the user or the system asks us to end: Ctrl-C, a closed terminal, kill. */
export function onEnd(whenAsked) {
  let isAsked = false
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) {
    process.on(signal, () => {
      if (!isAsked) whenAsked(signal)
      isAsked = true
    })
  }
}

/** The sentence about a program that failed, and the end of what it said. */
export function failed(what, output) {
  const lines = output.trimEnd().split('\n').slice(-15)
  return new Refusal([`${what} failed. It said:`, ...lines.map((line) => `    ${line}`)].join('\n'))
}

/** Runs a program whose failure ends everything. `what` names it in the sentence about its failure. */
export async function mustRun(what, program, parameters, options = {}) {
  const { code, output } = await run(program, parameters, options)
  if (code !== 0) throw failed(what, output)
  return output
}
