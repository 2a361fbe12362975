// What `pgcrash page` found, as one JSON document, and as text for a person.

import type { Colors } from 'picocolors/types.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { FORK, relationPath } from '../format/relationPath.js'
import type { Fields } from '../lens/page/model.js'
import { pageLines, tableLines, type Paint } from '../lens/pageLines.js'
import type { PageAddress, ReplayedPage, Touch, TouchOutcome } from '../lens/pageReplay.js'
import type { PageJson, PageView } from '../lens/pageView.js'
import type { RecordJson } from '../lens/walJson.js'

export interface FoundPage {
  address: PageAddress
  /** Undefined, and `missing` says why, when the page is not on disk but in the log. */
  view: PageView | undefined
  missing: string | undefined
  /** Of a page on disk: its file, and the byte at which it begins there. */
  place: { file: string; offset: number } | undefined
  /** What the log says of the page, when it was read. */
  replayed: ReplayedPage | undefined
  /** The position asked for; undefined for the page on disk. */
  at?: Lsn | 'end'
  /** The directory was not shut down: pg_xact on disk may be behind. */
  stale: boolean
}

/** The document of --json. Null for what does not apply. */
export interface PageDocument {
  path: string
  reltablespace: number
  reldatabase: number
  relfilenode: number
  relforkname: string
  relblocknumber: number
  as_of: AsOf
  page: Omit<PageJson, 'relforkname' | 'relblocknumber'> | null
  /** 8192 bytes in hexadecimal, with --hex. */
  bytes?: string
  history?: Array<RecordJson & { outcome: TouchOutcome; page_lsn_before: string | null }>
}

export interface AsOf {
  /** `disk`: as it lies there; `log`: replayed from the redo point. */
  source: 'disk' | 'log'
  file: string | null
  file_offset: number | null
  asked: string | null
  /** End of the last record that counts. */
  reached: string | null
  redo_lsn: string | null
  page_lsn_on_disk: string | null
  /** Start of the record that made the page anew, so that the disk does not count. */
  rebuilt_from: string | null
  /** Records that changed the page since, and records behind the position that name it. */
  records_applied: number | null
  records_later: number | null
}

export interface PageReportOptions {
  history?: boolean
  hex?: boolean
}

const lsnOrNull = (lsn: Lsn | undefined): string | null => (lsn === undefined ? null : formatLsn(lsn))

export function pageDocument(found: FoundPage, options: PageReportOptions): PageDocument {
  const { address, view, replayed } = found
  const { relforkname: _, relblocknumber: __, ...page } = view?.json ?? ({} as PageJson)
  return {
    path: relationPath(address, address.fork),
    reltablespace: address.spcOid,
    reldatabase: address.dbOid,
    relfilenode: address.relNumber,
    relforkname: ['main', 'fsm', 'vm', 'init'][address.fork],
    relblocknumber: address.block,
    as_of: asOf(found),
    page: view ? page : null,
    ...(options.hex && view ? { bytes: Buffer.from(view.page.bytes).toString('hex') } : {}),
    ...(options.history
      ? {
          history: (replayed?.touches ?? []).map(({ record, outcome, before }) => ({
            ...record,
            outcome,
            page_lsn_before: lsnOrNull(before),
          })),
        }
      : {}),
  }
}

function asOf({ place, replayed, at }: FoundPage): AsOf {
  const log = at !== undefined && replayed !== undefined
  const { fresh, changes } = log ? lastFresh(replayed.touches) : { fresh: undefined, changes: 0 }
  return {
    source: log ? 'log' : 'disk',
    file: place?.file ?? null,
    file_offset: place?.offset ?? null,
    asked: at === undefined ? null : at === 'end' ? 'end' : formatLsn(at),
    reached: log ? formatLsn(replayed.reached) : null,
    redo_lsn: replayed ? formatLsn(replayed.start.redo) : null,
    page_lsn_on_disk: lsnOrNull(replayed?.onDisk),
    rebuilt_from: lsnOrNull(fresh?.lsn),
    records_applied: log ? changes : null,
    records_later: log ? replayed.later : null,
  }
}

const CHANGES: readonly TouchOutcome[] = ['needsRedo', 'cleared']

/** The last record that made the page anew, and how many changed it since. */
function lastFresh(touches: readonly Touch[]): { fresh: Touch | undefined; changes: number } {
  const index = touches.findLastIndex(({ fresh }) => fresh)
  const changes = touches.slice(index + 1).filter(({ outcome }) => CHANGES.includes(outcome)).length
  return { fresh: touches[index], changes }
}

/** The page for a person. */
export function pageText(found: FoundPage, options: PageReportOptions, colors: Colors): string[] {
  const { address, view } = found
  const paint: Paint = { heading: colors.bold, dim: colors.dim, good: colors.green, bad: colors.red }
  const lines = [
    `${colors.bold(`${relationPath(address, address.fork)} block ${address.block}`)}${view ? `: ${kindText(view)}` : ''}`,
    provenance(found),
  ]
  if (view) lines.push(...pageLines(view, { paint, hex: options.hex }))
  const notes = notesOf(found)
  if (notes.length > 0) lines.push('', ...notes.map((note) => colors.dim(note)))
  if (options.history && found.replayed) lines.push('', ...historyLines(found.replayed, paint))
  return lines
}

