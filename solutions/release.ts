// npm run release: the learner edition, a folder to hand out. All that is committed, without the instructors' side and
// without outputs; then every file of it is searched for what learners must not see, and one find is enough to fail.

import { execFileSync } from 'node:child_process'
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { Command } from 'commander'
import { leakIn, secrets } from './release/leaks.js'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
/** Instructors' side, and the project's own proofs, which need it. */
const KEPT_BACK = [/^solutions\//, /^\.ci\//, /^\.github\//]
const INSTRUCTORS_SCRIPTS = ['grade', 'exercises', 'release', 'test', 'coverage:redo', 'bench', 'soak']
const TEXT = /\.(ts|mjs|cjs|js|json|md|ipynb|css|txt|html|svg)$|^[^.]*$/

interface Notebook {
  cells: Array<{ cell_type: string; outputs?: unknown[]; execution_count?: number | null }>
}

/** What git knows of; a release is made from commits, not from what lies about. */
function committedFiles(): string[] {
  const listed = execFileSync('git', ['ls-files', '-z'], { cwd: root, encoding: 'utf8' })
  return listed.split('\0').filter((path) => path !== '' && !KEPT_BACK.some((pattern) => pattern.test(path)))
}

function withoutOutputs(text: string): string {
  const notebook = JSON.parse(text) as Notebook
  for (const cell of notebook.cells)
    if (cell.cell_type === 'code') Object.assign(cell, { outputs: [], execution_count: null })
  return JSON.stringify(notebook, null, 1) + '\n'
}

function learnersPackage(text: string): string {
  const manifest = JSON.parse(text) as { scripts: Record<string, string> }
  for (const script of INSTRUCTORS_SCRIPTS) delete manifest.scripts[script]
  return JSON.stringify(manifest, null, 2) + '\n'
}

function write(path: string, out: string): void {
  const [from, to] = [join(root, path), join(out, path)]
  mkdirSync(dirname(to), { recursive: true })
  if (path.endsWith('.ipynb')) writeFileSync(to, withoutOutputs(readFileSync(from, 'utf8')))
  else if (path === 'package.json') writeFileSync(to, learnersPackage(readFileSync(from, 'utf8')))
  else cpSync(from, to)
}

/** Writes the edition into `out`, an empty or new folder. Returns sentences for what must not be there. */
export function release(out: string): { files: number; leaks: string[] } {
  const files = committedFiles()
  for (const path of files) write(path, out)
  const all = secrets()
  const leaks = files
    .filter((path) => TEXT.test(path))
    .flatMap((path) => leakIn(path, readFileSync(join(out, path), 'utf8'), all) ?? [])
  return { files: files.length, leaks }
}

function main(folder: string, { force }: { force?: boolean }): number {
  const out = resolve(folder)
  if (existsSync(out) && readdirSync(out).length > 0) {
    if (!force) {
      process.stderr.write(
        `error: ${folder} is not empty; name another folder, or say --force to replace it\n`,
      )
      return 2
    }
    rmSync(out, { recursive: true })
  }
  const { files, leaks } = release(out)
  for (const leak of leaks) process.stderr.write(`error: ${leak}\n`)
  if (leaks.length > 0) {
    rmSync(out, { recursive: true })
    process.stderr.write('the learner edition was not made\n')
    return 1
  }
  process.stdout.write(`${files} files in ${folder}: the learner edition; nothing of solutions/ is in it\n`)
  return 0
}

if (process.argv[1] !== undefined && resolve(process.argv[1]) === fileURLToPath(import.meta.url))
  new Command('npm run release --')
    .description(
      'Writes the learner edition: chapters, exercises, engine, site; no solutions, no hidden checks, no outputs.\n' +
        'Exit codes: 0 made, 1 something of solutions/ was found in it, 2 the folder is not empty.',
    )
    .argument('[folder]', 'where to', 'learner-edition')
    .option('--force', 'replace what is in the folder')
    .action((folder: string, options: { force?: boolean }) => {
      process.exitCode = main(folder, options)
    })
    .parse()
