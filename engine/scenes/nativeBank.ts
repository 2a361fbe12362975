/** The native server of underLoad.ts: how it is led, killed, and started again. */
import type { Ask } from './contents.js'
import { configure, giveToServer, initdb, nativeVersion, NativeServer } from './native.js'
import type { KilledServer, Restarted } from './killedServer.js'
import type { Refused } from './judge.js'

const ACCOUNTS = 500
const BALANCE = 1000
const CLIENTS = 4
/** Commits that clients have been told of when the kill comes. */
const ENOUGH = 600

const before = [
  'create table accounts (id int primary key, owner text not null, balance bigint not null) with (fillfactor = 70)',
  'create index accounts_owner on accounts (owner)',
  'create table transfers (id bigint primary key, from_account int not null, to_account int not null, amount bigint not null, memo text)',
  'create unlogged table sessions (token text primary key, account int not null)',
  `insert into accounts select g, 'owner ' || g % 97, ${BALANCE} from generate_series(1, ${ACCOUNTS}) g`,
  'insert into sessions select md5(g::text), g from generate_series(1, 200) g',
  'checkpoint',
]

/** One client more, which goes to lunch: its transaction is open when the kill comes, its temporary table is there. */
const interestRun = [
  'create temporary table basket (line int primary key, thing text)',
  "insert into basket select g, 'thing ' || g from generate_series(1, 300) g",
  'begin',
  `update accounts set balance = balance + 10 where id > ${ACCOUNTS - 50}`,
  `insert into transfers select -g, 1, g, 10, 'interest' from generate_series(1, 50) g`,
]

const settings = {
  shared_buffers: '1MB', // so that pages reach the disk at all ages
  checkpoint_timeout: '1h',
  max_wal_size: '4GB',
  autovacuum: 'off',
  log_checkpoints: 'on',
}

/** @throws Error where the server cannot be made or started */
export async function killNative(dir: string): Promise<KilledServer> {
  initdb(dir, ['--wal-segsize=1'])
  configure(dir, settings)
  const server = await NativeServer.start(dir, { fsync: 'on' }) // clients wait for the disk, as they should
  const clients = new Clients()
  try {
    await server.run(before)
    const lunch = await server.session()
    for (const sql of interestRun) await lunch.query(sql)
    await clients.workUntil(ENOUGH, server)
    await server.kill()
    await clients.gone()
  } finally {
    await server.kill()
  }
  const { told } = clients
  return {
    kind: 'native',
    instead: '',
    server: `PostgreSQL ${nativeVersion()}`,
    crash: `killed when ${CLIENTS} clients had been told of ${told.size} commits; one more had a transaction open`,
    dir,
    acknowledged: [...told],
    inDoubt: [...clients.sent].filter((id) => !told.has(id)),
    money: ACCOUNTS * BALANCE,
  }
}

/** Clients that send transfers, and write down what they sent and what they were told. */
class Clients {
  readonly sent = new Set<string>()
  readonly told = new Set<string>()
  private working: Promise<void>[] = []

  /** Returns when `enough` commits have been told of; the clients go on until the server is gone. */
  async workUntil(enough: number, server: NativeServer): Promise<void> {
    const sessions = await Promise.all(Array.from({ length: CLIENTS }, () => server.session()))
    await new Promise<void>((resolve, reject) => {
      this.working = sessions.map(async (session, n) => {
        for (let round = 1; ; round++) {
          const id = String((n + 1) * 1_000_000 + round)
          this.sent.add(id)
          try {
            await session.query(transfer(id, n, round))
          } catch (error) {
            if (this.told.size < enough) reject(error as Error)
            return
          }
          this.told.add(id)
          if (this.told.size >= enough) resolve()
        }
      })
    })
  }

  /** Returns when every client has noticed that the server is gone. */
  async gone(): Promise<void> {
    await Promise.all(this.working)
  }
}

/** One message: whoever sends it is answered when the commit is on the disk. Lower ids first, so that nobody waits in a circle. */
function transfer(id: string, client: number, round: number): string {
  const last = ACCOUNTS - 50
  const a = 1 + ((round * 7 + client * 31) % last)
  const b = 1 + ((round * 13 + client * 57 + 1) % last)
  const amount = 1 + (round % 90)
  const moves = [
    [a, -amount],
    [b, amount],
  ].sort(([first], [second]) => first - second)
  const updates = moves.map(
    ([account, by]) => `update accounts set balance = balance + ${by} where id = ${account};`,
  )
  return `begin; ${updates.join(' ')}
    insert into transfers values (${id}, ${a}, ${b}, ${amount}, 'round ${round} of client ${client}'); commit`
}

/** As startAgain of underLoad.ts, for a native server's directory. */
export async function startNative<T>(dir: string, run: (ask: Ask) => Promise<T>): Promise<Restarted<T>> {
  giveToServer(dir)
  let server: NativeServer
  try {
    server = await NativeServer.start(dir)
  } catch (error) {
    return refusal((error as Error).message.split('\n').slice(1))
  }
  const session = await server.session()
  try {
    const answer = await run(async (sql) => (await session.query(sql)).rows)
    await session.end()
    return { outcome: 'opened', log: server.log, answer }
  } finally {
    await server.stop('fast')
  }
}

/** The worst that the log of a server has to say that ended instead of starting. */
function refusal(log: readonly string[]): Refused {
  for (const severity of ['PANIC', 'FATAL'] as const) {
    const line = log.findLast((text) => text.startsWith(`${severity}:  `))
    if (line)
      return { outcome: 'refused', severity, sentence: line.slice(severity.length + 3), detail: null, log }
  }
  return { outcome: 'refused', severity: 'none', sentence: log.at(-1) ?? '', detail: null, log }
}
