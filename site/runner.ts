// Which way to the kernel: Jupyter's, when this folder has it; our own few lines, when there is only Node.
//
// Someone who only wants to read the course need not install JupyterLab first. Either way it is the same kernel.

import { existsSync } from 'node:fs'
import { pathToFileURL } from 'node:url'
import { inProject, venvPython } from '../.jupyter/environment.mjs'
import { runNotebooks } from '../.jupyter/notebooks.mjs'
import { prepare, say } from '../.jupyter/prepare.mjs'
import type { RunNotebooks } from './execute.js'
import { nodeRunner } from './nodeKernel.js'

/** Builds the engine where a source is newer than it, brings Jupyter up to date if it is there, gives the runner. */
export async function prepareRunner(): Promise<RunNotebooks> {
  if (!existsSync(venvPython)) {
    const packages: object = await import(pathToFileURL(inProject('.jupyter', 'packages.mjs')).href)
    await (packages as { prepareEngine: (tell: (step: string) => void) => Promise<void> }).prepareEngine(say)
    return nodeRunner(inProject('.jupyter', 'kernels', 'tslab'))
  }
  await prepare(say)
  const quiet = { tell: () => {}, onReport: () => {} }
  return (paths, { outDir }) => runNotebooks(paths, { outDir, ...quiet })
}
