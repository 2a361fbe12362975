// `pgcrash page`: one page of a relation, as it lies on disk, or as it was at a position of the log.

import { isAbsolute, relative, resolve } from 'node:path'
import { RelationFiles } from '../buffers/relationFiles.js'
import { NotRecoverable } from '../bytes/errors.js'
import type { Disk } from '../disk/disk.js'
import { BLCKSZ, DBState, readControlFile, type ControlFile } from '../format/controlFile.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import { pageOf, type Page } from '../format/page.js'
import { relationPath } from '../format/relationPath.js'
import { fatesOnDisk } from '../lens/page/fates.js'
import { replayPage, type PageAddress, type ReplayedPage } from '../lens/pageReplay.js'
import { viewPage, type PageView } from '../lens/pageView.js'
import { localTimeZone } from '../lens/timeZone.js'
import { serverIn } from '../recovery/startup.js'
import { colorsFor } from './colors.js'
import { openDirectory } from './dataDirectory.js'
import { EXIT, UsageError, type ExitCode } from './exit.js'
import { LineWriter, type CommandIo } from './io.js'
import { pageDocument, pageText, type FoundPage } from './pageReport.js'
import { recoveryProgress } from './progressBar.js'
import { oneFork, parseRelation, RELATION_EXAMPLES } from './relation.js'

export interface PageOptions {
  at?: Lsn | 'end'
  fork?: number
  history?: boolean
  hex?: boolean
  json?: boolean
}

/** Shows a page. Errors as those of replayPage; NotRecoverable when there is no such page. A damaged one is shown too. */
export async function pageCommand(
  args: readonly string[],
  options: PageOptions,
  io: CommandIo,
): Promise<ExitCode> {
  const { directory, relation, block } = pageArguments(args, io)
  const disk = openDirectory(directory, io, { readOnly: true })
  try {
    const address = { ...relationOf(relation, directory, options.fork), block }
    const control = readControlFile(disk)
    const server = serverIn(disk)
    if (server !== undefined)
      io.stderr.write(
        `pgcrash: process ${server} is using this directory: what it has in memory is not seen here\n`,
      )
    const replayed =
      options.at !== undefined || options.history ? replay(disk, address, options, io) : undefined
    const found =
      options.at === undefined
        ? onDisk(disk, control, address, replayed)
        : asOf(control, address, replayed as ReplayedPage, options.at)
    await print(found, options, io)
    return complainOf(found, io)
  } finally {
    disk.close()
  }
}

/** [DIR] REL BLOCK: the directory may come from PGDATA. */
function pageArguments(
  args: readonly string[],
  io: CommandIo,
): { directory: string | undefined; relation: string; block: number } {
  const [relation, number] = args.slice(-2)
  if (args.length < 2 || args.length > 3 || !/^\d{1,10}$/.test(number))
    throw new UsageError(
      'expected a directory, a relation and a block number: pgcrash page DIR base/5/16384 0',
    )
  const block = Number(number)
  if (block >= 0xffffffff) throw new UsageError(`there is no block ${number}: the last one is 4294967294`)
  return { directory: args.length === 3 ? args[0] : io.env.PGDATA, relation, block }
}

/** A path may also be given as the shell completes it: from where one stands, through the data directory. */
function relationOf(
  text: string,
  directory: string | undefined,
  option: number | undefined,
): Omit<PageAddress, 'block'> {
  const within = relative(resolve(directory ?? '.'), resolve(text))
  const named = parseRelation(text) ?? (isAbsolute(within) ? undefined : parseRelation(within))
  if (!named) throw new UsageError(`"${text}" names no relation. ${RELATION_EXAMPLES}`)
  const fork = oneFork(named.fork, option)
  if (fork === undefined) throw new UsageError(`"${text}" and --fork name two different forks`)
  if (named.segment > 0)
    throw new UsageError(
      `"${text}" is a later file of its relation: name the first one, ${relationPath(named.locator, fork)}; ` +
        'blocks are counted through all of them',
    )
  return { ...named.locator, fork }
}

