/**
 * Operations that no scene replays, and why. Whoever finds a way to make PostgreSQL 18 write one of
 * them takes its line out: the table complains of a reason that is not needed.
 */
export const unreached: Readonly<Record<string, string>> = {
  'XLOG/NOOP': 'a name for a record that nothing in PostgreSQL 18 writes',
  'XLOG/END_OF_RECOVERY':
    'written when a standby is promoted; a log with it goes on in another timeline than its checkpoint',
  'XLOG/OVERWRITE_CONTRECORD':
    'written after a record that was cut: recovery/recovery.test.ts cuts one, finish.ts writes it, wal/reader.test.ts reads on past it',
  'Heap/HOT_UPDATE+INIT':
    'a heap-only tuple stands on the page of the row that it replaces, so it is never the first of a page',
}
