/** Records of every kind, as PostgreSQL wrote them: the shortest of each kind, and of each manager one with an image. */
import { operationName, resourceManagerName } from '../format/recordNames.js'
import { everyKindOfRecord } from '../scenes/everyKindOfRecord.js'
import type { NativeScene } from '../scenes/nativeScene.js'
import type { WalRecord } from '../wal/record.js'
import { crashedOnce } from './bothRecover.js'
import { logOfDirectory, readerOf, type KnownLog } from './flatLog.js'

/** Transaction ids until a page of pg_xact is full; rows of a temporary table are not logged. */
const pageOfTransactions = `do $$ begin
    create temporary table taken (n int);
    for n in 1..33000 loop
      begin insert into taken values (1); exception when division_by_zero then null; end;
    end loop;
  end $$`

const everyRecord: NativeScene = {
  name: 'every kind of record',
  why: 'one session makes PostgreSQL write as many kinds of records as it can',
  settings: { autovacuum: 'off', wal_level: 'logical', track_commit_timestamp: 'on', wal_keep_size: '1GB' },
  fromFirstCheckpoint: true, // CREATE DATABASE and others checkpoint on their own
  before: ['create extension bloom'],
  main: [
    ...everyKindOfRecord,
    pageOfTransactions,
    'create table bloomy (a int, b int); create index on bloomy using bloom (a, b)',
    'insert into bloomy select g, g from generate_series(1, 300) g',
  ],
  rounds: 1,
}

/** A record, and the one before it. */
export interface Sample {
  /** "Heap/INSERT", "Btree/SPLIT_L with an image". */
  readonly name: string
  readonly rmid: number
  readonly index: number
  readonly length: number
}

export interface Samples {
  readonly dir: string
  readonly log: KnownLog
  readonly samples: readonly Sample[]
}

let found: Promise<Samples> | undefined

export function sampleRecords(): Promise<Samples> {
  return (found ??= findSamples())
}

async function findSamples(): Promise<Samples> {
  const dir = await crashedOnce(everyRecord)
  const log = logOfDirectory(everyRecord.name, dir)
  const shortest = new Map<string, Sample>()
  const reader = readerOf(log, log.records[0].start)
  let index = 0
  for (let read = reader.read(); read.kind === 'record'; read = reader.read(), index++) {
    const sample = { name: nameOf(read), rmid: read.xl_rmid, index, length: read.xl_tot_len }
    const known = shortest.get(sample.name)
    if (index > 0 && (!known || sample.length < known.length)) shortest.set(sample.name, sample)
  }
  return { dir, log, samples: [...shortest.values()] }
}

function nameOf(record: WalRecord): string {
  const manager = resourceManagerName(record.xl_rmid)
  if (record.blocks.some(({ image }) => image)) return `${manager} with an image`
  return `${manager}/${operationName(record.xl_rmid, record.xl_info)}`
}
