/** A server that was killed under load, and how it is judged afterwards. */
import type { Opened, Refused } from './judge.js'

export interface KilledServer {
  readonly kind: 'native' | 'PGlite'
  /** Why no native server was killed; empty for one that was. */
  readonly instead: string
  readonly server: string
  /** What it was doing. */
  readonly crash: string
  /** The crashed data directory. */
  readonly dir: string
  /** Ids of the transfers whose commit a client was told of. */
  readonly acknowledged: readonly string[]
  /** Ids of transfers that were sent, and of which nobody was told: each may be there or not. */
  readonly inDoubt: readonly string[]
  /** The sum of all balances, which transfers do not change. */
  readonly money: number
}

/** PostgreSQL on the directory, up and down again; `answer` is what was asked meanwhile. */
export type Restarted<T> = Pick<Opened<T>, 'outcome' | 'log' | 'answer'> | Refused
