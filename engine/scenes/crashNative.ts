/** Leads a native server through a scene and kills it; lets a native server recover a directory. */
import { existsSync, lstatSync, mkdirSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Client } from 'pg'
import { CONTROL_FILE } from '../format/controlFile.js'
import { moveDirectory } from './moved.js'
import { configure, copyTree, giveToServer, initdb, NativeServer } from './native.js'
import type { NativeScene, ScriptedScene, SessionJournal } from './nativeScene.js'

/** Where a cluster's tablespaces lie that are not inside of it. */
export const spacesOf = (dir: string): string => `${dir}-spaces`

/** A scene under way. */
class Run {
  readonly journals: SessionJournal[] = []

  constructor(
    readonly scene: ScriptedScene,
    readonly dir: string,
  ) {}

  private sessions = 0

  /** A session's statements with the blanks filled in, and what it was told; kept if it writes to the journal. */
  private begin(statements: readonly string[]): {
    session: SessionJournal
    texts: (round: number) => string[]
  } {
    const session: SessionJournal = { session: this.sessions++, acknowledged: [], inDoubt: undefined }
    if (this.scene.journal && statements.some((sql) => sql.includes('into journal')))
      this.journals.push(session)
    const texts = (round: number): string[] =>
      statements.map((sql) => fill(sql, { i: round, s: session.session, spaces: spacesOf(this.dir) }))
    return { session, texts }
  }

  /**
   * Goes round until the connection breaks: the kill ends it. Conflicts of the load with itself are its own matter,
   * and end a round.
   */
  async goRound(client: Client, statements: readonly string[]): Promise<void> {
    const { session, texts } = this.begin(statements)
    for (let round = 0; ; round++) {
      session.inDoubt = round
      try {
        for (const sql of texts(round)) await client.query(sql)
        session.acknowledged.push(round)
      } catch (error) {
        if (!('severity' in (error as object)) || (error as { code?: string }).code === '57P01') return
        await client.query('rollback').catch(() => {})
      }
      session.inDoubt = undefined
    }
  }

  /** The main session's rounds. Its statements must succeed. */
  async rounds(server: NativeServer): Promise<void> {
    const main = await server.session()
    const { session, texts } = this.begin(this.scene.main)
    for (let round = 1; round <= this.scene.rounds; round++) {
      for (const sql of texts(round)) await main.query(sql)
      session.acknowledged.push(round)
      // Not before: what is open keeps VACUUM from taking anything away.
      if (round === Math.ceil(this.scene.rounds / 2)) await leaveOpen(server, this.scene.open)
    }
  }

  async untilKilled(server: NativeServer): Promise<void> {
    const { killWhen } = this.scene
    if (killWhen === undefined) return
    const watch = await server.session()
    while ((await watch.query(killWhen)).rows.length === 0);
  }
}

type Blanks = Readonly<{ i: number; s: number; spaces: string }>

function fill(sql: string, { i, s, spaces }: Blanks): string {
  return sql.replaceAll('$spaces', spaces).replaceAll('$i', String(i)).replaceAll('$s', String(s))
}

async function leaveOpen(server: NativeServer, statements: readonly string[] = []): Promise<void> {
  const session = await server.session()
  if (statements.length > 0) for (const sql of ['begin', ...statements]) await session.query(sql)
}

/**
 * Makes the scene's crash in `dir`, which must not exist. Statements of the main session must succeed. Returns what
 * each session was told, where the scene keeps a journal.
 */