function kindText({ json: { kind, type } }: PageView): string {
  switch (kind) {
    case 'new':
      return 'a new page'
    case 'unknown':
      return 'a page of no kind known here'
    case 'vm':
      return 'a page of the visibility map'
    case 'fsm':
      return `a page of the free space map, ${String(type)}`
    default:
      return type === null ? `a ${kind} page` : `a ${kind} page, ${type}`
  }
}

/** Where the bytes come from, in a sentence. */
function provenance({ place, missing, replayed, at }: FoundPage): string {
  if (missing) return `not on disk (${missing}), but in the log`
  if (at === undefined || !replayed)
    return place ? `on disk: ${place.file}, bytes ${place.offset} to ${place.offset + 8191}` : ''
  const { touches, onDisk, end, start } = replayed
  const { fresh, changes } = lastFresh(touches)
  const when =
    at === 'end' ? `at the end of the log, ${formatLsn(replayed.reached)}` : `as of ${formatLsn(at)}`
  const beyond = at !== 'end' && end && at > end.lsn ? ` (the log ends at ${formatLsn(end.lsn)})` : ''
  const more = changes === 0 ? '' : changes === 1 ? ' and one more record' : ` and ${changes} more records`
  if (fresh) {
    const newer =
      at !== 'end' && onDisk !== undefined && onDisk > at
        ? `; on disk it is at ${formatLsn(onDisk)} already`
        : ''
    const made = fresh.outcome === 'restored' ? 'the image in' : 'made anew by'
    return `${when}${beyond}: ${made} the record at ${formatLsn(fresh.lsn)}${more}${newer}`
  }
  if (changes === 0)
    return `${when}${beyond}: as on disk; no record from the redo point ${formatLsn(start.redo)} on changes it`
  const from = onDisk === undefined ? 'nothing' : `the page on disk (${formatLsn(onDisk)})`
  return `${when}${beyond}: ${from}${more}`
}

/** What a reader must know to believe the page, and no more. */
function notesOf({ address, view, at, stale, replayed }: FoundPage): string[] {
  const notes: string[] = []
  if (at === undefined && stale && view?.json.kind === 'new') notes.push('the log may fill it: --at end')
  const open = view?.json.items?.some(({ tuple }) => tuple !== null && mentionsOpen(tuple)) ?? false
  if (open && at === undefined && stale)
    notes.push('in progress: so says pg_xact on disk; the log may know the end of it (--at end)')
  if (open && at === 'end')
    notes.push('in progress: in flight at the end of the log; recovery leaves it aborted')
  if (at !== undefined && address.fork === FORK.FSM)
    notes.push('free space maps are hardly in the log: this is the map on disk, but for truncations')
  if (at !== undefined && address.fork === FORK.VM && !replayed?.touches.some(({ fresh }) => fresh))
    notes.push(
      'bits of the map may be cleared without a new pd_lsn: some may have been cleared later than that',
    )
  return notes
}

function mentionsOpen(tuple: Fields): boolean {
  const members = (tuple.members ?? []) as readonly Fields[]
  return [tuple.t_xmin_status, tuple.t_xmax_status, ...members.map(({ status }) => status)].includes(
    'in progress',
  )
}

const MEANINGS: Readonly<Record<TouchOutcome, string>> = {
  needsRedo: 'the page was older than the record: the change was made',
  done: 'the page on disk had the change already',
  restored: 'the image in the record was put in place of the page',
  notFound: 'there was no such page: a later record drops or cuts the file, or it is lost',
  cleared: 'bits of the map were cleared; the record does not name the map',
  created: 'the file was made',
  truncated: 'the file was cut before this block',
  dropped: 'the file was removed',
  skipped: 'nothing to do for this page',
}

/** The records that touched the page, a line each, and what the outcomes mean. */
function historyLines({ start, touches, reached, later }: ReplayedPage, paint: Paint): string[] {
  const range = `from the redo point ${formatLsn(start.redo)} to ${formatLsn(reached)}`
  const lines = [
    `${paint.heading('history')}  ${touches.length === 0 ? 'no record touches it' : `${touches.length} records`} ${range}`,
  ]
  if (touches.length > 0) {
    const rows = touches.map(({ record, outcome }) => [
      record.start_lsn,
      outcome,
      String(record.xid),
      `${record.resource_manager} ${record.record_type} ${record.description}`.trimEnd(),
    ])
    const columns = [
      { title: 'record' },
      { title: 'outcome' },
      { title: 'tx', right: true },
      { title: 'what' },
    ]
    const [title, ...table] = tableLines(columns, rows)
    lines.push(`  ${paint.dim(title)}`, ...table.map((line) => `  ${line}`), '')
    for (const outcome of new Set(touches.map((touch) => touch.outcome)))
      lines.push(`  ${paint.dim(`${outcome.padEnd(9)}  ${MEANINGS[outcome]}`)}`)
  }
  if (later > 0) lines.push(`  ${paint.dim(`${later} more records name it later in the log`)}`)
  return lines
}