function replay(disk: Disk, address: PageAddress, { at }: PageOptions, io: CommandIo): ReplayedPage {
  const bar = recoveryProgress(io, io.stderr)
  try {
    return replayPage(disk, address, {
      upTo: at === 'end' ? undefined : at,
      zone: localTimeZone(),
      onProgress: (progress) => bar.update({ phase: 'survey', end: undefined, ...progress }),
    })
  } finally {
    bar.stop()
  }
}

const checksumsOf = (control: ControlFile): boolean => control.data_checksum_version !== 0

function onDisk(
  disk: Disk,
  control: ControlFile,
  address: PageAddress,
  replayed: ReplayedPage | undefined,
): FoundPage {
  const files = new RelationFiles(disk, address, address.fork, control.relseg_size)
  const page = readPage(disk, files, address.block)
  const touched = replayed && replayed.touches.length > 0
  const stale = control.state !== DBState.DB_SHUTDOWNED
  if (typeof page === 'string' && !touched) {
    const inLog = stale ? '; --at end looks for it in the log' : ''
    throw new NotRecoverable(page + (replayed ? ', and no record of the log touches it' : inLog))
  }
  const view =
    typeof page === 'string'
      ? undefined
      : viewPage(page, { ...address, checksums: checksumsOf(control), fates: fatesOnDisk(disk) })
  const file = files.file(Math.floor(address.block / control.relseg_size))
  const place = { file, offset: (address.block % control.relseg_size) * BLCKSZ }
  return { address, view, missing: typeof page === 'string' ? page : undefined, place, replayed, stale }
}

/** The page, or why there is none. */
function readPage(disk: Disk, files: RelationFiles, block: number): Page | string {
  if (!files.exists()) return `there is no file "${files.path}" in "${disk.name}"`
  const blocks = files.nblocks
  if (block >= blocks)
    return (
      `"${files.path}" has ${blocks === 0 ? 'no blocks' : `blocks 0 to ${blocks - 1}`} on disk, ` +
      `there is no block ${block}`
    )
  const page = pageOf()
  files.readBlock(block, page.bytes)
  return page
}

function asOf(
  control: ControlFile,
  address: PageAddress,
  replayed: ReplayedPage,
  at: Lsn | 'end',
): FoundPage {
  const { page, unwritten, fates } = replayed
  if (!page) throw new NotRecoverable(noPageSentence(address, replayed, at))
  const view: PageView = viewPage(page, {
    ...address,
    checksums: checksumsOf(control) ? (unwritten ? 'unwritten' : true) : false,
    fates,
  })
  return { address, view, missing: undefined, place: undefined, replayed, at, stale: false }
}

function noPageSentence(address: PageAddress, { touches, later }: ReplayedPage, at: Lsn | 'end'): string {
  const path = relationPath(address, address.fork)
  const when = at === 'end' ? 'at the end of the log' : `as of ${formatLsn(at)}`
  const last = touches.at(-1)
  const why =
    last?.outcome === 'dropped' || last?.outcome === 'truncated'
      ? `: the record at ${formatLsn(last.lsn)} ${last.outcome} the file`
      : later > 0
        ? ': it comes later in the log'
        : ''
  return `${when} there is no block ${address.block} of "${path}"${why}`
}

async function print(found: FoundPage, options: PageOptions, io: CommandIo): Promise<void> {
  const writer = new LineWriter(io.stdout)
  if (options.json) writer.line(JSON.stringify(pageDocument(found, options), null, 2))
  else for (const line of pageText(found, options, colorsFor(io.stdout, io))) writer.line(line)
  await writer.flush()
}

/** A damaged page is shown, with a warning; the exit code says so. */
function complainOf({ address, view }: FoundPage, io: CommandIo): ExitCode {
  if (!view?.json.fault) return EXIT.OK
  const page = `${relationPath(address, address.fork)} block ${address.block}`
  io.stderr.write(`pgcrash: ${page}: ${view.json.fault}\npgcrash: what is printed here cannot be trusted\n`)
  return EXIT.DAMAGED
}
