/** The fate of every transaction, and where the next one begins: pg_xact, pg_multixact, pg_control. */
import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface StatusDifference {
  /** For example `xid 776` or `multixact 1, member 1`. */
  readonly what: string
  readonly a: string
  readonly b: string
}

export interface StatusComparison {
  readonly statuses: readonly StatusDifference[]
  /**
   * Transactions that one side left "in progress" and the other marked aborted. PostgreSQL writes
   * nothing for a transaction that a crash cut short, and reads both in the same way.
   */
  readonly leftOrAborted: readonly string[]
  /** Counters of the checkpoint in pg_control. */
  readonly control: readonly StatusDifference[]
}

const statusName = ['in progress', 'committed', 'aborted', 'sub-committed']

/** What pg_control says of the last checkpoint (ControlFileData, CheckPoint at offset 40). */
interface Counters {
  readonly checkPoint: string
  readonly redo: string
  readonly nextXid: bigint
  readonly nextOid: number
  readonly nextMulti: number
  readonly nextMultiOffset: number
  readonly oldestXid: number
  readonly oldestMulti: number
}

function counters(dir: string): Counters {
  const file = readFileSync(join(dir, 'global', 'pg_control'))
  const lsn = (at: number): string =>
    `${file.readUInt32LE(at + 4).toString(16)}/${file.readUInt32LE(at).toString(16)}`.toUpperCase()
  return {
    checkPoint: lsn(32),
    redo: lsn(40),
    nextXid: file.readBigUInt64LE(64),
    nextOid: file.readUInt32LE(72),
    nextMulti: file.readUInt32LE(76),
    nextMultiOffset: file.readUInt32LE(80),
    oldestXid: file.readUInt32LE(84),
    oldestMulti: file.readUInt32LE(92),
  }
}

/** Compares below the lower of the two nextXid and nextMulti; if these differ, `control` says so. */
export function compareStatus(dirA: string, dirB: string): StatusComparison {
  const [a, b] = [counters(dirA), counters(dirB)]
  const control = (Object.keys(a) as (keyof Counters)[])
    .filter((name) => a[name] !== b[name])
    .map((what) => ({ what, a: String(a[what]), b: String(b[what]) }))
  const xids = compareXids(
    dirA,
    dirB,
    a.oldestXid,
    Number((a.nextXid < b.nextXid ? a : b).nextXid & 0xffffffffn),
  )
  const multis = compareMultis(dirA, dirB, a.oldestMulti, Math.min(a.nextMulti, b.nextMulti))
  const members = compareMembers(dirA, dirB, Math.min(a.nextMultiOffset, b.nextMultiOffset))
  return { statuses: [...xids.statuses, ...multis, ...members], leftOrAborted: xids.leftOrAborted, control }
}

/** One 256 KiB file of a status log; zeroes where there is none, as PostgreSQL reads it. */
function statusFile(dir: string, log: string, segment: number): Buffer {
  const bytes = Buffer.alloc(32 * 8192)
  const path = join(dir, log, segment.toString(16).toUpperCase().padStart(4, '0'))
  if (existsSync(path)) readFileSync(path).copy(bytes)
  return bytes
}

/** Two files side by side, the last pair kept at hand: neighbours are asked for one after another. */
function pairReader(dirA: string, dirB: string, log: string): (segment: number) => [Buffer, Buffer] {
  let at = -1
  let pair: [Buffer, Buffer]
  return (segment) => {
    if (segment !== at) pair = [statusFile(dirA, log, segment), statusFile(dirB, log, segment)]
    at = segment
    return pair
  }
}

function compareXids(
  dirA: string,
  dirB: string,
  oldest: number,
  next: number,
): Pick<StatusComparison, 'statuses' | 'leftOrAborted'> {
  const statuses: StatusDifference[] = []
  const leftOrAborted: string[] = []
  const files = pairReader(dirA, dirB, 'pg_xact')
  for (let xid = oldest; xid !== next; xid = (xid + 1) >>> 0) {
    const [fileA, fileB] = files(xid >>> 20)
    const byte = (xid >>> 2) & 0x3ffff
    if (fileA[byte] === fileB[byte]) continue
    const [a, b] = [fileA, fileB].map((file) => statusName[(file[byte] >> ((xid & 3) * 2)) & 3])
    if (a === b) continue
    const harmless = [a, b].every((status) => status === 'in progress' || status === 'aborted')
    if (harmless) leftOrAborted.push(String(xid))
    else statuses.push({ what: `xid ${xid}`, a, b })
  }
  return { statuses, leftOrAborted }
}

/** pg_multixact/offsets: where the members of each multixact begin. */
function compareMultis(dirA: string, dirB: string, oldest: number, next: number): StatusDifference[] {
  const found: StatusDifference[] = []
  const files = pairReader(dirA, dirB, 'pg_multixact/offsets')
  for (let multi = oldest; multi < next; multi++) {
    const [fileA, fileB] = files(multi >>> 16)
    const at = (multi & 0xffff) * 4
    const [a, b] = [fileA.readUInt32LE(at), fileB.readUInt32LE(at)]
    if (a !== b) found.push({ what: `multixact ${multi}, first member`, a: String(a), b: String(b) })
  }
  return found
}

/** pg_multixact/members: groups of four status bytes and four xids, 409 groups a page, from member 1 on. */
function compareMembers(dirA: string, dirB: string, next: number): StatusDifference[] {
  const found: StatusDifference[] = []
  const files = pairReader(dirA, dirB, 'pg_multixact/members')
  for (let member = 1; member < next; member++) {
    const page = Math.floor(member / 1636)
    const group = (page % 32) * 8192 + Math.floor((member % 1636) / 4) * 20
    const [a, b] = files(Math.floor(page / 32)).map(
      (file) =>
        `xid ${file.readUInt32LE(group + 4 + (member % 4) * 4)}, status ${file[group + (member % 4)]}`,
    )
    if (a !== b) found.push({ what: `multixact member ${member}`, a, b })
  }
  return found
}
