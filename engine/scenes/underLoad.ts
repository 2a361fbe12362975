/**
 * A bank that nobody has written a story for: a native server, several clients at once, killed when they have been told
 * of enough commits. What they were told is kept on their side: it is what a recovery is judged by. Where no native
 * server runs, scene `bank` stands in.
 *
 *   clients ── begin; … commit ──► server ── "COMMIT" ──► told      … kill …      sent and never answered: in doubt
 */
import { chmodSync } from 'node:fs'
import { dirname } from 'node:path'
import { crashedCopy } from './cache.js'
import type { Ask } from './contents.js'
import { openWithPostgres } from './judge.js'
import type { KilledServer, Restarted } from './killedServer.js'

/** Kills a server under load; its directory goes to `dir` or beside it, in a folder of its own. */
export async function killUnderLoad(dir: string, native: boolean): Promise<KilledServer> {
  const killed = native ? await tryNative(dir) : 'none was asked for'
  return typeof killed === 'string' ? standIn(`${dir}-bank`, killed) : killed
}

/** A native server, killed; or why there is none. */
async function tryNative(dir: string): Promise<KilledServer | string> {
  try {
    const { nativeIsAvailable } = await import('./native.js')
    if (!nativeIsAvailable()) return 'there is none for this system'
    const { killNative } = await import('./nativeBank.js')
    if (process.getuid?.() === 0) chmodSync(dirname(dir), 0o755) // the server's user must get in
    return await killNative(dir)
  } catch (error) {
    return (error as Error).message.split('\n')[0]
  }
}

async function standIn(dir: string, instead: string): Promise<KilledServer> {
  const { server, crash, expected } = await crashedCopy('bank', dir)
  const acknowledged = expected.transfers.map(({ id }) => String(id))
  const money = expected.accounts.reduce((sum, { balance }) => sum + Number(balance), 0)
  return {
    kind: 'PGlite',
    instead,
    server: server.split(' on ')[0],
    crash,
    dir,
    acknowledged,
    inDoubt: [],
    money,
  }
}

/** Starts the server that was killed on its directory, asks, and shuts it down. */
export async function startAgain<T>(
  { kind, dir }: Pick<KilledServer, 'kind' | 'dir'>,
  run: (ask: Ask) => Promise<T>,
): Promise<Restarted<T>> {
  if (kind === 'PGlite') return openWithPostgres(dir, run, { look: 'rows' })
  const { startNative } = await import('./nativeBank.js')
  return startNative(dir, run)
}
