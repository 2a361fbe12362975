import { expect, test } from 'vitest'
import { reportLines, type RecoverReport } from './recoverReport.js'

test('the report in lines: long lists are cut, lost pages are called by their name', () => {
  const report: RecoverReport = {
    outcome: 'would recover',
    state: 'in production',
    timeline: 1,
    checkpoint_lsn: '0/2000060',
    redo_lsn: '0/2000028',
    wal: {
      first_lsn: '0/2000028',
      last_lsn: '0/2000060',
      end_lsn: '0/20000D8',
      records: 2,
      bytes: 144,
      verdict: 'torn tail',
      meaning: 'what that means',
      valid_beyond: '0/2004000',
      reason: 'there is no contrecord flag at 0/20000D8',
      by_resource_manager: [{ name: 'XLOG', records: 2, bytes: 144 }],
    },
    transactions: {
      committed: 1,
      aborted: 0,
      in_flight: [754, 755],
      in_flight_become: 'left as they are',
      prepared: [{ xid: 750, gid: 'keep' }],
    },
    files: {
      temporary_removed: Array.from({ length: 10 }, (_, i) => `base/5/t3_${i}`),
      unlogged_reset: [],
      leftovers_removed: [],
      dummies: ['pg_xact/0001'],
    },
    missing_blocks: [{ path: 'base/5/16384', block: 6 }],
    final_checkpoint: null,
  }
  expect(reportLines(report)).toEqual([
    'redo point 0/2000028; 2 records, 144 bytes, up to 0/20000D8',
    '  XLOG                       2 records          144 bytes',
    'the log ends there: torn tail (there is no contrecord flag at 0/20000D8)',
    '  what that means',
    '  the first whole record behind the break is at 0/2004000',
    'transactions: 1 committed, 0 aborted',
    'in flight, left as they are: 754, 755',
    'prepared, kept: 750 "keep"',
    'temporary files removed: base/5/t3_0, base/5/t3_1, base/5/t3_2, base/5/t3_3, base/5/t3_4, base/5/t3_5, ' +
      'base/5/t3_6, base/5/t3_7, … (10 in all)',
    'missing status files, read as zeroes: pg_xact/0001',
    'pages the log refers to, but no file holds (probably lost data): base/5/16384 block 6',
  ])
})
