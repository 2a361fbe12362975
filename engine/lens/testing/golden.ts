// A native PostgreSQL 18.3 directory, killed, and what PostgreSQL's own tools said about it. It is large, so it is not
// part of the project: CI lays the folder `shared` beside the clone. Where it is absent these tests do not exist.

import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const FOLDER = 'shared/data/native-18.3'
const place = fileURLToPath(new URL(`../../../../${FOLDER}`, import.meta.url))

/** The golden data; undefined, after one line that says so, when it or the programs to unpack it are not there. */
export function goldenData(): Golden | undefined {
  if (!existsSync(place)) {
    console.log(`golden data not found: ../${FOLDER}; pg_waldump and pg_controldata are not compared with`)
    return undefined
  }
  try {
    for (const program of ['zstd', 'tar']) execFileSync(program, ['--version'], { stdio: 'ignore' })
  } catch {
    console.log(
      `golden data cannot be unpacked without zstd and tar; pg_waldump and pg_controldata are not compared with`,
    )
    return undefined
  }
  return new Golden()
}

export class Golden {
  /** The data directory's log and control file, unpacked; call {@link remove} at the end. */
  readonly directory: string
  private readonly folder: string

  constructor() {
    this.folder = mkdtempSync(join(tmpdir(), 'pgcrash-golden-'))
    const parts = ['crashed/pg_wal', 'crashed/global/pg_control']
    execFileSync('tar', ['--zstd', '-xf', join(place, 'crashed.tar.zst'), '-C', this.folder, ...parts])
    this.directory = join(this.folder, 'crashed')
  }

  /** One of PostgreSQL's answers. */
  text(name: string): string {
    const file = join(place, name)
    if (!name.endsWith('.zst')) return readFileSync(file, 'utf8')
    return execFileSync('zstd', ['-dqc', file], { encoding: 'utf8', maxBuffer: 1 << 26 })
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true })
  }
}
