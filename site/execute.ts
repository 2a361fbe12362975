// Outputs come from a real run: every notebook goes through the kernel, and the run is remembered.
//
// What a notebook prints depends on its own text, on the built engine and exercises, and on the kernel. The hash of all
// of these names the remembered run; nothing changed means nothing to run.

import { createHash } from 'node:crypto'
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs'
import { basename, join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { folderOf } from './links.js'
import type { LessonKind } from './notebook.js'
import { SiteError } from './siteError.js'

/** Runs notebooks top to bottom in the kernel and writes each, with its outputs, under its own name into `outDir`. */
export type RunNotebooks = (paths: string[], options: { outDir: string }) => Promise<unknown>

export interface ExecutedNotebook {
  readonly kind: LessonKind
  /** Path from the project's root, with forward slashes. */
  readonly path: string
  /** The notebook's text with outputs. */
  readonly text: string
}

export interface ExecuteOptions {
  readonly root: string
  readonly cacheDir: string
  readonly run: RunNotebooks
  readonly say: (line: string) => void
}

const KINDS: readonly LessonKind[] = ['chapter', 'exercise']

/** All notebooks of the course with the outputs of a run, remembered or new. Throws SiteError when a run fails. */
export async function executeNotebooks(options: ExecuteOptions): Promise<ExecutedNotebook[]> {
  const surroundings = hashSurroundings(options.root)
  const executed: ExecutedNotebook[] = []
  for (const kind of KINDS) {
    const paths = notebooksIn(options.root, folderOf[kind])
    await runMissing(kind, paths, surroundings, options)
    for (const path of paths) {
      const text = readFileSync(remembered(kind, path, surroundings, options), 'utf8')
      executed.push({ kind, path, text })
    }
  }
  return executed
}

function notebooksIn(root: string, folder: string): string[] {
  const dir = join(root, folder)
  if (!existsSync(dir)) return []
  const names = readdirSync(dir).filter((name) => name.endsWith('.ipynb') && !name.startsWith('.'))
  return names.sort().map((name) => `${folder}/${name}`)
}

async function runMissing(
  kind: LessonKind,
  paths: readonly string[],
  surroundings: string,
  options: ExecuteOptions,
): Promise<void> {
  const missing = paths.filter((path) => !existsSync(remembered(kind, path, surroundings, options)))
  if (missing.length === 0) return
  options.say(`running ${missing.join(', ')}`)
  const outDir = join(options.cacheDir, 'run', kind)
  rmSync(outDir, { recursive: true, force: true })
  mkdirSync(outDir, { recursive: true })
  const sources = missing.map((path) => join(options.root, path))
  await options.run(sources, { outDir })
  for (const path of missing) {
    const written = join(outDir, basename(path))
    if (!existsSync(written)) throw new SiteError(`${path} was run, but nothing came back from the kernel`)
    const target = remembered(kind, path, surroundings, options)
    forgetOlder(target, basename(path, '.ipynb'))
    renameSync(written, target)
  }
}

function remembered(kind: LessonKind, path: string, surroundings: string, options: ExecuteOptions): string {
  const text = readFileSync(join(options.root, path))
  const hash = createHash('sha256').update(surroundings).update(text).digest('hex').slice(0, 16)
  return join(options.cacheDir, kind, `${basename(path, '.ipynb')}@${hash}.ipynb`)
}

/** One run of each notebook is kept: the last. */
function forgetOlder(target: string, slug: string): void {
  const dir = join(target, '..')
  mkdirSync(dir, { recursive: true })
  for (const name of readdirSync(dir)) {
    if (name.startsWith(`${slug}@`)) rmSync(join(dir, name))
  }
}

/** What a run depends on beside the notebook itself. */
const SURROUNDINGS = ['engine/dist', 'exercises/dist', '.jupyter', 'package-lock.json']

function hashSurroundings(root: string): string {
  const hash = createHash('sha256').update(process.version)
  for (const place of SURROUNDINGS) hashTree(join(root, place), place, hash)
  return hash.digest('hex')
}

function hashTree(path: string, name: string, hash: ReturnType<typeof createHash>): void {
  if (!existsSync(path)) return
  if (statSync(path).isDirectory()) {
    for (const child of readdirSync(path).sort()) hashTree(join(path, child), `${name}/${child}`, hash)
  } else if (!/\.(tsbuildinfo|map)$|\.test\./.test(name)) {
    hash.update(name).update(readFileSync(path))
  }
}

/** The project's own runner, from .jupyter/notebooks.mjs. */
export async function projectRunner(root: string): Promise<RunNotebooks> {
  const path = join(root, '.jupyter', 'notebooks.mjs')
  if (!existsSync(path)) throw new SiteError('no notebook can be run: .jupyter/notebooks.mjs is not there')
  const module = (await import(pathToFileURL(path).href)) as { runNotebooks: RunNotebooks }
  return module.runNotebooks
}
