// Which version of a row does a reader see? The one whose maker committed, and whose remover, if there is one, did not
// (heapam_visibility.c, HeapTupleSatisfiesMVCC). After a crash nobody is running: what did not commit is aborted.

import { HEAP, isLockedOnly, type HeapTupleHeaderData } from './heapTuple.js'

/** What became of a transaction, seen by the reader; `mine` is the reader itself, subtransactions included. */
export type Fate = 'mine' | 'committed' | 'aborted' | 'running'

export interface Fates {
  fateOf(xid: number): Fate
  /** The member of a multixact that updated or deleted the row; 0 when all of them only locked it. */
  updaterOf(multi: number): number
}

/** Does the reader see this version? Hint bits that are set are believed, and none is set. */
export function isVisible(
  tuple: Pick<HeapTupleHeaderData, 't_xmin' | 't_xmax' | 't_infomask'>,
  fates: Fates,
): boolean {
  return wasMade(tuple, fates) && !isGone(tuple, fates)
}

function wasMade({ t_xmin, t_infomask }: { t_xmin: number; t_infomask: number }, { fateOf }: Fates): boolean {
  if ((t_infomask & HEAP.XMIN_FROZEN) === HEAP.XMIN_FROZEN) return true
  if (t_infomask & HEAP.XMIN_INVALID) return false
  if (t_infomask & HEAP.XMIN_COMMITTED) return true
  const fate = fateOf(t_xmin)
  return fate === 'mine' || fate === 'committed'
}

/** Was the version deleted, or replaced by a newer one, for this reader? A lock is neither. */
export function isGone(
  { t_xmax, t_infomask }: Pick<HeapTupleHeaderData, 't_xmax' | 't_infomask'>,
  { fateOf, updaterOf }: Fates,
): boolean {
  if (t_infomask & HEAP.XMAX_INVALID || isLockedOnly(t_infomask)) return false
  const remover = t_infomask & HEAP.XMAX_IS_MULTI ? updaterOf(t_xmax) : t_xmax
  if (remover === 0) return false
  if (!(t_infomask & HEAP.XMAX_IS_MULTI) && t_infomask & HEAP.XMAX_COMMITTED) return true
  const fate = fateOf(remover)
  return fate === 'mine' || fate === 'committed'
}
