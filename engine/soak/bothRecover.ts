/**
 * The same harm done twice: PostgreSQL recovers one copy of a directory, we another; what each says and writes is laid
 * side by side. Ours is an overlay, so the directory itself stays as it was.
 */
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Disk } from '../disk/disk.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { overlayDisk } from '../disk/overlayDisk.js'
import { CONTROL_FILE, DBState, readControlFile } from '../format/controlFile.js'
import { formatLsn } from '../format/lsn.js'
import { reference } from '../parts.js'
import { recover } from '../recovery/recovery.js'
import { crashNative, recoverNatively } from '../scenes/crashNative.js'
import { giveToServer, NativeServer } from '../scenes/native.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import { Workbench } from './workbench.js'

/** What came of one recovery. */
export interface Told {
  readonly sentences: readonly string[]
  /** Where the final checkpoint was written; undefined when recovery was refused. */
  readonly checkpoint: string | undefined
  /** The sentence of the refusal. */
  readonly refusal: string | undefined
}

const shelves: string[] = []

/** A folder that the server's user can enter, and that goes with this process. */
export function shelf(): string {
  if (shelves.length === 0)
    process.once('exit', () => shelves.forEach((dir) => rmSync(dir, { recursive: true, force: true })))
  const dir = mkdtempSync(join(tmpdir(), 'pgcrash-soak-'))
  chmodSync(dir, 0o755)
  shelves.push(dir)
  return dir
}

const made = new Map<string, Promise<string>>()

/** The crashed directory of a scene, made once for this process; it must not be changed. */
export function crashedOnce(scene: NativeScene): Promise<string> {
  const known = made.get(scene.name)
  if (known) return known
  const dir = join(shelf(), 'crashed')
  const making = crashNative(scene, dir).then(() => dir)
  made.set(scene.name, making)
  return making
}

/** PostgreSQL recovers the harmed directory. */
export async function theirRecovery(dir: string, harm: (disk: Disk) => void): Promise<Told> {
  return theirWords(harmedCopy(dir, harm))
}

const benches = new Map<string, Workbench>()

/** A copy of the directory, harmed; it is good until the next one is asked for. */
function harmedCopy(dir: string, harm: (disk: Disk) => void): string {
  let bench = benches.get(dir)
  if (!bench) benches.set(dir, (bench = new Workbench(dir, join(shelf(), 'copy'))))
  bench.putBack()
  const disk = nodeDisk(bench.place)
  harm(disk)
  disk.close()
  bench.giveAway()
  return bench.place
}

async function theirWords(place: string): Promise<Told> {
  let lines: string[]
  let refused = false
  try {
    lines = await recoverNatively(place)
  } catch (error) {
    refused = true
    lines = (error as Error).message.split('\n')
  }
  const sentences = lines.map((line) => line.replace(/^[A-Z]+: {2}/, '').replace(/ system usage: .*/, ''))
  const last = lines.find((line) => /^(FATAL|PANIC): /.test(line))
  return {
    sentences,
    refusal: refused ? (last ?? 'it ended without a word').replace(/^\w+: {2}/, '') : undefined,
    checkpoint: refused ? undefined : checkpointOf(place),
  }
}

function checkpointOf(place: string): string {
  const disk = nodeDisk(place, { readOnly: true })
  const { checkPoint } = readControlFile(disk)
  disk.close()
  return formatLsn(checkPoint)
}

const opened = new Map<string, Disk>()

/** A disk that reads a directory, opened once for this process. */
export function readingDisk(dir: string): Disk {
  const disk = opened.get(dir) ?? nodeDisk(dir, { readOnly: true })
  opened.set(dir, disk)
  return disk
}

/** Our recovery of the harmed directory, and the disk it was done on. */
export function ourRecovery(dir: string, harm: (disk: Disk) => void): { told: Told; disk: Disk } {
  const disk = overlayDisk(readingDisk(dir))
  harm(disk)
  const sentences: string[] = []
  try {
    recover(disk, reference, { log: (sentence) => sentences.push(sentence) })
    const { checkPoint, state } = readControlFile(disk)
    if (state !== DBState.DB_SHUTDOWNED) throw new Error(`afterwards pg_control has state ${state}`)
    return { told: { sentences, checkpoint: formatLsn(checkPoint), refusal: undefined }, disk }
  } catch (error) {
    return { told: { sentences, checkpoint: undefined, refusal: refusalOf(error) }, disk }
  }
}

const TYPED = ['CorruptData', 'NotRecoverable', 'Unsupported', 'DirectoryInUse', 'DiskFault']

/** The sentence of an error that the engine means; any other is thrown on. */
export function refusalOf(error: unknown): string {
  if (error instanceof Error && TYPED.includes(error.name)) return error.message
  throw error
}

/** What is wrong with our recovery of the harmed directory, in PostgreSQL's eyes; undefined when it starts on it as it should. */
export async function wrongWithOurs(dir: string, harm: (disk: Disk) => void): Promise<string | undefined> {
  const place = harmedCopy(dir, harm)
  const disk = nodeDisk(place)
  recover(disk, reference)
  disk.close()
  return wrongWithDirectory(place)
}

/**
 * Each recovers the harmed directory, and the other reads what it wrote behind the break: pg_control is put back, so
 * that recovery begins where it did before. Returns what the two readers say.
 */
export async function readEachOther(
  dir: string,
  harm: (disk: Disk) => void,
): Promise<{ theyRead: readonly string[]; weRead: readonly string[] }> {
  const crashed = readFileSync(join(dir, CONTROL_FILE))
  const recoverHere = (place: string): string[] => {
    const sentences: string[] = []
    const disk = nodeDisk(place)
    recover(disk, reference, { log: (sentence) => sentences.push(sentence) })
    disk.close()
    return sentences
  }
  let place = harmedCopy(dir, harm)
  recoverHere(place)
  writeFileSync(join(place, CONTROL_FILE), crashed)
  const theyRead = (await theirWords(place)).sentences
  place = harmedCopy(dir, harm)
  await theirWords(place)
  writeFileSync(join(place, CONTROL_FILE), crashed)
  return { theyRead, weRead: recoverHere(place) }
}

/** PostgreSQL starts on a directory that must count as shut down, and works on it. */
export async function wrongWithDirectory(place: string): Promise<string | undefined> {
  try {
    giveToServer(place)
    const server = await NativeServer.start(place, { autovacuum: 'off' })
    await server.run(['select count(*) from pg_class', 'create table after_recovery as select 1 as a'])
    await server.stop('fast')
    const log = server.log.join('\n')
    if (!/database system was shut down at/.test(log)) return `PostgreSQL does not find it shut down: ${log}`
    const worry = server.log.find((line) => /automatic recovery|PANIC|FATAL|ERROR|WARNING/.test(line))
    return worry && `PostgreSQL says of our recovery: ${worry}`
  } catch (error) {
    return `PostgreSQL does not start on our recovery: ${(error as Error).message}`
  }
}
