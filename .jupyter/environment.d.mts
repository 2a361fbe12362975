export const projectFolder: string
export const venvPython: string
/** Folders for JUPYTER_PATH: our kernel, and tslab as its authors made it. */
export const kernels: { readonly repaired: string; readonly stock: string }
export function inProject(...parts: string[]): string
/** The environment for a Jupyter that reads and writes inside the project and starts this Node. */
export function jupyterEnvironment(kernelFolder?: string): Record<string, string | undefined>
