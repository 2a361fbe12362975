/** The Python side: a Python, and JupyterLab in a virtual environment inside the project. */

import { createHash } from 'node:crypto'
import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import path from 'node:path'

import { inProject, requirementsFile, venvFolder, venvPython } from './environment.mjs'
import { mustRun, run } from './processes.mjs'
import { Refusal } from './refusal.mjs'

const NEEDED = [3, 10]
const isWindows = process.platform === 'win32'

/** Something has to be installed first. The sentence says what, and the command that does it. */
function missing(sentence) {
  return new Refusal(
    `${sentence}\nOr read the course as a website, without JupyterLab: npm run site -- --serve`,
  )
}

// ---- finding a Python ----------------------------------------------------------------------------------

const CANDIDATES = isWindows
  ? [['py', '-3'], ['python'], ['python3']]
  : [['python3'], ['python'], ['python3.13'], ['python3.12'], ['python3.11'], ['python3.10'], ['python3.14']]

/** Prints its version, and whether it can make virtual environments: Debian leaves that part out. */
const QUESTION = `
import json, sys
try:
    import ensurepip, venv
    makes = True
except ImportError:
    makes = False
print(json.dumps({"file": sys.executable, "version": list(sys.version_info[:3]), "makesVenv": makes}))
`

async function ask([program, ...parameters]) {
  const { code, output } = await run(program, [...parameters, '-c', QUESTION])
  if (code !== 0) return undefined
  try {
    return JSON.parse(output)
  } catch {
    return undefined
  }
}

function isNewEnough([major, minor]) {
  return major > NEEDED[0] || (major === NEEDED[0] && minor >= NEEDED[1])
}

/** The first Python that will do, or else the first one there is. */
async function findPython() {
  let second
  for (const candidate of CANDIDATES) {
    const python = await ask(candidate)
    if (python === undefined) continue
    if (isNewEnough(python.version) && python.makesVenv) return python
    if (second === undefined || isNewEnough(python.version)) second = python
  }
  return second
}

async function findUv() {
  for (const program of ['uv', path.join(homedir(), '.local', 'bin', isWindows ? 'uv.exe' : 'uv')]) {
    const { code } = await run(program, ['--version'])
    if (code === 0) return program
  }
  return undefined
}

// ---- what to do when there is none ---------------------------------------------------------------------

/** The distribution's names for itself, its own first: `ubuntu debian`. */
function linuxNames() {
  const text = existsSync('/etc/os-release') ? readFileSync('/etc/os-release', 'utf8') : ''
  const values = [...text.matchAll(/^(ID|ID_LIKE)=(.*)$/gm)].map(([, , value]) => value.replaceAll('"', ''))
  return values.join(' ').split(' ')
}

const asRoot = (command) => (process.getuid?.() === 0 ? command : `sudo ${command}`)

/** The command that installs Python on this system. */
function installPython() {
  if (isWindows) return 'winget install Python.Python.3.13'
  if (process.platform === 'darwin') return 'brew install python@3.13'
  const names = linuxNames()
  if (names.includes('fedora') || names.includes('rhel')) return asRoot('dnf install python3')
  if (names.includes('arch')) return asRoot('pacman -S python')
  if (names.includes('alpine')) return asRoot('apk add python3')
  if (names.some((name) => name.includes('suse'))) return asRoot('zypper install python313')
  return asRoot('apt install python3 python3-venv')
}

/** A Linux that brings an old Python has no newer one to install; uv brings its own. */
function replacePython(python) {
  return process.platform === 'linux' ? `${python.file} -m pip install --user uv` : installPython()
}

function refuse(python) {
  const needed = `Python ${NEEDED.join('.')} or newer`
  if (python === undefined) {
    return missing(
      `${needed} is needed for JupyterLab, and none was found. To install it: ${installPython()}`,
    )
  }
  const found = python.version.join('.')
  if (!isNewEnough(python.version)) {
    const mend = replacePython(python)
    return missing(
      `${needed} is needed for JupyterLab, and this one is ${found}. To get a newer one: ${mend}`,
    )
  }
  const mend = asRoot(`apt install python${python.version.slice(0, 2).join('.')}-venv`)
  return missing(
    `Python ${found} lacks its module venv, which JupyterLab is installed with. To add it: ${mend}`,
  )
}

// ---- the virtual environment ---------------------------------------------------------------------------

const stampFile = path.join(venvFolder, 'pgcrash-requirements')

/** What the environment was made from. It changes with requirements.txt. */
const stamp = () => createHash('sha256').update(readFileSync(requirementsFile)).digest('hex')

function isInstalled() {
  return existsSync(venvPython) && existsSync(stampFile) && readFileSync(stampFile, 'utf8') === stamp()
}

async function installWithUv(uv, python) {
  // Without a Python, uv brings one; it too stays inside the project.
  const env = { ...process.env, UV_PYTHON_INSTALL_DIR: inProject('.cache', 'python') }
  const version = isUsable(python) ? python.file : `>=${NEEDED.join('.')}`
  if (!existsSync(venvPython))
    await mustRun('uv venv', uv, ['venv', '--clear', '--python', version, venvFolder], { env })
  const install = ['pip', 'install', '--quiet', '--python', venvPython, '--requirements', requirementsFile]
  await mustRun('uv pip install', uv, install, { env })
}

async function installWithPip(python) {
  if (!existsSync(venvPython)) {
    rmSync(venvFolder, { recursive: true, force: true })
    await mustRun('python -m venv', python.file, ['-m', 'venv', venvFolder])
  }
  const install = ['-m', 'pip', 'install', '--quiet', '--no-input', '--disable-pip-version-check']
  await mustRun('pip install', venvPython, [...install, '--requirement', requirementsFile])
}

const isUsable = (python) => python !== undefined && isNewEnough(python.version) && python.makesVenv

/**
 * Sees what JupyterLab needs, and says at once when it is not there.
 *
 * @returns what installs it, or undefined when it is installed as .binder/requirements.txt wants it
 * @throws Refusal when neither uv nor a Python that will do is found
 */
export async function planPython() {
  if (isInstalled()) return undefined
  const [uv, python] = [await findUv(), await findPython()]
  if (uv !== undefined) return { name: 'uv', install: () => installWithUv(uv, python) }
  if (!isUsable(python)) throw refuse(python)
  return { name: 'pip', install: () => installWithPip(python) }
}

export async function preparePython(plan, say) {
  if (plan === undefined) return
  say(`Installing JupyterLab into .venv with ${plan.name}`)
  rmSync(stampFile, { force: true })
  await plan.install()
  writeFileSync(stampFile, stamp())
}
