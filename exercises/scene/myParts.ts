// The parts that stand in the exercise notebooks, as they were saved: those that are written, and the engine's own for
// the rest. It is the reader's own code, and runs in the reader's own process.

import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { reference, type Parts } from 'pgcrash'
import { exercises } from '../all.js'
import { printable } from '../checking/printable.js'

export type PartName = keyof Parts

export interface MyParts {
  /** For `recover(disk, parts)`. */
  readonly parts: Parts
  /** Each part: where it is written, whose it is, and why a cell that is written is not used. */
  readonly list: readonly { readonly part: PartName; readonly notebook: string; readonly whose: string }[]
}

/** Reads the stub cells of all parts. `folder` holds the exercise notebooks; by default the course's own. */
export async function myParts(folder: string = notebookFolder()): Promise<MyParts> {
  const found: Partial<Record<PartName, unknown>> = {}
  const list: MyParts['list'][number][] = []
  for (const part of Object.keys(reference) as PartName[]) {
    const notebook = exercises.find(({ name }) => name === part)?.notebook ?? ''
    const written = await partOf(join(folder, `${notebook}.ipynb`), part)
    if (typeof written === 'function') found[part] = written
    list.push({ part, notebook, whose: typeof written === 'function' ? 'yours' : `the engine's${written}` })
  }
  return { parts: { ...reference, ...(found as Partial<Parts>) }, list }
}

interface Cell {
  source: string | string[]
  metadata: { pgcrash?: { exercise?: string; role?: string } }
}

/** The function that a notebook's cell defines; a text that may follow "the engine's" when there is none to use. */
async function partOf(file: string, name: PartName): Promise<unknown> {
  if (!existsSync(file)) return ''
  try {
    const { cells } = JSON.parse(readFileSync(file, 'utf8')) as { cells: Cell[] }
    const stub = cells.find(
      ({ metadata: { pgcrash } }) => pgcrash?.role === 'stub' && pgcrash.exercise === name,
    )
    const text = stub?.source ?? ''
    const source = Array.isArray(text) ? text.join('') : text
    if (source === '' || source.includes(`throw new NotStarted('${name}')`)) return ''
    return await defined(source, name)
  } catch (error) {
    return `: the cell of yours does not run, ${printable((error as Error).message, 120)}`
  }
}

async function defined(source: string, name: string): Promise<unknown> {
  const { default: ts } = await import('typescript')
  const compilerOptions = {
    module: ts.ModuleKind.CommonJS,
    target: ts.ScriptTarget.ES2022,
    esModuleInterop: true,
  }
  const { outputText } = ts.transpileModule(source, { compilerOptions })
  const define = new Function('require', 'exports', `${outputText}\nreturn ${name}`) as (
    ...args: unknown[]
  ) => unknown
  const part = define(createRequire(import.meta.url), {})
  if (typeof part !== 'function') throw new Error(`it defines no function ${name}`)
  return part
}

/** The folder of the exercises, seen from their source as well as from their dist. */
function notebookFolder(): string {
  const here = dirname(fileURLToPath(import.meta.url))
  return [join(here, '..'), join(here, '..', '..')].find((up) => existsSync(join(up, 'package.json'))) ?? here
}
