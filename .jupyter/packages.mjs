/** The Node side: npm's packages, and the engine compiled. */

import { existsSync, readdirSync, statSync, utimesSync } from 'node:fs'
import path from 'node:path'

import { inProject } from './environment.mjs'
import { mustRun } from './processes.mjs'
import { Refusal } from './refusal.mjs'

const WORKSPACES = ['engine', 'exercises']

/** npm's own program: the one that started us, or the one that came with this Node. */
function findNpm() {
  const { npm_execpath: ours = '' } = process.env
  const bin = path.dirname(process.execPath)
  const usual = ['node_modules', '../lib/node_modules', '../share/nodejs', '../share/node_modules']
  const candidates = [ours, ...usual.map((folder) => path.join(bin, folder, 'npm', 'bin', 'npm-cli.js'))]
  return candidates.find((file) => path.basename(file) === 'npm-cli.js' && existsSync(file))
}

function runNpm(what, ...parameters) {
  const npm = findNpm()
  if (npm === undefined)
    throw new Refusal(`npm was not found beside Node. Run this yourself: npm ${parameters.join(' ')}`)
  return mustRun(what, process.execPath, [npm, ...parameters])
}

const changed = (file) => (existsSync(file) ? statSync(file).mtimeMs : 0)

/** Installs npm's packages when they are missing or older than package-lock.json. That builds the engine. */
export async function preparePackages(say) {
  const installed = changed(inProject('node_modules', '.package-lock.json'))
  if (installed >= changed(inProject('package-lock.json'))) return
  if (installed === 0) {
    say('Installing npm packages into node_modules, and building the engine')
    await runNpm('npm ci', 'ci', '--no-audit', '--no-fund')
  } else {
    say('Bringing the npm packages up to date')
    await runNpm('npm install', 'install', '--no-audit', '--no-fund')
  }
}

function* sources(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const file = path.join(folder, entry.name)
    if (entry.isDirectory() && !['dist', 'node_modules'].includes(entry.name)) yield* sources(file)
    else if (/(?<!\.test)\.ts$|\.json$/.test(entry.name)) yield file
  }
}

/** The compiler's own record. It leaves the file alone when nothing changed but dates, so we date it. */
const buildRecord = (workspace) => inProject(workspace, 'dist', '.tsbuildinfo')

function isBuilt(workspace) {
  const built = changed(buildRecord(workspace))
  const isThere = existsSync(inProject(workspace, 'dist', 'index.js'))
  return isThere && [...sources(inProject(workspace))].every((file) => changed(file) <= built)
}

/** Builds the engine and the exercises when a source is newer than what was built. */
export async function prepareEngine(say) {
  if (WORKSPACES.every(isBuilt)) return
  say('Building the engine')
  await runNpm('npm run build', 'run', 'build')
  const now = new Date()
  for (const workspace of WORKSPACES) utimesSync(buildRecord(workspace), now, now)
}
