/**
 * T1, T2 before the judge: a log cut at random, recovered by PostgreSQL and by us. Both must give the same reason, go on
 * writing at the same position, and PostgreSQL must start on our result as after a clean shutdown.
 */
import type { Disk } from '../disk/disk.js'
import { segmentFileName } from '../format/lsn.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import { crashedOnce, ourRecovery, theirRecovery, wrongWithOurs } from './bothRecover.js'
import { eachCase, type Idea, type SoakOptions, type SoakResult } from './cases.js'
import { CutLog, FILLINGS } from './cuts.js'
import { logOfDirectory, type FlatLog } from './flatLog.js'

/** Statements after which there is one database: a directory that is quick to copy. */
export const onlyPostgres = [
  "update pg_database set datistemplate = false where datname like 'template_'",
  'drop database template0',
  'drop database template1',
]

/** A log with a segment border near its end, and records of all lengths around it. */
export const borderScene: NativeScene = {
  name: 'a log across a segment border',
  why: 'rows and messages of 1 byte to 30 kB, in segments of 1 MiB',
  initdb: ['--wal-segsize=1'],
  settings: { autovacuum: 'off', wal_level: 'minimal', max_wal_senders: '0', min_wal_size: '2MB' },
  before: [...onlyPostgres, 'create table filler (id int primary key, body text)'],
  main: [
    `do $$ declare n int := 0; begin loop
       insert into filler select n * 5 + g, repeat('x', 150 * g) from generate_series(1, 5) g;
       n := n + 1;
       exit when 1048576 - (pg_current_wal_insert_lsn() - '0/0') % 1048576 < 24000;
     end loop; end $$`,
    ...[30, 3000, 9000, 40, 15000, 7, 30000].map(
      (size) => `select pg_logical_emit_message(true, 'soak', repeat('m', ${size}))`,
    ),
    "update filler set body = 'short' where id % 2 = 0",
    ...[1, 5000, 200, 8000].map(
      (size) => `select pg_logical_emit_message(false, '', repeat('m', ${size}), true)`,
    ),
  ],
  rounds: 1,
}

/** Puts a log's bytes into pg_wal. */
export function putLog(disk: Disk, log: FlatLog, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; at += log.segmentSize) {
    const name = segmentFileName(
      log.timeline,
      (log.base + BigInt(at)) / BigInt(log.segmentSize),
      log.segmentSize,
    )
    disk.write(`pg_wal/${name}`, 0, bytes.subarray(at, at + log.segmentSize))
  }
}

async function run(options: SoakOptions): Promise<SoakResult> {
  const dir = await crashedOnce(borderScene)
  const cut = new CutLog(logOfDirectory(borderScene.name, dir))
  return eachCase(options, cut.zone.length * FILLINGS.length, async (i, pick) => {
    const filling = FILLINGS[i % FILLINGS.length]
    const bytes = cut.cutCopy(Math.floor(i / FILLINGS.length), filling, pick)
    const harm = (disk: Disk): void => putLog(disk, cut.log, bytes)
    const theirs = await theirRecovery(dir, harm)
    const { told: ours } = ourRecovery(dir, harm)
    const where = `cut at byte ${cut.zone[Math.floor(i / FILLINGS.length)]} of the log, then ${filling}`
    if (ours.refusal ?? theirs.refusal)
      return `${where}: PostgreSQL ${theirs.refusal ?? 'recovers'}; we ${ours.refusal ?? 'recover'}`
    const reason = ours.sentences[ours.sentences.findLastIndex((s) => /^redo (done|is not)/.test(s)) - 1]
    if (!theirs.sentences.includes(reason))
      return `${where}: we say "${reason}"; PostgreSQL: ${theirs.sentences.join(' | ')}`
    if (ours.checkpoint !== theirs.checkpoint)
      return `${where}: the final checkpoint is at ${theirs.checkpoint}, ours at ${ours.checkpoint}`
    return wrongWithOurs(dir, harm).then((wrong) => wrong && `${where}: ${wrong}`)
  })
}

export const judgedCuts: Idea = {
  id: 'T1-judged',
  what: 'a log cut and filled, recovered by PostgreSQL too',
  ci: 8,
  full: 500,
  needsNative: true,
  run,
}
