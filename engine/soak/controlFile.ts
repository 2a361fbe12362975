/**
 * T9: global/pg_control. It is one page with one truth, and there is no other copy.
 *
 *   T9          cut; states, versions and sizes that cannot be, with a checksum that agrees
 *   T9-bits     each of its 2,368 bits flipped; torn at each byte
 *               On the command line both give a sentence, an exit code, and nothing is changed
 *   T9-judged   any field set to anything, with a checksum that agrees: PostgreSQL refuses what we refuse
 */
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { crc32c } from '../bytes/crc32c.js'
import { viewOf } from '../bytes/layout.js'
import { EXIT, type ExitCode } from '../cli/exit.js'
import type { Disk } from '../disk/disk.js'
import { CheckPoint } from '../format/checkpoint.js'
import { CONTROL_FILE, ControlFile } from '../format/controlFile.js'
import { crashedOnce, ourRecovery, theirRecovery, wrongWithOurs } from './bothRecover.js'
import { eachCase, type Idea, type Pick, type SoakOptions, type SoakResult } from './cases.js'
import { complaintAbout, onCommandLine, writtenDirectory } from './commandLine.js'
import { severalSegments } from './segments.js'

const SIZE = ControlFile.size

/** One way of damaging the file's bytes, and what the command must say and give back. */
interface Damage {
  readonly name: string
  readonly change: (sound: Uint8Array) => Uint8Array
  readonly code: ExitCode
  readonly says: RegExp
}

const flips: readonly Damage[] = Array.from({ length: SIZE * 8 }, (_, bit) => ({
  name: `bit ${bit & 7} of byte ${bit >> 3} flipped`,
  change: (sound) => changed(sound, (bytes) => (bytes[bit >> 3] ^= 1 << (bit & 7))),
  code: EXIT.DAMAGED,
  says: /incorrect checksum in control file: expected [0-9A-F]{8}, found [0-9A-F]{8}/,
}))

function changed(sound: Uint8Array, change: (bytes: Uint8Array) => void): Uint8Array {
  const bytes = sound.slice()
  change(bytes)
  return bytes
}

/** The same with a checksum that agrees. */
function believed(
  sound: Uint8Array,
  change: (view: DataView) => void,
  crcAt: number = ControlFile.at.crc,
): Uint8Array {
  const bytes = sound.slice()
  const view = viewOf(bytes)
  change(view)
  view.setUint32(crcAt, crc32c(bytes, 0, crcAt), true)
  return bytes
}

/** A write of the file that was cut short: the first bytes are those of a later file. */
function torn(at: number): Damage {
  return {
    name: `torn at byte ${at}`,
    change: (sound) => {
      const later = believed(sound, (view) => {
        for (let byte = 0; byte < ControlFile.at.crc; byte++) view.setUint8(byte, view.getUint8(byte) ^ 0x11)
      })
      return changed(sound, (bytes) => bytes.set(later.subarray(0, at)))
    },
    code: EXIT.DAMAGED,
    says: /incorrect checksum in control file/,
  }
}

const cuts: readonly Damage[] = [0, 1, 100, 295].map((size) => ({
  name: `cut to ${size} bytes`,
  change: (sound) => sound.subarray(0, size),
  code: EXIT.DAMAGED,
  says: new RegExp(`the file is too short: expected 8192 bytes, found ${size}`),
}))

function field(name: string, at: number, value: number, code: ExitCode, says: RegExp): Damage {
  return {
    name: `${name} ${value}`,
    change: (sound) => believed(sound, (v) => v.setUint32(at, value, true)),
    code,
    says,
  }
}

