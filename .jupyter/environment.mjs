/**
 * Where things are. Everything that Jupyter writes stays inside the project folder:
 *
 *   .venv/            Python and JupyterLab, installed from .binder/requirements.txt
 *   .cache/jupyter/   settings, signatures, running servers and kernels, the server's log
 *   .jupyter/         read only: the kernel, and settings for JupyterLab
 */

import path from 'node:path'
import { fileURLToPath } from 'node:url'

export const projectFolder = path.resolve(path.dirname(fileURLToPath(import.meta.url)), '..')
export const inProject = (...parts) => path.join(projectFolder, ...parts)

const isWindows = process.platform === 'win32'

export const venvFolder = inProject('.venv')
export const requirementsFile = inProject('.binder', 'requirements.txt')
export const serverLog = inProject('.cache', 'jupyter', 'server.log')

const venvPrograms = path.join(venvFolder, isWindows ? 'Scripts' : 'bin')
export const venvPython = path.join(venvPrograms, isWindows ? 'python.exe' : 'python')

/** The folders that a Jupyter looks for kernels in: ours, and tslab as its authors made it. */
export const kernels = { repaired: inProject('.jupyter'), stock: inProject('.jupyter', 'stock') }

/** The environment for a Jupyter that reads and writes inside the project and starts this Node. */
export function jupyterEnvironment(kernelFolder = kernels.repaired) {
  const cache = inProject('.cache', 'jupyter')
  const { PYTHONHOME: _home, PYTHONPATH: _path, ...inherited } = process.env
  const pathName = Object.keys(inherited).find((name) => name.toUpperCase() === 'PATH') ?? 'PATH'
  const programs = [path.dirname(process.execPath), venvPrograms, inherited[pathName] ?? '']
  return {
    ...inherited,
    [pathName]: programs.join(path.delimiter),
    PYTHONNOUSERSITE: '1',
    JUPYTER_PATH: kernelFolder,
    JUPYTER_CONFIG_PATH: inProject('.jupyter', 'config'),
    JUPYTER_CONFIG_DIR: path.join(cache, 'config'),
    JUPYTER_DATA_DIR: path.join(cache, 'data'),
    JUPYTER_RUNTIME_DIR: path.join(cache, 'runtime'),
    IPYTHONDIR: path.join(cache, 'ipython'),
  }
}
