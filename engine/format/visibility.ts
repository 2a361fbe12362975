// Which version of a row counts. After recovery nobody is running, so no snapshot is needed: what committed is there,
// what did not is not (access/heap/heapam_visibility.c, HeapTupleSatisfiesMVCC with an empty snapshot).
//
//   t_xmin did not commit            not there: it never was
//   t_xmin committed, no t_xmax      there
//   …, t_xmax only locks             there: somebody meant to change it, or held it still
//   …, t_xmax did not commit         there: its end was lost in the crash
//   …, t_xmax committed              not there: deleted, or replaced by the version that t_ctid points to

import { HEAP, isLockedOnly, type HeapTupleHeaderData } from './heapTuple.js'

/** What is asked of a tuple. */
export type RowVersion = Pick<HeapTupleHeaderData, 't_xmin' | 't_xmax' | 't_cid' | 't_infomask'>

/**
 * Does the tuple count once recovery is done? Hint bits are believed; where there is none, `committed` is asked, which
 * is {@link didCommit}. `updaterOf` gives the member of a multixact that deletes or updates (HeapTupleGetUpdateXid),
 * 0 for none.
 */
export function isVisibleAfterRecovery(
  { t_xmin, t_xmax, t_cid, t_infomask }: RowVersion,
  committed: (xid: number) => boolean,
  updaterOf: (multi: number) => number,
): boolean {
  if (!(t_infomask & HEAP.XMIN_COMMITTED)) {
    if (t_infomask & HEAP.XMIN_INVALID) return false
    // Moved by a VACUUM FULL before 9.0, whose id is in t_cid: away from here, or to here.
    if (t_infomask & HEAP.MOVED_OFF) {
      if (committed(t_cid)) return false
    } else if (!committed(t_infomask & HEAP.MOVED_IN ? t_cid : t_xmin)) return false
  }
  if (t_infomask & HEAP.XMAX_INVALID || isLockedOnly(t_infomask)) return true
  if (t_infomask & HEAP.XMAX_IS_MULTI) return !committed(updaterOf(t_xmax))
  return !(t_infomask & HEAP.XMAX_COMMITTED) && !committed(t_xmax)
}
