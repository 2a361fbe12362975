/**
 * One crash, recovered in turn by native PostgreSQL 18 and by pgcrash, several times.
 *
 *   pgbench ─► kill ─► image ─┬─ copy ─► postgres, until it accepts connections ─┐
 *                             └─ copy ─► pgcrash recover, the whole process ─────┴─► ratio, pair by pair
 *
 * The copies are synced before the clock starts. A ratio of 1.5 means that PostgreSQL took half as long again.
 */
import { spawn, spawnSync } from 'node:child_process'
import {
  chmodSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  renameSync,
  rmSync,
} from 'node:fs'
import { cpus, tmpdir, totalmem } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { nodeDisk } from '../disk/nodeDisk.js'
import { Recovery } from '../recovery/recovery.js'
import { configure, giveToServer, initdb, NativeServer, nativeVersion } from '../scenes/native.js'

const MiB = 1 << 20
const COMMAND = fileURLToPath(new URL('../bin/pgcrash.mjs', import.meta.url))

interface Run {
  seconds: number
  /** Peak memory, bytes; undefined where the system does not tell. */
  memory: number | undefined
}

/** Prints both times, MB/s, records/s, peak memory and the ratio, pair by pair. `walMiB`: behind the redo point. */
export async function benchRecovery(scale: number, walMiB: number, rounds: number): Promise<void> {
  const image = await crashImage(scale, walMiB)
  const { survey } = new Recovery(nodeDisk(image, { readOnly: true }))
  const { start } = new Recovery(nodeDisk(image, { readOnly: true }))
  const wal = Number(survey.endOfLog - start.redo)
  console.log(
    `${cpus().length} processors, ${(totalmem() / 2 ** 30).toFixed(0)} GiB; PostgreSQL ${nativeVersion()}`,
  )
  console.log(`${(wal / 1e6).toFixed(0)} MB of WAL, ${survey.records} records\n`)
  const place = mkdtempSync(join(tmpdir(), 'pgcrash-bench-'))
  chmodSync(place, 0o755)
  const pairs: { theirs: Run; ours: Run }[] = []
  try {
    console.log('          PostgreSQL              pgcrash')
    for (let round = 1; round <= rounds; round++) {
      const theirs = await timed(image, place, recoverNatively)
      const ours = await timed(image, place, recoverOurs)
      pairs.push({ theirs, ours })
      console.log(
        `${String(round).padStart(4)}  ${show(theirs)}  ${show(ours)}   ratio ${(theirs.seconds / ours.seconds).toFixed(2)}`,
      )
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
  summary(pairs, wal, survey.records)
}

const show = ({ seconds, memory }: Run): string =>
  `${seconds.toFixed(2).padStart(6)} s ${memory === undefined ? '' : `${(memory / 1e6).toFixed(0).padStart(5)} MB`}`.padEnd(
    20,
  )

function summary(pairs: { theirs: Run; ours: Run }[], wal: number, records: number): void {
  const median = (list: number[]): number => [...list].sort((a, b) => a - b)[Math.floor(list.length / 2)]
  const line = (name: string, seconds: number): void =>
    console.log(
      `${name.padEnd(12)} ${seconds.toFixed(2)} s, ${(wal / 1e6 / seconds).toFixed(0)} MB/s, ${(records / 1e6 / seconds).toFixed(2)} million records/s`,
    )
  console.log()
  line('PostgreSQL', median(pairs.map((p) => p.theirs.seconds)))
  line('pgcrash', median(pairs.map((p) => p.ours.seconds)))
  const ratios = pairs.map((p) => p.theirs.seconds / p.ours.seconds)
  const peak = Math.max(...pairs.map((p) => p.ours.memory ?? 0))
  console.log(
    `ratio ${median(ratios).toFixed(2)} (${Math.min(...ratios).toFixed(2)} to ${Math.max(...ratios).toFixed(2)}); peak memory of pgcrash ${(peak / MiB).toFixed(0)} MiB`,
  )
}

/** A copy of the image, on disk to the last byte, then `recover` on it with the clock running. */
async function timed(image: string, place: string, recover: (dir: string) => Promise<Run>): Promise<Run> {
  const dir = join(place, 'data')
  cpSync(image, dir, { recursive: true })
  giveToServer(dir)
  spawnSync('sync')
  try {
    return await recover(dir)
  } finally {
    rmSync(dir, { recursive: true, force: true })
  }
}

async function recoverNatively(dir: string): Promise<Run> {
  const began = performance.now()
  const server = await NativeServer.start(dir, { fsync: 'on', shared_buffers: '1GB', autovacuum: 'off' })
  const seconds = (performance.now() - began) / 1000
  await server.stop('immediate')
  return { seconds, memory: undefined }
}

async function recoverOurs(dir: string): Promise<Run> {
  const began = performance.now()
  const child = spawn(process.execPath, [COMMAND, 'recover', dir], { stdio: ['ignore', 'ignore', 'inherit'] })
  let memory: number | undefined
  const watch = setInterval(() => (memory = peakOf(child.pid) ?? memory), 20)
  const code = await new Promise((resolve) => child.on('exit', resolve))
  const seconds = (performance.now() - began) / 1000
  clearInterval(watch)
  if (code !== 0) throw new Error(`pgcrash ended with ${String(code)}`)
  return { seconds, memory }
}

/** The most memory a process has held so far (Linux). */
function peakOf(pid: number | undefined): number | undefined {
  try {
    const kilobytes = /VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]
    return kilobytes === undefined ? undefined : Number(kilobytes) * 1024
  } catch {
    return undefined
  }
}

/** The crashed directory, made once for each size. */
async function crashImage(scale: number, walMiB: number): Promise<string> {
  const shelf = fileURLToPath(new URL('../dist/.bench', import.meta.url))
  const image = join(shelf, `${nativeVersion()}-${scale}-${walMiB}`)
  if (existsSync(image)) return image
  if (spawnSync('pgbench', ['--version']).status !== 0) throw new Error('pgbench is not installed')
  mkdirSync(shelf, { recursive: true })
  const bench = mkdtempSync(join(tmpdir(), 'pgcrash-bench-image-'))
  chmodSync(bench, 0o755)
  const dir = join(bench, 'data')
  console.log(
    `making a crash: pgbench, scale ${scale}, until ${walMiB} MiB of WAL stand behind the redo point`,
  )
  initdb(dir)
  configure(dir, {
    max_wal_size: '64GB',
    checkpoint_timeout: '1d',
    shared_buffers: '1GB',
    synchronous_commit: 'off',
  })
  const server = await NativeServer.start(dir)
  const pgbench = (...args: string[]): Promise<unknown> => {
    const at = ['-h', '127.0.0.1', '-p', String(server.port), '-U', 'postgres', '-n', ...args, 'postgres']
    return new Promise((resolve) => spawn('pgbench', at, { stdio: 'ignore' }).on('exit', resolve))
  }
  await pgbench('-i', '-I', 'dtgvp', '-s', String(scale))
  await server.run(['checkpoint'])
  const behind = 'select (pg_current_wal_lsn() - redo_lsn)::float8 as bytes from pg_control_checkpoint()'
  while (Number((await server.run([behind]))[0].bytes) < walMiB * MiB)
    await pgbench('-c', '4', '-t', '20000', '-M', 'prepared')
  await server.kill()
  cpSync(dir, `${image}.making`, { recursive: true })
  renameSync(`${image}.making`, image)
  rmSync(bench, { recursive: true, force: true })
  return image
}
