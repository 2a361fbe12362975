/**
 * Operations that no scene replays, and why. Whoever finds a way to make PostgreSQL 18 write one of
 * them takes its line out: the table complains of a reason that is not needed.
 */
export const unreached: Readonly<Record<string, string>> = {
  'XLOG/NOOP': 'a name for a record that nothing in PostgreSQL 18 writes',
  'Heap/HOT_UPDATE+INIT':
    'a heap-only tuple stands on the page of the row that it replaces, so it is never the first of a page',
}
