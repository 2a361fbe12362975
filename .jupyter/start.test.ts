import { spawn, spawnSync, type SpawnSyncReturns } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { createInterface } from 'node:readline'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { inProject } from './environment.mjs'

const script = inProject('.jupyter', 'start.mjs')

/** Holds a port of this machine until it is let go. */
async function holdPort(): Promise<{ port: number; letGo: () => Promise<void> }> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  return { port, letGo: () => new Promise((resolve) => void server.close(() => resolve())) }
}

test('JupyterLab is served, with the TypeScript kernel and no other, and ends when it is asked to', async () => {
  const { port, letGo } = await holdPort()
  await letGo()
  const start = spawn(process.execPath, [script, '--no-browser', '--port', String(port)])
  const closed = once(start, 'close')
  onTestFinished(async () => {
    start.kill('SIGINT')
    await closed
  })
  let address: URL | undefined
  for await (const line of createInterface({ input: start.stdout })) {
    const ready = /^ +\d+\.\d s {2}Ready: (.*)$/.exec(line)
    if (ready !== null) {
      address = new URL(ready[1]!)
      break
    }
  }
  expect(address?.host).toBe(`127.0.0.1:${port}`)

  const api = (name: string): string => `${address!.origin}/api/${name}${address!.search}`
  const specs = (await (await fetch(api('kernelspecs'))).json()) as { kernelspecs: object; default: string }
  expect([specs.default, Object.keys(specs.kernelspecs)]).toEqual(['tslab', ['tslab']])
  expect((await fetch(`${address!.origin}/api/kernelspecs`)).status).toBe(403)
  expect((await fetch(api('kernels'), { method: 'POST', body: '{"name": "tslab"}' })).status).toBe(201)

  start.kill('SIGINT')
  expect(await closed).toEqual([0, null])
  await expect(fetch(address!)).rejects.toThrow()
})

test.each([
  [['--help'], 0, 'Opens the course in JupyterLab'],
  [['--prot', '1'], 2, "Unknown option '--prot'"],
  [['--port', 'http'], 2, 'A port is a number from 1 to 65535, and this is none: http'],
])('%j', (parameters, code, text) => {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...parameters], {
    encoding: 'utf8',
  })
  expect(status).toBe(code)
  expect(stdout + stderr).toContain(text)
})

test('a port that is in use is named, with one that may be free', async () => {
  const { port, letGo } = await holdPort()
  const start = spawn(process.execPath, [script, '--port', String(port)])
  let said = ''
  start.stderr.on('data', (text) => (said += String(text)))
  expect(await once(start, 'close')).toEqual([2, null])
  expect(said).toBe(`Port ${port} is in use. Choose another: npm start -- --port ${port + 1}\n`)
  await letGo()
})

// A copy of the project that has nothing installed, on a machine that has only what a test puts there.
describe('on a machine that lacks something', () => {
  let machine: string
  let project: string
  let programs: string

  beforeAll(() => {
    machine = mkdtempSync(path.join(tmpdir(), 'pgcrash-'))
    project = path.join(machine, 'project')
    programs = path.join(machine, 'bin')
    mkdirSync(programs)
    for (const name of ['.jupyter', '.binder', 'package.json', 'package-lock.json']) {
      cpSync(inProject(name), path.join(project, name), { recursive: true })
    }
  })
  afterAll(() => rmSync(machine, { recursive: true }))

  function startWith(...nodeOptions: string[]): SpawnSyncReturns<string> {
    const before = readdirSync(project)
    const start = spawnSync(process.execPath, [...nodeOptions, '.jupyter/start.mjs', '--no-browser'], {
      cwd: project,
      env: { PATH: programs, HOME: machine },
      encoding: 'utf8',
    })
    expect(readdirSync(project)).toEqual(before)
    return start
  }

  function installPython(version: readonly number[], makesVenv: boolean): void {
    const answer = JSON.stringify({ file: '/usr/bin/python3', version, makesVenv })
    writeFileSync(path.join(programs, 'python3'), `#!/bin/sh\necho '${answer}'\n`)
    chmodSync(path.join(programs, 'python3'), 0o755)
  }

  const website = 'Or read the course as a website, without JupyterLab: npm run site -- --serve\n'

  test('no Python: the command that installs it', () => {
    const { status, stderr } = startWith()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Python 3\.10 or newer is needed for JupyterLab, and none was found\. To install it: \S.*\n/,
    )
    expect(stderr.endsWith(website)).toBe(true)
  })

  test('an old Python: its version, and the command that gets a newer one', () => {
    installPython([3, 9, 2], true)
    const { status, stderr } = startWith()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Python 3\.10 or newer is needed for JupyterLab, and this one is 3\.9\.2\. To get a newer one: \S.*\n/,
    )
    expect(stderr.endsWith(website)).toBe(true)
  })

  test('a Python without venv: the command that adds it', () => {
    installPython([3, 11, 2], false)
    const { status, stderr } = startWith()
    expect(status).toBe(1)
    expect(stderr).toMatch(
      /^Python 3\.11\.2 lacks its module venv, .*: (sudo )?apt install python3\.11-venv\n/,
    )
    expect(stderr.endsWith(website)).toBe(true)
  })

  test('an old Node: the command that runs it with a newer one', () => {
    const pretend =
      "Object.defineProperty(process, 'versions', { value: { ...process.versions, node: '18.20.4' } })"
    const { status, stderr } = startWith('--import', `data:text/javascript,${encodeURIComponent(pretend)}`)
    expect(status).toBe(1)
    expect(stderr).toBe(
      'Node 20.19 or newer is needed, and this is 18.20.4. ' +
        'To run with a newer one, without installing it: npx --yes --package node@24 -- npm start\n',
    )
  })
})
