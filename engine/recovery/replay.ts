// The redo loop (xlogrecovery.c, PerformWalRecovery, ApplyWalRecord): read a record, hand it to its resource manager,
// hand out a step. Whoever asks sets the pace: a command drains it, a notebook takes ten, a test stops in the middle.

import { CorruptData, Unsupported } from '../bytes/errors.js'
import { formatLsn, type Lsn } from '../format/lsn.js'
import type { BlockOutcome } from '../redo/outcome.js'
import type { RedoContext } from '../redo/context.js'
import { resourceManagers } from '../redo/resourceManagers.js'
import type { EndOfWal, WalRecord } from '../wal/record.js'

/** One record, replayed. The pages in `blocks` go on changing with later steps: copy what must stay. */
export interface Step {
  record: WalRecord
  blocks: readonly BlockOutcome[]
}

/** The log, record by record: read from its files, or handed over by somebody who has. */
export interface RecordSource {
  read(): WalRecord | EndOfWal
  /** Set when an overwritten record was skipped: where it had started. Whoever hears of it clears it. */
  overwritten: Lsn | undefined
}

/** Replays the log from where `reader` stands to its end, and hands out every step. */
export function* replay(reader: RecordSource, context: RedoContext): Generator<Step, void, undefined> {
  for (let record; (record = nextRecord(reader, context));) yield applyRecord(record, context)
}

/** Replays the next record, and keeps nothing of it; false at the end of the log. */
export function replayNext(reader: RecordSource, context: RedoContext): boolean {
  const record = nextRecord(reader, context)
  if (!record) return false
  const { touched } = context
  while (touched.length > 0) touched.pop() // sooner than `length = 0`
  redoRecord(record, context)
  return true
}

function nextRecord(reader: RecordSource, context: RedoContext): WalRecord | undefined {
  const record = reader.read()
  if (record.kind === 'end') return undefined
  if (reader.overwritten !== undefined) {
    context.overwritten = reader.overwritten
    reader.overwritten = undefined
  }
  return record
}

/** Redoes one record. */
export function applyRecord(record: WalRecord, context: RedoContext): Step {
  const blocks: BlockOutcome[] = (context.touched = [])
  redoRecord(record, context)
  return { record, blocks }
}

/** The same for whoever looks at `touched` himself, or at nothing. @throws CorruptData, Unsupported */
export function redoRecord(record: WalRecord, context: RedoContext): void {
  const redo = resourceManagers[record.xl_rmid]?.redo
  if (!redo) throw new Unsupported(unsupportedManager(record.xl_rmid, formatLsn(record.lsn)))
  context.pool.beginRecord()
  context.counters.advancePastXid(record.xl_xid)
  try {
    redo(record, context)
  } catch (error) {
    throw error instanceof CorruptData ? error.during(redoContext(record, context)) : error
  }
}

/** PostgreSQL's words for where redo was: record, operation, and the pages it asked for (rm_redo_error_callback). */
function redoContext(record: WalRecord, context: RedoContext): string {
  const manager = resourceManagers[record.xl_rmid]
  const operation = manager.identify(record.info) ?? `UNKNOWN (${record.info.toString(16)})`
  const pages = context.touched.map(
    ({ ref, page }) => `${page?.file.path ?? ref.relNumber} block ${ref.block}`,
  )
  return `WAL redo at ${formatLsn(record.lsn)} for ${manager.name}/${operation}: ${pages.join(', ')}`
}

/** The sentence for a resource manager that cannot be redone. */
export function unsupportedManager(rmid: number, lsn: string): string {
  const known = resourceManagers[rmid]
  if (known)
    return `resource manager ${known.name} (record at ${lsn}) is not supported yet; nothing was changed`
  return (
    `resource manager with ID ${rmid} not registered (record at ${lsn}): it belongs to an extension, ` +
    'whose code alone can redo it; start the directory with its server. Nothing was changed'
  )
}
