// Which way to the kernel: Jupyter's, when this folder has it; our own few lines, when there is only Node.
//
// Someone who only wants to read the course need not install JupyterLab first. Either way it is the same kernel.

import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inProject, venvPython } from '../.jupyter/environment.mjs'
import { runNotebooks } from '../.jupyter/notebooks.mjs'
import { prepare, say } from '../.jupyter/prepare.mjs'
import type { RunNotebooks } from './execute.js'
import { endKernels, nodeRunner } from './nodeKernel.js'

interface JupyterScripts {
  readonly prepareEngine: (tell: (step: string) => void) => Promise<void>
  readonly onEnd: (whenAsked: () => void) => void
  readonly endAll: () => Promise<void>
}

/** Builds the engine where a source is newer than it, brings Jupyter up to date if it is there, gives the runner. */
export async function prepareRunner(): Promise<RunNotebooks> {
  const { prepareEngine, onEnd, endAll } = await jupyterScripts()
  onEnd(() => {
    endKernels()
    void endAll().then(() => process.exit(1))
  })
  if (!existsSync(venvPython)) {
    await prepareEngine(say)
    return nodeRunner(inProject('.jupyter', 'kernels', 'tslab'))
  }
  await prepare(say)
  const quiet = { tell: () => {}, onReport: () => {} }
  return (paths, { outDir }) => runNotebooks(paths, { outDir, ...quiet })
}

/** Of the scripts for Jupyter, those without types of their own. */
async function jupyterScripts(): Promise<JupyterScripts> {
  const load = (name: string): Promise<object> => import(pathToFileURL(inProject('.jupyter', name)).href)
  const [packages, processes] = await Promise.all([load('packages.mjs'), load('processes.mjs')])
  return { ...packages, ...processes } as JupyterScripts
}
