import { expect, test } from 'vitest'
import { losses, reportLines, type RecoverReport } from './recoverReport.js'

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
    records: 14100,
    bytes: 3620886,
    verdict: 'torn tail',
    meaning: 'what that means',
    valid_beyond: null,
    newest_page_lsn: null,
    reason: 'there is no contrecord flag at 0/20000D8',
    by_resource_manager: [
      { name: 'XLOG', records: 2, bytes: 144 },
      { name: 'ReplicationOrigin', records: 14098, bytes: 3620742 },
    ],
  },
  transactions: {
    committed: 1,
    aborted: 0,
    last_end_time: '2026-11-21T01:05:46.546902Z',
    in_flight: [754, 755],
    in_flight_become: 'left as they are',
    prepared: [{ xid: 750, gid: 'keep' }],
  },
  files: {
    temporary_removed: Array.from({ length: 10 }, (_, i) => `base/5/t3_${i}`),
    unlogged_reset: [],
    leftovers_removed: [],
    dummies: ['pg_multixact/members/0001'],
  },
  missing_blocks: [],
  final_checkpoint: { lsn: '0/20000D8', pages_written: 1174, status_pages_written: 3 },
}

test('the report in lines: what matters first; long lists are cut', () => {
  expect(`\n${reportLines(report).join('\n')}\n`).toBe(`
verdict       nothing that was committed is lost
crash         pg_control says "in production"; last checkpoint 0/2000060, timeline 1
log           from the redo point 0/2000028 to 0/20000D8: 14,100 records, 3,620,886 bytes
end of log    torn tail: what that means
              PostgreSQL says: there is no contrecord flag at 0/20000D8
transactions  1 committed, 0 aborted; the last of them ended at 2026-11-21 01:05:46 UTC
              in flight, left as they are: 754, 755
              prepared, kept: 750 "keep"
pages         every page that the log refers to is there
              1,174 to write, and 3 of transaction status; then a checkpoint at 0/20000D8
files         temporary, removed: base/5/t3_0, base/5/t3_1, base/5/t3_2, base/5/t3_3, base/5/t3_4, base/5/t3_5, base/5/t3_6, base/5/t3_7, … (10 in all)
              missing status files, read as zeroes: pg_multixact/members/0001
records       XLOG                         2             144 bytes
              ReplicationOrigin       14,098       3,620,742 bytes
`)
})

test('what is lost is called by its name, and comes first', () => {
  expect(losses(report)).toEqual([])
  const { wal, files } = report
  if (!wal || !files) expect.fail()
  const lost: RecoverReport = {
    ...report,
    wal: { ...wal, verdict: 'damage', valid_beyond: '0/2004000', newest_page_lsn: '0/2005000' },
    files: { ...files, dummies: ['pg_xact/0001'] },
    missing_blocks: [
      { path: 'base/5/16384', block: 7 },
      { path: 'base/5/16384', block: 6 },
      { path: 'base/5/2', block: 0 },
      { path: 'base/5/16384', block: 9 },
    ],
  }
  const sentences = [
    'committed work may be lost: what that means',
    'the first whole record behind the break is at 0/2004000',
    'pages on disk carry changes from behind the end of the log, up to 0/2005000: tables and indexes may disagree',
    'pages that the log refers to are in no file (lost data, most likely): base/5/16384 blocks 6 to 7, base/5/16384 block 9, base/5/2 block 0',
    'missing, and read as zeroes: pg_xact/0001; transactions there whose end is not in the log count as aborted',
  ]
  expect(losses(lost)).toEqual(sentences)
  expect(
    reportLines(lost)
      .slice(0, 5)
      .map((line) => line.slice(14)),
  ).toEqual(sentences)
})

test('a range that was asked for leaves out what was committed behind it', () => {
  if (!report.wal) expect.fail()
  const [verdict] = reportLines({ ...report, wal: { ...report.wal, verdict: 'requested' } })
  expect(verdict).toBe(
    'verdict       what was committed behind the position asked for is left out; nothing else is lost',
  )
})
