// Which version of a row does a reader see? The one whose maker committed, and whose remover, if there is one, did not
// (access/heap/heapam_visibility.c, HeapTupleSatisfiesMVCC). After a crash nobody is running: what did not commit is
// aborted.
//
//   t_xmin did not commit            not there: it never was
//   t_xmin committed, no t_xmax      there
//   …, t_xmax only locks             there: somebody meant to change it, or held it still
//   …, t_xmax did not commit         there: its end was lost in the crash
//   …, t_xmax committed              not there: deleted, or replaced by the version that t_ctid points to

import { HEAP, isLockedOnly, type HeapTupleHeaderData } from './heapTuple.js'

/** What is asked of a tuple. */
export type RowVersion = Pick<HeapTupleHeaderData, 't_xmin' | 't_xmax' | 't_cid' | 't_infomask'>

/** What became of a transaction, seen by the reader; `mine` is the reader itself, subtransactions included. */
export type Fate = 'mine' | 'committed' | 'aborted' | 'running'

export interface Fates {
  fateOf(xid: number): Fate
  /** The member of a multixact that updated or deleted the row (HeapTupleGetUpdateXid); 0 when all only locked it. */
  updaterOf(multi: number): number
}

/** Does the reader see this version? Hint bits that are set are believed, and none is set. */
export function isVisible(tuple: RowVersion, fates: Fates): boolean {
  return wasMade(tuple, fates) && !isGone(tuple, fates)
}

/**
 * Does the tuple count once recovery is done? Where there is no hint bit, `committed` is asked, which is
 * {@link didCommit}.
 */
export function isVisibleAfterRecovery(
  tuple: RowVersion,
  committed: (xid: number) => boolean,
  updaterOf: (multi: number) => number,
): boolean {
  return isVisible(tuple, { fateOf: (xid) => (committed(xid) ? 'committed' : 'aborted'), updaterOf })
}

const counts = (fate: Fate): boolean => fate === 'mine' || fate === 'committed'

/** Is there a version to be seen, unless somebody removed it? */
export function wasMade({ t_xmin, t_cid, t_infomask }: RowVersion, { fateOf }: Fates): boolean {
  if (t_infomask & HEAP.XMIN_COMMITTED) return true // frozen ones too
  if (t_infomask & HEAP.XMIN_INVALID) return false
  // Moved by a VACUUM FULL before 9.0, whose id is in t_cid: away from here, or to here.
  if (t_infomask & HEAP.MOVED_OFF) return !counts(fateOf(t_cid))
  return counts(fateOf(t_infomask & HEAP.MOVED_IN ? t_cid : t_xmin))
}

/** Was the version deleted, or replaced by a newer one, for this reader? A lock is neither. */
export function isGone(
  { t_xmax, t_infomask }: Pick<RowVersion, 't_xmax' | 't_infomask'>,
  { fateOf, updaterOf }: Fates,
): boolean {
  if (t_infomask & HEAP.XMAX_INVALID || isLockedOnly(t_infomask)) return false
  const isMulti = (t_infomask & HEAP.XMAX_IS_MULTI) !== 0
  if (!isMulti && t_infomask & HEAP.XMAX_COMMITTED) return true
  const remover = isMulti ? updaterOf(t_xmax) : t_xmax
  return remover !== 0 && counts(fateOf(remover))
}
