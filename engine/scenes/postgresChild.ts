/**
 * PostgreSQL in a process of its own, so that it can be killed, and so that neither an endless
 * loop nor an abort inside it takes the caller along. Started by postgresProcess.ts, which sends
 * it requests; the server's log goes to a file, line by line, before anything else happens.
 */
import { appendFileSync } from 'node:fs'
import type { PGlite } from '@electric-sql/pglite'
import { greeting } from './serverSettings.js'
import type { Request, Reply, StartRequest } from './postgresProcess.js'

let server: PGlite | undefined

/** PGlite's own C and WASM layers also write to stderr; those lines are not PostgreSQL's. */
const notPostgres = /^(pglitec: |Aborted\()/

async function start(request: StartRequest): Promise<void> {
  const { PGlite } = await import('@electric-sql/pglite')
  const { amcheck } = await import('@electric-sql/pglite/contrib/amcheck')
  const { pageinspect } = await import('@electric-sql/pglite/contrib/pageinspect')
  const { pg_walinspect } = await import('@electric-sql/pglite/contrib/pg_walinspect')
  server = await PGlite.create({
    dataDir: request.dir,
    extensions: { amcheck, pageinspect, pg_walinspect },
    startParams: [...request.startParams],
    initDbStartParams: [...request.initdb],
    onStderr: (line) => {
      if (!notPostgres.test(line)) appendFileSync(request.logFile, line + '\n')
      return false
    },
    onStdout: (line) => {
      // The greeting comes when start-up, and with it recovery, is over, and before any query.
      if (!request.killWhenReady || !line.startsWith(greeting)) return false
      appendFileSync(request.logFile, line + '\n')
      process.kill(process.pid, 'SIGKILL')
      return false
    },
  })
}

async function answer(request: Request): Promise<unknown> {
  if (request.kind === 'start') return start(request)
  if (server === undefined) throw new Error('the server has not been started')
  switch (request.kind) {
    case 'query':
      return (await server.query(request.sql)).rows
    case 'exec':
      return void (await server.exec(request.sql))
    case 'close':
      return server.close()
  }
}

/** Only the fields a person reads: PGlite's error objects carry the whole machine with them. */
function readable(error: unknown): Reply['error'] {
  const { message, severity, code, detail } = error as Partial<Record<string, string>>
  return { message: message ?? String(error), severity, code, detail }
}

process.on('message', (request: Request) => {
  answer(request).then(
    (value) => process.send?.({ id: request.id, value } satisfies Reply),
    (error: unknown) => process.send?.({ id: request.id, error: readable(error) } satisfies Reply),
  )
})
process.on('disconnect', () => process.exit(0))
