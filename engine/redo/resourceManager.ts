// What the engine knows of a resource manager: its name, the names of its operations, and how it redoes them.

import type { WalRecord } from '../wal/record.js'
import type { RedoContext } from './context.js'

export interface ResourceManager {
  /** xl_rmid. */
  readonly id: number
  /** As pg_waldump prints it: "Heap2", "Btree". */
  readonly name: string
  /** Name of the operation in xl_info, "INSERT+INIT"; undefined for a code PostgreSQL 18 does not write. */
  identify(info: number): string | undefined
  /** Applies the record to pages and files; undefined while the engine cannot. Throws CorruptData on nonsense. */
  readonly redo?: (record: WalRecord, context: RedoContext) => void
}

/** identify() from a table of codes: the high half of xl_info, "+INIT" added for bit 80h where `withInit` says so. */
export function namesByInfo(
  names: Readonly<Record<number, string>>,
  withInit: readonly number[] = [],
): (info: number) => string | undefined {
  return (info) => {
    const code = info & 0xf0
    if (names[code] !== undefined) return names[code]
    const plain = code & 0x70
    return code & 0x80 && withInit.includes(plain) ? `${names[plain]}+INIT` : undefined
  }
}
