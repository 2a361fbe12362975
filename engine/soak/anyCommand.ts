/**
 * On the command line: a crashed directory with a bit flipped anywhere, its log cut at any byte, a record that announces
 * 1,020 MiB, files that are not there. Whatever is asked: an exit code that --help documents, one sentence when it is
 * not 0, no stack trace, and nothing changed.
 */
import { lstatSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { EXIT } from '../cli/exit.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { CONTROL_FILE } from '../format/controlFile.js'
import { XLOG_RECORD_MAX_SIZE } from '../format/walRecord.js'
import { shelf } from './bothRecover.js'
import { eachCase, type Idea, type Pick, type SoakOptions, type SoakResult } from './cases.js'
import { onCommandLine, type Result } from './commandLine.js'
import { bankDirectory } from './knownLogs.js'
import { LogTail, tailOf, type TailPlace } from './logTail.js'
import { Workbench } from './workbench.js'

const commands: readonly (readonly string[])[] = [
  ['recover', '--dry-run'],
  ['recover', '--dry-run', '--json'],
  ['recover'],
  ['wal'],
  ['wal', '--all', '--json'],
  ['wal', '--explain'],
  ['wal', '--all', '--stats=record'],
  ['wal', '--bkp-details'],
  ['control'],
  ['control', '--json'],
]

/** Does it, and says what it did. `round` counts how often each command was asked before. */
type Harm = (dir: string, pick: Pick, place: TailPlace, round: number) => string

function changeFile(path: string, change: (bytes: Buffer) => Uint8Array): void {
  writeFileSync(path, change(readFileSync(path)))
}

const flipBit: Harm = (dir, pick) => {
  const files = filesOf(dir).filter((name) => lstatSync(join(dir, name)).size > 0)
  const name = files[pick(files.length)]
  changeFile(join(dir, name), (bytes) => {
    bytes[pick(bytes.length)] ^= 1 << pick(8)
    return bytes
  })
  return `a bit flipped in ${name}`
}

/** The log's last bytes never reached the disk, or a segment's file is shorter. */
const cutLog: Harm = (dir, pick, { position, segmentSize }) => {
  if (pick(2) === 0) {
    const used = Number(position % BigInt(segmentSize))
    const at = used - pick(Math.min(used, 40_000))
    const name = lastSegment(dir, position, segmentSize)
    changeFile(join(dir, name), (bytes) => bytes.fill(0, at))
    return `${name} cut at byte ${at}`
  }
  const segments = segmentNames(dir)
  const name = segments[pick(segments.length)]
  changeFile(join(dir, 'pg_wal', name), (bytes) => bytes.subarray(0, pick(bytes.length)))
  return `${name} shortened`
}

const ANNOUNCED = 'a record that announces 1,020 MiB'

const announce: Harm = (dir, _, place) => {
  const disk = nodeDisk(dir)
  const tail = new LogTail(disk, place)
  const at = tail.toMiddleOfPage()
  tail.header(at, { xl_tot_len: XLOG_RECORD_MAX_SIZE, xl_prev: tail.previous, xl_rmid: 21 })
  disk.close()
  return ANNOUNCED
}

const GONE = [
  CONTROL_FILE,
  'pg_wal',
  'global',
  'pg_xact',
  'pg_xact/0000',
  'PG_VERSION',
  'base',
  'pg_multixact',
]
const HALF = ['pg_xact/0000']
const A_DIRECTORY = [CONTROL_FILE, 'pg_xact/0000', 'PG_VERSION']
const ABSENT = GONE.length + HALF.length + A_DIRECTORY.length

const takeAway: Harm = (dir, _, __, round) => {
  const n = round % ABSENT
  const name = [...GONE, ...HALF, ...A_DIRECTORY][n]
  if (HALF.includes(name) && n === GONE.length) {
    changeFile(join(dir, name), (bytes) => bytes.subarray(0, 4096))
    return `${name} is half a page long`
  }
  rmSync(join(dir, name), { recursive: true })
  if (n < GONE.length) return `${name} is not there`
  mkdirSync(join(dir, name))
  return `${name} is a directory`
}

function segmentNames(dir: string): string[] {
  return readdirSync(join(dir, 'pg_wal')).filter((name) => /^[0-9A-F]{24}$/.test(name))
}

function lastSegment(dir: string, position: bigint, segmentSize: number): string {
  const segments = segmentNames(dir)
  const number = position / BigInt(segmentSize)
  const perId = 0x100000000n / BigInt(segmentSize)
  const name = segments.find(
    (known) => BigInt(`0x${known.slice(8, 16)}`) * perId + BigInt(`0x${known.slice(16)}`) === number,
  )
  return join('pg_wal', name ?? segments[0])
}

function filesOf(dir: string): string[] {
  return readdirSync(dir, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(dir.length + 1))
    .sort()
}

/** Every entry, with what changes when it is written. */
function marks(dir: string): string {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' })
    .map((name) => {
      const { size, mtimeMs, ctimeMs, ino } = lstatSync(join(dir, name))
      return `${name} ${size} ${mtimeMs} ${ctimeMs} ${ino}`
    })
    .sort()
    .join('\n')
}

const DOCUMENTED: readonly number[] = [EXIT.OK, EXIT.NOT_RECOVERABLE, EXIT.DAMAGED, EXIT.UNSUPPORTED]
/** The disk's own no: what should be a file is a directory, or the other way round. */
const NO_OF_THE_DISK = /EISDIR|ENOTDIR|is a directory|not a directory/

/** Of some harm it is known what must come: the log ends there; this is no data directory. */
const known: Readonly<Record<string, readonly [code: number, says: RegExp]>> = {
  [ANNOUNCED]: [EXIT.OK, /(?:)/],
  [`${CONTROL_FILE} is not there`]: [
    EXIT.NOT_RECOVERABLE,
    /expected the file global\/pg_control, found none/,
  ],
}

function complaint(done: string, { code, out, err }: Result, args: readonly string[]): string | undefined {
  const [wanted, says] = known[done] ?? [code, /(?:)/]
  if (code !== wanted || !says.test(err)) return `exit code ${code}, and it says ${err}`
  if (!DOCUMENTED.includes(code) && !(code === EXIT.FAILURE && NO_OF_THE_DISK.test(err)))
    return `exit code ${code}: ${err}`
  if (/^\s+at .*:\d+/m.test(out + err) || /unexpected failure|TypeError|RangeError/.test(err))
    return `it says ${err}`
  const sentences = err.split('\n').filter((line) => line.startsWith('pgcrash: error: '))
  if (code !== EXIT.OK && args[0] !== 'control' && sentences.length !== 1)
    return `exit code ${code}, and it says ${err}`
  return code === EXIT.OK && sentences.length > 0 ? `exit code 0, and it says ${err}` : undefined
}

/**
 * A refusal changes nothing. One that comes in the middle of replay has written what PostgreSQL writes too, that
 * recovery is under way: then it must come to the same when it is asked again.
 */
async function complaintOfChange(
  { code, out, err }: Result,
  ask: () => Promise<Result>,
): Promise<string | undefined> {
  if (code === EXIT.OK || code === EXIT.FAILURE) return undefined
  if (!/^LOG: {2}redo (starts at|is not required)/m.test(out)) return 'something was changed'
  const again = await ask()
  return again.code === code && again.err === err ? undefined : `${err}; and asked again: ${again.err}`
}

let onBank: { bench: Workbench; place: TailPlace } | undefined

async function run(harm: Harm, options: SoakOptions): Promise<SoakResult> {
  const original = await bankDirectory()
  const { bench, place } = (onBank ??= {
    bench: new Workbench(original, join(shelf(), 'copy')),
    place: tailOf(original),
  })
  return eachCase(options, Infinity, async (i, pick) => {
    const args = commands[i % commands.length]
    bench.putBack()
    const done = harm(bench.place, pick, place, Math.floor(i / commands.length))
    const before = marks(bench.place)
    const result = await onCommandLine(args[0], bench.place, ...args.slice(1))
    const unchanged = marks(bench.place) === before
    const mayChange = args.length === 1 && args[0] === 'recover'
    const ask = (): Promise<Result> => onCommandLine(args[0], bench.place)
    const changed = mayChange ? () => complaintOfChange(result, ask) : (): string => 'something was changed'
    const wrong = complaint(done, result, args) ?? (unchanged ? undefined : await changed())
    return wrong && `${done}, pgcrash ${args.join(' ')}: ${wrong}`
  })
}

const idea = (id: string, what: string, harm: Harm, full = 1500): Idea => ({
  id,
  what: `${what}, on the command line`,
  ci: commands.length,
  full,
  run: (options) => run(harm, options),
})

/** Each with every command; CI asks each command once. */
export const onTheCommandLine: readonly Idea[] = [
  idea('C-bit', 'a bit flipped anywhere in the directory', flipBit),
  idea('C-cut', 'the log cut at any byte', cutLog),
  idea('C-length', 'a record that announces 1,020 MiB', announce, commands.length),
  idea('C-absent', 'no pg_control, no pg_wal, no pg_xact, …', takeAway, commands.length * ABSENT),
]
