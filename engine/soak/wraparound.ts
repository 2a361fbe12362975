/**
 * T18: numbers at their ends. The pure functions against bigint arithmetic, at random numbers near 2^31, 2^32, 2^53,
 * 2^63 and zero. A whole cluster that is taken there is in scenes/nativeRareScenes.ts, and recovered by
 * recovery/native.test.ts.
 */
import { memoryDisk } from '../disk/memoryDisk.js'
import { CheckPoint } from '../format/checkpoint.js'
import {
  formatLsn,
  locateLsn,
  lsnOf,
  parseLsn,
  parseSegmentFileName,
  segmentFileName,
} from '../format/lsn.js'
import { pageLsn, pageOf, setPageLsn } from '../format/page.js'
import { statusPosition, xidPrecedes, XACTS_PER_PAGE } from '../format/transactionStatus.js'
import { Counters } from '../redo/counters.js'
import { memberPosition, MEMBERS_PER_PAGE } from '../redo/multixact.js'
import { truncateByXid } from '../redo/commitTs.js'
import type { Slru } from '../buffers/slru.js'
import { WalReader } from '../wal/reader.js'
import { WalWriter } from '../wal/writer.js'
import { eachCase, type Idea, type Pick } from './cases.js'

const TWO_32 = 1n << 32n
const LOW = TWO_32 - 1n

/** A number below 2^bits, more often than not near a power of two, or small. */
function near(pick: Pick, bits: number): bigint {
  const powers = [31n, 32n, 33n, 53n, 63n, 64n].filter((n) => n <= BigInt(bits))
  const about = pick(4) === 0 ? 0n : 1n << powers[pick(powers.length)]
  const random = BigInt(pick(2 ** 32)) | (BigInt(pick(2 ** 32)) << 32n)
  const distance = pick(3) === 0 ? random : BigInt(pick(2 ** [3, 10, 20, 30][pick(4)]))
  return (pick(2) ? about + distance : about - distance) & ((1n << BigInt(bits)) - 1n)
}

const xidNear = (pick: Pick): number => Number(near(pick, 32))

type Rule = (pick: Pick) => string | undefined

const same = (what: string, found: unknown, expected: unknown): string | undefined =>
  String(found) === String(expected)
    ? undefined
    : `${what}: expected ${String(expected)}, found ${String(found)}`

const lsnText: Rule = (pick) => {
  const lsn = near(pick, 64)
  const text = formatLsn(lsn)
  const [high, low] = [lsn >> 32n, lsn & LOW]
  return (
    same('formatLsn', text, `${high.toString(16)}/${low.toString(16)}`.toUpperCase()) ??
    same(`parseLsn of ${text}`, parseLsn(text), lsn) ??
    same('lsnOf', lsnOf(Number(high), Number(low)), lsn)
  )
}

const lsnOnPage: Rule = (pick) => {
  const page = pageOf(new Uint8Array(8192))
  const lsn = near(pick, 64)
  setPageLsn(page, Number(lsn >> 32n), Number(lsn & LOW))
  return same('pageLsn', pageLsn(page), lsn)
}

const segmentName: Rule = (pick) => {
  const size = 2 ** (20 + pick(11))
  const lsn = near(pick, 64)
  const { segment, offset } = locateLsn(lsn, size)
  const timeline = xidNear(pick)
  const name = segmentFileName(timeline, segment, size)
  const [id, rest] = [name.slice(8, 16), name.slice(16)].map((part) => BigInt(`0x${part}`))
  return (
    same('locateLsn', segment * BigInt(size) + BigInt(offset), lsn) ??
    same(`place of ${name}`, id * TWO_32 + rest * BigInt(size) + BigInt(offset), lsn) ??
    same(
      `parsed ${name}`,
      JSON.stringify(Object.values(parseSegmentFileName(name, size) ?? {}).map(String)),
      JSON.stringify([timeline, segment].map(String)),
    )
  )
}

/** (int32) (a - b) < 0 in the words of bigints: b lies less than 2^31 ahead of a. */
const behind = (a: bigint, b: bigint): boolean => a !== b && ((b - a) & LOW) < 1n << 31n

const xidOrder: Rule = (pick) => {
  const [a, b] = [xidNear(pick), pick(3) ? xidNear(pick) : 0]
  const distance = (BigInt(b) - BigInt(a)) & LOW
  if (distance === 1n << 31n) return undefined // each precedes the other, as in C
  const expected = a < 3 || b < 3 ? a < b : behind(BigInt(a), BigInt(b))
  return same(`xidPrecedes(${a}, ${b})`, xidPrecedes(a, b), expected)
}

function countersAt(values: Partial<CheckPoint>): Counters {
  return new Counters({ ...CheckPoint.read(new Uint8Array(CheckPoint.size)), ...values })
}

/** nextXid comes behind the xid, if that lies at or ahead of it; ids 0, 1, 2 are passed over. */
const advance: Rule = (pick) => {
  let next = near(pick, 34)
  if ((next & LOW) < 3n) next += 3n
  const xid = pick(3) ? (next + BigInt(pick(200)) - 100n) & LOW : BigInt(xidNear(pick))
  if (xid < 3n || ((xid - next) & LOW) === 1n << 31n) return undefined
  const counters = countersAt({ nextXid: next })
  counters.advancePastXid(Number(xid))
  const ahead = (xid - next) & LOW
  let expected = ahead < 1n << 31n ? next + ahead + 1n : next
  if ((expected & LOW) < 3n) expected += 3n - (expected & LOW)
  return same(`next id ${next}, then ${xid}`, counters.nextXid, expected)
}

