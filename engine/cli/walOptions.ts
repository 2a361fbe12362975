// The options of `pgcrash wal`: what they mean, and which records they let through.

import { InvalidArgumentError } from 'commander'
import { parseLsn, type Lsn } from '../format/lsn.js'
import { resourceManagerId, resourceManagerNames } from '../format/recordNames.js'
import { FORK, FORK_NAMES, type RelFileLocator } from '../format/relationPath.js'
import type { StatsKind } from '../lens/waldumpStats.js'
import type { WalRecord } from '../wal/record.js'
import { UsageError } from './exit.js'
import { parseRelation, RELATION_EXAMPLES } from './relation.js'

export interface WalOptions {
  from?: Lsn
  to?: Lsn
  all?: boolean
  rmgr?: number[]
  xid?: number
  relation?: WantedRelation
  block?: number
  fork?: number
  fullpage?: boolean
  limit?: number
  stats?: StatsKind
  follow?: boolean
  json?: boolean
  explain?: boolean
  bkpDetails?: boolean
}

/** A relation, and a fork when its name says one. */
export interface WantedRelation extends RelFileLocator {
  fork: number | undefined
}

const UINT32_MAX = 0xffffffff

export function lsnArgument(text: string): Lsn {
  const lsn = parseLsn(text)
  if (lsn === undefined) throw new InvalidArgumentError('A WAL location looks like 0/1A2B3C8.')
  return lsn
}

/** A location, or the end of the log. */
export function atArgument(text: string): Lsn | 'end' {
  if (text === 'end') return text
  const lsn = parseLsn(text)
  if (lsn === undefined) throw new InvalidArgumentError('A WAL location looks like 0/1A2B3C8; or say "end".')
  return lsn
}

/** A whole number from `least` to 2^32-1. */
export const numberArgument =
  (least: number) =>
  (text: string): number => {
    const n = /^\d{1,10}$/.test(text) ? Number(text) : -1
    if (n < least || n > UINT32_MAX)
      throw new InvalidArgumentError(`Expected a whole number from ${least} to ${UINT32_MAX}.`)
    return n
  }

export function rmgrArgument(text: string, sofar: number[] | undefined): number[] {
  const id = resourceManagerId(text)
  if (id === undefined)
    throw new InvalidArgumentError(
      `Resource managers are ${resourceManagerNames.join(', ')}, and custom128 to custom255.`,
    )
  return [...(sofar ?? []), id]
}

/** Three numbers or a path, which stands for all forks unless it ends in one: "base/5/16384", "base/5/16384_vm". */
export function relationArgument(text: string): WantedRelation {
  const named = parseRelation(text)
  if (!named) throw new InvalidArgumentError(RELATION_EXAMPLES)
  return { ...named.locator, fork: named.fork === FORK.MAIN ? undefined : named.fork }
}

export function forkArgument(text: string): number {
  const fork = FORK_NAMES.indexOf(text)
  if (fork < 0) throw new InvalidArgumentError(`Forks are ${FORK_NAMES.join(', ')}.`)
  return fork
}

export function statsArgument(text: string): StatsKind {
  if (text !== 'record' && text !== 'rmgr')
    throw new InvalidArgumentError('Statistics are by "rmgr" or by "record".')
  return text
}

/** As in pg_waldump, --stats takes its value only with "=": a bare one is --stats=rmgr, and DIR may follow it. */
export function bareStats(args: readonly string[]): string[] {
  return args.map((arg) => (arg === '--stats' ? '--stats=rmgr' : arg))
}

/** @throws UsageError for options that contradict each other. */
export function checkWalOptions(options: WalOptions): void {
  if (
    options.relation?.fork !== undefined &&
    (options.fork ?? options.relation.fork) !== options.relation.fork
  )
    throw new UsageError('--relation and --fork name two different forks')
  if (options.block !== undefined && !options.relation) throw new UsageError('--block needs --relation')
  if (options.from !== undefined && options.all) throw new UsageError('--from and --all exclude each other')
  if (options.stats && options.explain) throw new UsageError('--stats and --explain exclude each other')
  if (options.follow && options.to !== undefined) throw new UsageError('--follow and --to exclude each other')
  if (options.from !== undefined && options.to !== undefined && options.to < options.from)
    throw new UsageError('--to lies before --from')
}

/** Does the record pass every filter? (pg_waldump.c, main) */
export function wanted(options: WalOptions, record: WalRecord): boolean {
  if (options.rmgr && !options.rmgr.includes(record.xl_rmid)) return false
  if (options.xid !== undefined && record.xl_xid !== options.xid) return false
  if (options.fullpage && !record.blocks.some(({ image }) => image)) return false
  const { relation, block, fork } = options
  if (!relation && fork === undefined) return true
  return record.blocks.some(
    (ref) =>
      (fork === undefined || ref.fork === fork) &&
      (block === undefined || ref.block === block) &&
      (!relation ||
        (ref.spcOid === relation.spcOid &&
          (relation.fork === undefined || ref.fork === relation.fork) &&
          ref.dbOid === relation.dbOid &&
          ref.relNumber === relation.relNumber)),
  )
}