const { at } = ControlFile
const states: readonly Damage[] = [
  ...[0, 7, 8, 255, 0xffffffff].map((n) =>
    field(
      'state',
      at.state,
      n,
      EXIT.DAMAGED,
      /control file contains invalid database cluster state: expected 1 to 6/,
    ),
  ),
  ...[2, 5].map((n) =>
    field('state', at.state, n, EXIT.UNSUPPORTED, /was last in archive recovery \(a standby\)/),
  ),
]
const versions: readonly Damage[] = [
  ...(
    [
      [1201, '12'],
      [1300, '13 to 16'],
      [1700, '17'],
    ] as const
  ).map(([version, major]): Damage => ({
    name: `of PostgreSQL ${major}`,
    change: (sound) => believed(sound, (view) => view.setUint32(8, version, true), 288),
    code: EXIT.UNSUPPORTED,
    says: new RegExp(`made by PostgreSQL ${major} \\(pg_control version ${version}\\)`),
  })),
  ...[0, 1799, 1801, 9999].map((n) =>
    field(
      'pg_control version',
      at.pg_control_version,
      n,
      EXIT.UNSUPPORTED,
      /pg_control version is \d+, and only 1800/,
    ),
  ),
  field(
    'catalog version',
    at.catalog_version_no,
    202506290,
    EXIT.UNSUPPORTED,
    /catalog version is 202506290/,
  ),
  {
    name: 'of the other byte order',
    change: (sound) => swapped(sound),
    code: EXIT.UNSUPPORTED,
    says: /other byte order/,
  },
]
const sizes: readonly Damage[] = [
  field('blcksz', at.blcksz, 16384, EXIT.UNSUPPORTED, /the block size is 16384, and only 8192/),
  field('xlog_blcksz', at.xlog_blcksz, 4096, EXIT.UNSUPPORTED, /the WAL block size is 4096/),
  field('maxAlign', at.maxAlign, 4, EXIT.UNSUPPORTED, /the alignment is 4/),
  field('floatFormat', at.floatFormat, 1, EXIT.UNSUPPORTED, /floating-point format/),
  ...[0, 1 << 19, (1 << 20) + 1, 0x80000000].map((n) =>
    field(
      'xlog_seg_size',
      at.xlog_seg_size,
      n,
      EXIT.DAMAGED,
      /invalid WAL segment size: expected a power of two/,
    ),
  ),
  field('relseg_size', at.relseg_size, 0, EXIT.DAMAGED, /invalid number of blocks in a file/),
  ...[0, 23, 8191].map((n) =>
    field('checkPoint', at.checkPoint, n, EXIT.DAMAGED, /control file contains invalid checkpoint location/),
  ),
]

/** Every number in the struct written the other way round. */
function swapped(sound: Uint8Array): Uint8Array {
  const bytes = sound.slice()
  const turn = (offset: number, size: number): void => void bytes.subarray(offset, offset + size).reverse()
  for (const { name, offset, size } of ControlFile.fields)
    if (name === 'checkPointCopy')
      for (const inner of CheckPoint.fields) turn(offset + inner.offset, inner.size)
    else if (size <= 8) turn(offset, size)
  viewOf(bytes).setUint32(at.crc, crc32c(bytes, 0, at.crc), false)
  return bytes
}

const named: readonly Damage[] = [...cuts, ...states, ...versions, ...sizes]
const bytes: readonly Damage[] = [...flips, ...Array.from({ length: SIZE - 1 }, (_, i) => torn(i + 1))]

async function run(damages: readonly Damage[], options: SoakOptions): Promise<SoakResult> {
  const dir = writtenDirectory()
  const path = join(dir, CONTROL_FILE)
  const sound = Uint8Array.from(readFileSync(path))
  const result = await eachCase(options, damages.length, async (i) => {
    const damage = damages[i]
    writeFileSync(path, damage.change(sound))
    const before = marks(dir)
    const result = await onCommandLine('recover', dir)
    const wrong = complaintAbout(result, damage.code, damage.says)
    if (wrong) return `pg_control, ${damage.name}: ${wrong}`
    return marks(dir) === before ? undefined : `pg_control, ${damage.name}: something was changed`
  })
  writeFileSync(path, sound)
  return result
}

