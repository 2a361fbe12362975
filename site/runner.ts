// The way to the kernel: our own few lines, with Jupyter installed or without.
//
// Someone who only wants to read the course need not install JupyterLab first. And Jupyter's side, in Python, takes a
// second of processor time for each notebook. It is the same kernel; that Jupyter runs all notebooks too is a part of
// `npm test`.

import { pathToFileURL } from 'node:url'
import { inProject } from '../.jupyter/environment.mjs'
import { say } from '../.jupyter/prepare.mjs'
import type { RunNotebook } from './execute.js'
import { endKernels, nodeRunner } from './nodeKernel.js'

interface JupyterScripts {
  readonly prepareEngine: (tell: (step: string) => void) => Promise<void>
  readonly onEnd: (whenAsked: () => void) => void
  readonly endAll: () => Promise<void>
}

/** Builds the engine where a source is newer than it, and gives the runner. */
export async function prepareRunner(): Promise<RunNotebook> {
  const { prepareEngine, onEnd, endAll } = await jupyterScripts()
  onEnd(() => {
    endKernels()
    void endAll().then(() => process.exit(1))
  })
  await prepareEngine(say)
  return nodeRunner(inProject('.jupyter', 'kernels', 'tslab'))
}

/** Of the scripts for Jupyter, those without types of their own. */
async function jupyterScripts(): Promise<JupyterScripts> {
  const load = (name: string): Promise<object> => import(pathToFileURL(inProject('.jupyter', name)).href)
  const [packages, processes] = await Promise.all([load('packages.mjs'), load('processes.mjs')])
  return { ...packages, ...processes } as JupyterScripts
}
