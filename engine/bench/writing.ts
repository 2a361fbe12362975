/**
 * The writing side against native PostgreSQL: the same single-row inserts, each a transaction of its own, through one
 * connection; once with fsync, where the disk decides, and once without. In turn, several times.
 *
 *   PostgreSQL   client ─► insert ─► WAL ─► fsync ─► reply        ours   insert ─► WAL ─► fsync, in one process
 */
import { chmodSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Database } from '../database/database.js'
import { nodeDisk } from '../disk/nodeDisk.js'
import { configure, initdb, NativeServer, nativeVersion } from '../scenes/native.js'
import { TABLE } from '../simulation/run.js'

export interface WritingOptions {
  /** Inserts in a run. */
  transactions: number
  rounds: number
}

interface Ground {
  dir: string
  path: string
}

/** Prints transactions per second of both, side by side, and the ratio. */
export async function benchWriting({ transactions, rounds }: WritingOptions): Promise<void> {
  const place = mkdtempSync(join(tmpdir(), 'pgcrash-bench-'))
  chmodSync(place, 0o755)
  try {
    const ground = await prepare(join(place, 'data'))
    console.log(`\n${transactions} single-row inserts, a transaction each; PostgreSQL ${nativeVersion()}`)
    for (const fsync of [true, false]) {
      const ratios: number[] = []
      for (let round = 0; round < rounds; round++) {
        const theirs = transactions / (await theirSeconds(ground, transactions, fsync))
        const ours = transactions / ourSeconds(ground, transactions, fsync)
        ratios.push(ours / theirs)
        const [a, b] = [theirs, ours].map((rate) => `${rate.toFixed(0).padStart(7)} per s`)
        console.log(
          `  fsync ${fsync ? 'on ' : 'off'}  PostgreSQL ${a}   pgcrash ${b}   ratio ${(ours / theirs).toFixed(2)}`,
        )
      }
      ratios.sort((a, b) => a - b)
      console.log(
        `  fsync ${fsync ? 'on' : 'off'}: ratio ${ratios[rounds >> 1].toFixed(2)} (median of ${rounds})`,
      )
    }
  } finally {
    rmSync(place, { recursive: true, force: true })
  }
}

async function prepare(dir: string): Promise<Ground> {
  initdb(dir)
  configure(dir, { autovacuum: 'off', checkpoint_timeout: '1h' })
  const server = await NativeServer.start(dir)
  const [{ path }] = await server.run([
    'create table t (id integer, version bigint, note text)',
    `select pg_relation_filepath('t') as path`,
  ])
  await server.stop('fast')
  return { dir, path: String(path) }
}

async function theirSeconds({ dir }: Ground, transactions: number, fsync: boolean): Promise<number> {
  const server = await NativeServer.start(dir, { fsync: fsync ? 'on' : 'off' })
  try {
    const client = await server.session()
    const insert = { name: 'insert', text: 'insert into t values ($1, $2, $3)' }
    await client.query({ ...insert, values: [0, 0, 'warm'] })
    const began = performance.now()
    for (let i = 0; i < transactions; i++)
      await client.query({ ...insert, values: [i, i, 'a note of some length'] })
    const seconds = (performance.now() - began) / 1000
    await client.end()
    return seconds
  } finally {
    await server.stop('fast')
  }
}

function ourSeconds({ dir, path }: Ground, transactions: number, fsync: boolean): number {
  const node = nodeDisk(dir)
  const [, dbOid, relNumber] = path.split('/').map(Number)
  const database = new Database(fsync ? node : { ...node, sync() {} })
  const table = database.table({ ...TABLE, locator: { spcOid: 1663, dbOid, relNumber } })
  const began = performance.now()
  for (let i = 0; i < transactions; i++) {
    const transaction = database.begin()
    transaction.insert(table, [i, BigInt(i), 'a note of some length'])
    transaction.commit()
  }
  const seconds = (performance.now() - began) / 1000
  database.shutdown()
  node.close()
  return seconds
}
