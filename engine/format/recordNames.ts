// Names of resource managers and of their operations, as pg_waldump prints them: what the rm_name and rm_identify of
// access/rmgrlist.h say, for all 22, whether the engine can redo them or not.

import { RM_MIN_CUSTOM_ID } from './walRecord.js'

interface Names {
  readonly name: string
  /** Name of the operation in xl_info; undefined for a code that has none. */
  identify(xl_info: number): string | undefined
}

/** `withInit`: operations that may also make their page anew, which bit 80h says. */
function named(name: string, operations: Record<number, string>, withInit: readonly number[] = []): Names {
  return {
    name,
    identify: (xl_info) => {
      const code = xl_info & 0xf0
      if (code & 0x80 && withInit.includes(code & 0x70)) return `${operations[code & 0x70]}+INIT`
      return operations[code]
    },
  }
}

/** Operations at codes 00h, 10h, 20h, …; gaps are left empty. */
const inOrder = (...operations: readonly string[]): Record<number, string> =>
  Object.fromEntries(
    operations.map((operation, i) => [i << 4, operation]).filter(([, operation]) => operation),
  )

const TRANSACTION = inOrder(
  'COMMIT',
  'PREPARE',
  'ABORT',
  'COMMIT_PREPARED',
  'ABORT_PREPARED',
  'ASSIGNMENT',
  'INVALIDATION',
)

const builtIn: readonly Names[] = [
  named(
    'XLOG',
    inOrder(
      ...[
        'CHECKPOINT_SHUTDOWN',
        'CHECKPOINT_ONLINE',
        'NOOP',
        'NEXTOID',
        'SWITCH',
        'BACKUP_END',
        'PARAMETER_CHANGE',
      ],
      ...[
        'RESTORE_POINT',
        'FPW_CHANGE',
        'END_OF_RECOVERY',
        'FPI_FOR_HINT',
        'FPI',
        '',
        'OVERWRITE_CONTRECORD',
      ],
      'CHECKPOINT_REDO',
    ),
  ),
  { name: 'Transaction', identify: (info) => TRANSACTION[info & 0x70] }, // 80h only says that more follows
  named('Storage', inOrder('', 'CREATE', 'TRUNCATE')),
  named('CLOG', inOrder('ZEROPAGE', 'TRUNCATE')),
  named('Database', inOrder('CREATE_FILE_COPY', 'CREATE_WAL_LOG', 'DROP')),
  named('Tablespace', inOrder('CREATE', 'DROP')),
  named('MultiXact', inOrder('ZERO_OFF_PAGE', 'ZERO_MEM_PAGE', 'CREATE_ID', 'TRUNCATE_ID')),
  named('RelMap', inOrder('UPDATE')),
  named('Standby', inOrder('LOCK', 'RUNNING_XACTS', 'INVALIDATIONS')),
  named(
    'Heap2',
    inOrder(
      ...[
        'REWRITE',
        'PRUNE_ON_ACCESS',
        'PRUNE_VACUUM_SCAN',
        'PRUNE_VACUUM_CLEANUP',
        'VISIBLE',
        'MULTI_INSERT',
      ],
      ...['LOCK_UPDATED', 'NEW_CID'],
    ),
    [0x50],
  ),
  named(
    'Heap',
    inOrder('INSERT', 'DELETE', 'UPDATE', 'TRUNCATE', 'HOT_UPDATE', 'HEAP_CONFIRM', 'LOCK', 'INPLACE'),
    [0x00, 0x20, 0x40],
  ),
  named(
    'Btree',
    inOrder(
      ...[
        'INSERT_LEAF',
        'INSERT_UPPER',
        'INSERT_META',
        'SPLIT_L',
        'SPLIT_R',
        'INSERT_POST',
        'DEDUP',
        'DELETE',
      ],
      ...['UNLINK_PAGE', 'UNLINK_PAGE_META', 'NEWROOT', 'MARK_PAGE_HALFDEAD', 'VACUUM', 'REUSE_PAGE'],
      'META_CLEANUP',
    ),
  ),
  named(
    'Hash',
    inOrder(
      ...[
        'INIT_META_PAGE',
        'INIT_BITMAP_PAGE',
        'INSERT',
        'ADD_OVFL_PAGE',
        'SPLIT_ALLOCATE_PAGE',
        'SPLIT_PAGE',
      ],
      ...[
        'SPLIT_COMPLETE',
        'MOVE_PAGE_CONTENTS',
        'SQUEEZE_PAGE',
        'DELETE',
        'SPLIT_CLEANUP',
        'UPDATE_META_PAGE',
      ],
      'VACUUM_ONE_PAGE',
    ),
  ),
  named(
    'Gin',
    inOrder(
      ...['', 'CREATE_PTREE', 'INSERT', 'SPLIT', 'VACUUM_PAGE', 'DELETE_PAGE', 'UPDATE_META_PAGE'],
      ...['INSERT_LISTPAGE', 'DELETE_LISTPAGE', 'VACUUM_DATA_LEAF_PAGE'],
    ),
  ),
  named(
    'Gist',
    inOrder('PAGE_UPDATE', 'DELETE', 'PAGE_REUSE', 'PAGE_SPLIT', '', '', 'PAGE_DELETE', 'ASSIGN_LSN'),
  ),
  named('Sequence', inOrder('LOG')),
  named(
    'SPGist',
    inOrder(
      ...['', 'ADD_LEAF', 'MOVE_LEAFS', 'ADD_NODE', 'SPLIT_TUPLE', 'PICKSPLIT', 'VACUUM_LEAF', 'VACUUM_ROOT'],
      'VACUUM_REDIRECT',
    ),
  ),
  named(
    'BRIN',
    inOrder('CREATE_INDEX', 'INSERT', 'UPDATE', 'SAMEPAGE_UPDATE', 'REVMAP_EXTEND', 'DESUMMARIZE'),
    [0x10, 0x20],
  ),
  named('CommitTs', inOrder('ZEROPAGE', 'TRUNCATE')),
  named('ReplicationOrigin', inOrder('SET', 'DROP')),
  { name: 'Generic', identify: () => 'Generic' },
  named('LogicalMessage', inOrder('MESSAGE')),
]

/** Names of the built-in resource managers, at their ids. */
export const resourceManagerNames: readonly string[] = builtIn.map(({ name }) => name)

/** "Heap2"; an extension's resource manager is "custom128" (pg_waldump, rmgrdesc.c). */
export function resourceManagerName(rmid: number): string {
  return builtIn[rmid]?.name ?? `custom${String(rmid).padStart(3, '0')}`
}

/** Id of the resource manager with this name, in any case; undefined when there is none. */
export function resourceManagerId(name: string): number | undefined {
  const wanted = name.toLowerCase()
  const id = builtIn.findIndex((names) => names.name.toLowerCase() === wanted)
  if (id >= 0) return id
  const custom = Number(/^custom(\d{3})$/.exec(wanted)?.[1])
  return custom >= RM_MIN_CUSTOM_ID && custom <= 0xff ? custom : undefined
}

/** "INSERT+INIT"; "UNKNOWN (f0)" for a code that the resource manager does not have. */
export function operationName(rmid: number, xl_info: number): string {
  return builtIn[rmid]?.identify(xl_info) ?? `UNKNOWN (${(xl_info & 0xf0).toString(16)})`
}
