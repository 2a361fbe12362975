// The kernel without Jupyter: runs notebooks where there is no Python, and sooner where there is one.
//
// A kernel is a process that listens on five ports and speaks Jupyter's messages over ZeroMQ. Jupyter's side of that
// conversation is small enough to hold here, so that someone with Node alone still gets a site with real outputs:
//
//   we ── execute_request ──► shell ──► kernel
//   we ◄── execute_reply ──── shell ◄──┘  └──► iopub ── stream, display_data, error, status: idle ──► we

import { spawn, type ChildProcess } from 'node:child_process'
import { createHmac, randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { Dealer, Subscriber } from 'zeromq'
import type { RunNotebook, RunReport } from './execute.js'

type Json = Record<string, unknown>

interface Message {
  readonly type: string
  readonly parent: string
  readonly content: Json
}

const DELIMITER = '<IDS|MSG>'
/** Milliseconds for one cell, and for the kernel to begin. */
const PATIENCE = 60_000

/** A runner for `executeNotebooks`; `kernelFolder` holds the kernel.json to start. */
export function nodeRunner(kernelFolder: string): RunNotebook {
  return (path, { outDir }) => runInKernel(path, outDir, kernelFolder)
}

async function runInKernel(path: string, outDir: string, kernelFolder: string): Promise<RunReport> {
  const notebook = JSON.parse(readFileSync(path, 'utf8')) as { cells: Json[] }
  let place = 'the kernel did not start'
  const kernel = await startKernel(kernelFolder, dirname(path))
  try {
    await kernel.ready()
    for (const [at, cell] of notebook.cells.entries()) {
      const source = Array.isArray(cell.source) ? cell.source.join('') : String(cell.source)
      if (cell.cell_type !== 'code' || source.trim() === '') continue
      place = `cell ${at + 1}`
      const { outputs, problem, count } = await kernel.execute(source)
      Object.assign(cell, { outputs, execution_count: count })
      if (problem !== undefined) return { notebook: path, status: 'failed', message: `${place}: ${problem}` }
    }
  } catch (error) {
    return { notebook: path, status: 'failed', message: `${place}: ${(error as Error).message}` }
  } finally {
    await kernel.end()
  }
  const executed = join(outDir, basename(path))
  writeFileSync(executed, JSON.stringify(notebook, null, 1))
  return { notebook: path, status: 'ok', executed }
}

const running = new Set<ChildProcess>()

/** Ends all kernels at once, for a program that is itself asked to end. */
export function endKernels(): void {
  for (const child of running) child.kill('SIGKILL')
}

interface Executed {
  readonly outputs: readonly Json[]
  readonly count: unknown
  /** Why the cell does not count as run. */
  readonly problem: string | undefined
}

async function startKernel(kernelFolder: string, cwd: string): Promise<Kernel> {
  const ports = await freePorts(5)
  const [shell_port, iopub_port, stdin_port, control_port, hb_port] = ports
  const key = randomUUID()
  const connection = { shell_port, iopub_port, stdin_port, control_port, hb_port, key }
  const scratch = mkdtempSync(join(tmpdir(), 'pgcrash-kernel-'))
  chmodSync(scratch, 0o711) // a server that a cell starts may run as another user
  const connectionFile = join(scratch, 'connection.json')
  const fixed = { ip: '127.0.0.1', transport: 'tcp', signature_scheme: 'hmac-sha256' }
  writeFileSync(connectionFile, JSON.stringify({ ...connection, ...fixed }), { mode: 0o600 })

  const { argv } = JSON.parse(readFileSync(join(kernelFolder, 'kernel.json'), 'utf8')) as { argv: string[] }
  const [, ...parameters] = argv.map((word) =>
    word.replace('{resource_dir}', kernelFolder).replace('{connection_file}', connectionFile),
  )
  // The copies of crashed directories that its cells make go with it.
  const env = { ...process.env, TMPDIR: scratch, TEMP: scratch, TMP: scratch }
  const child = spawn(process.execPath, parameters, { cwd, env, stdio: ['ignore', 'ignore', 'pipe'] })
  running.add(child)
  child.once('close', () => running.delete(child))
  return new Kernel(child, scratch, key, shell_port as number, iopub_port as number)
}

/** Ports that were free a moment ago: all are held open together, so that no two are the same. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, '127.0.0.1'))
  await Promise.all(servers.map((server) => once(server, 'listening')))
  const ports = servers.map((server) => (server.address() as AddressInfo).port)
  await Promise.all(servers.map((server) => new Promise((done) => server.close(done))))
  return ports
}

class Kernel {
  private readonly shell = new Dealer({ linger: 0 })
  private readonly iopub = new Subscriber({ linger: 0 })
  private readonly closed: Promise<unknown>
  private complaint = ''

  constructor(
    private readonly child: ChildProcess,
    private readonly scratch: string,
    private readonly key: string,
    shellPort: number,
    iopubPort: number,
  ) {
    child.stderr?.setEncoding('utf8').on('data', (text: string) => (this.complaint += text))
    this.closed = once(child, 'close')
    this.shell.connect(`tcp://127.0.0.1:${shellPort}`)
    this.iopub.connect(`tcp://127.0.0.1:${iopubPort}`)
    this.iopub.subscribe()
  }

  /** Asks until an answer is heard on both channels: what was said before we were connected is lost. */
  async ready(): Promise<void> {
    const deadline = Date.now() + PATIENCE
    this.iopub.receiveTimeout = 500
    for (;;) {
      await this.send('kernel_info_request', {})
      const heard = await receive(this.iopub).catch(() => undefined)
      if (heard !== undefined) break
      if (Date.now() > deadline || this.child.exitCode !== null)
        throw new Error(this.complaint || 'no answer')
    }
    this.iopub.receiveTimeout = PATIENCE
    this.shell.receiveTimeout = PATIENCE
  }

  async execute(code: string): Promise<Executed> {
    const request = await this.send('execute_request', {
      code,
      silent: false,
      store_history: true,
      stop_on_error: true,
    })
    const [messages, reply] = await Promise.all([this.hear(request), this.replyTo(request)])
    const outputs = messages.flatMap(asOutput)
    return {
      outputs,
      count: reply.content.execution_count ?? null,
      problem: objection(outputs, reply.content),
    }
  }

  /** What the kernel says about a request, up to the word that it is idle again. */
  private async hear(request: string): Promise<Message[]> {
    const messages: Message[] = []
    for (;;) {
      const message = await this.within(receive(this.iopub))
      if (message.parent !== request) {
        if (message.type === 'stream' && message.content.name === 'stderr') messages.push(message)
        continue
      }
      if (message.type === 'status' && message.content.execution_state === 'idle') return messages
      messages.push(message)
    }
  }

  private async replyTo(request: string): Promise<Message> {
    for (;;) {
      const message = await this.within(receive(this.shell))
      if (message.parent === request) return message
    }
  }

  /** A kernel that dies answers nothing any more. */
  private within(message: Promise<Message>): Promise<Message> {
    const death = this.closed.then(() =>
      Promise.reject(new Error(`the kernel died ${this.complaint}`.trim())),
    )
    const silence = message.catch(() => Promise.reject(new Error(`no word for ${PATIENCE / 1000} seconds`)))
    return Promise.race([silence, death])
  }

  private async send(type: string, content: Json): Promise<string> {
    const id = randomUUID()
    const header = {
      msg_id: id,
      msg_type: type,
      session: this.key,
      username: 'site',
      version: '5.3',
      date: '',
    }
    const parts = [header, {}, {}, content].map((part) => JSON.stringify(part))
    const signature = createHmac('sha256', this.key).update(parts.join('')).digest('hex')
    await this.shell.send([DELIMITER, signature, ...parts])
    return id
  }

  async end(): Promise<void> {
    this.shell.close()
    this.iopub.close()
    if (this.child.exitCode === null && this.child.signalCode === null) this.child.kill('SIGKILL')
    await this.closed
    rmSync(this.scratch, { recursive: true, force: true, maxRetries: 3 })
  }
}

async function receive(socket: Dealer | Subscriber): Promise<Message> {
  const frames = (await socket.receive()).map(String)
  const at = frames.indexOf(DELIMITER)
  const [header, parent, , content] = frames.slice(at + 2).map((frame) => JSON.parse(frame) as Json)
  return { type: String(header?.msg_type), parent: String(parent?.msg_id), content: content ?? {} }
}

function asOutput({ type, content }: Message): Json[] {
  switch (type) {
    case 'stream':
    case 'error':
      return [{ output_type: type, ...content }]
    case 'display_data':
    case 'execute_result':
      return [{ output_type: 'display_data', data: content.data, metadata: content.metadata }]
    default:
      return []
  }
}

function objection(outputs: readonly Json[], reply: Json): string | undefined {
  const error = outputs.find(({ output_type }) => output_type === 'error')
  if (error !== undefined) return `${String(error.ename)}: ${String(error.evalue)}`
  const stderr = outputs.find(({ name }) => name === 'stderr')
  if (stderr !== undefined) return `it wrote to stderr: ${String(stderr.text).trim()}`
  return reply.status === 'ok' ? undefined : `the kernel replied: ${String(reply.status)}`
}
