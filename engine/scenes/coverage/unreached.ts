/**
 * Operations that no scene replays, and why. Whoever finds a way to make PostgreSQL 18 write one of
 * them takes its line out: the table complains of a reason that is not needed.
 */
export const unreached: Readonly<Record<string, string>> = {
  'XLOG/NOOP': 'a name for a record that nothing in PostgreSQL 18 writes',
  'Heap/HOT_UPDATE+INIT':
    'a heap-only tuple stands on the page of the row that it replaces, so it is never the first of a page',
}

export type Cell = 'restored' | 'needsRedo' | 'done' | 'notFound'

export interface EmptyCells {
  /** In the table, in the place of a number. */
  readonly mark: string
  readonly reason: string
  readonly cells: Readonly<Record<string, readonly Cell[]>>
}

const without = ['needsRedo', 'done', 'notFound'] as const
const made = ['restored', 'done', 'notFound'] as const

/**
 * Cells that no crash has filled, and why. What is rare may be filled by one run and not by the next, so a reason that
 * was not needed is no complaint.
 */
export const emptyCells: readonly EmptyCells[] = [
  {
    mark: 'image',
    reason: 'its pages come as images, always: PostgreSQL forces them (REGBUF_FORCE_IMAGE)',
    cells: {
      'XLOG/FPI_FOR_HINT': without,
      'XLOG/FPI': without,
      'Hash/SPLIT_PAGE': without,
      'Gin/SPLIT': without,
      'Gin/VACUUM_PAGE': without,
    },
  },
  {
    mark: 'made',
    reason:
      'redo makes its page from nothing (REGBUF_WILL_INIT), whatever was there: it has no image, and nobody asks how old it is',
    cells: {
      'Heap2/MULTI_INSERT+INIT': made,
      'Heap/INSERT+INIT': made,
      'Heap/UPDATE+INIT': ['restored'],
      'Btree/NEWROOT': made,
      'Btree/META_CLEANUP': made,
      'Hash/INIT_META_PAGE': made,
      'Hash/INIT_BITMAP_PAGE': made,
      'Gin/CREATE_PTREE': made,
      'Gin/INSERT_LISTPAGE': made,
      'Gin/DELETE_LISTPAGE': made,
      'Gist/PAGE_SPLIT': made,
      'Sequence/LOG': made,
      'BRIN/CREATE_INDEX': made,
      'BRIN/REVMAP_EXTEND': made,
      'BRIN/INSERT+INIT': made,
      'BRIN/UPDATE+INIT': made,
    },
  },
  {
    mark: 'crash',
    reason:
      'PostgreSQL 18.3 does not survive it: brin_xlog_insert_update asks the missing page for its number; redo/brin.test.ts says what we do',
    cells: {
      'BRIN/INSERT': ['notFound'],
      'BRIN/UPDATE': ['restored', 'notFound'],
      'BRIN/SAMEPAGE_UPDATE': ['notFound'],
      'BRIN/DESUMMARIZE': ['notFound'],
    },
  },
  {
    mark: 'rare',
    reason:
      'a record in thousands: no crash has met one on such a page, and the tests in redo/, which lead each routine through the outcomes, do',
    cells: {
      'Heap2/MULTI_INSERT': ['done', 'notFound'],
      'Heap2/LOCK_UPDATED': made,
      'Heap2/PRUNE_ON_ACCESS': ['restored'],
      'Heap/HEAP_CONFIRM': made,
      'Heap/INPLACE': ['notFound'],
      'Heap/UPDATE': ['restored'],
      'Heap/HOT_UPDATE': made,
      'Btree/INSERT_UPPER': made,
      'Btree/INSERT_META': made,
      'Btree/SPLIT_L': made,
      'Btree/SPLIT_R': made,
      'Btree/INSERT_POST': made,
      'Btree/DEDUP': made,
      'Btree/DELETE': made,
      'Btree/UNLINK_PAGE': made,
      'Btree/UNLINK_PAGE_META': made,
      'Btree/MARK_PAGE_HALFDEAD': made,
      'Hash/ADD_OVFL_PAGE': made,
      'Hash/SPLIT_ALLOCATE_PAGE': made,
      'Hash/SPLIT_COMPLETE': made,
      'Hash/MOVE_PAGE_CONTENTS': made,
      'Hash/SQUEEZE_PAGE': made,
      'Hash/SPLIT_CLEANUP': made,
      'Hash/UPDATE_META_PAGE': made,
      'Hash/VACUUM_ONE_PAGE': made,
      'Gin/UPDATE_META_PAGE': ['restored'],
      'Gin/DELETE_PAGE': made,
      'Gin/VACUUM_DATA_LEAF_PAGE': made,
      'Gist/DELETE': made,
      'Gist/PAGE_DELETE': made,
      'SPGist/MOVE_LEAFS': made,
      'SPGist/ADD_NODE': made,
      'SPGist/SPLIT_TUPLE': made,
      'SPGist/PICKSPLIT': made,
      'SPGist/VACUUM_ROOT': made,
      'BRIN/INSERT': ['restored', 'done'],
      'BRIN/UPDATE': ['done'],
      'BRIN/DESUMMARIZE': ['restored', 'done'],
    },
  },
]

/** Why a cell is empty; undefined when there is no reason. */
export function markOf(operation: string, cell: Cell): string | undefined {
  return emptyCells.find(({ cells }) => cells[operation]?.includes(cell))?.mark
}