/** Every file's size and date, and the bytes of pg_control. */
function marks(dir: string): string {
  const files = readdirSync(dir, { recursive: true, encoding: 'utf8' }).map((name) => {
    const { size, mtimeMs, ctimeMs, ino } = statSync(join(dir, name))
    return `${name} ${size} ${mtimeMs} ${ctimeMs} ${ino}`
  })
  return [...files.sort(), readFileSync(join(dir, CONTROL_FILE), 'latin1')].join('\n')
}

export const controlFile: Idea = {
  id: 'T9',
  what: 'pg_control cut, of another state, version, size',
  ci: Infinity,
  full: Infinity,
  run: (options) => run(named, options),
}

export const controlFileBits: Idea = {
  id: 'T9-bits',
  what: 'pg_control with a bit flipped, or torn at a byte',
  ci: 150,
  full: Infinity,
  run: (options) => run(bytes, options),
}

/** What says how the server was built; the state, which is tried elsewhere; the time, of which some make PostgreSQL crash. */
const UNJUDGED =
  /^(time|relseg_size|nameDataLen|indexMaxKeys|toast_max_chunk_size|loblksize|float8ByVal|crc|state)$/
const fields = ControlFile.fields.flatMap(({ name, offset, size }) =>
  name === 'checkPointCopy'
    ? CheckPoint.fields.map((inner) => ({
        name: `${name}.${inner.name}`,
        offset: offset + inner.offset,
        size: inner.size,
      }))
    : UNJUDGED.test(name)
      ? []
      : [{ name, offset, size }],
)

/** Another value for a field: next to the right one, of a single bit, or anything. */
function otherValue(sound: bigint, size: number, pick: Pick): bigint {
  const bits = BigInt(Math.min(size, 8) * 8)
  const all = (1n << bits) - 1n
  const random = BigInt(pick(2 ** 32)) | (BigInt(pick(2 ** 32)) << 32n)
  const values = [
    0n,
    all,
    sound + 1n,
    sound - 1n,
    sound ^ (1n << (random % bits)),
    random,
    sound + 8n,
    sound - 8n,
    sound << 1n,
  ]
  return values[pick(values.length)] & all
}

async function runJudged(options: SoakOptions): Promise<SoakResult> {
  const dir = await crashedOnce(severalSegments)
  const sound = Uint8Array.from(readFileSync(join(dir, CONTROL_FILE)))
  return eachCase(options, Infinity, async (i, pick) => {
    const { name, offset, size } = fields[i % fields.length]
    let value = 0n
    const bytes = believed(sound, (view) => {
      let before = 0n
      for (let n = Math.min(size, 8) - 1; n >= 0; n--)
        before = (before << 8n) | BigInt(view.getUint8(offset + n))
      value = otherValue(before, size, pick)
      for (let n = 0; n < Math.min(size, 8); n++)
        view.setUint8(offset + n, Number((value >> BigInt(8 * n)) & 0xffn))
    })
    const harm = (disk: Disk): void => disk.write(CONTROL_FILE, 0, bytes)
    const theirs = await theirRecovery(dir, harm)
    const { told: ours } = ourRecovery(dir, harm)
    const where = `pg_control, ${name} ${value}`
    if ((theirs.refusal === undefined) !== (ours.refusal === undefined))
      return `${where}: PostgreSQL ${theirs.refusal ?? 'recovers'}; we ${ours.refusal ?? 'recover'}`
    if (ours.checkpoint !== theirs.checkpoint)
      return `${where}: PostgreSQL's checkpoint is at ${theirs.checkpoint}, ours at ${ours.checkpoint}`
    const wrong = ours.refusal === undefined ? await wrongWithOurs(dir, harm) : undefined
    return wrong && `${where}: ${wrong}`
  })
}

export const judgedControlFile: Idea = {
  id: 'T9-judged',
  what: 'any field of pg_control set to anything, judged by PostgreSQL',
  ci: 6,
  full: 500,
  needsNative: true,
  run: runJudged,
}
