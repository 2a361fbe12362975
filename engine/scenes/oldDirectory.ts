/** A data directory of PostgreSQL 17, for tests of how newer tools turn it down. */
import { cpSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PGlite } from 'pglite-17'
import { retouch } from './retouch.js'

/** Makes `dir`: one table with 100 rows, the server killed while they are in the log alone. */
export async function makeOldDirectory(dir: string): Promise<void> {
  const workshop = mkdtempSync(join(tmpdir(), 'pgcrash-17-'))
  const server = await PGlite.create({ dataDir: workshop })
  try {
    await server.exec('create table kept (n int); insert into kept select generate_series(1, 100)')
    cpSync(workshop, dir, { recursive: true })
    retouch(dir)
  } finally {
    await server.close()
    rmSync(workshop, { recursive: true, force: true })
  }
}
