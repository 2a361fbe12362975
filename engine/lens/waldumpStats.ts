// pg_waldump --stats: what fills the log, by resource manager or by kind of record, byte for byte
// (xlogstats.c, XLogRecStoreStats; pg_waldump.c, XLogDumpDisplayStats).

import { formatLsn, type Lsn } from '../format/lsn.js'
import type { WalRecord } from '../wal/record.js'
import { operationName, resourceManagerName, resourceManagerNames } from '../format/recordNames.js'
import { imageLength } from './waldump.js'

export type StatsKind = 'rmgr' | 'record'

interface Sum {
  count: number
  /** Bytes of records without their page images, and bytes of those images. */
  recordLength: number
  imageLength: number
}

/** One line of the table; percentages are of the column's total. */
export interface StatsRow extends Sum {
  name: string
}

const RM_XACT_ID = 1
const emptySum = (): Sum => ({ count: 0, recordLength: 0, imageLength: 0 })

function add(sum: Sum, count: number, recordLength: number, images: number): void {
  sum.count += count
  sum.recordLength += recordLength
  sum.imageLength += images
}

/** Counts records as they come. */
export class WalStats {
  readonly total: Sum = emptySum()
  private readonly sums = new Map<number, Sum>() // by xl_rmid * 16 + operation
  private endLsn: Lsn | undefined

  /** `start`: where the range begins. */
  constructor(readonly start: Lsn) {}

  add(record: WalRecord): void {
    // A transaction record's highest bit only says that more follows; it is no operation of its own.
    const operation = record.xl_rmid === RM_XACT_ID ? (record.xl_info >> 4) & 7 : record.xl_info >> 4
    const key = record.xl_rmid * 16 + operation
    let sum = this.sums.get(key)
    if (!sum) this.sums.set(key, (sum = emptySum()))
    const images = imageLength(record)
    add(sum, 1, record.xl_tot_len - images, images)
    add(this.total, 1, record.xl_tot_len - images, images)
    this.endLsn = record.endLsn
  }

  /** End of the last record counted; undefined when there was none. */
  get end(): Lsn | undefined {
    return this.endLsn
  }

  /** In the order of ids. By resource manager, each built-in one has a row, empty or not. */
  rows(kind: StatsKind): StatsRow[] {
    const keys = [...this.sums.keys()].sort((a, b) => a - b)
    if (kind === 'record')
      return keys.map((key) => {
        const rmid = key >> 4
        const name = `${resourceManagerName(rmid)}/${operationName(rmid, (key & 15) << 4)}`
        return { name, ...(this.sums.get(key) as Sum) }
      })
    const rows = new Map<number, StatsRow>(
      resourceManagerNames.map((name, rmid) => [rmid, { name, ...emptySum() }]),
    )
    for (const key of keys) {
      const rmid = key >> 4
      const row = rows.get(rmid) ?? { name: resourceManagerName(rmid), ...emptySum() }
      const { count, recordLength, imageLength: images } = this.sums.get(key) as Sum
      add(row, count, recordLength, images)
      rows.set(rmid, row)
    }
    return [...rows.values()]
  }
}

/** The table, as lines; none when no record was counted. */
export function statsLines(stats: WalStats, kind: StatsKind): string[] {
  if (stats.end === undefined) return []
  const { total } = stats
  const totalLength = total.recordLength + total.imageLength
  const heading = (...columns: string[]): string =>
    columns[0].padEnd(27) +
    columns
      .slice(1)
      .map((text, i) => ` ${text.padStart(i % 2 ? 8 : 20)}`)
      .join('')
  const lines = [
    `WAL statistics between ${formatLsn(stats.start)} and ${formatLsn(stats.end)}:`,
    heading('Type', 'N', '(%)', 'Record size', '(%)', 'FPI size', '(%)', 'Combined size', '(%)'),
    heading('----', '-', '---', '-----------', '---', '--------', '---', '-------------', '---'),
  ]
  for (const row of stats.rows(kind)) {
    const columns = [
      [row.count, total.count],
      [row.recordLength, total.recordLength],
      [row.imageLength, total.imageLength],
      [row.recordLength + row.imageLength, totalLength],
    ]
    const cell = ([n, of]: number[]): string => ` ${String(n).padStart(20)} (${percent(n, of).padStart(6)})`
    lines.push(row.name.padEnd(27) + columns.map(cell).join(''))
  }
  lines.push(heading('', '--------', '', '--------', '', '--------', '', '--------'))
  // In the last line the percentages are of the row: how much of the log is records, how much images.
  const share = (n: number): string => `[${percent(n, totalLength)}%]`
  const cell = (n: number, text: string, width: number): string =>
    `${String(n).padStart(20)} ${text.padEnd(width)}`
  lines.push(
    `${'Total'.padEnd(27)} ${cell(total.count, '', 9)}${cell(total.recordLength, share(total.recordLength), 9)}` +
      `${cell(total.imageLength, share(total.imageLength), 9)}${cell(totalLength, '[100%]', 6)}`,
  )
  return lines
}

/** Two decimals, rounded as printf does: an exact half goes to the even neighbour. */
function percent(n: number, of: number): string {
  const value = of === 0 ? 0 : (100 * n) / of
  const eighths = (value * 8) % 8
  if (eighths === 1 || eighths === 5) return (value - 0.005).toFixed(2) // .125 and .625
  return value.toFixed(2)
}