export async function crashNative(scene: NativeScene, dir: string): Promise<readonly SessionJournal[]> {
  if ('stage' in scene) {
    await scene.stage(dir)
    return []
  }
  initdb(dir, scene.initdb)
  configure(dir, { ...crashSettings, ...scene.settings })
  makeSpaces(scene, dir)
  const run = new Run(scene, dir)
  let server = await NativeServer.start(dir)
  try {
    if (scene.journal)
      await server.run(['create table journal (session int, n int, primary key (session, n))'])
    await server.run([
      ...scene.before.map((sql) => fill(sql, { i: 0, s: 0, spaces: spacesOf(dir) })),
      'checkpoint',
    ])
    if (scene.movedTo) {
      await server.stop('fast')
      moveDirectory(dir, scene.movedTo)
      giveToServer(dir)
      server = await NativeServer.start(dir)
    }
    const control = readFileSync(join(dir, CONTROL_FILE))
    for (const statements of scene.beside ?? []) void run.goRound(await server.session(), statements)
    await run.rounds(server)
    if (scene.afterRestart) {
      await server.stop('fast')
      configure(dir, scene.afterRestart.settings)
      server = await NativeServer.start(dir)
      await server.run(scene.afterRestart.main)
    }
    await run.untilKilled(server)
    await server.kill()
    if (scene.fromFirstCheckpoint) writeFileSync(join(dir, CONTROL_FILE), control)
  } finally {
    await server.kill()
  }
  return run.journals
}

/** What every crash is made with, if its scene has no other wish: one checkpoint, and a long log behind it. */
export const crashSettings = {
  max_wal_size: '4GB',
  checkpoint_timeout: '1h',
  max_prepared_transactions: '10',
  summarize_wal: 'off',
}

/** Folders for tablespaces: each that the scene's statements name, `$spaces/one`. PostgreSQL wants them made. */
function makeSpaces(scene: ScriptedScene, dir: string): void {
  const text = JSON.stringify([scene.before, scene.main, scene.beside])
  const names = new Set([...text.matchAll(/\$spaces\/([\w$]+)/g)].map(([, name]) => name))
  for (const name of names)
    for (let round = 0; round <= (name.includes('$i') ? scene.rounds : 0); round++)
      mkdirSync(join(spacesOf(dir), name.replace('$i', String(round))), { recursive: true })
  if (names.size > 0) giveToServer(spacesOf(dir))
}

/** A copy of a directory that the server's user may open. */
export function copyFor(dir: string, to: string): string {
  copyTree(dir, to)
  giveToServer(to)
  return to
}

/**
 * A copy of a crashed directory, recovered by `recover`. The log names the place of a tablespace, so redo works on the
 * crashed cluster's own; what it made there goes with the copy, and the crashed one's is put back. `home` is the crashed
 * cluster when `dir` is itself a copy of it: its tablespaces are there for the time.
 */
export async function recoveredCopy<T>(
  dir: string,
  to: string,
  recover: (copy: string) => T | Promise<T>,
  home = dir,
): Promise<T> {
  const spaces = spacesOf(home)
  copyFor(dir, to)
  if (!existsSync(spaces)) return recover(to)
  const kept = copyFor(spaces, `${to}-kept`)
  if (home !== dir) {
    rmSync(spaces, { recursive: true })
    copyFor(spacesOf(dir), spaces)
    relink(to, spacesOf(dir), spaces)
  }
  try {
    return await recover(to)
  } finally {
    renameSync(spaces, spacesOf(to))
    renameSync(kept, spaces)
    relink(to, spaces, spacesOf(to))
  }
}

function relink(dir: string, from: string, to: string): void {
  for (const name of readdirSync(join(dir, 'pg_tblspc'))) {
    const link = join(dir, 'pg_tblspc', name)
    if (!lstatSync(link).isSymbolicLink()) continue
    const target = readlinkSync(link).replace(from, to)
    rmSync(link)
    symlinkSync(target, link)
  }
  giveToServer(dir)
}

/** Removes a cluster, its tablespaces too. */
export function removeCluster(dir: string): void {
  for (const path of [dir, spacesOf(dir)]) rmSync(path, { recursive: true, force: true })
}

/**
 * PostgreSQL recovers `dir`, and is ended before the first query: on disk is what its end-of-recovery checkpoint
 * wrote. Returns its log.
 */
export async function recoverNatively(dir: string): Promise<string[]> {
  const server = await NativeServer.start(dir, { autovacuum: 'off', fsync: 'off' })
  await server.stop('immediate')
  return server.log
}
