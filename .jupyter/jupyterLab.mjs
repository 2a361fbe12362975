/**
 * JupyterLab with the course in it: on this machine only, behind a token, ended with Ctrl-C.
 *
 *   options ─► prepare ─► a free port ─► jupyter lab ─► it answers and has our kernel ─► "Ready"
 */

import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdirSync, openSync, readFileSync } from 'node:fs'
import { createServer } from 'node:net'
import path from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { parseArgs } from 'node:util'

import { inProject, jupyterEnvironment, projectFolder, serverLog, venvPython } from './environment.mjs'
import { prepare, say } from './prepare.mjs'
import { end, endAll, failed, onEnd, start } from './processes.mjs'
import { Refusal } from './refusal.mjs'

const HELP = `Opens the course in JupyterLab; installs what is missing into this folder first.

  npm start                     open it in the browser
  npm start -- --no-browser     print the address instead
  npm start -- --port 8899      use this port (otherwise 8888, or a free one)
  npm start -- --help           print this

The server listens on this machine only. Ctrl-C ends it. Its log: ${path.relative(projectFolder, serverLog)}
Exit codes: 0 ended, 1 something is missing or failed, 2 wrong options.
`

const HOST = '127.0.0.1'
const USUAL_PORT = 8888
const FIRST_PAGE = 'chapters/01-wal.ipynb'
/** JupyterLab has so many milliseconds to answer. It takes 2 to 4 seconds, and longer on its first start. */
const PATIENCE_MS = 90_000

const wrongOption = (sentence) => new Refusal(sentence, 2)

/** @returns the port that was asked for, or undefined; whether to open a browser; whether to print help */
function readOptions(parameters) {
  let values
  try {
    const options = { 'no-browser': { type: 'boolean' }, port: { type: 'string' }, help: { type: 'boolean' } }
    values = parseArgs({ args: parameters, options }).values
  } catch (error) {
    throw wrongOption(`${error.message.split('.')[0]}. Possible: --no-browser, --port N, --help`)
  }
  const { port, help = false, 'no-browser': noBrowser = false } = values
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) > 0 && Number(port) < 65_536)) {
    throw wrongOption(`A port is a number from 1 to 65535, and this is none: ${port}`)
  }
  return { port: port === undefined ? undefined : Number(port), browser: !noBrowser, help }
}

/** Opens a port for a moment. Resolves to its number, or to undefined when somebody has it. */
function tryPort(port) {
  return new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(undefined))
    server.listen(port, HOST, () => {
      const { port: got } = server.address()
      server.close(() => resolve(got))
    })
  })
}

async function choosePort(asked) {
  if (asked === undefined) return (await tryPort(USUAL_PORT)) ?? (await tryPort(0))
  const port = await tryPort(asked)
  if (port === undefined)
    throw wrongOption(`Port ${asked} is in use. Choose another: npm start -- --port ${asked + 1}`)
  return port
}

function startJupyterLab({ port, token, browser }) {
  mkdirSync(path.dirname(serverLog), { recursive: true })
  const log = openSync(serverLog, 'w')
  const page = existsSync(inProject(FIRST_PAGE)) ? `/lab/tree/${FIRST_PAGE}` : '/lab'
  const settings = {
    ip: HOST,
    port,
    port_retries: 0,
    root_dir: projectFolder,
    open_browser: browser ? 'True' : 'False',
    allow_root: process.getuid?.() === 0 ? 'True' : 'False',
  }
  const parameters = Object.entries(settings).map(([name, value]) => `--ServerApp.${name}=${value}`)
  const server = start(venvPython, ['-m', 'jupyterlab', `--LabApp.default_url=${page}`, ...parameters], {
    stdio: ['ignore', log, log],
    env: { ...jupyterEnvironment(), JUPYTER_TOKEN: token },
  })
  return { server, page }
}

/** Resolves when the server answers and has the kernel. */
async function untilReady(server, address, token) {
  const deadline = performance.now() + PATIENCE_MS
  while (performance.now() < deadline) {
    if (server.exitCode !== null) break
    try {
      const response = await fetch(`${address}/api/kernelspecs`, {
        headers: { Authorization: `token ${token}` },
      })
      const { kernelspecs } = await response.json()
      if (kernelspecs.tslab !== undefined) return
      throw new Refusal(
        'JupyterLab runs without the TypeScript kernel. Is .jupyter/kernels/tslab/kernel.json there?',
      )
    } catch (error) {
      if (error.cause?.code !== 'ECONNREFUSED') throw error
    }
    await delay(100)
  }
  throw failed('JupyterLab', readFileSync(serverLog, 'utf8'))
}

/** JupyterLab ends its kernels when it is asked over HTTP: that is so on Windows too, where no signal asks. */
async function shutDown(server, address, token) {
  const request = { method: 'POST', headers: { Authorization: `token ${token}` } }
  await fetch(`${address}/api/shutdown`, request).catch(() => undefined)
  await Promise.race([once(server, 'close'), delay(5_000, undefined, { ref: false })])
  await end(server)
}

/** @param session `stop` ends what has been started so far; `isEnding` once the user has asked for the end */
async function serve(options, session) {
  const port = await choosePort(options.port)
  await prepare()
  say('Starting JupyterLab')
  const token = randomBytes(24).toString('hex')
  const address = `http://${HOST}:${port}`
  const { server, page } = startJupyterLab({ ...options, port, token })
  const closed = once(server, 'close')
  await untilReady(server, address, token)
  session.stop = () => shutDown(server, address, token)
  say(`Ready: ${address}${page}?token=${token}`)
  say('Ctrl-C ends it')
  const [code] = await closed
  if (code !== 0 && !session.isEnding) throw failed('JupyterLab', readFileSync(serverLog, 'utf8'))
}

/** @param parameters the command line, without node and the script */
export async function main(parameters) {
  const session = { isEnding: false, stop: endAll }
  onEnd(async () => {
    session.isEnding = true
    await session.stop()
    process.exit(0)
  })
  try {
    const options = readOptions(parameters)
    if (options.help) process.stdout.write(HELP)
    else await serve(options, session)
  } catch (error) {
    if (session.isEnding) return
    await endAll()
    if (!(error instanceof Refusal)) throw error
    process.stderr.write(`${error.message}\n`)
    process.exitCode = error.exitCode
  }
}
