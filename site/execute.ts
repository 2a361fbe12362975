// Outputs come from a real run: every notebook goes through the kernel, and the run is remembered.
//
// What a notebook prints depends on its own text, on the built engine and exercises, and on the kernel. The hash of all
// of these names the remembered run; nothing changed means nothing to run.

import { createHash } from 'node:crypto'
import {
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { availableParallelism } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { folderOf } from './links.js'
import type { LessonKind } from './notebook.js'
import { SiteError } from './siteError.js'

/** What became of one notebook; `notebook` is the path as it was given. */
export interface RunReport {
  readonly notebook: string
  readonly status: 'ok' | 'failed'
  readonly message?: string
  /** Where the copy with outputs is. */
  readonly executed?: string
}

/** Runs a notebook top to bottom in a kernel of its own; the executed copy is written to `outDir`. */
export type RunNotebook = (path: string, options: { readonly outDir: string }) => Promise<RunReport>

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
  readonly run: RunNotebook
  readonly say: (line: string) => void
}

/** All notebooks of the course with the outputs of a run, remembered or new. Throws SiteError when a run fails. */
export async function executeNotebooks(options: ExecuteOptions): Promise<ExecutedNotebook[]> {
  const { root, cacheDir, say } = options
  const surroundings = hashSurroundings(root)
  const notebooks = (Object.keys(folderOf) as LessonKind[]).flatMap((kind) =>
    notebooksIn(root, folderOf[kind]).map((path) => ({
      kind,
      path,
      memory: join(cacheDir, remembered(root, path, surroundings)),
    })),
  )
  const missing = notebooks.filter(({ memory }) => !existsSync(memory))
  if (missing.length > 0) {
    say(`Running ${missing.length} of ${notebooks.length} notebooks in the kernel`)
    await runAndRemember(missing, options)
  }
  return notebooks.map(({ kind, path, memory }) => ({ kind, path, text: readFileSync(memory, 'utf8') }))
}

function notebooksIn(root: string, folder: string): string[] {
  const dir = join(root, folder)
  if (!existsSync(dir)) return []
  const names = readdirSync(dir).filter((name) => name.endsWith('.ipynb') && !name.startsWith('.'))
  return names.sort().map((name) => `${folder}/${name}`)
}

interface Missing {
  readonly kind: LessonKind
  readonly path: string
  readonly memory: string
}

/** Takes what somebody else ran: `folder`/chapters and `folder`/exercises hold notebooks with their outputs. */
export function alreadyRun(folder: string): RunNotebook {
  return async (notebook, { outDir }) => {
    const from = join(folder, basename(dirname(notebook)), basename(notebook))
    if (!existsSync(from)) return { notebook, status: 'failed', message: `${from} is not there` }
    const executed = join(outDir, basename(notebook))
    cpSync(from, executed)
    return { notebook, status: 'ok', executed }
  }
}

/** A kernel is busy with one thing at a time, and often it waits for a PostgreSQL that it started. */
const KERNELS = Math.max(2, availableParallelism())

/** Some kernels side by side; the next notebook goes to the one that is free. Chapters come first: they are longer. */
async function runAndRemember(
  missing: readonly Missing[],
  { root, cacheDir, run }: ExecuteOptions,
): Promise<void> {
  const runDir = join(cacheDir, 'run')
  rmSync(runDir, { recursive: true, force: true })
  // What ran well is remembered even when another notebook fails: the next build then runs only that one.
  const problems: string[] = []
  const waiting = missing.values()
  const runOneByOne = async (): Promise<void> => {
    for (const { kind, path, memory } of waiting) {
      // A chapter and the exercise of the same name never meet in one folder.
      const outDir = join(runDir, kind)
      mkdirSync(outDir, { recursive: true })
      const { status, message, executed } = await run(join(root, path), { outDir })
      if (status === 'failed') problems.push(`${path}, ${message ?? 'it failed'}`)
      else if (executed === undefined) problems.push(`${path} was run, but nothing came back from the kernel`)
      else remember(executed, memory)
    }
  }
  await Promise.all(Array.from({ length: KERNELS }, runOneByOne))
  rmSync(runDir, { recursive: true, force: true })
  if (problems.length > 0) throw new SiteError(problems.sort().join('\n'))
}

/** The name under which a run is kept: the notebook, and the hash of all that its outputs depend on. */
function remembered(root: string, path: string, surroundings: string): string {
  const hash = createHash('sha256')
    .update(surroundings)
    .update(readFileSync(join(root, path)))
  return `${path.replace(/\.ipynb$/, '')}@${hash.digest('hex').slice(0, 16)}.ipynb`
}

/** One run of each notebook is kept: the last. */
function remember(executed: string, memory: string): void {
  const dir = dirname(memory)
  mkdirSync(dir, { recursive: true })
  const slug = basename(memory).replace(/@.*$/, '@')
  for (const name of readdirSync(dir)) if (name.startsWith(slug)) rmSync(join(dir, name))
  renameSync(executed, memory)
}

/** What a run depends on beside the notebook itself; not what runs leave there, `engine/dist/.scenes`. */
const SURROUNDINGS = ['engine/dist', 'exercises/dist', '.jupyter', 'package-lock.json']

function hashSurroundings(root: string): string {
  const hash = createHash('sha256').update(process.version)
  for (const place of SURROUNDINGS) hashTree(join(root, place), place, hash)
  return hash.digest('hex')
}

function hashTree(path: string, name: string, hash: ReturnType<typeof createHash>): void {
  if (!existsSync(path)) return
  if (statSync(path).isDirectory()) {
    const children = readdirSync(path).filter((child) => !child.startsWith('.'))
    for (const child of children.sort()) hashTree(join(path, child), `${name}/${child}`, hash)
  } else if (!/\.map$|\.test\./.test(name)) {
    hash.update(name).update(readFileSync(path))
  }
}
