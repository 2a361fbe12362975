/**
 * What redo has been through: each operation that PostgreSQL 18 knows, how many records of it were
 * replayed, and what each block was found to be. It watches the steps that Recovery hands out; the
 * engine does nothing for it.
 */
import { nodeDisk } from '../../disk/nodeDisk.js'
import { overlayDisk } from '../../disk/overlayDisk.js'
import { operationName, resourceManagerName, resourceManagerNames } from '../../format/recordNames.js'
import { reference } from '../../parts.js'
import { Recovery } from '../../recovery/recovery.js'
import type { Step } from '../../recovery/replay.js'
import type { Outcome } from '../../redo/outcome.js'

/** One operation. The four outcomes count blocks, the other two records. */
export interface OperationCount extends Record<Outcome, number> {
  /** "Heap/INSERT+INIT". */
  readonly operation: string
  records: number
  /** Records that asked for no page: they change files, status tables or counters, or nothing. */
  withoutBlocks: number
}

/** Every operation of the 22 resource managers, as "Heap/INSERT+INIT", in the order of ids and info codes. */
export function everyOperation(): string[] {
  const all = new Set<string>()
  for (let rmid = 0; rmid < resourceManagerNames.length; rmid++)
    for (let info = 0; info <= 0xf0; info += 0x10) {
      const operation = operationName(rmid, info)
      if (!operation.startsWith('UNKNOWN')) all.add(`${resourceManagerName(rmid)}/${operation}`)
    }
  return [...all]
}

export class RedoCoverage {
  private readonly counts = new Map<string, OperationCount>(
    everyOperation().map((operation) => [operation, emptyCount(operation)]),
  )

  count({ record, blocks }: Step): void {
    const { xl_rmid, xl_info } = record
    const name = `${resourceManagerName(xl_rmid)}/${operationName(xl_rmid, xl_info)}`
    let row = this.counts.get(name)
    if (!row) this.counts.set(name, (row = emptyCount(name)))
    row.records++
    if (blocks.length === 0) row.withoutBlocks++
    for (const { outcome } of blocks) row[outcome]++
  }

  /** A row for each operation, replayed or not; a code that PostgreSQL does not have comes last. */
  rows(): OperationCount[] {
    return [...this.counts.values()]
  }
}

function emptyCount(operation: string): OperationCount {
  return { operation, records: 0, restored: 0, needsRedo: 0, done: 0, notFound: 0, withoutBlocks: 0 }
}

/**
 * Replays the log of a crashed directory, twice, and counts; the directory is only read. The second
 * time the pages are those that the first left, as when recovery itself is cut short before its
 * checkpoint: so the records meet pages that are newer.
 * @throws whatever forbids the directory's recovery
 */
export function countRedo(dir: string, coverage: RedoCoverage): number {
  const directory = nodeDisk(dir, { readOnly: true })
  const disk = overlayDisk(directory)
  let records = 0
  try {
    for (const round of ['first', 'second']) {
      const recovery = new Recovery(disk, reference, { leaveInFlight: true })
      for (const step of recovery.replay()) {
        coverage.count(step)
        records++
      }
      if (round === 'first') recovery.context.pool.flushAll()
    }
  } finally {
    directory.close()
  }
  return records
}