/** The full id of a transaction that is at or before the next one (FullTransactionIdFromAllowableAt). */
const fullId: Rule = (pick) => {
  const next = (1n << 33n) + near(pick, 33)
  const xid = (next - 1n - BigInt(pick(2 ** 31 - 1))) & LOW
  if (xid < 3n) return undefined
  const expected = next - 1n - ((next - 1n - xid) & LOW)
  return same(`fullXid of ${xid} at ${next}`, countersAt({ nextXid: next }).fullXid(Number(xid)), expected)
}

const multi: Rule = (pick) => {
  const [next, offset, given, members] = [near(pick, 32), near(pick, 32), near(pick, 32), near(pick, 32)]
  if ([given - next, members - offset].some((d) => (d & LOW) === 1n << 31n)) return undefined
  const counters = countersAt({ nextMulti: Number(next), nextMultiOffset: Number(offset) })
  counters.advanceMulti(Number(given), Number(members))
  return (
    same('nextMulti', counters.nextMulti, behind(next, given) ? given : next) ??
    same('nextMultiOffset', counters.nextMultiOffset, behind(offset, members) ? members : offset)
  )
}

const places: Rule = (pick) => {
  const xid = xidNear(pick)
  const { pageno, byte, shift } = statusPosition(xid)
  const member = memberPosition(xid)
  const within = BigInt(xid) % BigInt(MEMBERS_PER_PAGE)
  return (
    same('place in pg_xact', BigInt(pageno) * 32768n + BigInt(byte) * 4n + BigInt(shift) / 2n, xid) ??
    same('page of a member', member.pageno, BigInt(xid) / BigInt(MEMBERS_PER_PAGE)) ??
    same('flags of a member', member.flagsAt, (within / 4n) * 20n + (within % 4n)) ??
    same('xid of a member', member.xidAt, (within / 4n) * 20n + 4n + (within % 4n) * 4n)
  )
}

/** Of pg_xact goes what is older than the cutoff, and nothing that is younger (CLOGPagePrecedes, SlruMayDeleteSegment). */
const truncation: Rule = (pick) => {
  const lastPage = Number(LOW) / XACTS_PER_PAGE
  const cutoff = Math.floor(xidNear(pick) / XACTS_PER_PAGE)
  const distance = pick(Math.floor(lastPage / 2) - 64)
  const firstOf = (page: number): number => page - (page % 32)
  const older = firstOf((cutoff - 32 - distance + 131072) % 131072)
  const younger = firstOf((cutoff + distance) % 131072)
  let mayGo: (first: number, last: number) => boolean = () => false
  truncateByXid(
    { truncate: (isOld: typeof mayGo) => (mayGo = isOld) } as unknown as Slru,
    cutoff,
    XACTS_PER_PAGE,
  )
  return (
    same(`segment of page ${older}, cutoff ${cutoff}`, mayGo(older, older + 31), true) ??
    same(`segment of page ${younger}, cutoff ${cutoff}`, mayGo(younger, younger + 31), false)
  )
}

/** Records written at any position are read back there. */
const roundTrip: Rule = (pick) => {
  const segmentSize = 1 << 20
  const position = near(pick, 63) & ~BigInt(segmentSize - 1)
  if (position === 0n) return undefined
  const disk = memoryDisk([], ['pg_wal'])
  const writer = new WalWriter({
    disk,
    segmentSize,
    timeline: 1,
    systemIdentifier: 1n,
    position,
    previous: 0n,
  })
  const written = Array.from({ length: 1 + pick(4) }, () =>
    writer.insert(21, 0, 3, new Uint8Array(pick(700_000))),
  )
  writer.write()
  const reader = new WalReader({ disk, segmentSize, timelines: [1], systemIdentifier: 1n })
  reader.beginAt(position)
  for (const { start, end } of written) {
    const read = reader.read()
    if (read.kind === 'end') return `the log ends at ${formatLsn(read.lsn)}: ${read.reason}`
    const wrong = same('start', read.lsn, start) ?? same('end', read.endLsn, end)
    if (wrong) return wrong
  }
  return same('end of the log', formatLsn(reader.position), formatLsn(writer.position))
}

const rules: ReadonlyArray<readonly [string, Rule]> = [
  ['text of positions', lsnText],
  ['positions on pages', lsnOnPage],
  ['names of segments', segmentName],
  ['order of transaction ids', xidOrder],
  ['the next transaction id', advance],
  ['full transaction ids', fullId],
  ['the next multixact', multi],
  ['places in status tables', places],
  ['what is cut off pg_xact', truncation],
]
/** Of so many cases one writes a log. */
const LOGS = 500

export const wraparound: Idea = {
  id: 'T18',
  what: 'positions, transaction ids and multixacts at the ends of their range',
  ci: 20_000,
  full: 2_000_000,
  run: (options) =>
    eachCase(options, Infinity, (i, pick) => {
      const [name, rule] = i % LOGS === 0 ? (['records', roundTrip] as const) : rules[i % rules.length]
      const wrong = rule(pick)
      return wrong && `${name}: ${wrong}`
    }),
}
